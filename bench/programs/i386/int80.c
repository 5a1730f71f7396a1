/* int80 N: N getpid calls by `int $0x80`. Status 1 if an answer is not a pid, or not the same pid each time. */
#include <stdlib.h>

static inline int getpid_raw(void) {
    int pid = 20; /* __NR_getpid on i386 */
    __asm__ volatile("int $0x80" : "+a"(pid) : : "memory");
    return pid;
}

int main(int argc, char **argv) {
    long calls = argc > 1 ? atol(argv[1]) : 1;
    int first = getpid_raw();
    int wrong = first <= 0;
    while (calls-- > 0)
        wrong |= getpid_raw() != first;
    return wrong;
}
