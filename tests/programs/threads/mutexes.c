/* mutexes: every kind of mutex, robust ones whose owner ends, those with priority inheritance, timed waits, semaphores and
   read-write locks with timeouts, cancellation. Prints one line a case. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(text, expression) printf("%-52s %ld\n", text, (long)(expression))
#define MS 1000000LL

static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static struct timespec in(int64_t nanoseconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    nanoseconds += t.tv_sec * 1000000000LL + t.tv_nsec;
    return (struct timespec){nanoseconds / 1000000000, nanoseconds % 1000000000};
}

static void make(pthread_mutex_t *it, int type, int robust, int protocol, int shared) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust);
    if (pthread_mutexattr_setprotocol(&attributes, protocol))
        printf("no such protocol\n");
    pthread_mutexattr_setpshared(&attributes, shared);
    pthread_mutex_init(it, &attributes);
}

static void *run(void *(*function)(void *), void *argument) {
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, function, argument);
    pthread_join(thread, &result);
    return result;
}

static void *lock_it(void *it) { return (void *)(intptr_t)pthread_mutex_lock(it); }
static void *try_it(void *it) { return (void *)(intptr_t)pthread_mutex_trylock(it); }
static void *unlock_it(void *it) { return (void *)(intptr_t)pthread_mutex_unlock(it); }
static void *time_it(void *it) {
    struct timespec until = in(10 * MS);
    return (void *)(intptr_t)pthread_mutex_timedlock(it, &until);
}

static void *contend(void *argument) {
    long *counter = argument;
    for (int i = 0; i < 200; i++) {
        if (pthread_mutex_lock(&mutex))
            return (void *)1;
        long seen = *counter;
        for (volatile int spin = 0; spin < 50; spin++)
            ;
        if (i % 16 == 0)
            sched_yield();
        *counter = seen + 1;
        if (pthread_mutex_unlock(&mutex))
            return (void *)2;
    }
    return NULL;
}

static void kinds(void) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK};
    for (int protocol = 0; protocol < 2; protocol++)
        for (int robust = 0; robust < 2; robust++)
            for (unsigned type = 0; type < 3; type++) {
                char text[80];
                long counter = 0, failed = 0;
                pthread_t threads[8];
                make(&mutex, types[type], robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED,
                     protocol ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
                snprintf(text, sizeof text, "type %u%s%s:", type, robust ? ", robust" : "",
                         protocol ? ", with inheritance" : "");
                printf("%s\n", text);
                SHOW("  lock", pthread_mutex_lock(&mutex));
                if (type)
                    SHOW("  again", pthread_mutex_lock(&mutex));
                if (type == 1)
                    SHOW("  unlock", pthread_mutex_unlock(&mutex));
                SHOW("  another thread tries", (intptr_t)run(try_it, &mutex));
                SHOW("  another thread waits for a while", (intptr_t)run(time_it, &mutex));
                if (type)
                    SHOW("  another thread unlocks", (intptr_t)run(unlock_it, &mutex));
                SHOW("  unlock", pthread_mutex_unlock(&mutex));
                if (type == 2)
                    SHOW("  unlock again", pthread_mutex_unlock(&mutex));
                for (int i = 0; i < 8; i++)
                    pthread_create(&threads[i], NULL, contend, &counter);
                for (int i = 0; i < 8; i++) {
                    void *result;
                    pthread_join(threads[i], &result);
                    failed |= (intptr_t)result;
                }
                SHOW("  eight threads count", counter);
                SHOW("  failures", failed);
                if (robust) {
                    run(lock_it, &mutex);
                    SHOW("  its owner ended", pthread_mutex_lock(&mutex));
                    SHOW("  made consistent", pthread_mutex_consistent(&mutex));
                    SHOW("  unlock", pthread_mutex_unlock(&mutex));
                    SHOW("  lock", pthread_mutex_lock(&mutex));
                    pthread_mutex_unlock(&mutex);
                    run(lock_it, &mutex);
                    SHOW("  its owner ended", pthread_mutex_trylock(&mutex));
                    SHOW("  unlock, not consistent", pthread_mutex_unlock(&mutex));
                    SHOW("  lock", pthread_mutex_lock(&mutex));
                }
                pthread_mutex_destroy(&mutex);
            }
}

static void *wait_robust(void *it) { return (void *)(intptr_t)pthread_mutex_lock(it); }

static void between_processes(void) {
    for (int protocol = 0; protocol < 2; protocol++) {
        struct { pthread_mutex_t mutex, other; sem_t locked; int status; } *shared =
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        make(&shared->mutex, 0, PTHREAD_MUTEX_ROBUST, protocol ? PTHREAD_PRIO_INHERIT : 0, PTHREAD_PROCESS_SHARED);
        make(&shared->other, 0, PTHREAD_MUTEX_ROBUST, protocol ? PTHREAD_PRIO_INHERIT : 0, PTHREAD_PROCESS_SHARED);
        sem_init(&shared->locked, 1, 0);
        fflush(stdout);
        pid_t child = fork();
        if (!child) {
            pthread_mutex_lock(&shared->mutex);
            pthread_mutex_lock(&shared->other);
            sem_post(&shared->locked);
            usleep(30000);
            kill(getpid(), SIGKILL);
        }
        while (sem_wait(&shared->locked))
            ;
        SHOW("a child has it", pthread_mutex_trylock(&shared->mutex));
        pthread_t thread;
        void *result;
        pthread_create(&thread, NULL, wait_robust, &shared->other);
        SHOW("and is killed while we wait", pthread_mutex_lock(&shared->mutex));
        pthread_join(thread, &result);
        SHOW("  another thread waits for another", (intptr_t)result);
        pthread_mutex_consistent(&shared->mutex);
        SHOW("  unlock", pthread_mutex_unlock(&shared->mutex));
        waitpid(child, &shared->status, 0);
        SHOW("  the child", WTERMSIG(shared->status));
    }
}

static void timed(void) {
    struct timespec past = {1, 0}, wrong = {0, 1000000000}, soon;
    sem_t semaphore;
    pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
    make(&mutex, 0, 0, 0, 0);
    pthread_mutex_lock(&mutex);
    SHOW("cond_timedwait, past", pthread_cond_timedwait(&condition, &mutex, &past));
    soon = in(10 * MS);
    SHOW("cond_timedwait", pthread_cond_timedwait(&condition, &mutex, &soon));
    SHOW("cond_timedwait, not valid", pthread_cond_timedwait(&condition, &mutex, &wrong));
    pthread_mutex_unlock(&mutex);
    pthread_condattr_t attributes;
    pthread_cond_t monotonic;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&monotonic, &attributes);
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_sec += soon.tv_nsec / 990000000;
    soon.tv_nsec = (soon.tv_nsec + 10 * MS) % 1000000000;
    pthread_mutex_lock(&mutex);
    SHOW("cond_timedwait by the monotonic clock", pthread_cond_timedwait(&monotonic, &mutex, &soon));
    pthread_mutex_unlock(&mutex);
    sem_init(&semaphore, 0, 1);
    SHOW("sem_timedwait", sem_timedwait(&semaphore, &past));
    SHOW("sem_timedwait, past", sem_timedwait(&semaphore, &past) ? errno : 0);
    soon = in(10 * MS);
    SHOW("sem_timedwait, soon", sem_timedwait(&semaphore, &soon) ? errno : 0);
    pthread_rwlock_wrlock(&rwlock);
    soon = in(10 * MS);
    SHOW("rwlock_timedrdlock", pthread_rwlock_timedrdlock(&rwlock, &soon));
    soon = in(10 * MS);
    SHOW("rwlock_timedwrlock", pthread_rwlock_timedwrlock(&rwlock, &soon));
    pthread_rwlock_unlock(&rwlock);
}

static volatile int cleaned, interrupted, entered;

static void clean(void *argument) { cleaned += (int)(intptr_t)argument; }

static void *wait_forever(void *how) {
    pthread_cleanup_push(clean, (void *)3);
    int which = (int)(intptr_t)how;
    entered = 1;
    if (which == 0)
        pause();
    else if (which == 1) {
        pthread_mutex_lock(&mutex);
        pthread_cleanup_push((void (*)(void *))pthread_mutex_unlock, &mutex);
        for (;;)
            pthread_cond_wait(&condition, &mutex);
        pthread_cleanup_pop(1);
    } else if (which == 2) {
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;)
            ;
    } else {
        struct timespec long_time = {1000, 0};
        nanosleep(&long_time, NULL);
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static volatile int has_waited;

static void on_signal(int number) { interrupted = number; }

static void *wait_for_semaphore(void *it) {
    intptr_t error = sem_wait(it) ? errno : 0;
    has_waited = 1;
    return (void *)error;
}

static void cancellation(void) {
    for (int which = 0; which < 4; which++) {
        pthread_t thread;
        void *result;
        entered = cleaned = 0;
        pthread_create(&thread, NULL, wait_forever, (void *)(intptr_t)which);
        while (!entered)
            usleep(100);
        usleep(5000);
        SHOW("cancel", pthread_cancel(thread));
        pthread_join(thread, &result);
        SHOW("  it was", result == PTHREAD_CANCELED);
        SHOW("  and cleaned up", cleaned);
    }
    SHOW("the mutex is free", pthread_mutex_trylock(&mutex));
    pthread_mutex_unlock(&mutex);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sem_t semaphore;
    pthread_t thread;
    void *result;
    sem_init(&semaphore, 0, 0);
    pthread_create(&thread, NULL, wait_for_semaphore, &semaphore);
    do { /* it may not wait yet when the first signal comes */
        usleep(1000);
        pthread_kill(thread, SIGUSR1);
    } while (!has_waited);
    pthread_join(thread, &result);
    SHOW("a handler ends sem_wait", (intptr_t)result);
    SHOW("  the signal", interrupted);
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    interrupted = 0;
    pthread_create(&thread, NULL, wait_for_semaphore, &semaphore);
    usleep(10000);
    pthread_kill(thread, SIGUSR1);
    usleep(10000);
    sem_post(&semaphore);
    pthread_join(thread, &result);
    SHOW("but not with SA_RESTART", (intptr_t)result);
    SHOW("  the signal", interrupted);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2 || !strcmp(argv[1], "kinds"))
        kinds();
    if (argc < 2 || !strcmp(argv[1], "processes"))
        between_processes();
    if (argc < 2 || !strcmp(argv[1], "timed"))
        timed();
    if (argc < 2 || !strcmp(argv[1], "cancel"))
        cancellation();
    return 0;
}
