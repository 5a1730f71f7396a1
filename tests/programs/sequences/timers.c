/*
 * timers SEED STEPS: random sequences of calls on timers of each kind. They expire at once or not before tomorrow, so that
 * what is told of them does not depend on the time that passes.
 */
#include "sequence.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

enum { SLOTS = 6, BASE = 100, FILES = 5, DAY = 86400, EDGE = 1000 };

#ifdef SYS_timer_settime64
#define SYS_timer_settime SYS_timer_settime64
#define SYS_timer_gettime SYS_timer_gettime64
#endif
#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID,
                             CLOCK_THREAD_CPUTIME_ID, CLOCK_REALTIME_ALARM, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, 12, -1};
static const int numbers[] = {SIGALRM, SIGUSR1, SIGUSR2, 40, 41};
static int timers[SLOTS], kinds[SLOTS];
static sigset_t all;

/* A time that is left, in thousands of seconds. */
static void say(const char *name, const struct timespec *time)
{
    long thousands = (time->tv_sec + EDGE / 2) / EDGE;
    if (thousands > 10000)
        printf(" %s far", name); /* the next of many years */
    else
        printf(" %s %ld%s", name, thousands, time->tv_sec || time->tv_nsec ? "+" : "");
}

/* Lets what is due expire: natively by an interrupt that may come a moment after the call. */
static void settle(void)
{
    struct timespec moment = {0, 2000000};
    nanosleep(&moment, NULL);
}

static struct timespec some_time(void)
{
    static const long seconds[] = {0, 5L * DAY, 9L * DAY, 5L * DAY};
    struct timespec time = {ONE_OF(seconds), 0};
    if (time.tv_sec == 0 && chance(50))
        time.tv_nsec = 1;
    if (chance(5))
        time.tv_nsec = chance(50) ? 1000000000 : -1;
    if (chance(3))
        time.tv_sec = -1;
    return time;
}

/* An interval that has not passed twice since any clock began. */
static struct timespec interval(void)
{
    static const long seconds[] = {0, 0, 1000000000, 2000000000, 1500000000};
    struct timespec time = {ONE_OF(seconds), 0};
    if (chance(4))
        time.tv_nsec = 1000000001;
    return time;
}

static void say_setting(const struct itimerspec *setting)
{
    printf(" %ld.%ld every %ld.%ld", (long)setting->it_value.tv_sec, setting->it_value.tv_nsec, (long)setting->it_interval.tv_sec,
           setting->it_interval.tv_nsec);
}

static void do_create(void)
{
    static const int notices[] = {SIGEV_SIGNAL, SIGEV_SIGNAL, SIGEV_NONE, 4, SIGEV_THREAD, 9};
    int slot = below(SLOTS), clock = ONE_OF(clocks), notice = ONE_OF(notices), number = chance(93) ? ONE_OF(numbers) : chance(50) ? 0 : 65;
    struct {
        union sigval value;
        int number, notice, thread, rest[12];
    } event = {{.sival_int = (int)below(50)}, number, notice, chance(70) ? (int)syscall(SYS_gettid) : chance(50) ? 0 : 1, {0}};
    int plain = chance(10), made = -7;
    if (timers[slot] >= 0)
        return;
    printf("timer_create %d clock %d notice %d signal %d thread %d plain %d", slot, clock, notice, number, event.thread > 1, plain);
    long got = syscall(SYS_timer_create, clock, plain ? NULL : &event, &made);
    if (got == 0) {
        timers[slot] = made;
        kinds[slot] = clock;
    }
    result(got);
}

static int slot_of(int timer)
{
    for (int slot = 0; slot < SLOTS; slot++)
        if (timers[slot] == timer)
            return slot;
    return -1;
}

static int take(void)
{
    struct timespec none = {0, 0};
    siginfo_t info = {0};
    printf("sigtimedwait");
    int got = sigtimedwait(&all, &info, &none);
    if (got > 0) {
        printf(" code %d", info.si_code);
        if (info.si_code == SI_TIMER)
            printf(" of %d overrun %d value %d", slot_of(info.si_timerid), info.si_overrun, info.si_value.sival_int);
    }
    result(got);
    return got;
}

static void do_take(void) { (void)take(); }

/* Takes the signals that wait: what becomes of those of a timer that is set or deleted changed in Linux 6.13. */
static void drain(void)
{
    while (take() > 0)
        ;
}

static int of_processor(int slot)
{
    return timers[slot] >= 0 && (kinds[slot] == CLOCK_PROCESS_CPUTIME_ID || kinds[slot] == CLOCK_THREAD_CPUTIME_ID);
}

static void do_set(void)
{
    int slot = below(SLOTS), flags = chance(45) ? TIMER_ABSTIME : chance(8) ? 2 : 0, looked = chance(70);
    struct itimerspec setting = {interval(), some_time()}, old = {0};
    if (flags == TIMER_ABSTIME && setting.it_value.tv_sec > 0 && !of_processor(slot))
        setting.it_value = (struct timespec){0, 1}; /* long ago on each clock */
    if (of_processor(slot) && setting.it_value.tv_nsec == 1)
        flags = TIMER_ABSTIME; /* without the processor's time going on it is long */
    drain();
    printf("timer_settime %d flags %d", slot, flags);
    say_setting(&setting);
    long got = syscall(SYS_timer_settime, timers[slot], flags, &setting, looked ? &old : NULL);
    if (got == 0 && looked) {
        say("old", &old.it_value);
        printf(" every %ld", (long)old.it_interval.tv_sec);
    }
    settle();
    result(got);
}

static void do_get(void)
{
    int slot = below(SLOTS);
    struct itimerspec now = {0};
    printf("timer_gettime %d", slot);
    long got = syscall(SYS_timer_gettime, timers[slot], &now);
    if (got == 0) {
        say("left", &now.it_value);
        printf(" every %ld", (long)now.it_interval.tv_sec);
    }
    result(got);
}

static void do_overrun(void)
{
    int slot = below(SLOTS);
    printf("timer_getoverrun %d", slot);
    result(syscall(SYS_timer_getoverrun, timers[slot]));
}

static void do_delete(void)
{
    int slot = below(SLOTS);
    drain();
    printf("timer_delete %d", slot);
    result(syscall(SYS_timer_delete, timers[slot]));
    timers[slot] = -1;
}

static void do_pending(void)
{
    sigset_t set;
    int got = sigpending(&set);
    printf("sigpending");
    for (unsigned i = 0; i < COUNT(numbers); i++)
        printf(" %d", sigismember(&set, numbers[i]));
    result(got);
}

static void do_setitimer(void)
{
    int which = chance(95) ? (int)below(3) : 3;
    struct itimerval setting = {{chance(50) ? 0 : 7L * DAY, 0}, {chance(30) ? 0 : (1 + below(9)) * (long)DAY, 0}}, old = {{0}};
    if (chance(5))
        setting.it_value.tv_usec = 1000000;
    printf("setitimer %d %ld.%ld every %ld", which, (long)setting.it_value.tv_sec, (long)setting.it_value.tv_usec, (long)setting.it_interval.tv_sec);
    int got = setitimer(which, &setting, &old);
    if (got == 0)
        printf(" old %ld every %ld", (long)(old.it_value.tv_sec + EDGE / 2) / EDGE, (long)old.it_interval.tv_sec);
    result(got);
}

static void do_getitimer(void)
{
    int which = chance(95) ? (int)below(3) : -1;
    struct itimerval now = {{0}};
    printf("getitimer %d", which);
    int got = getitimer(which, &now);
    if (got == 0)
        printf(" %ld every %ld", (long)(now.it_value.tv_sec + EDGE / 2) / EDGE, (long)now.it_interval.tv_sec);
    result(got);
}

static void do_alarm(void)
{
    unsigned seconds = chance(40) ? 0 : (1 + below(9)) * DAY;
    printf("alarm %u", seconds);
    result((alarm(seconds) + EDGE / 2) / EDGE);
}

static int file(void) { return BASE + below(FILES); }

static void do_timerfd(void)
{
    static const int flags[] = {TFD_NONBLOCK, TFD_NONBLOCK, TFD_NONBLOCK | TFD_CLOEXEC, TFD_NONBLOCK | 1};
    int to = file(), clock = ONE_OF(clocks), how = ONE_OF(flags);
    if (clock == CLOCK_REALTIME_ALARM)
        return; /* one that is stopped still tells what was left (alarm_expires_remaining) */
    printf("timerfd_create %d clock %d flags %x", to, clock, how);
    int got = timerfd_create(clock, how);
    if (got >= 0) {
        dup2(got, to);
        close(got);
        got = to;
    }
    result(got);
}

static void do_timerfd_set(void)
{
    static const int all_flags[] = {0, TFD_TIMER_ABSTIME, TFD_TIMER_ABSTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, TFD_TIMER_CANCEL_ON_SET, 4};
    int at = file(), flags = ONE_OF(all_flags), looked = chance(70);
    struct itimerspec setting = {interval(), some_time()}, old = {0};
    if (flags & TFD_TIMER_ABSTIME && setting.it_value.tv_sec > 0)
        setting.it_value = (struct timespec){0, 1};
    printf("timerfd_settime %d flags %d", at, flags);
    say_setting(&setting);
    int got = timerfd_settime(at, flags, &setting, looked ? &old : NULL);
    if (got == 0 && looked) {
        say("old", &old.it_value);
        printf(" every %ld", (long)old.it_interval.tv_sec);
    }
    settle();
    result(got);
}

static void do_timerfd_get(void)
{
    int at = file();
    struct itimerspec now = {0};
    printf("timerfd_gettime %d", at);
    int got = timerfd_gettime(at, &now);
    if (got == 0) {
        say("left", &now.it_value);
        printf(" every %ld", (long)now.it_interval.tv_sec);
    }
    result(got);
}

static void do_read(void)
{
    static const size_t sizes[] = {8, 8, 8, 16, 7, 0};
    uint64_t ticks[2] = {0};
    int at = file();
    size_t size = ONE_OF(sizes);
    printf("read %d %zu", at, size);
    long got = read(at, ticks, size);
    if (got > 0)
        printf(" (%llu)", (unsigned long long)ticks[0]);
    result(got);
}

static void do_poll(void)
{
    struct pollfd files[FILES];
    for (int i = 0; i < FILES; i++)
        files[i] = (struct pollfd){BASE + i, POLLIN | POLLOUT, 0};
    int got = poll(files, FILES, 0);
    printf("poll");
    for (int i = 0; i < FILES; i++)
        printf(" %x", files[i].revents);
    result(got);
}

static void do_ticks(void)
{
    uint64_t ticks = below(3);
    int at = file();
    printf("TFD_IOC_SET_TICKS %d %llu", at, (unsigned long long)ticks);
    result(ioctl(at, TFD_IOC_SET_TICKS, &ticks));
}

static void do_close(void)
{
    int at = file();
    printf("close %d", at);
    result(close(at));
}

static void do_dup(void)
{
    int from = file(), to = file();
    printf("dup2 %d %d", from, to);
    result(dup2(from, to));
}

/* What /proc tells of a file of ours, but for the times. */
static void do_info(void)
{
    char name[40], text[600] = "";
    int at = file();
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", at);
    printf("fdinfo %d", at);
    int info = open(name, O_RDONLY);
    if (info < 0) {
        result(-1);
        return;
    }
    if (read(info, text, sizeof text - 1) < 0)
        exit(3);
    close(info);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (!strncmp(line, "clockid", 7) || !strncmp(line, "ticks", 5) || !strncmp(line, "settime", 7) || !strncmp(line, "flags", 5))
            printf(" [%s]", line);
    result(0);
}

static void do_listed(void)
{
    static char text[4096];
    int file = open("/proc/self/timers", O_RDONLY), lines = 0;
    long got = read(file, text, sizeof text - 1);
    close(file);
    printf("timers");
    text[got > 0 ? got : 0] = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strncmp(line, "ID", 2))
            printf(" %d", slot_of(atoi(line + 3)));
        else if (!strncmp(line, "signal", 6))
            printf(" %d", atoi(line + 8));
        else if (!strncmp(line, "ClockID", 7))
            printf(" %s", line);
        lines++;
    }
    result(lines);
}

static void do_sleep(void)
{
    int clock = ONE_OF(clocks), flags = below(2);
    struct timespec time = {flags ? (clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_PROCESS_CPUTIME_ID ? 0 : below(2)) : 0, chance(90) ? 0 : 1000000000};
    struct timespec left = {77, 77};
    printf("clock_nanosleep %d flags %d %ld.%ld", clock, flags, (long)time.tv_sec, time.tv_nsec);
    errno = clock_nanosleep(clock, flags, &time, &left);
    result(errno ? -1 : left.tv_sec);
}

static void do_resolution(void)
{
    int clock = ONE_OF(clocks);
    struct timespec found = {0};
    printf("clock_getres %d", clock);
    int got = clock_getres(clock, &found);
    if (got == 0)
        printf(" %d", clock == CLOCK_MONOTONIC_COARSE ? found.tv_nsec > 1 : (int)found.tv_nsec);
    result(got);
}

/* What of the timers a child has: none but files. */
static void do_child(void)
{
    printf("fork:\n");
    fflush(stdout);
    if (fork() == 0) {
        struct itimerval now = {{0}};
        printf(" getitimer %d", getitimer(ITIMER_REAL, &now));
        printf(" %ld\n", (long)now.it_value.tv_sec);
        do_overrun();
        do_timerfd_get();
        do_read();
        do_pending();
        _exit(0);
    }
    wait(NULL);
}

static const struct operation operations[] = {
    {12, do_create}, {20, do_set}, {10, do_get}, {8, do_overrun}, {3, do_delete}, {12, do_take}, {4, do_pending}, {5, do_setitimer}, {4, do_getitimer},
    {3, do_alarm}, {10, do_timerfd}, {14, do_timerfd_set}, {8, do_timerfd_get}, {12, do_read}, {5, do_poll}, {4, do_ticks}, {2, do_close}, {2, do_dup},
    {5, do_info}, {4, do_listed}, {3, do_sleep}, {3, do_resolution}, {2, do_child},
};

int main(int argc, char **argv)
{
    sigemptyset(&all);
    for (unsigned i = 0; i < COUNT(numbers); i++)
        sigaddset(&all, numbers[i]);
    sigprocmask(SIG_BLOCK, &all, NULL);
    memset(timers, -1, sizeof timers);
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
