/* Policies, priorities, nice values, CPU masks and I/O priorities: who may set what, and the order of the checks. */
#include "call.h"

struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t low, high, more[2];
};

static struct attr attr;
static int param;

static void show(void) {
    struct attr now;
    memset(&now, 0x55, sizeof now);
    param = 0x5555;
    printf("  policy %ld", call(SYS_sched_getscheduler, 0));
    printf(" param %ld", call(SYS_sched_getparam, 0, &param));
    printf(" %d", param);
    printf(" attr %ld", call(SYS_sched_getattr, 0, &now, 56, 0));
    printf(" size %u policy %u flags %llu nice %d priority %u deadline %llu %llu util %u %u; getpriority %ld\n", now.size,
           now.policy, (unsigned long long)now.flags, now.nice, now.priority, (unsigned long long)now.deadline,
           (unsigned long long)now.period, now.low, now.high, call(SYS_getpriority, 0, 0));
}

static void set_scheduler(int policy, int priority) {
    param = priority;
    printf("setscheduler %x %d = %ld\n", policy, priority, call(SYS_sched_setscheduler, 0, policy, &param));
    show();
}

static void set_attr(uint32_t policy, uint64_t flags, int nice, uint32_t priority) {
    attr = (struct attr){48, policy, flags, nice, priority};
    printf("setattr %u %llu %d %u = %ld\n", policy, (unsigned long long)flags, nice, priority,
           call(SYS_sched_setattr, 0, &attr, 0));
    show();
}

static void limits_and_arguments(void) {
    for (int policy = -1; policy < 9; policy++)
        printf("%d: %ld %ld\n", policy, policy == 7 ? 0 : call(SYS_sched_get_priority_max, policy),
               policy == 7 ? 0 : call(SYS_sched_get_priority_min, policy));
    TRY(sched_getscheduler, -1);
    TRY(sched_getscheduler, 5000000);
    TRY(sched_getscheduler, getpid());
    TRY(sched_getparam, 0, 0);
    TRY(sched_getparam, -1, &param);
    TRY(sched_getparam, 5000000, &param);
    TRY(sched_getparam, 0, BAD);
    TRY(sched_setparam, 0, 0);
    TRY(sched_setparam, -1, &param);
    TRY(sched_setparam, 5000000, BAD);
    param = 0;
    TRY(sched_setparam, 5000000, &param);
    TRY(sched_setparam, 0, &param);
    param = 1;
    TRY(sched_setparam, 0, &param);
    TRY(sched_setscheduler, 0, -1, &param);
    TRY(sched_setscheduler, 0, 0, 0);
    TRY(sched_setscheduler, -1, 0, &param);
    TRY(sched_setscheduler, 0, 0, BAD);
    TRY(sched_setscheduler, 5000000, 0, &param);
    TRY(sched_setscheduler, 0, 0, &param);
    TRY(sched_setscheduler, 0, 4, &param);
    TRY(sched_setscheduler, 0, 8, &param);
    param = 0;
    TRY(sched_setscheduler, 0, 0, &param);
    TRY(sched_setscheduler, 0, 1, &param);
    TRY(sched_setscheduler, 0, 6, &param);
    param = 100;
    TRY(sched_setscheduler, 0, 1, &param);
}

static void attributes(void) {
    memset(&attr, 0, sizeof attr);
    TRY(sched_setattr, 0, 0, 0);
    TRY(sched_setattr, 0, &attr, 1);
    TRY(sched_setattr, -1, &attr, 0);
    TRY(sched_setattr, 0, BAD, 0);
    TRY(sched_setattr, 0, &attr, 0);
    attr.size = 47;
    TRY(sched_setattr, 0, &attr, 0);
    printf("%u\n", attr.size);
    attr.size = 4097;
    TRY(sched_setattr, 0, &attr, 0);
    printf("%u\n", attr.size);
    attr.size = 64;
    TRY(sched_setattr, 0, &attr, 0);
    attr.size = 64;
    attr.more[1] = 1;
    TRY(sched_setattr, 0, &attr, 0);
    printf("%u\n", attr.size);
    attr = (struct attr){48, .flags = 32};
    TRY(sched_setattr, 0, &attr, 0);
    attr = (struct attr){56, .flags = 32};
    TRY(sched_setattr, 0, &attr, 0);
    attr = (struct attr){48, .flags = 128};
    TRY(sched_setattr, 0, &attr, 0);
    attr = (struct attr){48, .policy = -1};
    TRY(sched_setattr, 5000000, &attr, 0);
    attr = (struct attr){48, .policy = 4};
    TRY(sched_setattr, 5000000, &attr, 0);
    TRY(sched_setattr, 0, &attr, 0);
    attr = (struct attr){48, .policy = 6};
    TRY(sched_setattr, 0, &attr, 0);
    attr = (struct attr){48, .policy = 6, .runtime = 2000000, .deadline = 1000000, .period = 4000000};
    TRY(sched_setattr, 0, &attr, 0);
    attr = (struct attr){48, .policy = 6, .runtime = 20000, .deadline = 50000, .period = 90000};
    TRY(sched_setattr, 0, &attr, 0);
    TRY(sched_getattr, 0, 0, 48, 0);
    TRY(sched_getattr, 0, &attr, 47, 0);
    TRY(sched_getattr, 0, &attr, 4097, 0);
    TRY(sched_getattr, 0, &attr, 48, 1);
    TRY(sched_getattr, -1, &attr, 48, 0);
    TRY(sched_getattr, 5000000, &attr, 48, 0);
    TRY(sched_getattr, 0, BAD, 48, 0);
    memset(&attr, 0x55, sizeof attr);
    TRY(sched_getattr, 0, &attr, 48, 0);
    printf("%u %x\n", attr.size, attr.low);
    memset(&attr, 0x55, sizeof attr);
    TRY(sched_getattr, 0, &attr, 64, 0);
    printf("%u %x %x\n", attr.size, attr.low, attr.more[1]);
    set_attr(0, 0, 5, 0);
    set_attr(0, 0, 99, 0);
    set_attr(3, 0, 19, 0);
    set_attr(3, 0, 19, 1);
    set_attr(5, 1, 19, 0);
    set_attr(9, 8, 19, 0);
    set_attr(5, 16, 7, 0);
    set_attr(5, 24, 7, 0);
}

static void fair_policies(void) {
    set_scheduler(3, 0);
    set_scheduler(5, 0);
    set_scheduler(0x40000003, 0);
    fflush(stdout);
    if (fork() == 0) {
        show();
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    set_scheduler(0, 0);
    set_attr(0, 1, -3, 0);
    fflush(stdout);
    if (fork() == 0) {
        show();
        fflush(stdout);
        _exit(0);
    }
    wait(0);
}

static void nice_values(void) {
    TRY(getpriority, 0, 0);
    TRY(getpriority, -1, 0);
    TRY(getpriority, 3, 0);
    TRY(getpriority, 0, 5000000);
    TRY(getpriority, 1, 5000000);
    TRY(getpriority, 2, 123456);
    TRY(getpriority, 0, getpid());
    TRY(getpriority, 1, getpgrp());
    TRY(setpriority, 3, 0, 0);
    TRY(setpriority, 0, 5000000, 0);
    TRY(setpriority, 1, 5000000, 0);
    TRY(setpriority, 2, 123456, 0);
    TRY(setpriority, 0, 0, 5);
    TRY(getpriority, 0, 0);
    TRY(setpriority, 0, 0, 100);
    TRY(getpriority, 0, 0);
    TRY(setpriority, 0, 0, -100);
    TRY(getpriority, 0, 0);
#ifdef SYS_nice
    TRY(nice, 3);
    TRY(getpriority, 0, 0);
    TRY(nice, -1);
    TRY(getpriority, 0, 0);
    TRY(nice, 1000);
    TRY(nice, -1000);
    TRY(getpriority, 0, 0);
#endif
    setpgid(0, 0);
    fflush(stdout);
    int fd[2];
    pid_t child = fork();
    if (child == 0)
        for (;;)
            call(SYS_sched_yield);
    (void)fd;
    TRY(setpriority, 0, child, 7);
    TRY(getpriority, 0, child);
    TRY(getpriority, 1, 0);
    TRY(setpriority, 1, 0, 9);
    TRY(getpriority, 0, child);
    TRY(getpriority, 0, 0);
    TRY(kill, child, 9);
    wait(0);
}

static void io_priorities(void) {
    TRY(ioprio_get, 1, 0);
    TRY(ioprio_get, 2, 0);
    TRY(ioprio_get, 0, 0);
    TRY(ioprio_get, 4, 0);
    TRY(ioprio_get, 1, 5000000);
    TRY(ioprio_get, 3, 123456);
    TRY(ioprio_set, 1, 0, 1);
    TRY(ioprio_set, 1, 0, 4 << 13);
    TRY(ioprio_set, 1, 0, 7 << 13);
    TRY(ioprio_set, 9, 0, 7 << 13);
    TRY(ioprio_set, 9, 0, 2 << 13);
    TRY(ioprio_set, 1, 5000000, 2 << 13);
    TRY(ioprio_set, 1, 0, 2 << 13 | 6);
    TRY(ioprio_get, 1, 0);
    TRY(ioprio_set, 1, 0, 3 << 13 | 5);
    TRY(ioprio_get, 1, 0);
    TRY(ioprio_set, 1, 0, 0);
    TRY(ioprio_get, 1, 0);
}

static void masks(void) {
    unsigned char mask[256];
    memset(mask, 0, sizeof mask);
    TRY(sched_getaffinity, 0, 0, mask);
    TRY(sched_getaffinity, 0, 7, mask);
    TRY(sched_getaffinity, 5000000, 8, mask);
    TRY(sched_getaffinity, 5000000, 7, mask);
    TRY(sched_getaffinity, 0, 8, BAD);
    TRY(sched_getaffinity, -1, 8, mask);
    printf("%d %d\n", call(SYS_sched_getaffinity, 0, 256, mask) > 0, mask[0] & 1);
    TRY(sched_setaffinity, 0, 8, BAD);
    TRY(sched_setaffinity, 0, 0, BAD);
    TRY(sched_setaffinity, 5000000, 0, mask);
    TRY(sched_setaffinity, 5000000, 8, BAD);
    memset(mask, 0, sizeof mask);
    TRY(sched_setaffinity, 0, 8, mask);
    mask[0] = 1;
    TRY(sched_setaffinity, 0, 8, mask);
    TRY(sched_setaffinity, 0, 256, mask);
    TRY(sched_setaffinity, 0, 1, mask);
    printf("%d %d\n", call(SYS_sched_getaffinity, 0, 8, mask) > 0, mask[0]);
}

static void intervals(void) {
    long time[2] = {7, 7};
    TRY(sched_rr_get_interval, -1, time);
    TRY(sched_rr_get_interval, 5000000, time);
    TRY(sched_rr_get_interval, 0, BAD);
    TRY(sched_rr_get_interval, 0, time);
    printf("%ld %d\n", time[0], time[1] <= 4000000);
}

static void yields(void) {
    TRY(sched_yield);
    TRY(sched_yield);
}

static void plain_user(void) {
    pid_t parent = getppid();
    if (geteuid() == 0) {
        setgid(1000);
        setuid(1000);
        TRY(setpriority, 0, parent, 0);
        TRY(sched_setscheduler, parent, 0, &param);
        param = 0;
        TRY(sched_setscheduler, parent, 0, &param);
        TRY(ioprio_set, 1, parent, 2 << 13);
        unsigned long mask = 1;
        TRY(sched_setaffinity, parent, sizeof mask, &mask);
    }
    limits_and_arguments();
    attributes();
    fair_policies();
    set_scheduler(1, 5);
    set_scheduler(2, 5);
    nice_values();
    io_priorities();
    TRY(ioprio_set, 1, 0, 1 << 13);
}

int main(void) {

    if (geteuid() == 0) {
        in_child("limits and arguments", limits_and_arguments);
        in_child("attributes", attributes);
        in_child("fair policies", fair_policies);
        in_child("nice values", nice_values);
        in_child("io priorities", io_priorities);
    }
    in_child("plain user", plain_user);
    in_child("masks", masks);
    in_child("intervals", intervals);
    in_child("yields", yields);
    return 0;
}
