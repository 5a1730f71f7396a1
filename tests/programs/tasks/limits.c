/* getrlimit, setrlimit, prlimit64 and i386's first getrlimit. */
#include "call.h"
#include <signal.h>

struct limit64 {
    uint64_t soft, hard;
};
struct limit {
    unsigned long soft, hard;
};

static void show(int resource) {
    struct limit64 now = {1, 2};
    long result = call(SYS_prlimit64, 0, resource, 0, &now);
    printf("  %d: %ld %llx %llx\n", resource, result, (unsigned long long)now.soft, (unsigned long long)now.hard);
}

#ifdef __i386__
#define GETRLIMIT SYS_ugetrlimit
#else
#define GETRLIMIT SYS_getrlimit
#endif

static void get(int resource) {
    struct limit now = {1, 2};
    long result = call(GETRLIMIT, resource, &now);
    printf("get %d: %ld %lx %lx\n", resource, result, now.soft, now.hard);
#ifdef __i386__
    now = (struct limit){1, 2};
    result = call(SYS_getrlimit, resource, &now);
    printf("old get %d: %ld %lx %lx\n", resource, result, now.soft, now.hard);
#endif
}

static void set(int resource, unsigned long soft, unsigned long hard) {
    struct limit new = {soft, hard};
    printf("set %d %lx %lx = %ld\n", resource, soft, hard, call(SYS_setrlimit, resource, &new));
    show(resource);
}

static void change(int pid, int resource, uint64_t soft, uint64_t hard) {
    struct limit64 new = {soft, hard}, old = {1, 2};
    long result = call(SYS_prlimit64, pid, resource, &new, &old);
    printf("prlimit %d %llx %llx = %ld, was %llx %llx\n", resource, (unsigned long long)soft, (unsigned long long)hard,
           result, (unsigned long long)old.soft, (unsigned long long)old.hard);
}

static void arguments(void) {
    struct limit64 any = {9, 5};
    TRY(prlimit64, 0, 16, 0, 0);
    TRY(prlimit64, 0, -1, 0, 0);
    TRY(prlimit64, 0, 16, BAD, 0);
    TRY(prlimit64, 5000000, 16, 0, 0);
    TRY(prlimit64, -1, 1, 0, 0);
    TRY(prlimit64, 0, 1, 0, BAD);
    TRY(prlimit64, 0, 1, BAD, BAD);
    TRY(prlimit64, 0, 1, &any, 0);
    TRY(prlimit64, 0, 1, 0, 0);
    TRY(setrlimit, 16, BAD);
    TRY(setrlimit, 16, &any);
    TRY(setrlimit, 1, &any);
    TRY(getrlimit, 16, BAD);
    TRY(getrlimit, 1, BAD);
    get(16);
}

static void values(void) {
    set(12, 0x100, 0x1000);
    get(12);
    set(12, 0x1000, 0x1000);
    set(12, 0x1001, 0x1000);
    set(12, 0, 0);
    set(12, 0, 1);
    set(9, 0xfffffff0ul, 0xfffffffful);
    get(9);
#ifdef __x86_64__
    set(9, 0x7ffffffful + 5, 0x100000000ul);
    get(9);
#endif
    change(0, 9, 0x7fffffffffff, 0xffffffffffffff);
    get(9);
    change(0, 9, 0x80000001, 0x7fffffffff);
    get(9);
    change(0, 7, 10, 20);
    show(7);
    change(getpid(), 7, 5, 30);
    show(7);
}

static void plain_user(void) {
    pid_t parent = getppid();
    if (geteuid() == 0) {
        setgid(1000);
        setuid(1000);
        TRY(prlimit64, parent, 1, 0, 0);
        TRY(prlimit64, parent, 16, 0, 0);
        TRY(prlimit64, parent, 1, BAD, 0);
    }
    values();
    struct limit64 many = {1, 1 << 30};
    TRY(prlimit64, 0, 7, &many, 0);
}

static void other_process(void) {
    fflush(stdout);
    struct limit64 small = {3, 4};
    call(SYS_prlimit64, 0, 12, &small, 0);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            call(SYS_sched_yield);
    change(child, 12, 1, 2);
    change(child, 12, 1, 1);
    show(12);
    kill(child, SIGKILL);
    wait(0);
    change(child, 12, 1, 1);
    /* a child's limits of memory are its own */
    fflush(stdout);
    if (fork() == 0) {
        struct limit64 none = {0, 0};
        call(SYS_prlimit64, 0, 8, &none, 0);
        call(SYS_prlimit64, 0, 2, &none, 0);
        _exit(0);
    }
    wait(0);
    show(2);
    char *now = sbrk(0);
    printf("%d\n", sbrk(4096) == now);
}

int main(void) {
    struct limit64 same_everywhere = {256, 512};
    call(SYS_prlimit64, 0, 7, &same_everywhere, 0);
    if (geteuid() == 0)
        few_capabilities();
    in_child("arguments", arguments);
    in_child("values", values);
    in_child("plain user", plain_user);
    in_child("other process", other_process);
    return 0;
}
