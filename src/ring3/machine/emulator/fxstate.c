/*
 * The x87 and SSE registers as FXSAVE stores them (SDM 1, 10.5.1), of a processor that stands still: the other one of the
 * two takes programs over with them. There are no pointers to the last instruction and operand: they are 0.
 */
#include "x87.h"

enum { XMM = 16 };

struct image {
    uint16_t control, status;
    uint8_t used, reserved;
    uint16_t opcode;
    uint64_t instruction, operand;
    uint32_t mxcsr, mxcsr_mask;
    struct { uint64_t mantissa; uint16_t sign_exponent, padding[3]; } registers[8];
    uint64_t xmm[XMM][2];
    uint8_t rest[96];
};
_Static_assert(sizeof(struct image) == 512, "FXSAVE");

EXPORTED void ring3_fxsave(struct cpu *cpu, struct image *image)
{
    *image = (struct image){.mxcsr_mask = MXCSR_MASK};
    settle(cpu);
    image->control = cpu->control;
    image->status = (cpu->status & ~0x3800) | (cpu->top & 7) << 11;
    image->mxcsr = cpu->mxcsr | (cpu->sse.flags & FLAGS) | (cpu->sse.flags & FLUSHED ? UE | PE : 0);
    for (unsigned n = 0; n < 8; n++) {
        image->used |= !cpu->empty[n] << n;
        image->registers[n].mantissa = st(cpu, n)->mantissa;
        image->registers[n].sign_exponent = st(cpu, n)->sign_exponent;
    }
    for (unsigned n = 0; n < XMM; n++)
        image->xmm[n][0] = cpu->xmm[n].words[0], image->xmm[n][1] = cpu->xmm[n].words[1];
}

EXPORTED void ring3_fxrstor(struct cpu *cpu, const struct image *image)
{
    static const int8_t precisions[] = {32, 80, 64, 80};

    cpu->control = image->control;
    cpu->x87.rounding = image->control >> 10 & 3;
    cpu->x87.precision = precisions[image->control >> 8 & 3];
    cpu->x87.flags &= ~FLAGS;
    cpu->status = image->status & ~0x3800;
    cpu->top = image->status >> 11 & 7;
    for (unsigned n = 0; n < 8; n++) {
        cpu->empty[n] = !(image->used >> n & 1);
        *st(cpu, n) = (struct extended){image->registers[n].mantissa, image->registers[n].sign_exponent};
    }
    for (unsigned n = 0; n < XMM; n++)
        cpu->xmm[n].words[0] = image->xmm[n][0], cpu->xmm[n].words[1] = image->xmm[n][1];
    cpu->mxcsr = image->mxcsr & MXCSR_MASK;
    SYMBOL(update_mxcsr_status)(cpu);
}
