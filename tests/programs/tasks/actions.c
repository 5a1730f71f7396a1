/* Which flags of an action stay, and in what order the calls that send signals check their arguments. */
#include "call.h"

#include <signal.h>

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
    TRY(kill, 2000000, 999);
    TRY(kill, -2000000, 999);
    TRY(kill, getpid(), 65);
    TRY(kill, 0, -1);
    TRY(tkill, 2000000, 999);
    TRY(tkill, getpid(), 65);
    TRY(tgkill, getpid(), 2000000, 999);
    TRY(tgkill, getpid(), getpid(), -1);
    TRY(rt_sigqueueinfo, 2000000, 999, &info);
    TRY(rt_sigqueueinfo, getpid(), 65, &info);
    TRY(rt_tgsigqueueinfo, getpid(), -1, 0, &info);
    TRY(rt_tgsigqueueinfo, -1, getpid(), 0, &info);
    TRY(rt_tgsigqueueinfo, getpid(), getpid(), 65, &info);
    TRY(rt_tgsigqueueinfo, getpid(), 2000000, 0, &info);
    info.si_code = SI_USER;
    TRY(rt_tgsigqueueinfo, getpid(), 2000000, 0, &info);
    TRY(rt_tgsigqueueinfo, getpid(), getpid(), 0, &info);
    TRY(rt_sigqueueinfo, 2000000, 0, &info);
    TRY(rt_sigqueueinfo, getpid(), 0, &info);
}

int main(void) {
    flags();
    sending();
    return 0;
}
