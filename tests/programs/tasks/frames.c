/* Signal frames in odd circumstances, one line each: the same on every Linux of this processor. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "call.h"

#ifdef __x86_64__
#define GREG_SS(u) ((uint16_t)((u)->uc_mcontext.gregs[REG_CSGSFS] >> 48))
#else
#define GREG_SS(u) ((uint16_t)(u)->uc_mcontext.gregs[REG_SS])
#endif
#define AUTODISARM (1u << 31)

struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

static sigjmp_buf back;
static char stack[65536] __attribute__((aligned(16)));

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

/* -- flags of an action -- */

static void flags_read_back(void) {
    struct kernel_action action = {.handler = (void *)SIG_IGN, .flags = 0xffffffffu & ~0x04000000u}, old;
    printf("set %ld\n", call(SYS_rt_sigaction, SIGUSR2, &action, NULL, 8));
    printf("get %ld", call(SYS_rt_sigaction, SIGUSR2, NULL, &old, 8));
    printf(" flags %lx\n", old.flags);
}

/* -- the floating-point unit -- */

static unsigned short control_word(void) {
    unsigned short word;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return word;
}

static unsigned mxcsr(void) {
    unsigned word;
    __asm__ volatile("stmxcsr %0" : "=m"(word));
    return word;
}

static void set_fpu(unsigned short control, unsigned sse) {
    __asm__ volatile("fldcw %0; ldmxcsr %1" : : "m"(control), "m"(sse));
}

static void *no_state;

static void look_at_fpu(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    uint32_t xmm[4] = {1, 1, 1, 1};
    __asm__ volatile("movups %%xmm7, %0" : "=m"(xmm));
    printf("in the handler: control %x mxcsr %x xmm7 %x\n", control_word(), mxcsr(), xmm[0]);
    if (no_state)
        ((ucontext_t *)context)->uc_mcontext.fpregs = NULL;
}

static void fpu_is_clean(void) {
    handle(SIGUSR1, look_at_fpu, 0);
    for (int i = 0; i < 2; i++) {
        set_fpu(0x77f, 0x5f80);
        __asm__ volatile("pcmpeqd %%xmm7, %%xmm7" : : : "memory"); /* 32-bit code may not say so */
        raise(SIGUSR1);
        printf("after it: control %x mxcsr %x\n", control_word(), mxcsr());
        no_state = &back;
    }
    set_fpu(0x37f, 0x1f80);
}

/* -- the alternate stack -- */

static void look_at_stack(int signal, siginfo_t *info, void *context) {
    (void)info;
    ucontext_t *u = context;
    stack_t now;
    sigaltstack(NULL, &now);
    printf("signal %d: frame's flags %x size %zx, now flags %x size %zx\n", signal, (unsigned)u->uc_stack.ss_flags,
           u->uc_stack.ss_size, (unsigned)now.ss_flags, now.ss_size);
    if (signal == SIGUSR1)
        raise(SIGUSR2);
    if (signal == SIGUSR2)
        u->uc_stack.ss_size = 32768;
}

static void altstack(unsigned flags) {
    stack_t wanted = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = (int)flags}, now;
    handle(SIGUSR1, look_at_stack, SA_ONSTACK);
    handle(SIGUSR2, look_at_stack, 0);
    printf("sigaltstack(%x) = %d\n", flags, sigaltstack(&wanted, NULL));
    raise(SIGUSR1);
    sigaltstack(NULL, &now);
    printf("afterwards: flags %x size %zx\n", (unsigned)now.ss_flags, now.ss_size);
    raise(SIGUSR2);
    sigaltstack(NULL, &now);
    printf("afterwards: flags %x size %zx\n", (unsigned)now.ss_flags, now.ss_size);
    wanted.ss_flags = SS_DISABLE;
    sigaltstack(&wanted, NULL);
}

static void plain_stack(void) { altstack(0); }
static void marked_stack(void) { altstack(SS_ONSTACK); }
static void disarmed_stack(void) { altstack(AUTODISARM); }

/* Sends itself the signal again with so little left of the stack that no frame fits, but a call would. */
static void dive(int signal, siginfo_t *info, void *context) {
    (void)info, (void)context;
    uintptr_t number = SYS_tkill;
#ifdef __x86_64__
    __asm__ volatile("mov %0, %%rsp; syscall" : : "r"(stack + 512), "a"(number), "D"(getpid()), "S"(signal) : "memory");
#else
    __asm__ volatile("mov %0, %%esp; int $0x80" : : "r"(stack + 512), "a"(number), "b"(getpid()), "c"(signal) : "memory");
#endif
    __builtin_trap();
}

static void overflow(void) {
    stack_t wanted = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&wanted, NULL);
    handle(SIGUSR1, dive, SA_ONSTACK | SA_NODEFER);
    raise(SIGUSR1);
}

/* -- what an exception leaves -- */

static void look_at_trap(int signal, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    printf("signal %d code %d: trap %d error %d flags %lx\n", signal, info->si_code,
           (int)u->uc_mcontext.gregs[REG_TRAPNO], (int)u->uc_mcontext.gregs[REG_ERR],
           (unsigned long)u->uc_flags & ~1ul);
    if (signal != SIGTRAP)
        siglongjmp(back, 1);
}

static void exceptions(void) {
    const int signals[] = {SIGTRAP, SIGFPE, SIGILL, SIGSEGV};
    for (int i = 0; i < 4; i++)
        handle(signals[i], look_at_trap, 0);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("int3");
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2");
    if (!sigsetjmp(back, 1))
        __asm__ volatile("xor %%edx, %%edx; div %%edx" : : : "eax", "edx");
    if (!sigsetjmp(back, 1))
        __asm__ volatile("hlt");
    if (!sigsetjmp(back, 1))
        *(volatile int *)16 = 1;
}

#ifdef __x86_64__
/* -- a handler that was set through the other door -- */

static void narrow_handler(void) {
    unsigned char *page =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    /* mov %cs, %ebx; mov $1, %eax; int $0x80: it exits with its code segment */
    memcpy(page, (const unsigned char[]){0x8c, 0xcb, 0xb8, 1, 0, 0, 0, 0xcd, 0x80}, 9);
    struct {
        uint32_t handler, flags, restorer;
        uint32_t mask[2];
    } *action = (void *)(page + 0x100);
    action->handler = (uint32_t)(uintptr_t)page;
    action->flags = SA_SIGINFO | SA_ONSTACK;
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "0"(174), "b"((long)SIGUSR1), "c"(action), "d"(0l), "S"(8l)
                     : "memory", "r8", "r9", "r10", "r11");
    struct kernel_action seen = {0};
    printf("sigaction through int $0x80: %ld,", result);
    printf(" %ld", call(SYS_rt_sigaction, SIGUSR1, NULL, &seen, 8));
    printf(" flags %lx\n", seen.flags);
    fflush(stdout);
    stack_t wanted = {.ss_sp = page + 16384, .ss_size = 32768};
    sigaltstack(&wanted, NULL);
    raise(SIGUSR1);
}

static void wide_handler(int signal, siginfo_t *info, void *context) {
    (void)info;
    ucontext_t *u = context;
    unsigned short cs, ss;
    __asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
    printf("signal %d in code %x, stack %x, of code %x, flags %lx\n", signal, cs, ss,
           (unsigned)u->uc_mcontext.gregs[REG_CSGSFS] & 0xffff, (unsigned long)u->uc_flags & ~1ul);
    u->uc_mcontext.gregs[REG_RIP] += 3;
}

/* A 64-bit handler interrupts code that has gone to compatibility mode. */
static void narrow_code(void) {
    unsigned char *page =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    memcpy(page, (const unsigned char[]){0x0f, 0x0b, 0x90, 0xcb}, 4); /* ud2; nop; lret */
    handle(SIGILL, wide_handler, SA_ONSTACK);
    stack_t wanted = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&wanted, NULL);
    struct {
        uint32_t offset;
        uint16_t selector;
    } far = {(uint32_t)(uintptr_t)page, 0x23};
    static void *kept;
    __asm__ volatile("mov %%rsp, %0\n"
                     "lea 1f(%%rip), %%rax\n"
                     "mov %2, %%rsp\n"
                     "mov %%eax, (%%rsp)\n"
                     "movl $0x33, 4(%%rsp)\n"
                     "ljmp *(%1)\n"
                     "1: mov %0, %%rsp\n"
                     : "+m"(kept)
                     : "r"(&far), "r"(page + 65000)
                     : "rax", "memory", "cc");
    puts("back in 64-bit code");
}

/* -- a stack segment that cannot be, in the frame -- */

static int strict;

static void spoil_ss(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ucontext_t *u = context;
    if (!strict)
        u->uc_flags &= ~4ul;
    u->uc_mcontext.gregs[REG_CSGSFS] = (u->uc_mcontext.gregs[REG_CSGSFS] & ~(0xffffll << 48)) | 0x33ll << 48;
}

static void report(int signal, siginfo_t *info, void *context) {
    (void)info;
    printf("signal %d, ss %x\n", signal, GREG_SS((ucontext_t *)context));
    siglongjmp(back, 1);
}

static void bad_stack_segment(void) {
    handle(SIGUSR1, spoil_ss, 0);
    handle(SIGSEGV, report, SA_ONSTACK);
    stack_t wanted = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&wanted, NULL);
    for (strict = 0; strict < 2; strict++)
        if (!sigsetjmp(back, 1)) {
            unsigned short ss;
            raise(SIGUSR1);
            __asm__ volatile("mov %%ss, %0" : "=r"(ss));
            printf("returned with ss %x\n", ss);
        }
}
#endif

int main(void) {
    flags_read_back();
    fpu_is_clean();
    in_child("plain stack", plain_stack);
    in_child("marked stack", marked_stack);
    in_child("disarmed stack", disarmed_stack);
    in_child("overflow", overflow);
    in_child("exceptions", exceptions);
#ifdef __x86_64__
    in_child("narrow handler", narrow_handler);
    in_child("narrow code", narrow_code);
    in_child("bad stack segment", bad_stack_segment);
#endif
    return 0;
}
