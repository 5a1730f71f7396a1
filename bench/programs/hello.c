/* What a static C program does to start, print and exit: libc's start-up and stdio included. */
#include <stdio.h>

int main(void) {
    puts("hello");
    return 0;
}
