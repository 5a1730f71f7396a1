/* Where the trap flag stops a program that enters the kernel meanwhile: the same on every Linux. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __x86_64__
#define IP REG_RIP
#define CX "rcx"
#define SP "rsp"
#define FLAGS "pushfq\n"
#define SET_FLAGS "popfq\n"
#else
#define IP REG_EIP
#define CX "ecx"
#define SP "esp"
#define FLAGS "pushfl\n"
#define SET_FLAGS "popfl\n"
#endif

static uintptr_t stops[64];
static int stopped;

static void trap(int signal, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    (void)signal;
    if (stopped < 64 && info->si_code == TRAP_TRACE)
        stops[stopped++] = (uintptr_t)u->uc_mcontext.gregs[IP];
}

static void report(const char *title, uintptr_t start, uintptr_t end, long result) {
    int elsewhere = 0;
    printf("%s: %s, stopped at", title, result == getpid() ? "done" : "failed");
    for (int i = 0; i < stopped; i++)
        if (start <= stops[i] && stops[i] <= end)
            printf(" %d", (int)(stops[i] - start));
        else
            elsewhere++;
    printf(", elsewhere %s\n", elsewhere ? "too" : "never");
    stopped = 0;
}

/* Steps through a few instructions with a call among them; flags are bits to have set with the trap flag. */
#define STEP(title, flags, number, ...)                                                                      \
    do {                                                                                                     \
        uintptr_t start, end;                                                                                \
        long result = (number);                                                                              \
        __asm__ volatile(FLAGS "orl $0x100 + " #flags ", (%%" SP ")\n" SET_FLAGS "7: nop\n" __VA_ARGS__      \
                         "\nnop\nnop\n" FLAGS "andl $~(0x100 + " #flags "), (%%" SP ")\n" SET_FLAGS         \
                         "8: lea 7b" RELATIVE ", %%" CX "\nmov %%" CX ", %1\n"                               \
                         "lea 8b" RELATIVE ", %%" CX "\nmov %%" CX ", %2\n"                                  \
                         : "+a"(result), "=m"(start), "=m"(end)                                              \
                         :                                                                                   \
                         : "ecx", "edx", "memory", "cc" MORE);                                               \
        report(title, start, end, result);                                                                   \
    } while (0)

#ifdef __x86_64__
#define RELATIVE "(%%rip)"
#define MORE , "r8", "r9", "r10", "r11"
#else
#define RELATIVE ""
#define MORE
#endif

static int resume_flag_seen(void) {
    volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t before, after;
#ifdef __x86_64__
    __asm__ volatile("movb $1, (%2)\npushfq\npopq %0\nmovb $1, (%2)\npushfq\npopq %1"
#else
    __asm__ volatile("movb $1, (%2)\npushfl\npopl %0\nmovb $1, (%2)\npushfl\npopl %1"
#endif
                     : "=&r"(before), "=&r"(after)
                     : "r"(page)
                     : "memory");
    return (int)((before | after) >> 16 & 1);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    STEP("nothing", 0, getpid(), "");
    STEP("int $0x80", 0, 20, "int $0x80");
    STEP("int $0x80 with AC and NT", 0x44000, 20, "int $0x80");
#ifdef __x86_64__
    STEP("syscall", 0, SYS_getpid, "syscall");
    STEP("syscall with AC and NT", 0x44000, SYS_getpid, "syscall");
#else
    uintptr_t vsyscall = getauxval(AT_SYSINFO);
    __asm__ volatile("movl %0, %%gs:0x10" : : "r"(vsyscall)); /* where the C library has it */
    STEP("the vDSO's door", 0, 20, "call *%%gs:0x10");
    STEP("the vDSO's door with AC and NT", 0x44000, 20, "call *%%gs:0x10");
#endif
    printf("RF is %s\n", resume_flag_seen() ? "seen" : "never seen");
    return 0;
}
