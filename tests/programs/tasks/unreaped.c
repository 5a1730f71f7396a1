/* Calls on a process that has ended and that nobody has waited for: most find it, as it is found by its number. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(call)                                                    \
    do {                                                              \
        errno = 0;                                                    \
        long value = (long)(call);                                    \
        printf("%s = %ld %d\n", #call, value, value < 0 ? errno : 0); \
    } while (0)

static pid_t gone;

static int by_descriptor(void)
{
    return syscall(SYS_pidfd_open, gone, 0);
}

static void scheduling(void)
{
    struct sched_param none = {0};
    struct timespec slice;
    cpu_set_t all;
    char attributes[56] = {56};
    SHOW(sched_getscheduler(gone));
    SHOW(sched_setscheduler(gone, SCHED_BATCH, &none));
    SHOW(sched_getscheduler(gone));
    SHOW(sched_getparam(gone, &none));
    SHOW(sched_rr_get_interval(gone, &slice));
    SHOW(sched_getaffinity(gone, sizeof all, &all) >= 0);
    SHOW(sched_setaffinity(gone, sizeof all, &all));
    SHOW(syscall(SYS_sched_getattr, gone, attributes, 56, 0));
    SHOW(syscall(SYS_ioprio_get, 1, gone));
    SHOW(syscall(SYS_ioprio_set, 1, gone, 0));
    SHOW(getpriority(PRIO_PROCESS, gone));
    SHOW(setpriority(PRIO_PROCESS, gone, 5));
    SHOW(getpriority(PRIO_PROCESS, gone));
}

static void signalling(void)
{
    siginfo_t own = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    SHOW(syscall(SYS_tgkill, gone, gone, 0));
    SHOW(syscall(SYS_tgkill, gone, gone, SIGTERM));
    SHOW(syscall(SYS_tkill, gone, SIGKILL));
    SHOW(syscall(SYS_rt_sigqueueinfo, gone, SIGUSR1, &own));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, gone, gone, SIGUSR1, &own));
    SHOW(kill(gone, SIGTERM));
    SHOW(kill(-gone, 0));
    SHOW(fcntl(1, F_SETOWN, gone));
    SHOW(fcntl(1, F_SETOWN, -gone));
}

static void tracing(void)
{
    SHOW(ptrace(PTRACE_ATTACH, gone, 0, 0));
    SHOW(ptrace(PTRACE_SEIZE, gone, 0, 0));
    SHOW(ptrace(PTRACE_DETACH, gone, 0, 0));
    SHOW(ptrace(PTRACE_PEEKUSER, gone, 0, 0));
    SHOW(ptrace(PTRACE_INTERRUPT, gone, 0, 0));
    SHOW(ptrace(PTRACE_KILL, gone, 0, 0));
}

static void looking(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, gone};
    struct __user_cap_data_struct data[2];
    struct rlimit limit;
    struct iovec vector = {&limit, 1};
    struct timespec time;
    void *head;
    size_t length;
    SHOW(prlimit(gone, RLIMIT_CORE, NULL, &limit));
    SHOW(syscall(SYS_capget, &header, data));
    SHOW(syscall(SYS_get_robust_list, gone, &head, &length));
    SHOW(syscall(SYS_kcmp, getpid(), gone, 0, 0, 0));
    SHOW(syscall(SYS_kcmp, gone, gone, 1, 0, 0));
    SHOW(syscall(SYS_kcmp, gone, gone, 2, 0, 0));
    SHOW(syscall(SYS_migrate_pages, gone, 0, 0, 0));
    SHOW(syscall(SYS_move_pages, gone, 1, 0, 0, 0, 0));
    SHOW(syscall(SYS_process_vm_readv, gone, &vector, 1, &vector, 1, 0));
    SHOW(clock_gettime(~(clockid_t)gone << 3 | 2, &time));
    SHOW(syscall(SYS_setns, by_descriptor(), CLONE_NEWPID));
    SHOW(syscall(SYS_pidfd_getfd, by_descriptor(), 1, 0));
    SHOW(syscall(SYS_process_madvise, by_descriptor(), &vector, 1, 4, 0));
    SHOW(syscall(SYS_process_mrelease, by_descriptor(), 0));
}

int main(void)
{
    siginfo_t end;
    gone = fork();
    if (!gone)
        _exit(3);
    waitid(P_PID, gone, &end, WEXITED | WNOWAIT);
    SHOW(getpgid(gone) == getpgid(0));
    SHOW(getsid(gone) == getsid(0));
    SHOW(setpgid(gone, gone));
    scheduling();
    signalling();
    tracing();
    looking();
    SHOW(waitpid(gone, NULL, 0) == gone);
    SHOW(kill(gone, 0));
    return 0;
}
