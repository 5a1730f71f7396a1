/*
 * SIGFPE of unmasked exceptions: which instruction, which si_code, and what of its operands is left.
 *
 * Each line: the operation, the code, how far the saved address lies behind the label before the instruction, the
 * destination's value, and the flags in the frame's floating-point state.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int code;
static volatile long offset;
static volatile unsigned status;
static char *volatile label;

static void on_error(int number, siginfo_t *info, void *context)
{
    ucontext_t *saved = context;
    code = info->si_code;
    offset = (char *)info->si_addr - label;
#ifdef __x86_64__
    status = (saved->uc_mcontext.fpregs->mxcsr & 0x3f) << 8 | (saved->uc_mcontext.fpregs->swd & 0x3f);
#else
    status = saved->uc_mcontext.fpregs->sw & 0x3f;
#endif
    siglongjmp(back, number);
}

#define TRY(name, masks, before, instruction, value, other)                                                     \
    do {                                                                                                        \
        volatile double result = value, operand = other;                                                        \
        unsigned mxcsr = 0x1f80 & ~((masks) << 7), plain = 0x1f80;                                              \
        uint16_t control = 0x37f & ~(masks), normal = 0x37f;                                                    \
        code = offset = -1;                                                                                     \
        if (!sigsetjmp(back, 1))                                                                                \
            __asm__ volatile("ldmxcsr %2\n fninit\n fldcw %3\n" before "\n"                                          \
                             SET_LABEL instruction                                                              \
                             : "+m"(result), "=m"(label) : "m"(mxcsr), "m"(control), "m"(operand)               \
                             : "ax", "xmm0", "xmm1", "memory");                                                 \
        __asm__ volatile("fninit\n fldcw %0\n ldmxcsr %1" : : "m"(normal), "m"(plain));                         \
        printf("%s: code %d at +%ld result %g flags %04x\n", name, code, offset, result, status);               \
        status = 0;                                                                                             \
    } while (0)
#ifdef __x86_64__
#define SP "rsp"
#define SET_LABEL "lea 1f(%%rip), %%rax\n movq %%rax, %1\n 1:\n"
#else
#define SP "esp"
#define SET_LABEL "movl $1f, %1\n 1:\n"
#endif

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_error, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGFPE, &action, NULL);
    enum { INVALID = 1, ZERO = 4, OVERFLOW = 8, UNDERFLOW = 16, INEXACT = 32 };
#define SSE(instruction) "nop\n" instruction "\n movsd %%xmm0, %0"
#define LOAD "movsd %0, %%xmm0\n movsd %4, %%xmm1"
    TRY("divsd by zero", ZERO, LOAD, SSE("divsd %%xmm1, %%xmm0"), 3, 0);
    TRY("divsd by zero, masked", INVALID, LOAD, SSE("divsd %%xmm1, %%xmm0"), 3, 0);
    TRY("divsd 0/0", ZERO | INVALID, LOAD, SSE("divsd %%xmm1, %%xmm0"), 0, 0);
    TRY("mulsd overflow", OVERFLOW, LOAD, SSE("mulsd %%xmm1, %%xmm0"), 1e300, 1e300);
    TRY("mulsd underflow", UNDERFLOW, LOAD, SSE("mulsd %%xmm1, %%xmm0"), 1e-300, 1e-300);
    TRY("divsd inexact", INEXACT, LOAD, SSE("divsd %%xmm1, %%xmm0"), 1, 3);
    TRY("sqrtsd of a negative", INVALID, LOAD, SSE("sqrtsd %%xmm1, %%xmm0"), 1, -1);
    TRY("cvttsd2si", INVALID, LOAD, SSE("cvttsd2si %%xmm1, %%eax"), 1, 1e300);
    TRY("comisd of a NaN", INVALID, LOAD, SSE("comisd %%xmm1, %%xmm0"), 1, __builtin_nan(""));
#define X87(instruction) instruction "\n nop\n fwait\n fstpl %0"
#define X87_LOAD "fldl %4\n fldl %0"
    TRY("fdivp by zero", ZERO, X87_LOAD, X87("fdiv %%st(1), %%st"), 3, 0);
    TRY("fdiv 0/0", INVALID | ZERO, X87_LOAD, X87("fdiv %%st(1), %%st"), 0, 0);
    TRY("fmul overflow", OVERFLOW, X87_LOAD "\n fscale", X87("fmul %%st(0), %%st"), 1e300, 15000);
    TRY("fsqrt of a negative", INVALID, X87_LOAD, X87("fsqrt"), -4, 0);
    TRY("fyl2x of a negative", INVALID, X87_LOAD, X87("fyl2x"), -4, 2);
    TRY("fistp too large", INVALID, X87_LOAD, "fistpl %0\n nop\n fwait\n", 1e300, 0);
    TRY("fld of what is inexact", INEXACT, X87_LOAD, X87("fdiv %%st(1), %%st"), 1, 3);
    TRY("reported by fld", ZERO, X87_LOAD, "fdiv %%st(1), %%st\n nop\n fld1\n", 1, 0);
    TRY("reported by emms", ZERO, X87_LOAD, "fdiv %%st(1), %%st\n nop\n emms\n", 1, 0);
    TRY("not reported by fnstsw", ZERO, X87_LOAD, "fdiv %%st(1), %%st\n fnstsw %%ax\n fnclex\n fstpl %0", 1, 0);
    TRY("unmasked later", 0, X87_LOAD, "fdiv %%st(1), %%st\n fstpl %0\n movw $0x37b, -2(%%" SP ")\n fldcw -2(%%" SP ")\n nop\n fwait", 1, 0);
    return 0;
}
