/*
 * sysenter N: N getpid calls by the vDSO, whose door is `sysenter`. Status 1 if an answer is not a pid, or not the same
 * pid each time.
 */
#include <stdlib.h>
#include <sys/auxv.h>

static void *vsyscall;

static inline int getpid_raw(void) {
    int pid = 20; /* __NR_getpid on i386 */
    __asm__ volatile("call *%1" : "+a"(pid) : "r"(vsyscall) : "memory");
    return pid;
}

int main(int argc, char **argv) {
    long calls = argc > 1 ? atol(argv[1]) : 1;
    vsyscall = (void *)getauxval(AT_SYSINFO);
    int first = getpid_raw();
    int wrong = first <= 0;
    while (calls-- > 0)
        wrong |= getpid_raw() != first;
    return wrong;
}
