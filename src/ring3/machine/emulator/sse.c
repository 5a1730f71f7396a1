/*
 * SSE arithmetic: flags in MXCSR, and #XM.
 *
 * softfloat computes the flags; the emulator's core never tells MXCSR. An operation with an unmasked exception leaves
 * its destination alone and is reported at its own instruction (SDM volume 1, section 11.5).
 */
#include "emulator.h"

typedef uint64_t operation(struct cpu *, void *, void *, uint64_t);

/* ROUND as softfloat counts it is MXCSR's RC as it is. The emulator's own puts FZ into the x87's state. */
REPLACED(void, update_mxcsr_status, struct cpu *cpu)
{
    cpu->sse.rounding = cpu->mxcsr >> 13 & 3;
    cpu->sse.flush_operands = cpu->mxcsr >> 6 & 1;
    cpu->sse.flush_results = cpu->mxcsr >> 15 & 1;
    cpu->sse.flags = cpu->mxcsr & FLAGS;
    cpu->x87.flush_results = 0;
}

/* Bits of MXCSR that there are not are #GP (SDM 1, 10.2.3); the emulator's own sets them. */
REPLACED(void, helper_ldmxcsr, struct cpu *cpu, uint32_t value)
{
    if (value & ~MXCSR_MASK)
        ring3_raise(cpu, VECTOR_GP, RETURN_ADDRESS);
    cpu->mxcsr = value;
    SYMBOL(update_mxcsr_status)(cpu);
}

/* softfloat's flags as MXCSR has them: a result that was flushed to zero is an underflow and inexact. */
static inline unsigned sse_flags(struct cpu *cpu)
{
    if (UNLIKELY(cpu->sse.flags & FLUSHED))
        cpu->sse.flags = (cpu->sse.flags & ~FLUSHED) | UE | PE;
    return cpu->sse.flags & FLAGS;
}

/* The operation where some exception is unmasked: done, looked at, and undone if it is to be reported. */
__attribute__((noinline)) static uint64_t run_unmasked(struct cpu *cpu, void *destination, void *source, uint64_t control,
                                                       operation *original, uintptr_t from)
{
    uint64_t *result = destination, kept[2] = {result[0], result[1]}, codes = cpu->cc_source;
    unsigned before = cpu->sse.flags & FLAGS, flags, reported;

    cpu->sse.flags = 0;
    uint64_t value = original(cpu, destination, source, control);
    flags = sse_flags(cpu);
    reported = flags & ~(cpu->mxcsr >> 7);
    if (reported & (IE | ZE))
        flags &= IE | ZE; /* found before the result is computed: the others are not known then */
    cpu->sse.flags = before | flags;
    cpu->mxcsr |= flags;
    if (reported) {
        result[0] = kept[0];
        result[1] = kept[1];
        cpu->cc_source = codes;
        ring3_raise(cpu, VECTOR_XM, from);
    }
    return value;
}

static inline int masks_all(const struct cpu *cpu)
{
    return (cpu->mxcsr & ALL_FLAGS << 7) == ALL_FLAGS << 7;
}

#define REPORTING(name, function)                                                                               \
    REPLACED(uint64_t, helper_##name, struct cpu *cpu, void *destination, void *source, uint64_t control)       \
    {                                                                                                           \
        if (UNLIKELY(!masks_all(cpu)))                                                                          \
            return run_unmasked(cpu, destination, source, control, function, RETURN_ADDRESS);                   \
        uint64_t value = function(cpu, destination, source, control);                                           \
        cpu->mxcsr |= sse_flags(cpu);                                                                           \
        return value;                                                                                           \
    }
#define OPERATION(name)                                                                                         \
    ORIGINAL(name, uint64_t, helper_##name##_x86_64, struct cpu *, void *, void *, uint64_t);                   \
    REPORTING(name, CALL(name))
#define OF_ALL_FORMATS(name) OPERATION(name##ps) OPERATION(name##ss) OPERATION(name##pd) OPERATION(name##sd)
OF_ALL_FORMATS(add)
OF_ALL_FORMATS(sub)
OF_ALL_FORMATS(mul)
OF_ALL_FORMATS(div)
OF_ALL_FORMATS(sqrt)
OF_ALL_FORMATS(cmpeq)
OF_ALL_FORMATS(cmplt)
OF_ALL_FORMATS(cmple)
OF_ALL_FORMATS(cmpunord)
OF_ALL_FORMATS(cmpneq)
OF_ALL_FORMATS(cmpnlt)
OF_ALL_FORMATS(cmpnle)
OF_ALL_FORMATS(cmpord)
OPERATION(ucomiss) OPERATION(comiss) OPERATION(ucomisd) OPERATION(comisd)
OPERATION(haddps) OPERATION(haddpd) OPERATION(hsubps) OPERATION(hsubpd) OPERATION(addsubps) OPERATION(addsubpd)
OPERATION(dpps_xmm) OPERATION(dppd_xmm)
OPERATION(cvtps2pd) OPERATION(cvtpd2ps) OPERATION(cvtss2sd) OPERATION(cvtsd2ss)
OPERATION(cvtdq2ps) OPERATION(cvtpi2ps) OPERATION(cvtsi2ss) OPERATION(cvtsq2ss) OPERATION(cvtsq2sd)
OPERATION(cvtps2dq) OPERATION(cvtpd2dq) OPERATION(cvtps2pi) OPERATION(cvtpd2pi)
OPERATION(cvtss2si) OPERATION(cvtsd2si) OPERATION(cvtss2sq) OPERATION(cvtsd2sq)
OPERATION(cvttps2dq) OPERATION(cvttpd2dq) OPERATION(cvttps2pi) OPERATION(cvttpd2pi)
OPERATION(cvttss2si) OPERATION(cvttsd2si) OPERATION(cvttss2sq) OPERATION(cvttsd2sq)

/* ---- minimum and maximum, which give one of their operands: as a zero where denormals are taken for zeros */
static void flush_singles(uint32_t *value, int count)
{
    for (int i = 0; i < count; i++)
        value[i] &= value[i] & 0x7f800000 ? UINT32_MAX : 1u << 31;
}

static void flush_doubles(uint64_t *value, int count)
{
    for (int i = 0; i < count; i++)
        value[i] &= value[i] & 0x7ff0000000000000 ? UINT64_MAX : 1ull << 63;
}

#define CHOOSING(name, flush, count)                                                                            \
    ORIGINAL(name, uint64_t, helper_##name##_x86_64, struct cpu *, void *, void *, uint64_t);                   \
    static uint64_t name(struct cpu *cpu, void *destination, void *source, uint64_t control)                    \
    {                                                                                                           \
        CALL(name)(cpu, destination, source, control);                                                          \
        if (UNLIKELY(cpu->sse.flush_operands))                                                                  \
            flush(destination, count);                                                                          \
        return 0;                                                                                               \
    }                                                                                                           \
    REPORTING(name, name)
CHOOSING(minss, flush_singles, 1)
CHOOSING(maxss, flush_singles, 1)
CHOOSING(minps, flush_singles, 4)
CHOOSING(maxps, flush_singles, 4)
CHOOSING(minsd, flush_doubles, 1)
CHOOSING(maxsd, flush_doubles, 1)
CHOOSING(minpd, flush_doubles, 2)
CHOOSING(maxpd, flush_doubles, 2)

/* ---- rounding to integers: bit 3 of the control byte says that nothing is to be told of inexact results */
#define ROUNDING(name)                                                                                          \
    ORIGINAL(name, uint64_t, helper_##name##_x86_64, struct cpu *, void *, void *, uint64_t);                   \
    static uint64_t name(struct cpu *cpu, void *destination, void *source, uint64_t control)                    \
    {                                                                                                           \
        uint8_t before = cpu->sse.flags;                                                                        \
        uint64_t value = CALL(name)(cpu, destination, source, control);                                         \
        if (control & 8)                                                                                        \
            cpu->sse.flags = (cpu->sse.flags & ~PE) | (before & PE);                                            \
        return value;                                                                                           \
    }                                                                                                           \
    REPORTING(name, name)
ROUNDING(roundps_xmm)
ROUNDING(roundpd_xmm)
ROUNDING(roundss_xmm)
ROUNDING(roundsd_xmm)

/*
 * ---- approximations: the host's own, or the emulator's exact ones where all hosts must agree. They take denormals for
 * zeros, flush tiny results and raise nothing (SDM volume 2, RCPPS).
 */
#define APPROXIMATION(name, load, store, count)                                                                 \
    ORIGINAL(name, void, helper_##name##_x86_64, struct cpu *, void *, void *);                                 \
    REPLACED(void, helper_##name, struct cpu *cpu, void *destination, void *source)                             \
    {                                                                                                           \
        if (cpu->hflags2 & REPEATABLE) {                                                                        \
            struct vector operand = *(struct vector *)source;                                                   \
            uint8_t before = cpu->sse.flags;                                                                    \
            flush_singles((uint32_t *)&operand, count);                                                         \
            CALL(name)(cpu, destination, &operand);                                                             \
            flush_singles(destination, count);                                                                  \
            cpu->sse.flags = before;                                                                            \
        } else {                                                                                                \
            __asm__ volatile(load " (%1), %%xmm0\n " #name " %%xmm0, %%xmm0\n " store " %%xmm0, (%0)"           \
                             : : "r"(destination), "r"(source) : "xmm0", "memory");                             \
        }                                                                                                       \
    }
APPROXIMATION(rcpss, "movss", "movss", 1)
APPROXIMATION(rcpps, "movups", "movups", 4)
APPROXIMATION(rsqrtss, "movss", "movss", 1)
APPROXIMATION(rsqrtps, "movups", "movups", 4)
