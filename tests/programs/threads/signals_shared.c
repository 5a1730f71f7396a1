/* Signals sent to a process of several threads: who takes them, and what becomes of calls that wait meanwhile. Prints
   what holds whoever runs first. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAITERS 8
#define SENT 2000
#define IN_FLIGHT 5

static sem_t ready, room, taken;
static int word, handled, odd, interrupted, kept_out;
static pid_t taker;

static pid_t number(void) { return syscall(SYS_gettid); }

static void block_all(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void unblock(int signal) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static void handle(int signal, void (*handler)(int), int masked) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    if (masked)
        sigaddset(&action.sa_mask, masked);
    sigaction(signal, &action, NULL);
}

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore))
        ;
}

/* -- many signals for any of many threads that wait ------------------------------------------------------------------ */

static void count(int signal) {
    (void)signal;
    __atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
    sem_post(&room);
}

static void *waits(void *argument) {
    unblock(SIGRTMIN + 1);
    unblock(SIGRTMIN + 2);
    sem_post(&ready);
    while (!__atomic_load_n(&word, __ATOMIC_SEQ_CST)) {
        long result = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
        if (result == -1 && errno == EINTR)
            __atomic_fetch_add(&interrupted, 1, __ATOMIC_SEQ_CST);
        else if (result != 0 && !(result == -1 && errno == EAGAIN))
            __atomic_fetch_add(&odd, 1, __ATOMIC_SEQ_CST);
    }
    return argument;
}

static void many(void) {
    pthread_t threads[WAITERS];
    handle(SIGRTMIN + 1, count, 0);
    handle(SIGRTMIN + 2, count, SIGRTMIN + 1);
    sem_init(&room, 0, IN_FLIGHT);
    for (int i = 0; i < WAITERS; i++)
        pthread_create(&threads[i], NULL, waits, NULL);
    for (int i = 0; i < WAITERS; i++)
        wait_for(&ready);
    for (int i = 0; i < SENT; i++) {
        wait_for(&room);
        kill(getpid(), SIGRTMIN + 1 + i % 2);
    }
    for (int i = 0; i < IN_FLIGHT; i++)
        wait_for(&room);
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    printf("%d sent, %d handled, some waits interrupted: %d, other results of them: %d\n", SENT, handled,
           interrupted > 0, odd);
}

/* -- numbers of threads where those of processes are asked for ------------------------------------------------------- */

static void note_taker(int signal) {
    (void)signal;
    taker = number();
    sem_post(&taken);
}

static void *keeps_out(void *argument) {
    kept_out = number();
    sem_post(&ready);
    wait_for(&room);
    return argument;
}

static void *takes(void *argument) {
    *(pid_t *)argument = number();
    unblock(SIGUSR1);
    sem_post(&ready);
    wait_for(&room);
    return argument;
}

static void by_number(void) {
    pthread_t first, second;
    pid_t expected;
    union sigval value = {.sival_int = 1};
    sem_init(&room, 0, 0);
    sem_init(&taken, 0, 0);
    handle(SIGUSR1, note_taker, 0);
    pthread_create(&first, NULL, keeps_out, NULL);
    pthread_create(&second, NULL, takes, &expected);
    wait_for(&ready);
    wait_for(&ready);
    printf("kill of a thread: %d\n", kill(kept_out, SIGUSR1));
    wait_for(&taken);
    printf("another one took it: %d\n", taker == expected);
    printf("sigqueue: %d\n", sigqueue(kept_out, SIGUSR1, value));
    wait_for(&taken);
    printf("another one took it: %d\n", taker == expected);
    printf("getpgid: %d, getsid: %d\n", getpgid(kept_out) == getpgid(0), getsid(kept_out) == getsid(0));
    printf("setpgid: %d", setpgid(kept_out, 0));
    printf(" %s\n", strerror(errno));
    sem_post(&room);
    sem_post(&room);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
}

/* -- a thread that was to take a signal and blocks it before it does ------------------------------------------------- */

static void needs_the_other(int signal) { /* SIGUSR2 is blocked here, so that another thread must take it */
    (void)signal;
    wait_for(&taken);
    sem_post(&ready);
}

static void tell(int signal) {
    (void)signal;
    sem_post(&taken);
}

static void *takes_both(void *argument) {
    *(pid_t *)argument = number();
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    sem_post(&ready);
    pthread_sigmask(SIG_UNBLOCK, &both, NULL);
    wait_for(&room);
    return argument;
}

static void passed_on(void) {
    pthread_t first, second;
    pid_t numbers[2];
    handle(SIGUSR1, needs_the_other, SIGUSR2);
    handle(SIGUSR2, tell, SIGUSR1); /* or SIGUSR1 waits on top of tell for what tell has not done yet */
    pthread_create(&first, NULL, takes_both, &numbers[0]);
    wait_for(&ready);
    pthread_create(&second, NULL, takes_both, &numbers[1]);
    wait_for(&ready);
    for (int i = 0; i < 2; i++) {
        kill(getpid(), SIGUSR2);
        syscall(SYS_tgkill, getpid(), numbers[i], SIGUSR1);
        wait_for(&ready);
    }
    printf("each signal was taken\n");
    sem_post(&room);
    sem_post(&room);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
}

int main(void) {
    sem_init(&ready, 0, 0);
    block_all();
    many();
    by_number();
    passed_on();
    return 0;
}
