/* Which of two things that are wrong with a call is told: what is checked first. */
#include "call.h"
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <sys/inotify.h>
#include <time.h>

#ifdef __i386__
#undef SYS_clock_settime
#undef SYS_clock_nanosleep
#define SYS_clock_settime 264
#define SYS_clock_nanosleep 267
#define semop(...) 0
#else
#define semop(...) TRY(semop, __VA_ARGS__)
#endif

int main(void) {
    const clockid_t nobody = -32000006, no_file = -32000005; /* ~4000000 << 3 | 2 and 3 */
    int id;
    semop(-1, BAD, 100000);
    semop(-1, BAD, 1);
    semop(-1, BAD, 0);
    TRY(timer_create, 100, BAD, BAD);
    TRY(timer_create, nobody, BAD, BAD);
    TRY(timer_create, nobody, 0, BAD);
    TRY(timer_create, nobody, 0, &id);
    TRY(timer_create, no_file, 0, BAD);
    TRY(clock_settime, CLOCK_MONOTONIC, BAD);
    TRY(clock_settime, nobody, BAD);
    TRY(clock_settime, no_file, BAD);
    TRY(clock_nanosleep, 100, 0, BAD, 0);
    TRY(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, BAD, 0);
    TRY(clock_nanosleep, nobody, 0, BAD, 0);
    TRY(clock_nanosleep, nobody, 0, &((struct timespec){0, 0}), 0);
    TRY(inotify_add_watch, -1, BAD, 0);
    TRY(inotify_add_watch, -1, BAD, IN_OPEN | 1 << 20);
    TRY(inotify_add_watch, -1, BAD, IN_OPEN);
    TRY(inotify_add_watch, open("/", O_PATH), BAD, IN_OPEN);
    TRY(memfd_create, BAD, -1);
    TRY(memfd_create, BAD, MFD_HUGETLB);
    TRY(memfd_create, BAD, 0x18);
    TRY(pkey_mprotect, 1, 0, 0, 99);
    TRY(pkey_mprotect, 0, 0, -1, 99);
    TRY(pkey_mprotect, 0, 4096, 0, 99);
    TRY(openat, 99, "", O_RDONLY);
    TRY(utimes, BAD, BAD);
    TRY(utimes, "", BAD);
    TRY(utimes, "/absent", ((int[]){0, -1, -1, -1, -1, -1, -1, -1}));
    TRY(utimes, 0, 0);
    TRY(futimesat, AT_FDCWD, 0, 0);
    TRY(futimesat, 99, 0, 0);
    TRY(mq_open, "absent", 0, 0, BAD);
    TRY(mq_open, "absent", O_CREAT, 0, BAD);
    TRY(mq_open, BAD, 0, 0, BAD);
    stack_t unchanged = {.ss_sp = 0, .ss_flags = 0, .ss_size = 0}, off = {.ss_flags = SS_DISABLE};
    TRY(sigaltstack, &unchanged, BAD);
    TRY(sigaltstack, &unchanged, 0);
    TRY(sigaltstack, &off, 0);
    TRY(sigaltstack, &unchanged, 0);
    TRY(sendto, 99, 16, -1, 0, 0, 0);
    TRY(recvfrom, 99, 16, -1, 0, 0, 0);
    TRY(sendto, 99, -16, 4, 0, 0, 0);
    return 0;
}
