/* sleeping: nanosleep(2), clock_nanosleep(2) and the clocks, errors first, then with signals. Prints one line a case,
   the same on any computer that is not too slow. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct wide { int64_t seconds, nanoseconds; };
struct narrow { int32_t seconds, nanoseconds; };
#ifdef __i386__
typedef struct narrow first;
#else
typedef struct wide first;
#endif

#define SHOW(text, expression) printf("%-52s %ld\n", text, (long)(expression))
#define MS 1000000LL

static volatile int caught;

static void handler(int number) { caught = number; }

static long call(long number, long a, long b, long c, long d) {
    long result = syscall(number, a, b, c, d);
    return result < 0 ? -errno : result;
}

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Whether so much time passed, and not a second more. */
static int took(int64_t since, int64_t least) {
    int64_t passed = now(CLOCK_MONOTONIC) - since;
    return passed >= least && passed < least + 1000 * MS;
}

static void errors(void) {
    first second = {0, 1000000000}, negative = {-1, 0}, none = {0, 0}, minus = {0, -1};
    SHOW("nanosleep, a second of nanoseconds", call(SYS_nanosleep, (long)&second, 0, 0, 0));
    SHOW("nanosleep, negative", call(SYS_nanosleep, (long)&negative, 0, 0, 0));
    SHOW("nanosleep, negative nanoseconds", call(SYS_nanosleep, (long)&minus, 0, 0, 0));
    SHOW("nanosleep, nowhere", call(SYS_nanosleep, 0, 0, 0, 0));
    SHOW("nanosleep, 0", call(SYS_nanosleep, (long)&none, 1, 0, 0));
    int clocks[] = {0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 3, -2, -5, -1, 99};
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        char text[64];
        struct wide time = {7, 7};
        sprintf(text, "clock_nanosleep by clock %d", clocks[i]);
#ifdef __i386__
        SHOW(text, call(267, clocks[i], 0, (long)&none, 0)); /* clock_nanosleep with 32-bit times */
        SHOW("  with 64-bit times", call(407, clocks[i], TIMER_ABSTIME, (long)&(struct wide){1, 0}, 0));
        SHOW("  look", call(403, clocks[i], (long)&time, 0, 0));
        SHOW("  look, 32 bits", call(265, clocks[i], (long)&time, 0, 0));
        SHOW("  resolution", call(406, clocks[i], (long)&time, 0, 0));
#else
        SHOW(text, call(SYS_clock_nanosleep, clocks[i], 0, (long)&none, 0));
        SHOW("  absolute", call(SYS_clock_nanosleep, clocks[i], TIMER_ABSTIME, (long)&(struct wide){1, 0}, 0));
        SHOW("  look", call(SYS_clock_gettime, clocks[i], (long)&time, 0, 0));
        SHOW("  resolution", call(SYS_clock_getres, clocks[i], (long)&time, 0, 0));
#endif
        SHOW("  is", time.nanoseconds);
    }
}

static void looks(void) {
    int64_t before = now(CLOCK_MONOTONIC);
    struct timeval tv;
    gettimeofday(&tv, NULL);
    SHOW("gettimeofday and clock_gettime agree", llabs(now(CLOCK_REALTIME) / 1000 - (tv.tv_sec * 1000000LL + tv.tv_usec)) < 1000000);
    SHOW("time agrees", llabs(time(NULL) - (int64_t)tv.tv_sec) <= 1);
    SHOW("monotonic goes on", now(CLOCK_MONOTONIC) >= before);
    SHOW("coarse is behind", now(CLOCK_MONOTONIC) - now(CLOCK_MONOTONIC_COARSE) >= -MS);
    for (volatile long i = 0; i < 3000000; i++)
        ;
    int64_t cpu = now(CLOCK_THREAD_CPUTIME_ID);
    SHOW("a loop takes CPU time", cpu > 0);
    SHOW("the process takes no less", now(CLOCK_PROCESS_CPUTIME_ID) >= cpu);
    clockid_t id, of_thread;
    SHOW("clock_getcpuclockid", clock_getcpuclockid(0, &id));
    SHOW("  of getpid()", clock_getcpuclockid(getpid(), &id));
    SHOW("  shows time", now(id) >= cpu);
    SHOW("  of nobody", clock_getcpuclockid(5000000, &id) != 0);
    pthread_getcpuclockid(pthread_self(), &of_thread);
    SHOW("  of the thread", now(of_thread) >= cpu);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    SHOW("getrusage knows of it", usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec +
                                      usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec > 0);
    struct tms ticks;
    SHOW("times", times(&ticks) != (clock_t)-1);
    SHOW("clock", clock() > 0);
}

static void alarm_in(int64_t nanoseconds) {
    struct itimerval it = {{0, 0}, {nanoseconds / 1000000000, nanoseconds % 1000000000 / 1000}};
    setitimer(ITIMER_REAL, &it, NULL);
}

static void interrupted(void) {
    struct timespec request = {5, 0}, rest = {9, 9};
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, NULL);
    int64_t before = now(CLOCK_MONOTONIC);
    alarm_in(30 * MS);
    SHOW("nanosleep, ended by a handler", nanosleep(&request, &rest) < 0 ? -errno : 0);
    SHOW("  of", caught);
    SHOW("  the rest", rest.tv_sec == 4 && rest.tv_nsec > 0);
    SHOW("  took", took(before, 29 * MS));
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    before = now(CLOCK_MONOTONIC);
    alarm_in(30 * MS);
    SHOW("the same with SA_RESTART", nanosleep(&request, &rest) < 0 ? -errno : 0);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    rest = (struct timespec){9, 9};
    alarm_in(30 * MS);
    SHOW("clock_nanosleep, absolute", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, &rest));
    SHOW("  the rest is not touched", rest.tv_sec == 9 && rest.tv_nsec == 9);
    alarm_in(30 * MS);
    SHOW("clock_nanosleep, an interval of the wall clock", clock_nanosleep(CLOCK_REALTIME, 0, &request, &rest));
    SHOW("  the rest", rest.tv_sec == 4 && rest.tv_nsec > 0);
    /* a signal that is ignored does not end it, nor does a stop */
    signal(SIGALRM, SIG_IGN);
    request = (struct timespec){0, 60 * MS};
    before = now(CLOCK_MONOTONIC);
    alarm_in(20 * MS);
    SHOW("nanosleep, with a signal that is ignored", nanosleep(&request, NULL));
    SHOW("  took", took(before, 60 * MS));
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        struct timespec long_one = {0, 150 * MS};
        int64_t from = now(CLOCK_MONOTONIC);
        int answer = nanosleep(&long_one, NULL);
        _exit(answer == 0 && took(from, 150 * MS) ? 7 : 8);
    }
    int status;
    request = (struct timespec){0, 40 * MS};
    nanosleep(&request, NULL);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    SHOW("a sleeping child stops", WIFSTOPPED(status));
    nanosleep(&request, NULL);
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    SHOW("  goes on and sleeps to the end", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void *spin(void *argument) {
    while (!*(volatile int *)argument)
        ;
    return NULL;
}

static void by_cpu_time(void) {
    volatile int stop = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, spin, (void *)&stop);
    int64_t before = now(CLOCK_PROCESS_CPUTIME_ID);
    struct timespec request = {0, 30 * MS};
    SHOW("clock_nanosleep by the process's CPU time", clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &request, NULL));
    SHOW("  took that", now(CLOCK_PROCESS_CPUTIME_ID) - before >= 30 * MS);
    stop = 1;
    pthread_join(thread, NULL);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    errors();
    looks();
    interrupted();
    by_cpu_time();
    return 0;
}
