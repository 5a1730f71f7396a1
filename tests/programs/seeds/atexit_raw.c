/* After "Linux系统调用指南" (seed 000), which says it in words: the raw call bypasses what atexit registered. */
#include <stdio.h>
#include <stdlib.h>

static void registered(void) { puts("registered function"); }

int main(void) {
    atexit(registered);
#ifdef __x86_64__
    asm volatile("syscall" : : "a"(60L), "D"(42L));
#else
    asm volatile("int $0x80" : : "a"(1), "b"(42));
#endif
    return 1;
}
