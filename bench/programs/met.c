/* met N: comes N times to an instruction of its own, a long no-op that a debugger finds by its bytes; behind another one
   lie 4096 bytes of code that it never comes to. */
#include <stdlib.h>

__attribute__((noinline)) static void met(void) {
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x33, 0x4d, 0x45, 0x54"); /* nopl 0x54454d33(%rax) */
}

__attribute__((used, noinline)) static void unmet(void) {
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x4e, 0x45, 0x56, 0x45; .fill 4096, 1, 0x90"); /* nopl 0x4556454e(%rax) */
}

int main(int argc, char **argv) {
    for (long left = argc > 1 ? atol(argv[1]) : 1; left > 0; left--)
        met();
    return 0;
}
