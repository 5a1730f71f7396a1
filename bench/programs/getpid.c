/* getpid N: N raw getpid calls. Status 1 if an answer is not a pid, or not the same pid each time. */
#include <stdlib.h>

static inline long getpid_raw(void) {
    long pid = 39; /* __NR_getpid on x86-64 */
    __asm__ volatile("syscall" : "+a"(pid) : : "rcx", "r11", "memory");
    return pid;
}

int main(int argc, char **argv) {
    long calls = argc > 1 ? atol(argv[1]) : 1;
    long first = getpid_raw();
    int wrong = first <= 0;
    while (calls-- > 0)
        wrong |= getpid_raw() != first;
    return wrong;
}
