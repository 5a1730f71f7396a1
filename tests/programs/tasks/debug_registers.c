/* debug_registers: a parent sets breakpoints and watchpoints of the processor in its child by POKEUSER, and prints what
   is refused, where the child stops, and what the status register says then. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STORE = 1, LOAD_OR_STORE = 3, WORD = sizeof(long) == 8 ? 2 : 3 };

static volatile long watched, other;

__attribute__((noinline)) static void called(void) { other++; }

static long place(int number) { return offsetof(struct user, u_debugreg) + number * sizeof(long); }

static void poke(const char *what, pid_t pid, int number, unsigned long value) {
    errno = 0;
    ptrace(PTRACE_POKEUSER, pid, place(number), value);
    printf("%s: %s\n", what, errno ? strerror(errno) : "done");
}

static unsigned long peek(pid_t pid, int number) { return ptrace(PTRACE_PEEKUSER, pid, place(number), 0); }

static void go(const char *what, pid_t pid) {
    int status;
    siginfo_t info = {0};
    struct user_regs_struct regs;
    ptrace(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &status, 0);
    if (WIFEXITED(status)) {
        printf("%s: exit %d\n", what, WEXITSTATUS(status));
        return;
    }
    ptrace(PTRACE_GETSIGINFO, pid, 0, &info);
    ptrace(PTRACE_GETREGS, pid, 0, &regs);
#ifdef __x86_64__
    unsigned long ip = regs.rip;
#else
    unsigned long ip = regs.eip;
#endif
    printf("%s: signal %d code %d at ip %d, %s, status %lx, watched %ld other %ld\n", what, WSTOPSIG(status), info.si_code,
           (unsigned long)info.si_addr == ip, ip == (unsigned long)called ? "called" : "elsewhere", peek(pid, 6),
           ptrace(PTRACE_PEEKDATA, pid, &watched, 0), ptrace(PTRACE_PEEKDATA, pid, &other, 0));
}

int main(void) {
    int status;
    pid_t pid = fork();
    if (!pid) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        watched = 1;
        long seen = watched;
        __asm__ volatile("" : "+r"(seen)); /* a load, and then a store */
        watched = seen + 1;
        called();
        called();
        watched = 5;
        execl("/proc/self/exe", "again", NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    printf("status %lx control %lx\n", peek(pid, 6), peek(pid, 7));
    poke("DR4", pid, 4, 1);
    poke("DR5", pid, 5, 0);
    poke("kernel", pid, 0, sizeof(long) == 8 ? 0xffffffff81000000 : 0xf0000000);
    poke("DR0", pid, 0, (unsigned long)&watched);
    poke("ports", pid, 7, 1 | 2 << 16);
    poke("four bytes to execute", pid, 7, 1 | 12 << 16);
    poke("DR1", pid, 1, (unsigned long)&watched + 1);
    poke("unaligned", pid, 7, 1 << 2 | (STORE | 3 << 2) << 20);
    poke("status", pid, 6, 0x1234);
    printf("status %lx DR0 %d DR1 %d control %lx\n", peek(pid, 6), peek(pid, 0) == (unsigned long)&watched,
           peek(pid, 1) == (unsigned long)&watched + 1, peek(pid, 7));
    poke("stores", pid, 7, 1 | (STORE | WORD << 2) << 16);
    printf("control %lx\n", peek(pid, 7));
    go("first store", pid);
    poke("loads and stores", pid, 7, 1 | (LOAD_OR_STORE | WORD << 2) << 16);
    go("load", pid);
    go("store", pid);
    poke("DR2", pid, 2, (unsigned long)called);
    poke("stores and a call", pid, 7, 1 | (STORE | WORD << 2) << 16 | 0x20);
    go("call", pid);
    ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
    waitpid(pid, &status, 0);
    printf("step: %d status %lx\n", WSTOPSIG(status), peek(pid, 6));
    go("call again", pid);
    go("last store", pid);
    go("exec", pid);
    printf("control %lx DR0 %lx\n", peek(pid, 7), peek(pid, 0));
    ptrace(PTRACE_KILL, pid, 0, 0);
    waitpid(pid, &status, 0);
    printf("killed: %d\n", WTERMSIG(status));
    return 0;
}
