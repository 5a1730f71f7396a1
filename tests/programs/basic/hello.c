/* The smallest program that starts a C library, prints and ends. */
#include <stdio.h>

int main(void) {
    puts("Hello, world");
    return 0;
}
