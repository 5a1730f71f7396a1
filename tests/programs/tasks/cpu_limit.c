/* RLIMIT_CPU of a child: a signal at the soft limit, which a handler survives, and the end at the hard one. */
#include "call.h"

#include <signal.h>
#include <sys/resource.h>

static void heard(int signal) {
    struct rlimit limit;
    getrlimit(RLIMIT_CPU, &limit);
    printf("signal %d, limits %d %d\n", signal, (int)limit.rlim_cur, (int)limit.rlim_max);
    fflush(stdout);
}

static void spin(void) {
    signal(SIGXCPU, heard);
    for (;;)
        ;
}

int main(void) {
    struct rlimit limit = {1, 2};
    setrlimit(RLIMIT_CPU, &limit);
    in_child("spins", spin);
    return 0;
}
