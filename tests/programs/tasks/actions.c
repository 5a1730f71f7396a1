/* Which flags of an action stay, and in what order the calls that send signals check their arguments. */
#include "call.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

struct action {
    unsigned long handler, flags, restorer;
    uint64_t mask;
};

static void flags(void) {
    for (int bit = -1; bit < 32; bit++) {
        struct action action = {1, bit < 0 ? ~0u : 1u << bit, 0, ~0ull};
        long result = call(SYS_rt_sigaction, SIGUSR2, &action, 0, 8);
        memset(&action, 0, sizeof action);
        call(SYS_rt_sigaction, SIGUSR2, 0, &action, 8);
        printf("bit %d: %ld, then %lx %llx\n", bit, result, action.flags, (unsigned long long)action.mask);
    }
}

static void sending(void) {
    siginfo_t info = {.si_code = SI_QUEUE};
    TRY(kill, 5000000, 999);
    TRY(kill, -5000000, 999);
    TRY(kill, getpid(), 65);
    TRY(kill, 0, -1);
    TRY(tkill, 5000000, 999);
    TRY(tkill, getpid(), 65);
    TRY(tgkill, getpid(), 5000000, 999);
    TRY(tgkill, getpid(), getpid(), -1);
    TRY(rt_sigqueueinfo, 5000000, 999, &info);
    TRY(rt_sigqueueinfo, getpid(), 65, &info);
    TRY(rt_tgsigqueueinfo, getpid(), -1, 0, &info);
    TRY(rt_tgsigqueueinfo, -1, getpid(), 0, &info);
    TRY(rt_tgsigqueueinfo, getpid(), getpid(), 65, &info);
    TRY(rt_tgsigqueueinfo, getpid(), 5000000, 0, &info);
    info.si_code = SI_USER;
    TRY(rt_tgsigqueueinfo, getpid(), 5000000, 0, &info);
    TRY(rt_tgsigqueueinfo, getpid(), getpid(), 0, &info);
    TRY(rt_sigqueueinfo, 5000000, 0, &info);
    TRY(rt_sigqueueinfo, getpid(), 0, &info);
}

static void queueing(void) {
    struct rlimit few = {3, 3};
    setrlimit(RLIMIT_SIGPENDING, &few);
    call(SYS_setuid, 54321); /* nobody else's signals count then */
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    siginfo_t info = {.si_code = SI_QUEUE};
    for (int i = 0; i < 4; i++)
        TRY(rt_sigqueueinfo, getpid(), SIGRTMIN, &info);
    TRY(tgkill, getpid(), getpid(), SIGRTMIN);
    TRY(kill, getpid(), SIGRTMIN + 1);
    TRY(rt_sigqueueinfo, getpid(), SIGUSR1, &info);
    sigpending(&all);
    printf("%d %d\n", sigismember(&all, SIGRTMIN + 1), sigismember(&all, SIGUSR1));
    struct timespec none = {0, 0};
    for (int i = 0; i < 3; i++)
        TRY(rt_sigtimedwait, &all, 0, &none, 8);
    TRY(rt_sigqueueinfo, getpid(), SIGRTMIN, &info);
}

int main(void) {
    flags();
    sending();
    in_child("queueing", queueing);
    return 0;
}
