/* Stop and continue while threads wait in calls: each goes on as signal(7) says, and none sees a kernel's own error.
 *
 * Without arguments: each call once, in the first thread and in another one, with the stop waited for. With a seed and
 * a number: threads that do all of it again and again while the process is stopped and continued as chance has it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOON 120000000 /* nanoseconds */

static int ends[2];   /* what readers wait for */
static int signals;   /* a descriptor for SIGUSR2, which nobody sends */
static int *word;     /* what futexes wait on */

static long result(long value) { return value < 0 ? -errno : value; }

static long reads(void) {
    char byte;
    return result(read(ends[0], &byte, 1));
}
static long polls(void) {
    struct pollfd one = {ends[0], POLLIN, 0};
    return result(poll(&one, 1, -1));
}
static long polls_for_a_time(void) {
    struct pollfd one = {signals, POLLIN, 0};
    return result(poll(&one, 1, SOON / 1000000));
}
static long selects(void) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    return result(select(ends[0] + 1, &set, 0, 0, 0));
}
static long epolls(void) {
    int set = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {0}};
    epoll_ctl(set, EPOLL_CTL_ADD, signals, &event);
    long found = result(epoll_wait(set, &event, 1, SOON / 1000000));
    close(set);
    return found;
}
static long sleeps(void) {
    struct timespec time = {0, SOON};
    return result(nanosleep(&time, 0));
}
static long sleeps_until(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += SOON;
    if (time.tv_nsec >= 1000000000)
        time.tv_sec++, time.tv_nsec -= 1000000000;
    return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0);
}
static long waits_for_word(void) { return result(syscall(SYS_futex, word, FUTEX_WAIT, 0, 0, 0, 0)); }
static long waits_for_word_for_a_time(void) {
    struct timespec time = {0, SOON};
    return result(syscall(SYS_futex, word + 1, FUTEX_WAIT, 0, &time, 0, 0));
}
static long waits_for_child(void) {
    pid_t child = fork();
    if (!child) {
        sleeps();
        _exit(5);
    }
    int status;
    return waitpid(child, &status, 0) == child ? status >> 8 : -errno;
}
static long waits_for_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    struct timespec time = {0, SOON};
    return result(sigtimedwait(&set, 0, &time));
}
static long reads_signals(void) {
    struct pollfd one = {signals, POLLIN, 0};
    struct timespec time = {0, SOON};
    return result(ppoll(&one, 1, &time, 0));
}

static const struct {
    const char *name;
    long (*call)(void);
} calls[] = {
    {"read", reads}, {"poll", polls}, {"poll for a time", polls_for_a_time}, {"select", selects},
    {"epoll_wait", epolls}, {"nanosleep", sleeps}, {"clock_nanosleep", sleeps_until}, {"futex", waits_for_word},
    {"futex for a time", waits_for_word_for_a_time}, {"waitpid", waits_for_child},
    {"sigtimedwait", waits_for_signal}, {"ppoll", reads_signals},
};
#define CALLS (int)(sizeof calls / sizeof calls[0])

static void *does(void *number) {
    int which = (int)(intptr_t)number;
    printf("%s: %ld\n", calls[which].name, calls[which].call());
    fflush(stdout);
    return 0;
}

/* Whether a thread waits, as far as /proc tells; the guest's clocks move only when it does. */
static void until_it_waits(void) {
    struct timespec time = {0, SOON / 3};
    nanosleep(&time, 0);
}

static void once(int which, int threaded) {
    pipe(ends);
    word[0] = word[1] = 0;
    pid_t child = fork();
    if (!child) {
        if (threaded) {
            pthread_t thread;
            pthread_create(&thread, 0, does, (void *)(intptr_t)which);
            pthread_join(thread, 0);
        } else {
            does((void *)(intptr_t)which);
        }
        _exit(0);
    }
    int status;
    until_it_waits();
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    printf("stopped %x\n", status);
    fflush(stdout);
    kill(child, SIGCONT);
    waitpid(child, &status, WCONTINUED);
    until_it_waits();
    word[0] = 1;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, 0, 0, 0);
    write(ends[1], "x", 1);
    waitpid(child, &status, 0);
    printf("ended %x\n", status);
    fflush(stdout);
    close(ends[0]), close(ends[1]);
}

/* -- at random ------------------------------------------------------------------------------------------------- */

static unsigned state;
static unsigned chance(unsigned below) {
    state = state * 1103515245 + 12345;
    return (state >> 16) % below;
}

static volatile int failures;

static void check(const char *name, long found, long right) {
    if (found != right && found != -EINTR) {
        printf("%s: %ld\n", name, found);
        fflush(stdout);
        failures++;
    }
}

static void *sleeper(void *rounds) {
    for (int i = 0; i < (int)(intptr_t)rounds; i++) {
        struct timespec time = {0, 3000000};
        struct pollfd one = {signals, POLLIN, 0};
        check("nanosleep", result(nanosleep(&time, 0)), 0);
        check("poll", result(poll(&one, 1, 2)), 0);
        check("futex", result(syscall(SYS_futex, word + 1, FUTEX_WAIT, 0, &time, 0, 0)), -ETIMEDOUT);
    }
    return 0;
}
static void *reader(void *rounds) {
    for (int i = 0; i < 8 * (int)(intptr_t)rounds; i++)
        check("read", reads(), 1);
    return 0;
}
static void *writer(void *rounds) {
    for (int i = 0; i < 8 * (int)(intptr_t)rounds; i++) {
        check("write", result(write(ends[1], "x", 1)), 1);
        if (i % 8 == 0)
            sched_yield();
    }
    return 0;
}

static int at_random(unsigned seed, int rounds) {
    state = seed;
    pipe(ends);
    pid_t child = fork();
    if (!child) {
        void *(*roles[])(void *) = {sleeper, reader, writer, sleeper};
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], 0, roles[i], (void *)(intptr_t)rounds);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], 0);
        _exit(failures != 0);
    }
    int status;
    for (;;) {
        struct timespec time = {0, chance(4000) * 1000};
        nanosleep(&time, 0);
        kill(child, SIGSTOP);
        unsigned how = chance(3);
        if (how == 0 && waitpid(child, &status, WUNTRACED) == child && !WIFSTOPPED(status))
            break;
        if (how == 1)
            nanosleep(&time, 0);
        kill(child, SIGCONT);
        if (waitpid(child, &status, WNOHANG) == child)
            break;
    }
    printf("ended %x\n", status);
    return 0;
}

int main(int argc, char **argv) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, 0);
    signals = signalfd(-1, &set, 0);
    word = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc > 2)
        return at_random(strtoul(argv[1], 0, 0), atoi(argv[2]));
    for (int threaded = 0; threaded < 2; threaded++)
        for (int which = 0; which < CALLS; which++)
            once(which, threaded);
    return 0;
}
