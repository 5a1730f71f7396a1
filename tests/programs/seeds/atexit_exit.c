/* After "Linux系统调用指南" (seed 000), which says it in words: exit of the C library runs what atexit registered. */
#include <stdio.h>
#include <stdlib.h>

static void registered(void) { puts("registered function"); }

int main(void) {
    atexit(registered);
    exit(42);
}
