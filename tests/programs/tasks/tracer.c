/* What a tracer learns of a stopped child beyond its registers, and what it may write back: the same on every Linux. */
#include "call.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <signal.h>

struct peek {
    uint64_t offset;
    uint32_t flags;
    int32_t count;
};
struct dispatch {
    uint64_t mode, selector, offset, length;
};

static long ask(int request, pid_t child, const void *address, const void *data) {
    return call(SYS_ptrace, request, child, address, data);
}

/* A child that stops, then waits for a signal that it ignores. */
static pid_t stopped_child(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGRTMIN);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        signal(SIGUSR1, SIG_IGN);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        syscall(SYS_pause);
        _exit(1);
    }
    waitpid(child, &status, 0);
    return child;
}

static void queues(pid_t child) {
    siginfo_t found[8];
    for (int i = 0; i < 5; i++) {
        siginfo_t info = {.si_code = -10, .si_value.sival_int = i};
        call(SYS_rt_sigqueueinfo, child, SIGRTMIN, &info);
        info.si_code = -20;
        call(SYS_rt_tgsigqueueinfo, child, child, SIGRTMIN, &info);
    }
    for (unsigned flags = 0; flags < 3; flags++)
        for (int count = -1; count < 7; count += 2) {
            struct peek peek = {.offset = 1, .flags = flags, .count = count};
            long result = ask(0x4209, child, &peek, found);
            printf("peek %u %d: %ld", flags, count, result);
            for (long i = 0; i < result; i++)
                printf(" %d/%d", found[i].si_code, found[i].si_value.sival_int);
            printf("\n");
        }
    struct peek peek = {.count = 3};
    printf("to nowhere: %ld\n", ask(0x4209, child, &peek, BAD));
    printf("from nowhere: %ld\n", ask(0x4209, child, BAD, found));
}

static void dispatches(pid_t child) {
    struct dispatch given = {.mode = 1, .selector = 0x10000, .offset = 0x2000, .length = 0x3000}, found;
    memset(&found, 0xff, sizeof found);
    for (int i = 0; i < 3; i++) {
        printf("get: %ld,", ask(0x4211, child, (void *)sizeof found, &found));
        printf(" mode %d selector %x offset %x length %x\n", (int)found.mode, (int)found.selector, (int)found.offset,
               (int)found.length);
        printf("set: %ld\n", ask(0x4210, child, (void *)sizeof given, &given));
        memset(&given, 0, sizeof given);
    }
    printf("another size: %ld %ld\n", ask(0x4211, child, (void *)8, &found), ask(0x4210, child, (void *)8, &found));
}

/* A call that waited is made again though the tracer has written all registers back. */
static void restart(pid_t child) {
    struct user_regs_struct regs;
    siginfo_t info;
    int status;
    for (int round = 0; round < 2; round++) {
        ask(PTRACE_SYSCALL, child, 0, 0);
        waitpid(child, &status, 0);
        memset(&info, 0xff, sizeof info);
        ask(PTRACE_GETSIGINFO, child, 0, &info);
        printf("stop %x: code %d, by %s\n", status, info.si_code, info.si_pid == child ? "itself" : "another");
        kill(child, SIGUSR1);
        ask(PTRACE_SYSCALL, child, 0, 0);
        waitpid(child, &status, 0);
        ask(PTRACE_GETREGS, child, 0, &regs);
#ifdef __x86_64__
        printf("stop %x: call %s, result %ld\n", status, regs.orig_rax == SYS_pause ? "pause" : "another", (long)regs.rax);
#else
        printf("stop %x: call %s, result %ld\n", status, regs.orig_eax == SYS_pause ? "pause" : "another", regs.eax);
#endif
        printf("set: %ld\n", ask(PTRACE_SETREGS, child, 0, &regs));
        ask(PTRACE_CONT, child, 0, 0);
        waitpid(child, &status, 0);
        printf("stop %x\n", status);
    }
}

int main(void) {
    pid_t child = stopped_child();
    queues(child);
    dispatches(child);
    restart(child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}
