/* Calls the three entries of the x86-64 vsyscall page, or does what its argument names and dies by SIGSEGV of it.

   The page is emulated and execute-only (vsyscall=xonly): read, write, call an address between the entries (middle), or
   call an entry with a bad pointer (bad_pointer). */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile char *const page = (volatile char *)0xffffffffff600000;

static int (*const vsyscall_gettimeofday)(struct timeval *, void *) = (void *)0xffffffffff600000;
static time_t (*const vsyscall_time)(time_t *) = (void *)0xffffffffff600400;
static int (*const vsyscall_getcpu)(unsigned *, unsigned *, void *) = (void *)0xffffffffff600800;
static void (*const between)(void) = (void *)0xffffffffff600003;

/* SYS_time reads the coarse clock, which may be a tick behind. */
static const char *near(time_t seconds) {
    time_t now = syscall(SYS_time, NULL);
    return now - seconds >= -1 && now - seconds <= 1 ? "now" : "WRONG";
}

static void call_all(void) {
    struct timeval value = {0, -1};
    time_t stored = 0;
    unsigned cpu = ~0u, node = ~0u;
    int result = vsyscall_gettimeofday(&value, NULL);
    printf("gettimeofday %d: %s, usec %s\n", result, near(value.tv_sec),
           value.tv_usec >= 0 && value.tv_usec < 1000000 ? "ok" : "WRONG");
    printf("gettimeofday NULL: %d\n", vsyscall_gettimeofday(NULL, NULL));
    time_t seconds = vsyscall_time(&stored);
    printf("time: %s, stored %s\n", near(seconds), stored == seconds ? "the same" : "ANOTHER");
    printf("time NULL: %s\n", near(vsyscall_time(NULL)));
    result = vsyscall_getcpu(&cpu, &node, NULL);
    printf("getcpu %d: cpu %s, node %s\n", result, cpu < 4096 ? "ok" : "WRONG", node < 1024 ? "ok" : "WRONG");
}

/* A filter is asked for these calls too. */
static void filtered(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcpu, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    struct timeval value;
    unsigned cpu;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    printf("time: %ld\n", (long)vsyscall_time(NULL));
    printf("gettimeofday: %d\n", vsyscall_gettimeofday(&value, NULL));
    fflush(stdout);
    vsyscall_getcpu(&cpu, NULL, NULL);
}

int main(int argc, char **argv) {
    const char *deed = argc > 1 ? argv[1] : "call";
    if (strcmp(deed, "call") == 0)
        call_all();
    else if (strcmp(deed, "read") == 0)
        return *page;
    else if (strcmp(deed, "write") == 0)
        *page = 0;
    else if (strcmp(deed, "middle") == 0)
        between();
    else if (strcmp(deed, "bad_pointer") == 0)
        vsyscall_time((time_t *)8);
    else if (strcmp(deed, "filtered") == 0)
        filtered();
    return 0;
}
