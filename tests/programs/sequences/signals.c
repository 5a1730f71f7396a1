/* signals SEED STEPS: random sequences of calls on signals: masks, actions, queues, stacks, what arrives when. */
#include "sequence.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <fcntl.h>

static const int signals[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGCHLD, SIGURG, SIGALRM, 36, 37, 64, SIGTTOU, SIGCONT};
static int file = -1, depth;
static pid_t me;

static int any(void) { return ONE_OF(signals); }

static void note(const char *who, int number, const siginfo_t *info)
{
    printf(" <%s %d code %d value %d by %d>", who, number, info->si_code, info->si_code == SI_QUEUE ? info->si_value.sival_int : 0,
           info->si_code <= 0 ? info->si_pid == me : -1);
}

static void handler(int number, siginfo_t *info, void *context)
{
    int here;
    stack_t now = {0};
    (void)context;
    note("handler", number, info);
    sigaltstack(NULL, &now);
    printf("%s", now.ss_flags & SS_ONSTACK ? " on alternate" : "");
    if (depth < 2 && below(4) == 0) {
        depth++;
        int other = any();
        printf(" raise %d", other);
        syscall(SYS_tgkill, me, syscall(SYS_gettid), other);
        depth--;
    }
    (void)here;
    printf(" </%d>", number);
}

static uint64_t some(void)
{
    uint64_t set = 0;
    for (unsigned i = below(5); i; i--)
        set |= 1ULL << (any() - 1);
    return set;
}

static void do_mask(void)
{
    uint64_t set = some(), old = 0;
    int how = below(4);
    printf("sigprocmask %d %llx", how, (unsigned long long)set);
    long got = syscall(SYS_rt_sigprocmask, how, &set, &old, 8);
    printf(" old %llx", (unsigned long long)old);
    result(got);
}

static void do_action(void)
{
    static const int all[] = {0, 0, SA_NODEFER, SA_RESETHAND, SA_ONSTACK, SA_RESTART, SA_NOCLDWAIT};
    struct sigaction action = {0}, old;
    int number = any(), kind = below(6);
    action.sa_flags = ONE_OF(all) | ONE_OF(all) | SA_SIGINFO;
    action.sa_sigaction = handler;
    if (number != SIGCHLD && number != SIGURG && number != SIGCONT && kind)
        action.sa_flags &= ~SA_RESETHAND; /* nothing is to end or stop the program */
    if (kind == 0) {
        action.sa_flags &= ~SA_SIGINFO;
        action.sa_handler = SIG_IGN;
    }
    uint64_t blocked = some();
    for (int i = 1; i <= 64; i++)
        if (blocked >> (i - 1) & 1)
            sigaddset(&action.sa_mask, i);
    printf("sigaction %d %s flags %x mask %llx", number, kind ? "handler" : "ignore", action.sa_flags, (unsigned long long)blocked);
    result(sigaction(number, &action, &old));
}

static void do_kill(void)
{
    int number = chance(95) ? any() : 0;
    printf("kill %d", number);
    result(kill(me, number));
}

static void do_tgkill(void)
{
    int number = chance(95) ? any() : 65;
    printf("tgkill %d", number);
    result(syscall(SYS_tgkill, me, syscall(SYS_gettid), number));
}

static void do_queue(void)
{
    int number = any();
    union sigval value = {.sival_int = below(100)};
    printf("sigqueue %d %d", number, value.sival_int);
    result(sigqueue(me, number, value));
}

static void do_pending(void)
{
    uint64_t set = 0;
    long got = syscall(SYS_rt_sigpending, &set, 8);
    printf("sigpending %llx", (unsigned long long)set);
    result(got);
}

static void do_timedwait(void)
{
    uint64_t set = some();
    struct timespec none = {0, 0};
    siginfo_t info;
    printf("sigtimedwait %llx", (unsigned long long)set);
    long got = syscall(SYS_rt_sigtimedwait, &set, &info, &none, 8);
    if (got > 0)
        note("got", got, &info);
    result(got);
}

static void do_signalfd(void)
{
    uint64_t set = some();
    printf("signalfd %llx", (unsigned long long)set);
    int got = syscall(SYS_signalfd4, file, &set, 8, O_NONBLOCK);
    if (got >= 0 && file < 0)
        file = got;
    result(got >= 0 ? 0 : -1);
}

static void do_read(void)
{
    struct signalfd_siginfo found[3];
    printf("read signalfd");
    long got = read(file, found, sizeof found[0] * (1 + below(3)));
    for (long i = 0; i < got / (long)sizeof found[0]; i++)
        printf(" <%u code %d value %d>", found[i].ssi_signo, found[i].ssi_code, found[i].ssi_code == SI_QUEUE ? found[i].ssi_int : 0);
    result(got);
}

static void do_poll(void)
{
    struct pollfd one = {file, POLLIN | POLLOUT, 0};
    printf("poll signalfd");
    int got = poll(&one, 1, 0);
    printf(" %x", one.revents);
    result(got);
}

static void do_suspend(void)
{
    uint64_t set = ~0ULL, pending = 0, wanted = 0;
    syscall(SYS_rt_sigpending, &pending, 8);
    for (unsigned i = 0; i < COUNT(signals); i++) { /* only what has a handler ends the wait */
        struct sigaction now;
        sigaction(signals[i], NULL, &now);
        if (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN)
            wanted |= 1ULL << (signals[i] - 1);
    }
    if (!(pending & wanted))
        return;
    set &= ~(pending & wanted);
    printf("sigsuspend %llx", (unsigned long long)set);
    result(syscall(SYS_rt_sigsuspend, &set, 8));
}

static char stacks[2][32768];

static void do_stack(void)
{
    static const int flags[] = {0, 0, SS_DISABLE, 1 << 31, SS_ONSTACK, 3};
    stack_t stack = {.ss_sp = stacks[below(2)], .ss_size = chance(90) ? sizeof stacks[0] : 1000, .ss_flags = ONE_OF(flags)}, old = {0};
    printf("sigaltstack %x %zu", stack.ss_flags, stack.ss_size);
    int got = sigaltstack(&stack, &old);
    printf(" old %x %zu", old.ss_flags, old.ss_size);
    result(got);
}

static void do_child(void)
{
    uint64_t all = ~0ULL, old, pending, blocked;
    int how = below(4), status = -1, with = below(256);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
    printf("child %d\n", how);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        if (how == 0)
            _exit(with);
        syscall(SYS_rt_sigpending, &pending, 8);
        syscall(SYS_rt_sigprocmask, 0, NULL, &blocked, 8);
        printf("  pending %llx blocked %llx\n", (unsigned long long)pending, (unsigned long long)blocked);
        fflush(stdout);
        if (how == 1) {
            struct sigaction standard = {.sa_handler = SIG_DFL};
            sigaction(SIGUSR1, &standard, NULL);
            kill(getpid(), SIGUSR1);
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
        }
        _exit(7);
    }
    siginfo_t info = {0};
    int waited = waitid(P_PID, child, &info, WEXITED | (how == 3 ? WNOWAIT : 0));
    printf("  waited %d: %d code %d status %d", waited, info.si_signo, info.si_code, info.si_status);
    if (how == 3)
        waitpid(child, &status, 0);
    printf(" %d", status);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
    printf("\n");
}

static const struct operation operations[] = {
    {8, do_mask}, {8, do_action}, {6, do_kill}, {6, do_tgkill}, {6, do_queue}, {4, do_pending}, {5, do_timedwait}, {2, do_signalfd}, {4, do_read},
    {2, do_poll}, {3, do_suspend}, {3, do_stack}, {2, do_child},
};

int main(int argc, char **argv)
{
    me = getpid();
    for (unsigned i = 0; i < COUNT(signals); i++) { /* nothing ends the program */
        struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
        sigaction(signals[i], &action, NULL);
    }
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
