/* Calls the four functions of the x86-64 vDSO, found by reading its ELF image by hand. */
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "vdso.h"

/* SYS_time reads the coarse clock, which may be a tick behind. */
static const char *near(time_t seconds) {
    time_t now = syscall(SYS_time, NULL);
    return now - seconds >= -1 && now - seconds <= 1 ? "now" : "WRONG";
}

int main(void) {
    struct vdso vdso;
    if (!vdso_open(&vdso))
        return 1;
    time_t (*vdso_time)(time_t *) = vdso_symbol(&vdso, "__vdso_time");
    int (*vdso_gettimeofday)(struct timeval *, void *) = vdso_symbol(&vdso, "__vdso_gettimeofday");
    int (*vdso_clock_gettime)(clockid_t, struct timespec *) = vdso_symbol(&vdso, "__vdso_clock_gettime");
    int (*vdso_getcpu)(unsigned *, unsigned *, void *) = vdso_symbol(&vdso, "__vdso_getcpu");
    printf("soname %s\n", vdso.soname);
    if (!vdso_time || !vdso_gettimeofday || !vdso_clock_gettime || !vdso_getcpu)
        return 2;

    time_t stored = 0;
    time_t seconds = vdso_time(&stored);
    printf("time: %s, stored %s\n", near(seconds), stored == seconds ? "the same" : "ANOTHER");
    struct timeval value = {0, -1};
    int result = vdso_gettimeofday(&value, NULL);
    printf("gettimeofday %d: %s, usec %s\n", result, near(value.tv_sec),
           value.tv_usec >= 0 && value.tv_usec < 1000000 ? "ok" : "WRONG");
    struct timespec first = {0, -1}, second = {0, -1};
    result = vdso_clock_gettime(CLOCK_REALTIME, &first);
    printf("clock_gettime realtime %d: %s\n", result, near(first.tv_sec));
    result = vdso_clock_gettime(CLOCK_MONOTONIC, &first) | syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &second);
    long long elapsed = (second.tv_sec - first.tv_sec) * 1000000000LL + second.tv_nsec - first.tv_nsec;
    printf("clock_gettime monotonic %d: then the call is %s\n", result, elapsed >= 0 ? "not before" : "BEFORE");
    printf("clock_gettime of no clock: %d\n", vdso_clock_gettime(1000, &first));
    unsigned cpu = ~0u, node = ~0u;
    result = vdso_getcpu(&cpu, &node, NULL);
    printf("getcpu %d: cpu %s, node %s\n", result, cpu < 4096 ? "ok" : "WRONG", node < 1024 ? "ok" : "WRONG");
    return 0;
}
