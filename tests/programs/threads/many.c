/* many THREADS ROUNDS: threads that sleep in all ways there are, by turns, until one of them is woken after the other.
   Fails unless all of them were. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST 10000

enum way { TIME, WORD, SAME_WORD, IN_TIME, PIPE, SOCKET, EVENTS, EPOLL, SIGNAL, MOVED, WAYS };

static pthread_t ids[MOST];
static int words[MOST], same, other, pipes[2], pair[2], events, watched, epoll;
static sigset_t none, usr1;
static volatile int tids[MOST], began, ended;

static long futex(int *word, int operation, int value, const void *more, int *second) {
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, more, second, 0);
}

static void handler(int signal) { (void)signal; }

static void *body(void *argument) {
    int number = (int)(intptr_t)argument;
    char byte;
    uint64_t count;
    struct epoll_event event;
    struct timespec a_while = {0, 1000000 + number * 1000L}, long_one = {100000, 0};
    tids[number] = syscall(SYS_gettid);
    __atomic_add_fetch(&began, 1, __ATOMIC_SEQ_CST);
    switch (number % WAYS) {
    case TIME: nanosleep(&a_while, NULL); break;
    case WORD: futex(&words[number], FUTEX_WAIT, 0, NULL, NULL); break;
    case SAME_WORD: futex(&same, FUTEX_WAIT, 0, NULL, NULL); break;
    case IN_TIME: futex(&words[number], FUTEX_WAIT, 0, &long_one, NULL); break;
    case PIPE: read(pipes[0], &byte, 1); break;
    case SOCKET: recv(pair[0], &byte, 1, 0); break;
    case EVENTS: read(events, &count, sizeof count); break;
    case EPOLL:
        epoll_wait(epoll, &event, 1, -1);
        read(watched, &count, sizeof count);
        break;
    case SIGNAL: sigsuspend(&none); break;
    case MOVED: futex(&other, FUTEX_WAIT, 0, NULL, NULL); break;
    }
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void wake(int number) {
    uint64_t one = 1;
    switch (number % WAYS) {
    case WORD:
    case IN_TIME:
        words[number] = 1;
        futex(&words[number], FUTEX_WAKE, 1, NULL, NULL);
        break;
    case SAME_WORD:
        while (futex(&same, FUTEX_WAKE, 1, NULL, NULL) != 1)
            sched_yield();
        break;
    case PIPE: write(pipes[1], "x", 1); break;
    case SOCKET: send(pair[1], "x", 1, 0); break;
    case EVENTS: write(events, &one, sizeof one); break;
    case EPOLL: write(watched, &one, sizeof one); break;
    case SIGNAL: syscall(SYS_tgkill, getpid(), tids[number], SIGUSR1); break;
    case MOVED:
        while (futex(&other, FUTEX_REQUEUE, 0, (void *)1, &words[number]) != 1)
            sched_yield();
        futex(&words[number], FUTEX_WAKE, 1, NULL, NULL);
        break;
    }
    sched_yield();
}

static void let_all_wait(int threads) {
    while (began < threads)
        sched_yield();
    struct timespec moment = {0, 1000};
    nanosleep(&moment, NULL); /* who has begun runs on until it waits */
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 100, rounds = argc > 2 ? atoi(argv[2]) : 1, all = 0;
    struct sigaction action = {.sa_handler = handler};
    struct epoll_event readable = {EPOLLIN, {0}};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    pthread_attr_setguardsize(&attributes, 0);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL); /* but for who waits for it */
    pipe(pipes);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    events = eventfd(0, EFD_SEMAPHORE);
    watched = eventfd(0, EFD_SEMAPHORE);
    epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &readable);
    for (int round = 0; round < rounds; round++) {
        began = ended = 0;
        for (int i = 0; i < threads; i++)
            if (pthread_create(&ids[i], &attributes, body, (void *)(intptr_t)i))
                return 1;
        let_all_wait(threads);
        for (int i = 0; i < threads; i++)
            wake(i);
        for (int i = 0; i < threads; i++)
            pthread_join(ids[i], NULL);
        all += ended;
    }
    return all != threads * rounds;
}
