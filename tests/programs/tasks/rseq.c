/* Restartable sequences: registration, the fields that the kernel stores, and what ends a critical section. */
#include "call.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

struct area {
    uint32_t cpu_id_start, cpu_id;
    uint64_t section;
    uint32_t flags, node_id, mm_cid, end;
};
struct section {
    uint32_t version, flags;
    uint64_t start, length, abort;
};

#define SIGNATURE 0x53053053

/* int spin(struct area *, volatile int *inside, struct section *): never comes back but by an abort, with 1 */
int spin(struct area *area, volatile int *inside, struct section *section);
extern char section_start[], section_end[], section_abort[], section_odd[];
#ifdef __x86_64__
__asm__(".text\n.globl spin\nspin: movq %rdx, 8(%rdi)\n"
        "section_start: movl $1, (%rsi)\n0: pause\njmp 0b\nsection_end: xorl %eax, %eax\nret\n"
        ".long 0x53053053\nsection_abort: movl $1, %eax\nret\n"
        ".long 0x12345678\nsection_odd: movl $2, %eax\nret\n"
        ".globl section_start, section_end, section_abort, section_odd\n");
#else
__asm__(".text\n.globl spin\nspin: movl 4(%esp), %eax\nmovl 8(%esp), %ecx\nmovl 12(%esp), %edx\nmovl %edx, 8(%eax)\n"
        "section_start: movl $1, (%ecx)\n0: pause\njmp 0b\nsection_end: xorl %eax, %eax\nret\n"
        ".long 0x53053053\nsection_abort: movl $1, %eax\nret\n"
        ".long 0x12345678\nsection_odd: movl $2, %eax\nret\n"
        ".globl section_start, section_end, section_abort, section_odd\n");
#endif

static struct area area __attribute__((aligned(32)));
static struct section section __attribute__((aligned(32)));
static volatile int *shared;

#define REGISTER(...) TRY(rseq, ##__VA_ARGS__)

static void show(void) {
    printf("  cpu %d %d section %d node %d cid %d\n", area.cpu_id_start < 64, (int)area.cpu_id == (int)area.cpu_id_start,
           area.section != 0, area.node_id < 64, area.mm_cid < 64);
}

static void prepare(void) {
    memset(&area, 0, sizeof area);
    area.cpu_id = -1;
    section = (struct section){0, 0, (uintptr_t)section_start, section_end - section_start, (uintptr_t)section_abort};
    shared[0] = shared[1] = 0;
    call(SYS_rseq, &area, 32, 0, SIGNATURE);
}

static void arguments(void) {
    REGISTER(&area, 31, 0, SIGNATURE);
    REGISTER(&area, 28, 0, SIGNATURE);
    REGISTER((char *)&area + 4, 32, 0, SIGNATURE);
    REGISTER(&area, 32, 2, SIGNATURE);
    REGISTER(&area, 32, 3, SIGNATURE);
    REGISTER(&area, 32, 1, SIGNATURE);
    REGISTER(0, 32, 1, SIGNATURE);
#ifdef __x86_64__
    REGISTER((void *)0xffff800000000000, 32, 0, SIGNATURE);
#endif
    area.cpu_id_start = area.cpu_id = 77;
    area.section = 5;
    REGISTER(&area, 32, 0, SIGNATURE);
    show();
    REGISTER(&area, 32, 0, SIGNATURE);
    REGISTER(&area, 32, 0, 1);
    REGISTER(&area, 64, 0, SIGNATURE);
    REGISTER(&section, 32, 0, SIGNATURE);
    REGISTER(&area, 32, 1, 1);
    REGISTER(&area, 33, 1, SIGNATURE);
    REGISTER(&section, 32, 1, SIGNATURE);
    fflush(stdout);
    if (fork() == 0) {
        REGISTER(&area, 32, 0, SIGNATURE);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    REGISTER(&area, 32, 1, SIGNATURE);
    printf("%u %d %u %u\n", area.cpu_id_start, (int)area.cpu_id, area.node_id, area.mm_cid);
    REGISTER(&area, 32, 1, SIGNATURE);
    REGISTER(&area, 32, 0, 0);
    REGISTER(&area, 32, 1, 0);
}

static void outside_memory(void) { REGISTER(BAD, 32, 0, SIGNATURE); }

/* Starts a child that waits until this process is in its critical section, and then sends signals, or just runs. */
static pid_t helper(int signal) {
    pid_t parent = getpid();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        call(SYS_prctl, 1, SIGKILL);
        while (!shared[0] && getppid() == parent)
            call(SYS_sched_yield);
        while (getppid() == parent)
            if (signal) {
                kill(parent, signal);
                call(SYS_sched_yield);
            } else
                for (volatile int i = 0; i < 1000000; i++)
                    ;
        _exit(0);
    }
    return child;
}

static void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
}

static void preempted(void) {
    unsigned long mask = 1;
    call(SYS_sched_setaffinity, 0, sizeof mask, &mask);
    prepare();
    pid_t child = helper(0);
    printf("spin %d\n", spin(&area, &shared[0], &section));
    end(child);
    show();
}

static volatile int was_caught;

/* Another process may have had the processor before the signal came: then this one left its section for that. */
static void caught(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    (void)info;
#ifdef __x86_64__
    greg_t *ip = &uc->uc_mcontext.gregs[REG_RIP];
#else
    greg_t *ip = &uc->uc_mcontext.gregs[REG_EIP];
#endif
    if (*ip >= (greg_t)section_start && *ip < (greg_t)section_end)
        *ip = (greg_t)section_abort; /* it was entered after the kernel had cleared the pointer to it: once more */
    else if (!was_caught && *ip == (greg_t)section_abort) {
        was_caught = 1;
        printf("signal %d at abort, section %d\n", signal, area.section != 0);
    }
}

static void signalled(void) {
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    prepare();
    pid_t child = helper(SIGUSR1);
    int result;
    do
        result = spin(&area, &shared[0], &section);
    while (!was_caught);
    end(child);
    printf("spin %d\n", result);
    show();
    /* outside of a section the pointer is just cleared */
    area.section = (uintptr_t)&section;
    kill(getpid(), SIGUSR1);
    show();
}

static void end_of_program(int signal) {
    printf("ended by %d\n", signal);
    fflush(stdout);
    _exit(7);
}

static void wrong(void) {
    signal(SIGUSR1, end_of_program);
    pid_t child = helper(SIGUSR1);
    printf("spin %d\n", spin(&area, &shared[0], &section));
    end(child);
}
static void wrong_version(void) { prepare(); section.version = 1; wrong(); }
static void wrong_flags(void) { prepare(); section.flags = 1; wrong(); }
static void wrong_area_flags(void) { prepare(); area.flags = 4; wrong(); }
static void wrong_signature(void) { prepare(); section.abort = (uintptr_t)section_odd; wrong(); }
static void abort_inside(void) { prepare(); section.abort = section.start + 1; wrong(); }
static void overflowing(void) { prepare(); section.length = -1; wrong(); }
static void section_outside(void) {
    prepare();
    area.section = ~0ull;
    signal(SIGCONT, end_of_program);
    kill(getpid(), SIGCONT);
    printf("not reached\n");
}
static void area_gone(void) {
    struct area *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    call(SYS_rseq, page, 32, 0, SIGNATURE);
    printf("%d\n", page->cpu_id < 64);
    fflush(stdout);
    signal(SIGUSR1, end_of_program);
    munmap(page, 4096); /* from here on, to lose the processor is deadly too */
    kill(getpid(), SIGUSR1);
    printf("not reached\n");
}

int main(void) {
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    in_child("arguments", arguments);
    in_child("outside memory", outside_memory);
    in_child("preempted", preempted);
    in_child("signalled", signalled);
    in_child("wrong version", wrong_version);
    in_child("wrong flags", wrong_flags);
    in_child("wrong flags of the area", wrong_area_flags);
    in_child("wrong signature", wrong_signature);
    in_child("abort inside", abort_inside);
    in_child("overflowing", overflowing);
    in_child("section outside", section_outside);
    in_child("area gone", area_gone);
    return 0;
}
