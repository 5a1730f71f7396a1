/* futex N: two threads hand a turn to each other N times, each with one FUTEX_WAKE and one FUTEX_WAIT.
   Status 1 if a turn is lost. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int turn;
static long rounds;

static void play(int me) {
    for (long i = 0; i < rounds; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != me)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL, NULL, 0);
        __atomic_store_n(&turn, !me, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static void *other(void *unused) {
    play(1);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t thread;
    rounds = argc > 1 ? atol(argv[1]) : 1;
    if (pthread_create(&thread, NULL, other, NULL))
        return 2;
    play(0);
    pthread_join(thread, NULL);
    return turn != 0;
}
