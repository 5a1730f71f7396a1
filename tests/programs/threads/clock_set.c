/* clock_set: sets the wall clock in every way, and looks what that does to those who wait by it. Not for the host: run as
   root it would set the host's clock. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#ifdef __i386__
#define SETTIMEOFDAY 79
struct old_timeval { int32_t tv_sec, tv_usec; };
#else
#define SETTIMEOFDAY SYS_settimeofday
#define old_timeval timeval
#endif

#define SHOW(text, expression) printf("%-44s %ld\n", text, (long)(expression))

static long failed(long result) { return result < 0 ? -errno : result; }

static void *sleep_until_2030(void *unused) {
    struct timespec until = {1893456000, 0};
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
    return unused;
}

int main(void) {
    struct timespec t = {1893456100, 5}, wrong = {-1, 0};
    struct old_timeval tv = {1000000000, 7}, wrong_tv = {0, 1000001};
    uint64_t ticks;
    pthread_t thread;
    setvbuf(stdout, NULL, _IOLBF, 0);
    SHOW("clock_settime, not valid", failed(clock_settime(CLOCK_REALTIME, &wrong)));
    SHOW("clock_settime of the monotonic clock", failed(clock_settime(CLOCK_MONOTONIC, &t)));
    SHOW("clock_settime of CPU time", failed(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &t)));
    SHOW("clock_settime of no clock", failed(clock_settime(99, &t)));
    SHOW("settimeofday, not valid", failed(syscall(SETTIMEOFDAY, &wrong_tv, NULL)));
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct itimerspec far = {{0, 0}, {2000000000, 0}};
    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
    pthread_create(&thread, NULL, sleep_until_2030, NULL);
    usleep(1000);
    long result = failed(clock_settime(CLOCK_REALTIME, &t));
    SHOW("clock_settime", result);
    if (result == 0)
        pthread_join(thread, NULL);
    SHOW("  it is", time(NULL) - t.tv_sec);
    SHOW("  a timer that asked to be told", failed(read(fd, &ticks, 8)));
    SHOW("  and once only", failed(read(fd, &ticks, 8)));
    SHOW("settimeofday", failed(syscall(SETTIMEOFDAY, &tv, NULL)));
    SHOW("  it is", time(NULL) - tv.tv_sec);
    SHOW("  the time zone alone", failed(syscall(SETTIMEOFDAY, NULL, &(struct timezone){60, 0})));
#ifdef __i386__
    int32_t seconds = 1234567890;
    SHOW("stime", failed(syscall(25, &seconds)));
#else
    t.tv_sec = 1234567890;
    SHOW("stime", failed(clock_settime(CLOCK_REALTIME, &t)));
#endif
    SHOW("  it is", time(NULL) - 1234567890);
    struct timex tx;
    memset(&tx, 0, sizeof tx);
    SHOW("adjtimex", failed(adjtimex(&tx)));
    SHOW("  tick", tx.tick);
    SHOW("  the time", tx.time.tv_sec - time(NULL));
    tx.modes = ADJ_OFFSET;
    SHOW("adjtimex changes", failed(adjtimex(&tx)));
    tx.modes = ADJ_OFFSET_SS_READ;
    SHOW("adjtime tells", failed(adjtimex(&tx)));
    SHOW("  left", tx.offset);
    tx.modes = 0x8000;
    SHOW("adjtimex, not valid", failed(adjtimex(&tx)));
    tx.modes = 0;
    SHOW("clock_adjtime of the monotonic clock", failed(clock_adjtime(CLOCK_MONOTONIC, &tx)));
    SHOW("clock_adjtime of no clock", failed(clock_adjtime(99, &tx)));
    _exit(0);
}
