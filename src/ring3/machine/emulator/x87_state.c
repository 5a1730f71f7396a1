/*
 * The x87's environment: flags are kept by softfloat until somebody looks, and an unmasked exception is reported by
 * the next waiting instruction (SDM volume 1, section 8.7). The emulator's core does neither.
 */
#include "x87.h"

/* ---- who reads or loads the environment: the emulator's own, with the status word brought up to date. By a tail
   call, so that page faults in it find the instruction. */

#define SETTLED(name, ...)                                                                                      \
    ORIGINAL(name, void, helper_##name##_x86_64, struct cpu *, uint64_t, uint64_t);                             \
    REPLACED(void, helper_##name, struct cpu *cpu, uint64_t address, uint64_t mask)                             \
    {                                                                                                           \
        settle(cpu);                                                                                            \
        TAIL_CALL CALL(name)(cpu, address, mask);                                                               \
    }
SETTLED(fxsave)
SETTLED(xsave)
SETTLED(xsaveopt)
SETTLED(xrstor)
SETTLED(fsave)
SETTLED(fninit)

ORIGINAL(load32, uint32_t, cpu_ldl_data_ra_x86_64, struct cpu *, uint64_t, uintptr_t);
ORIGINAL(fxrstor, void, helper_fxrstor_x86_64, struct cpu *, uint64_t);

/* What `ldmxcsr` would not load, this does not either. */
REPLACED(void, helper_fxrstor, struct cpu *cpu, uint64_t address)
{
    settle(cpu);
    if (!(address & 15) && CALL(load32)(cpu, address + 24, RETURN_ADDRESS) & ~MXCSR_MASK)
        ring3_raise(cpu, VECTOR_GP, RETURN_ADDRESS);
    TAIL_CALL CALL(fxrstor)(cpu, address);
}

#define WAITING_SETTLED(name)                                                                                   \
    ORIGINAL(name, void, helper_##name##_x86_64, struct cpu *, uint64_t, uint64_t);                             \
    REPLACED(void, helper_##name, struct cpu *cpu, uint64_t address, uint64_t format)                           \
    {                                                                                                           \
        wait_for_errors(cpu, RETURN_ADDRESS);                                                                   \
        settle(cpu);                                                                                            \
        TAIL_CALL CALL(name)(cpu, address, format);                                                             \
    }
WAITING_SETTLED(fldenv)
WAITING_SETTLED(frstor)

ORIGINAL(store32, void, cpu_stl_data_ra_x86_64, struct cpu *, uint64_t, uint32_t, uintptr_t);
ORIGINAL(store16, void, cpu_stw_data_ra_x86_64, struct cpu *, uint64_t, uint32_t, uintptr_t);

static uint16_t status_word(struct cpu *cpu)
{
    settle(cpu);
    return (cpu->status & ~0x3800) | (cpu->top & 7) << 11;
}

/* Two bits a register: valid, zero, special, empty. */
static uint16_t tag_word(const struct cpu *cpu)
{
    unsigned tags = 0;
    for (int i = 7; i >= 0; i--) {
        const struct extended *value = &cpu->registers[i];
        unsigned exponent = value->sign_exponent & 0x7fff;
        tags <<= 2;
        if (cpu->empty[i])
            tags |= 3;
        else if (!exponent && !value->mantissa)
            tags |= 1;
        else if (!exponent || exponent == 0x7fff || !(value->mantissa >> 63))
            tags |= 2;
    }
    return tags;
}

/* fnstenv: the emulator's own forgets to mask all exceptions afterwards. */
REPLACED(void, helper_fstenv, struct cpu *cpu, uint64_t address, int wide)
{
    uint32_t words[7] = {cpu->control, status_word(cpu), tag_word(cpu)};
    if (wide)
        words[0] |= 0xffff0000, words[1] |= 0xffff0000, words[2] |= 0xffff0000;
    for (int i = 0; i < 7; i++) {
        if (wide)
            CALL(store32)(cpu, address + 4 * i, words[i], RETURN_ADDRESS);
        else
            CALL(store16)(cpu, address + 2 * i, words[i], RETURN_ADDRESS);
    }
    cpu->control |= ALL_FLAGS;
}

REPLACED(uint32_t, helper_fnstsw, struct cpu *cpu)
{
    return status_word(cpu);
}

REPLACED(void, helper_fclex, struct cpu *cpu)
{
    cpu->x87.flags &= ~FLAGS;
    cpu->status &= 0x7f00;
}

REPLACED(void, helper_fwait, struct cpu *cpu)
{
    wait_for_errors(cpu, RETURN_ADDRESS);
}

/* ---- the first helper of each other waiting instruction */

#define WAITING(name, begin)                                                                                         \
    ORIGINAL(name, uint64_t, helper_##name##_x86_64, struct cpu *, uint64_t);                                   \
    REPLACED(uint64_t, helper_##name, struct cpu *cpu, uint64_t argument)                                       \
    {                                                                                                           \
        begin(cpu, RETURN_ADDRESS);                                                                             \
        TAIL_CALL CALL(name)(cpu, argument);                                                                    \
    }
WAITING(enter_mmx, wait_for_errors)
WAITING(emms, wait_for_errors)
WAITING(fldcw, wait_for_errors)
WAITING(fpush, begin) /* fld of a register and of the constants */
WAITING(fildl_ST0, begin)
WAITING(fildll_ST0, begin)
WAITING(fldt_ST0, begin)
WAITING(fbld_ST0, begin)
WAITING(fildl_FT0, begin) /* arithmetic and comparison with an integer */
WAITING(fmov_FT0_STN, begin) /* and with a register */
WAITING(fldz_FT0, begin) /* ftst */
WAITING(fistl_ST0, begin)
WAITING(fistll_ST0, begin)
WAITING(fstt_ST0, begin)
WAITING(fbst_ST0, begin)
WAITING(fmov_STN_ST0, begin)
WAITING(fxchg_ST0_STN, begin)
WAITING(fchs_ST0, begin)
WAITING(fabs_ST0, begin)
WAITING(fxam_ST0, begin)
WAITING(fincstp, begin)
WAITING(fdecstp, begin)
WAITING(ffree_STN, begin)
