/* thread N: create and join a thread N times. Status 1 if one gave a wrong result. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static void *body(void *number) { return (void *)((intptr_t)number + 1); }

int main(int argc, char **argv) {
    long times = argc > 1 ? atol(argv[1]) : 1;
    for (long i = 0; i < times; i++) {
        pthread_t thread;
        void *result;
        if (pthread_create(&thread, NULL, body, (void *)(intptr_t)i))
            return 2;
        pthread_join(thread, &result);
        if ((intptr_t)result != i + 1)
            return 1;
    }
    return 0;
}
