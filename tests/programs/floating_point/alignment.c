/* Which SSE operands in memory have to be aligned to 16 bytes: a line for each instruction, by how it ends at 0 to 8. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static sigjmp_buf back;
static char area[64] __attribute__((aligned(16)));

static void on_fault(int signal)
{
    siglongjmp(back, signal);
}

#define TRY(instruction)                                                                                        \
    do {                                                                                                        \
        printf("%s:", instruction);                                                                             \
        for (int offset = 0; offset <= 8; offset += 4) {                                                        \
            int signal = sigsetjmp(back, 1);                                                                    \
            if (!signal)                                                                                        \
                __asm__ volatile(instruction : : "r"(area + offset) : "xmm0", "mm0", "memory");                 \
            printf(" %d", signal);                                                                              \
        }                                                                                                       \
        printf("\n");                                                                                           \
    } while (0)

int main(void)
{
    signal(SIGSEGV, on_fault);
    TRY("movaps (%0), %%xmm0"); TRY("movaps %%xmm0, (%0)"); TRY("movups (%0), %%xmm0"); TRY("movapd (%0), %%xmm0");
    TRY("movdqa (%0), %%xmm0"); TRY("movdqu %%xmm0, (%0)"); TRY("lddqu (%0), %%xmm0"); TRY("movntdq %%xmm0, (%0)");
    TRY("movntps %%xmm0, (%0)"); TRY("movq (%0), %%xmm0"); TRY("movlps (%0), %%xmm0"); TRY("movhpd (%0), %%xmm0");
    TRY("movshdup (%0), %%xmm0"); TRY("movddup (%0), %%xmm0"); TRY("unpcklpd (%0), %%xmm0"); TRY("movntdqa (%0), %%xmm0");
    TRY("addps (%0), %%xmm0"); TRY("addsd (%0), %%xmm0"); TRY("addss (%0), %%xmm0"); TRY("sqrtpd (%0), %%xmm0");
    TRY("rcpps (%0), %%xmm0"); TRY("andnps (%0), %%xmm0"); TRY("cmpltpd (%0), %%xmm0"); TRY("cmpltsd (%0), %%xmm0");
    TRY("haddps (%0), %%xmm0"); TRY("addsubpd (%0), %%xmm0"); TRY("shufps $1, (%0), %%xmm0");
    TRY("cvtps2pd (%0), %%xmm0"); TRY("cvtpd2ps (%0), %%xmm0"); TRY("cvtdq2ps (%0), %%xmm0"); TRY("cvtdq2pd (%0), %%xmm0");
    TRY("cvtpd2dq (%0), %%xmm0"); TRY("cvttps2dq (%0), %%xmm0"); TRY("cvtps2pi (%0), %%mm0\n emms");
    TRY("cvtpd2pi (%0), %%mm0\n emms"); TRY("cvtpi2pd (%0), %%xmm0\n emms"); TRY("cvtsi2sd (%0), %%xmm0");
    TRY("comisd (%0), %%xmm0"); TRY("ucomiss (%0), %%xmm0");
    TRY("paddd (%0), %%xmm0"); TRY("paddd (%0), %%mm0\n emms"); TRY("pshufd $1, (%0), %%xmm0"); TRY("pxor (%0), %%xmm0");
    TRY("psllw (%0), %%xmm0"); TRY("punpcklbw (%0), %%xmm0"); TRY("pmuludq (%0), %%xmm0"); TRY("psadbw (%0), %%xmm0");
    TRY("packuswb (%0), %%xmm0"); TRY("pcmpeqb (%0), %%xmm0"); TRY("pinsrw $1, (%0), %%xmm0");
    TRY("pshufb (%0), %%xmm0"); TRY("pabsd (%0), %%xmm0"); TRY("palignr $1, (%0), %%xmm0"); TRY("phaddw (%0), %%xmm0");
    TRY("pmovzxbw (%0), %%xmm0"); TRY("pmovsxdq (%0), %%xmm0"); TRY("pmulld (%0), %%xmm0"); TRY("ptest (%0), %%xmm0");
    TRY("roundpd $0, (%0), %%xmm0"); TRY("roundss $0, (%0), %%xmm0"); TRY("blendps $1, (%0), %%xmm0");
    TRY("dpps $1, (%0), %%xmm0"); TRY("pblendw $1, (%0), %%xmm0"); TRY("insertps $1, (%0), %%xmm0");
    TRY("pextrd $1, %%xmm0, (%0)"); TRY("mpsadbw $1, (%0), %%xmm0"); TRY("pcmpgtq (%0), %%xmm0");
    TRY("pcmpistri $0, (%0), %%xmm0"); TRY("phminposuw (%0), %%xmm0"); TRY("aesenc (%0), %%xmm0");
    TRY("pclmulqdq $0, (%0), %%xmm0");
    return 0;
}
