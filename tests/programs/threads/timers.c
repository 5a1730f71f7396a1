/* timers: alarm(2), setitimer(2), timer_create(2) and timerfd_create(2). Prints one line a case, the same on any computer
   that is not too slow. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(text, expression) printf("%-52s %ld\n", text, (long)(expression))
#define MS 1000000LL

static volatile int caught, count, value, code, overrun, timer_number, busy;

static void handler(int number, siginfo_t *info, void *context) {
    (void)context;
    caught = number;
    count++;
    code = info->si_code;
    value = info->si_value.sival_int;
    overrun = info->si_overrun;
    timer_number = info->si_timerid;
}

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void spin_for(int64_t nanoseconds) {
    int64_t until = now(CLOCK_MONOTONIC) + nanoseconds;
    while (now(CLOCK_MONOTONIC) < until)
        ;
}

static long failed(long result) { return result < 0 ? -errno : result; }

static struct itimerval interval(int64_t value_ms, int64_t interval_ms) {
    return (struct itimerval){{interval_ms / 1000, interval_ms % 1000 * 1000}, {value_ms / 1000, value_ms % 1000 * 1000}};
}

static void interval_timers(void) {
    struct itimerval it, old;
    SHOW("alarm", alarm(100));
    SHOW("alarm again", alarm(50));
    SHOW("alarm 0", alarm(0));
    SHOW("alarm 0 again", alarm(0));
    it = interval(3600000, 500);
    SHOW("setitimer", failed(setitimer(ITIMER_REAL, &it, &old)));
    SHOW("  nothing was set", old.it_value.tv_sec + old.it_value.tv_usec + old.it_interval.tv_usec);
    SHOW("getitimer", failed(getitimer(ITIMER_REAL, &it)));
    SHOW("  value", it.it_value.tv_sec == 3599 && it.it_value.tv_usec > 0);
    SHOW("  interval", it.it_interval.tv_usec);
    SHOW("alarm sees it", alarm(0));
    it = interval(0, 500);
    setitimer(ITIMER_REAL, &it, NULL);
    getitimer(ITIMER_REAL, &it);
    SHOW("  interval alone", it.it_interval.tv_usec);
    it = interval(0, 500);
    setitimer(ITIMER_PROF, &it, NULL);
    getitimer(ITIMER_PROF, &it);
    SHOW("  interval alone, by CPU time", it.it_interval.tv_usec);
    SHOW("no such timer", failed(setitimer(3, &it, NULL)));
    SHOW("getitimer, no such timer", failed(getitimer(-1, &it)));
    it.it_value.tv_usec = 1000000;
    SHOW("a second of microseconds", failed(syscall(SYS_setitimer, 0, &it, NULL)));
    it.it_value.tv_usec = -1;
    SHOW("negative", failed(syscall(SYS_setitimer, 0, &it, NULL)));
    SHOW("setitimer from nowhere stops it", failed(syscall(SYS_setitimer, 0, NULL, NULL)));
    SHOW("getitimer to nowhere", failed(syscall(SYS_getitimer, 0, NULL)));
    count = 0;
    it = interval(10, 10);
    setitimer(ITIMER_REAL, &it, NULL);
    while (count < 3)
        ; /* no system call: the signal comes all the same */
    SHOW("SIGALRM comes to a busy loop", caught == SIGALRM);
    SHOW("  its code", code);
    it = interval(0, 0);
    setitimer(ITIMER_REAL, &it, NULL);
    count = 0;
    it = interval(20, 20);
    setitimer(ITIMER_VIRTUAL, &it, NULL);
    while (count < 2)
        ;
    SHOW("SIGVTALRM", caught == SIGVTALRM);
    it = interval(0, 0);
    setitimer(ITIMER_VIRTUAL, &it, &old);
    SHOW("  runs", old.it_value.tv_usec > 0 && old.it_interval.tv_usec == 20000);
    count = 0;
    it = interval(20, 0);
    setitimer(ITIMER_PROF, &it, NULL);
    while (count < 1)
        spin_for(MS);
    SHOW("SIGPROF", caught == SIGPROF);
    getitimer(ITIMER_PROF, &it);
    SHOW("  does not run any more", it.it_value.tv_sec + it.it_value.tv_usec);
    fflush(stdout);
    it = interval(100000, 0);
    setitimer(ITIMER_REAL, &it, NULL);
    pid_t child = fork();
    if (!child) {
        getitimer(ITIMER_REAL, &it);
        _exit(it.it_value.tv_sec != 0);
    }
    int status;
    waitpid(child, &status, 0);
    SHOW("a child has no timer", WEXITSTATUS(status));
    alarm(0);
    if (!(child = fork())) {
        signal(SIGALRM, SIG_DFL);
        alarm(1);
        struct itimerval soon = interval(5, 0);
        setitimer(ITIMER_REAL, &soon, NULL);
        for (;;)
            ;
    }
    waitpid(child, &status, 0);
    SHOW("SIGALRM ends a busy loop", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
}

static struct itimerspec spec(int64_t value_ns, int64_t interval_ns) {
    return (struct itimerspec){{interval_ns / 1000000000, interval_ns % 1000000000},
                               {value_ns / 1000000000, value_ns % 1000000000}};
}

static long make(clockid_t clock, int how, int signal_number, int data, int tid, timer_t *timer) {
    struct sigevent event;
    int made = -1;
    memset(&event, 0, sizeof event);
    event.sigev_notify = how;
    event.sigev_signo = signal_number;
    event.sigev_value.sival_int = data;
    ((int *)&event)[sizeof event.sigev_value / sizeof(int) + 2] = tid;
    long result = syscall(SYS_timer_create, clock, &event, &made);
    *timer = (timer_t)(intptr_t)made;
    return result < 0 ? -errno : result;
}

#ifdef __i386__
#define SETTIME 409
#define GETTIME 408
#else
#define SETTIME SYS_timer_settime
#define GETTIME SYS_timer_gettime
#endif
struct wide { int64_t interval_s, interval_ns, value_s, value_ns; };

static long set(timer_t timer, int flags, int64_t value_ns, int64_t interval_ns, struct wide *old) {
    struct wide it = {interval_ns / 1000000000, interval_ns % 1000000000, value_ns / 1000000000, value_ns % 1000000000};
    return failed(syscall(SETTIME, (int)(intptr_t)timer, flags, &it, old));
}

static void posix_timers(void) {
    timer_t timer, second;
    struct wide it;
    SHOW("timer_create, no such clock", make(99, SIGEV_NONE, 0, 0, 0, &timer));
    SHOW("timer_create, a clock that cannot", make(CLOCK_MONOTONIC_RAW, SIGEV_NONE, 0, 0, 0, &timer));
    SHOW("timer_create, no such signal", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, 0, &timer));
    SHOW("timer_create, signal 65", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, 0, &timer));
    SHOW("timer_create, no such way", make(CLOCK_MONOTONIC, 3, SIGUSR1, 0, 0, &timer));
    SHOW("timer_create, thread of nobody", make(CLOCK_MONOTONIC, 4, SIGUSR1, 0, 5000000, &timer));
    SHOW("timer_create, nowhere", failed(syscall(SYS_timer_create, 1, NULL, NULL)));
    SHOW("timer_create", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 77, 0, &timer));
    SHOW("  its number", (long)(intptr_t)timer);
    SHOW("another", make(CLOCK_REALTIME, SIGEV_NONE, 0, 0, 0, &second));
    SHOW("  its number", (long)(intptr_t)second);
    SHOW("settime, not valid", set(timer, 0, -1, 0, NULL));
    SHOW("settime, from nowhere", failed(syscall(SETTIME, (int)(intptr_t)timer, 0, NULL, NULL)));
    SHOW("settime, no such timer", set((timer_t)99, 0, 1, 0, NULL));
    SHOW("gettime, no such timer", failed(syscall(GETTIME, 99, &it)));
    SHOW("getoverrun, no such timer", failed(syscall(SYS_timer_getoverrun, 99)));
    SHOW("delete, no such timer", failed(syscall(SYS_timer_delete, 99)));
    count = 0;
    SHOW("settime", set(timer, 0, 5 * MS, 0, &it));
    SHOW("  nothing was set", it.value_ns + it.value_s);
    while (!count)
        ;
    SHOW("the signal", caught - SIGRTMIN);
    SHOW("  its code", code);
    SHOW("  its value", value);
    SHOW("  its timer", timer_number == (int)(intptr_t)timer);
    SHOW("  its overrun", overrun);
    /* blocked for many intervals: one signal, and how often it would have come */
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &block, &before);
    count = 0;
    set(timer, 0, MS, MS, NULL);
    spin_for(12 * MS);
    SHOW("gettime while its signal waits", failed(syscall(GETTIME, (int)(intptr_t)timer, &it)));
    SHOW("  less than the interval is left", it.value_s == 0 && it.value_ns > 0 && it.value_ns <= MS);
    SHOW("  the interval", it.interval_ns);
    siginfo_t info;
    SHOW("sigwaitinfo", sigwaitinfo(&block, &info) - SIGRTMIN);
    set(timer, 0, 0, 0, NULL);
    SHOW("  overrun of tens", info.si_overrun >= 8 && info.si_overrun < 2000);
    SHOW("  timer_getoverrun is the same", failed(syscall(SYS_timer_getoverrun, (int)(intptr_t)timer)) == info.si_overrun);
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* absolute, in the past */
    count = 0;
    set(timer, TIMER_ABSTIME, 1, 0, NULL);
    spin_for(MS);
    SHOW("a time in the past comes at once", count);
    SHOW("a silent one", set(second, 0, 3600 * 1000 * MS, 7, NULL));
    SHOW("  gettime", failed(syscall(GETTIME, (int)(intptr_t)second, &it)));
    SHOW("  value", it.value_s == 3599);
    SHOW("  interval", it.interval_ns);
    set(second, TIMER_ABSTIME, 1000 * MS, 0, NULL);
    syscall(GETTIME, (int)(intptr_t)second, &it);
    SHOW("  expired", it.value_s + it.value_ns);
    SHOW("delete", failed(syscall(SYS_timer_delete, (int)(intptr_t)second)));
    SHOW("  gone", failed(syscall(GETTIME, (int)(intptr_t)second, &it)));
    /* by CPU time, to this thread */
    count = 0;
    SHOW("by CPU time", make(CLOCK_THREAD_CPUTIME_ID, 4, SIGUSR1, 5, (int)syscall(SYS_gettid), &second));
    set(second, 0, 20 * MS, 0, NULL);
    while (!count)
        ;
    SHOW("  comes", caught == SIGUSR1 && value == 5);
    /* without an event: SIGALRM with its number */
    int plain;
    syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &plain);
    count = 0;
    set((timer_t)(intptr_t)plain, 0, MS, 0, NULL);
    while (!count)
        ;
    SHOW("without an event", caught == SIGALRM && value == plain);
    pid_t child = fork();
    if (!child)
        _exit(failed(syscall(GETTIME, (int)(intptr_t)timer, &it)) == -EINVAL ? 3 : 4);
    int status;
    waitpid(child, &status, 0);
    SHOW("a child has no timers", WEXITSTATUS(status));
    signal(SIGRTMIN + 1, SIG_IGN);
    set(timer, 0, MS, 5 * MS, NULL);
    spin_for(10 * MS);
    count = 0;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN + 1, &action, NULL);
    spin_for(20 * MS);
    SHOW("a signal ignored for a while comes again", count > 0);
    set(timer, 0, 0, 0, NULL);
}

static void descriptors(void) {
    struct itimerspec it;
    uint64_t ticks;
    SHOW("timerfd_create, no such clock", failed(syscall(SYS_timerfd_create, 99, 0)));
    SHOW("timerfd_create, a clock that cannot", failed(syscall(SYS_timerfd_create, CLOCK_PROCESS_CPUTIME_ID, 0)));
    SHOW("timerfd_create, no such flag", failed(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 1)));
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    SHOW("its flags", fcntl(fd, F_GETFD) * 10000 + (fcntl(fd, F_GETFL) & O_NONBLOCK));
    SHOW("read, not set", failed(read(fd, &ticks, 8)));
    SHOW("read, too little room", failed(read(fd, &ticks, 7)));
    SHOW("write", failed(write(fd, &ticks, 8)));
    struct pollfd polled = {fd, POLLIN | POLLOUT, 0};
    SHOW("poll", poll(&polled, 1, 0));
    it = spec(0, 0);
    it.it_value.tv_nsec = 1000000000;
    SHOW("settime, not valid", failed(timerfd_settime(fd, 0, &it, NULL)));
    it = spec(10 * MS, 0);
    SHOW("settime, no such flag", failed(timerfd_settime(fd, 4, &it, NULL)));
    SHOW("settime of no timer", failed(timerfd_settime(1, 0, &it, NULL)));
    SHOW("settime of nothing", failed(timerfd_settime(99, 0, &it, NULL)));
    SHOW("settime", failed(timerfd_settime(fd, 0, &it, NULL)));
    SHOW("poll waits for it", poll(&polled, 1, 5000));
    SHOW("  events", polled.revents);
    SHOW("read", failed(read(fd, &ticks, 8)));
    SHOW("  ticks", ticks);
    SHOW("read again", failed(read(fd, &ticks, 8)));
    SHOW("gettime", failed(timerfd_gettime(fd, &it)));
    SHOW("  does not run", it.it_value.tv_sec + it.it_value.tv_nsec);
    it = spec(MS, MS);
    timerfd_settime(fd, 0, &it, NULL);
    spin_for(12 * MS);
    SHOW("read with an interval", failed(read(fd, &ticks, 100)));
    SHOW("  ticks", ticks >= 8 && ticks < 2000);
    spin_for(5 * MS);
    struct itimerspec old;
    it = spec(3600 * 1000 * MS, 0);
    SHOW("settime drops the ticks", failed(timerfd_settime(fd, 0, &it, &old)));
    SHOW("  the interval was", old.it_interval.tv_nsec);
    SHOW("read", failed(read(fd, &ticks, 8)));
    fcntl(fd, F_SETFL, 0);
    it = spec(now(CLOCK_MONOTONIC) + 20 * MS, 0);
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
    SHOW("read waits", failed(read(fd, &ticks, 8)));
    SHOW("  ticks", ticks);
    close(fd);
    fd = timerfd_create(CLOCK_REALTIME, 0);
    it = spec(1000 * MS, 1000 * MS);
    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &it, NULL);
    SHOW("seconds since 1970", failed(read(fd, &ticks, 8)));
    SHOW("  ticks", llabs((int64_t)ticks - time(NULL)) < 2);
    close(fd);
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    setvbuf(stdout, NULL, _IOLBF, 0);
    int signals[] = {SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGRTMIN + 1};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    if (argc < 2 || !strcmp(argv[1], "interval"))
        interval_timers();
    if (argc < 2 || !strcmp(argv[1], "posix"))
        posix_timers();
    if (argc < 2 || !strcmp(argv[1], "descriptors"))
        descriptors();
    return 0;
}
