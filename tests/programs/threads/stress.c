/* stress THREADS ROUNDS: mutexes, condition variables, barriers, read-write locks, semaphores, once, and storage of
   each thread, used by many threads at the same time. Prints what must come out whatever the order was. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 256

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t tokens;
static long counter, reads, turn, onces, destroyed, in_room, most_in_room, serial_threads, wrong;
static int threads, rounds;
static __thread long mine;

static void only_once(void) { onces++; }

static void gone(void *value) { __atomic_fetch_add(&destroyed, *(int *)value, __ATOMIC_RELAXED); }

static void *body(void *argument) {
    static int one = 1; /* the destructors run when this function is left */
    int number = *(int *)argument;
    pthread_once(&once, only_once);
    pthread_setspecific(key, &one);
    for (int i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        long seen = counter;
        if (i % 8 == 0)
            for (volatile int spin = 0; spin < 200; spin++)
                ;
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
        mine += number;
        pthread_mutex_lock(&recursive);
        pthread_mutex_lock(&recursive);
        pthread_mutex_unlock(&recursive);
        pthread_mutex_unlock(&recursive);
        if (i % 4 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            reads++;
            pthread_rwlock_unlock(&rwlock);
        } else {
            pthread_rwlock_rdlock(&rwlock);
            if (reads < 0)
                wrong = 1;
            pthread_rwlock_unlock(&rwlock);
        }
        sem_wait(&tokens);
        long inside = __atomic_add_fetch(&in_room, 1, __ATOMIC_SEQ_CST);
        if (inside > 3)
            most_in_room = inside;
        __atomic_sub_fetch(&in_room, 1, __ATOMIC_SEQ_CST);
        sem_post(&tokens);
    }
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
        __atomic_fetch_add(&serial_threads, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&mutex); /* one after the other, by number */
    while (turn != number)
        pthread_cond_wait(&changed, &mutex);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
        __atomic_fetch_add(&serial_threads, 1, __ATOMIC_RELAXED);
    if (mine != (long)number * rounds || pthread_getspecific(key) != &one)
        wrong = 1;
    return (void *)mine;
}

int main(int argc, char **argv) {
    pthread_t ids[MOST];
    int numbers[MOST];
    long sum = 0;
    threads = argc > 1 ? atoi(argv[1]) : 8;
    rounds = argc > 2 ? atoi(argv[2]) : 50;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attributes);
    pthread_key_create(&key, gone);
    pthread_barrier_init(&barrier, NULL, threads);
    sem_init(&tokens, 0, 3);
    for (int i = 0; i < threads; i++) {
        numbers[i] = i;
        if (pthread_create(&ids[i], NULL, body, &numbers[i])) {
            printf("pthread_create failed\n");
            return 1;
        }
    }
    for (int i = 0; i < threads; i++) {
        void *result;
        pthread_join(ids[i], &result);
        sum += (long)result;
    }
    printf("counter %ld, of threads %ld, turn %ld, writes %ld\n", counter, sum, turn, reads);
    printf("once %ld, destructors %ld, serial threads %ld, most in the room %ld, wrong %ld\n", onces, destroyed,
           serial_threads, most_in_room, wrong);
    return 0;
}
