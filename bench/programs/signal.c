/* signal N: send oneself a signal with a handler N times. Status 1 if one did not come. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile long caught;

static void handler(int number) { caught += number == SIGUSR1; }

int main(int argc, char **argv) {
    long times = argc > 1 ? atol(argv[1]) : 1;
    struct sigaction action = {.sa_handler = handler};
    pid_t self = getpid();
    sigaction(SIGUSR1, &action, NULL);
    for (long i = 0; i < times; i++)
        kill(self, SIGUSR1);
    return caught != times;
}
