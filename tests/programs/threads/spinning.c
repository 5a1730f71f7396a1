/* spinning KIND: threads that wait for each other without sleeping, which on one CPU ends by preemption alone or by
   sched_yield(2). Prints what comes out when all of them are done. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define THREADS 4
#define ROUNDS 5

static int yields, turn, next, serving, counter, flag;

static void relax(void) {
    if (yields)
        sched_yield();
    else
        __asm__ volatile("pause" ::: "memory");
}

/* a ticket lock: whoever is served next may be any thread, and the others burn their turns meanwhile */
static void lock(void) {
    int mine = __atomic_fetch_add(&next, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&serving, __ATOMIC_ACQUIRE) != mine)
        relax();
}

static void unlock(void) { __atomic_fetch_add(&serving, 1, __ATOMIC_RELEASE); }

static void *body(void *argument) {
    int number = *(int *)argument;
    while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE))
        relax();
    for (int round = 0; round < ROUNDS; round++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) % THREADS != number)
            relax();
        lock();
        counter++;
        unlock();
        __atomic_fetch_add(&turn, 1, __ATOMIC_ACQ_REL);
    }
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    yields = argc > 1 && !strcmp(argv[1], "yield");
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, body, &numbers[i]);
    }
    __atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d rounds, %d turns\n", counter, turn);
    return 0;
}
