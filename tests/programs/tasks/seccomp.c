/* seccomp: modes, filters with every action, what is refused; and Syscall User Dispatch. */
#include "call.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

struct insn {
    uint16_t code;
    uint8_t jt, jf;
    uint32_t k;
};
struct program {
    unsigned short length;
    const struct insn *insns;
};
enum { LD = 0x20, RET = 6, RETA = 0x16, JEQ = 0x15, JGT = 0x25, JGE = 0x35, JSET = 0x45, JA = 5 };
#define ALLOW 0x7fff0000u
#define ERRNO(n) (0x50000u | (n))
#define TRAP(n) (0x30000u | (n))

#ifdef __x86_64__
#define ARCH 0xc000003eu
#else
#define ARCH 0x40000003u
#endif

static long install(const struct insn *insns, int length, int flags) {
    struct program program = {length, insns};
    return call(SYS_seccomp, 1, flags, &program);
}
#define INSTALL(...)                                                                    \
    do {                                                                                \
        static const struct insn insns_[] = {__VA_ARGS__};                              \
        printf("install = %ld\n", install(insns_, sizeof insns_ / sizeof *insns_, 0)); \
    } while (0)

/* a filter that gives one number something else than ALLOW */
#define ONLY(number, what) INSTALL({LD, 0, 0, 0}, {JEQ, 0, 1, number}, {RET, 0, 0, what}, {RET, 0, 0, ALLOW})

static void no_new_privs(void) { call(SYS_prctl, 38, 1); }

static void arguments(void) {
    struct program program = {1, 0};
    uint32_t action;
    uint16_t sizes[4] = {0};
    TRY(prctl, 21);
    TRY(seccomp, 4, 0, 0);
    TRY(seccomp, 0, 1, 0);
    TRY(seccomp, 0, 0, 1);
    TRY(seccomp, 1, 64, 0);
    TRY(seccomp, 1, 0, BAD);
    TRY(seccomp, 1, 16, &program);
    TRY(seccomp, 1, 32, &program);
    no_new_privs();
    TRY(seccomp, 1, 0, &program);
    program.length = 0;
    TRY(seccomp, 1, 0, &program);
    program.length = 4097;
    TRY(seccomp, 1, 0, &program);
    TRY(seccomp, 2, 1, &action);
    TRY(seccomp, 2, 0, BAD);
    static const uint32_t actions[] = {0,          0x80000000, 0x30000,    0x50000,    0x7fc00000, 0x7ff00000,
                                       0x7ffc0000, 0x7fff0000, 0x7ffd0000, 0x50001,    1};
    for (unsigned i = 0; i < sizeof actions / sizeof *actions; i++) {
        action = actions[i];
        printf("action %x: %ld\n", action, call(SYS_seccomp, 2, 0, &action));
    }
    TRY(seccomp, 3, 1, sizes);
    TRY(seccomp, 3, 0, BAD);
    TRY(seccomp, 3, 0, sizes);
    printf("%u %u %u %u\n", sizes[0], sizes[1], sizes[2], sizes[3]);
    TRY(prctl, 22, 2, BAD);
    TRY(prctl, 22, 0);
}

static void refused(void) {
    no_new_privs();
    INSTALL({LD, 0, 0, 0});
    INSTALL({LD, 0, 0, 64}, {RET, 0, 0, ALLOW});
    INSTALL({LD, 0, 0, 2}, {RET, 0, 0, ALLOW});
    INSTALL({0x28, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({0x30, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({0x40, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({JA, 0, 0, 1}, {RET, 0, 0, ALLOW});
    INSTALL({JEQ, 1, 0, 1}, {RET, 0, 0, ALLOW});
    INSTALL({JEQ, 0, 1, 1}, {RET, 0, 0, ALLOW});
    INSTALL({0x34, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({0x64, 0, 0, 32}, {RET, 0, 0, ALLOW});
    INSTALL({0x94, 0, 0, 2}, {RET, 0, 0, ALLOW});
    INSTALL({0x60, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({0x02, 0, 0, 16}, {RET, 0, 0, ALLOW});
    INSTALL({JEQ, 0, 1, 1}, {0x02, 0, 0, 3}, {0x60, 0, 0, 3}, {RET, 0, 0, ALLOW});
    INSTALL({0xb1, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({RET | 8, 0, 0, 0});
    INSTALL({0xffff, 0, 0, 0}, {RET, 0, 0, ALLOW});
    INSTALL({0x02, 0, 0, 3}, {0x60, 0, 0, 3}, {RET, 0, 0, ALLOW});
}

static void without_right(void) {
    if (geteuid() == 0)
        setuid(1000);
    INSTALL({RET, 0, 0, ALLOW});
    struct program none = {0, 0};
    TRY(seccomp, 1, 0, &none);
    struct program bad = {1, BAD};
    TRY(seccomp, 1, 0, &bad);
}

/* every operation, with the result in errno */
static void computes(void) {
    no_new_privs();
    static const struct insn insns[] = {
        {LD, 0, 0, 0},  {JEQ, 1, 0, SYS_getppid}, {RET, 0, 0, ALLOW}, {LD, 0, 0, 16}, /* A = low half of argument 0 */
        {0x07, 0, 0, 0} /* X = A */, {LD, 0, 0, 24} /* A = argument 1 */, {0x02, 0, 0, 5} /* M[5] = A */,
        {LD, 0, 0, 32}, /* A = argument 2: which operation */
        {JEQ, 0, 2, 0}, {0x60, 0, 0, 5}, {0x0c, 0, 0, 0}, /* A += X */
        {JEQ, 0, 2, 1}, {0x60, 0, 0, 5}, {0x1c, 0, 0, 0}, /* A -= X */
        {JEQ, 0, 2, 2}, {0x60, 0, 0, 5}, {0x2c, 0, 0, 0}, /* A *= X */
        {JEQ, 0, 2, 3}, {0x60, 0, 0, 5}, {0x3c, 0, 0, 0}, /* A /= X */
        {JEQ, 0, 2, 4}, {0x60, 0, 0, 5}, {0x4c, 0, 0, 0}, /* A |= X */
        {JEQ, 0, 2, 5}, {0x60, 0, 0, 5}, {0x5c, 0, 0, 0}, /* A &= X */
        {JEQ, 0, 2, 6}, {0x60, 0, 0, 5}, {0x6c, 0, 0, 0}, /* A <<= X */
        {JEQ, 0, 2, 7}, {0x60, 0, 0, 5}, {0x7c, 0, 0, 0}, /* A >>= X */
        {JEQ, 0, 2, 8}, {0x60, 0, 0, 5}, {0xac, 0, 0, 0}, /* A ^= X */
        {JEQ, 0, 2, 9}, {0x60, 0, 0, 5}, {0x84, 0, 0, 0}, /* A = -A */
        {JEQ, 0, 3, 10}, {0x60, 0, 0, 5}, {0x2d, 0, 1, 0}, {0x00, 0, 0, 77}, /* A > X: 77 */
        {JEQ, 0, 3, 11}, {0x60, 0, 0, 5}, {0x4d, 0, 1, 0}, {0x00, 0, 0, 78}, /* A & X: 78 */
        {JEQ, 0, 1, 12}, {0x80, 0, 0, 0}, /* A = length */
        {JEQ, 0, 2, 13}, {0x81, 0, 0, 0}, {0x87, 0, 0, 0}, /* X = length, A = X */
        {0x54, 0, 0, 0xfff}, {0x44, 0, 0, 0x50000}, {RETA, 0, 0, 0}};
    printf("install = %ld\n", install(insns, sizeof insns / sizeof *insns, 0));
    static const uint32_t pairs[][2] = {{3, 7}, {7, 3}, {0, 5}, {33, 9}, {0xffffffff, 0x80000001}, {5, 5}};
    for (int operation = 0; operation < 14; operation++) {
        printf("%d:", operation);
        for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++)
            if (!(operation == 3 && pairs[i][0] == 0))
                printf(" %ld", call(SYS_getppid, pairs[i][0], pairs[i][1], operation));
        printf("\n");
    }
    fflush(stdout);
    call(SYS_getppid, 0, 5, 3); /* divides by 0: the filter returns 0, which kills */
}

static void errors(void) {
    no_new_privs();
    TRY(prctl, 21);
    ONLY(SYS_getppid, ERRNO(5));
    TRY(prctl, 21);
    TRY(getppid);
    ONLY(SYS_getppid, ERRNO(7));
    TRY(getppid);
    ONLY(SYS_getuid, ERRNO(0));
    TRY(getuid);
    ONLY(SYS_getgid, ERRNO(5000));
    printf("%ld\n", syscall(SYS_getgid));
    ONLY(SYS_geteuid, 0x7ff00000);
    TRY(geteuid);
    ONLY(SYS_getegid, 0x7fc00000);
    TRY(getegid);
    ONLY(SYS_getpgid, 0x7ffc0000);
    printf("%d\n", call(SYS_getpgid, 0) > 0);
    ONLY(SYS_getppid, ALLOW);
    TRY(getppid);
    TRY(prctl, 22, 1);
    TRY(seccomp, 0, 0, 0);
    TRY(sched_yield);
    fflush(stdout);
    if (fork() == 0) {
        TRY(getppid);
        TRY(prctl, 21);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
}

static void sees(void) {
    no_new_privs();
    /* refuses, by what it sees: architecture, upper half of an argument, instruction pointer not 0 */
    INSTALL({LD, 0, 0, 4}, {JEQ, 1, 0, ARCH}, {RET, 0, 0, ALLOW}, {LD, 0, 0, 0}, {JEQ, 1, 0, SYS_getppid},
            {RET, 0, 0, ALLOW}, {LD, 0, 0, 20}, {JEQ, 0, 1, 0x12345678}, {RET, 0, 0, ERRNO(11)}, {LD, 0, 0, 56},
            {JEQ, 0, 1, 0x77}, {RET, 0, 0, ERRNO(12)}, {LD, 0, 0, 8}, {JEQ, 1, 0, 0}, {RET, 0, 0, ERRNO(13)},
            {RET, 0, 0, ERRNO(14)});
    TRY(getppid, 0);
    TRY(getppid, 0, 0, 0, 0, 0, 0x77);
#ifdef __x86_64__
    TRY(getppid, 0x1234567800000000);
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(64) : "r8", "r9", "r10", "r11", "memory");
    printf("%d\n", result > 0);
#endif
}

static void caught(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
#ifdef __x86_64__
    greg_t *ax = &uc->uc_mcontext.gregs[REG_RAX];
    uintptr_t ip = uc->uc_mcontext.gregs[REG_RIP];
#else
    greg_t *ax = &uc->uc_mcontext.gregs[REG_EAX];
    uintptr_t ip = uc->uc_mcontext.gregs[REG_EIP];
#endif
    printf("signal %d code %d errno %d call %d arch %x address %d ax %d\n", signal, info->si_code, info->si_errno,
           info->si_syscall == SYS_getppid, info->si_arch, (uintptr_t)info->si_call_addr == ip, *ax == SYS_getppid);
    *ax = 4711;
}

static void trapped(void) {
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, 0);
    no_new_privs();
    ONLY(SYS_getppid, TRAP(77));
    TRY(getppid);
    TRY(getppid);
    fflush(stdout);
    signal(SIGSYS, SIG_IGN);
    call(SYS_getppid);
}

static void killed_process(void) {
    signal(SIGSYS, SIG_IGN);
    no_new_privs();
    ONLY(SYS_getppid, 0x80000000);
    fflush(stdout);
    call(SYS_getppid);
}

static void killed_alone(void) {
    no_new_privs();
    ONLY(SYS_getppid, 0);
    fflush(stdout);
    call(SYS_getppid);
}

static volatile int go;
static void *thread(void *unused) {
    while (!go)
        sched_yield();
    call(SYS_getppid);
    return unused;
}

static void killed_thread(void) {
    pthread_t other;
    no_new_privs();
    pthread_create(&other, 0, thread, 0);
    static const struct insn insns[] = {
        {LD, 0, 0, 0}, {JEQ, 0, 1, SYS_getppid}, {RET, 0, 0, 0}, {RET, 0, 0, ALLOW}};
    printf("tsync %ld\n", install(insns, 4, 1));
    fflush(stdout);
    go = 1;
    /* the thread dies without a word; the process goes on */
    for (int i = 0; i < 2000; i++)
        sched_yield();
    printf("alive\n");
    fflush(stdout);
    call(SYS_exit_group, 5);
}

static volatile int number_apart;

static void *apart(void *unused) {
    static const struct insn insns[] = {{RET, 0, 0, ALLOW}};
    install(insns, 1, 0);
    number_apart = syscall(SYS_gettid);
    go = 1;
    while (go < 2)
        sched_yield();
    return unused;
}

static void not_synchronized(void) {
    pthread_t other;
    no_new_privs();
    pthread_create(&other, 0, apart, 0);
    while (!go)
        sched_yield();
    static const struct insn insns[] = {{RET, 0, 0, ALLOW}};
    printf("%d\n", install(insns, 1, 1) == number_apart);
    printf("%ld\n", install(insns, 1, 17));
    printf("%ld\n", call(SYS_prctl, 21));
    go = 2;
    pthread_join(other, 0);
}

static void too_many(void) {
    no_new_privs();
    static struct insn many[4096];
    for (int i = 0; i < 4096; i++)
        many[i] = (struct insn){RET, 0, 0, ALLOW};
    int installed = 0;
    long result;
    while ((result = install(many, 4096, 0)) == 0)
        installed++;
    printf("%d %ld\n", installed, result);
    for (int length = 4096; length > 3000; length /= 2)
        installed += install(many, length, 0) == 0;
    result = install(many, 1, 0);
    printf("%d %ld\n", installed, result);
}

static void strict(void) {
    printf("%ld\n", call(SYS_prctl, 22, 1));
    fflush(stdout);
    write(1, "still writes\n", 13);
    call(SYS_getpid);
    write(1, "not reached\n", 12);
}

static void strict_exits(void) {
    fflush(stdout);
    call(SYS_seccomp, 0, 0, 0);
    call(SYS_exit, 3);
}

static void strict_tsc(void) {
    fflush(stdout);
    call(SYS_seccomp, 0, 0, 0);
    __asm__ volatile("rdtsc" : : : "eax", "edx");
    write(1, "not reached\n", 12);
}

static void over_exec(void) {
    no_new_privs();
    ONLY(SYS_getppid, ERRNO(9));
    char *argv[] = {"/proc/self/exe", "again", 0}, *envp[] = {0};
    fflush(stdout);
    execve("/proc/self/exe", argv, envp);
    printf("errno %d\n", errno);
}

/* -- Syscall User Dispatch -- */

static volatile char selector;

static void dispatched(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    selector = 0;
#ifdef __x86_64__
    greg_t *ax = &uc->uc_mcontext.gregs[REG_RAX];
#else
    greg_t *ax = &uc->uc_mcontext.gregs[REG_EAX];
#endif
    printf("signal %d code %d errno %d call %d arch %x ax %d\n", signal, info->si_code, info->si_errno,
           info->si_syscall == SYS_getppid, info->si_arch, *ax == SYS_getppid);
    *ax = 99;
}

static void dispatch(void) {
    struct sigaction action = {.sa_sigaction = dispatched, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, 0);
    TRY(prctl, 59, 0, 1);
    TRY(prctl, 59, 0, 0, 1);
    TRY(prctl, 59, 0, 0, 0, 1);
    TRY(prctl, 59, 3);
    TRY(prctl, 59, 1, 8, 0);
    TRY(prctl, 59, 1, 8, -8);
    TRY(prctl, 59, 1, 8, -9);
    TRY(prctl, 59, 0);
#ifdef __x86_64__
    TRY(prctl, 59, 1, 0, 0, 0xffff800000000000);
#endif
    TRY(prctl, 59, 1, 0, 0, &selector);
    printf("%d\n", call(SYS_getppid) > 0);
    selector = 1;
    long result = syscall(SYS_getppid);
    printf("%ld\n", result);
    fflush(stdout);
    if (fork() == 0) {
        selector = 1;
        result = syscall(SYS_getppid);
        selector = 0;
        printf("child %d\n", result > 0);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(prctl, 59, 0);
    selector = 1;
    printf("%d\n", call(SYS_getppid) > 0);
    selector = 0;
    call(SYS_prctl, 59, 1, 0, 0, &selector);
    fflush(stdout);
    selector = 2;
    syscall(SYS_getppid);
    write(1, "not reached\n", 12);
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        TRY(getppid);
        TRY(prctl, 21);
        TRY(prctl, 39);
        return 0;
    }
    in_child("arguments", arguments);
    in_child("refused", refused);
    in_child("without the right", without_right);
    in_child("computes", computes);
    in_child("errors", errors);
    in_child("sees", sees);
    in_child("trapped", trapped);
    in_child("killed process", killed_process);
    in_child("killed alone", killed_alone);
    in_child("killed thread", killed_thread);
    in_child("not synchronized", not_synchronized);
    in_child("too many", too_many);
    in_child("strict", strict);
    in_child("strict exits", strict_exits);
    in_child("strict tsc", strict_tsc);
    in_child("over exec", over_exec);
    in_child("dispatch", dispatch);
    return 0;
}
