/*
 * x87 instructions that the emulator's core does wrongly or with 53 bits: done on the host's own x87, with the
 * program's rounding and precision and every exception masked.
 */
#include "x87.h"

/* What an instruction left: the status word, and one or two results from the top of the stack. */
struct outcome {
    uint16_t status;
    struct extended first, second;
};

/* `load`, `instruction`, `store` as text; `%[a]` and `%[b]` are the operands, `%[first]` and `%[second]` results. */
#define ON_HOST(outcome, words, a_operand, b_operand, load, instruction, store)                                 \
    do {                                                                                                        \
        uint16_t host_control, control = (words) | ALL_FLAGS;                                                   \
        __asm__ volatile("fnstcw %[host]\n fldcw %[control]\n fnclex\n" load instruction                        \
                         "\n fnstsw %%ax\n movw %%ax, %[status]\n" store "\n fnclex\n fldcw %[host]"            \
                         : [host] "=m"(host_control), [status] "=m"((outcome).status),                          \
                           [first] "=m"((outcome).first), [second] "=m"((outcome).second)                       \
                         : [control] "m"(control), [a] "m"(a_operand), [b] "m"(b_operand)                       \
                         : "ax", "st", "st(1)", "st(2)");                                                       \
    } while (0)
#define ONE "fldt %[a]\n"
#define TWO "fldt %[b]\n fldt %[a]\n"
#define STORE_ONE "fstpt %[first]\n"

/* Takes over flags and those condition codes that the instruction defines. */
static void conclude(struct cpu *cpu, uint16_t status, uint16_t codes)
{
    cpu->status = (cpu->status & ~codes) | (status & (codes | ALL_FLAGS));
    settle(cpu);
}

/* Whether the destination stays as it was: an unmasked IE, DE or ZE. */
static int is_withheld(const struct cpu *cpu, const struct outcome *outcome)
{
    return outcome->status & ~cpu->control & (IE | DE | ZE);
}

static void put(struct extended *to, struct extended value)
{
    to->mantissa = value.mantissa;
    to->sign_exponent = value.sign_exponent;
}

/* ---- one operand, one result */
#define UNARY(name, codes)                                                                                      \
    REPLACED(void, helper_##name, struct cpu *cpu)                                                              \
    {                                                                                                           \
        struct outcome outcome;                                                                                 \
        begin(cpu, RETURN_ADDRESS);                                                                   \
        ON_HOST(outcome, cpu->control, *st(cpu, 0), *st(cpu, 0), ONE, #name, STORE_ONE);                        \
        conclude(cpu, outcome.status, codes);                                                                   \
        if (!is_withheld(cpu, &outcome))                                                                        \
            put(st(cpu, 0), outcome.first);                                                                     \
    }
UNARY(fsqrt, C1)
UNARY(frndint, C1)
UNARY(f2xm1, C1)
UNARY(fsin, C1 | C2)
UNARY(fcos, C1 | C2)

static int is_nan(const struct extended *value)
{
    return (value->sign_exponent & 0x7fff) == 0x7fff && value->mantissa << 1;
}

/* ---- two operands, the second one stays; a NaN has no quotient, whose bits C0 and C3 would tell */
#define KEEPING(name, codes)                                                                                    \
    REPLACED(void, helper_##name, struct cpu *cpu)                                                              \
    {                                                                                                           \
        struct outcome outcome;                                                                                 \
        begin(cpu, RETURN_ADDRESS);                                                                   \
        ON_HOST(outcome, cpu->control, *st(cpu, 0), *st(cpu, 1), TWO, #name, STORE_ONE "fstp %%st\n");          \
        conclude(cpu, outcome.status, is_nan(&outcome.first) ? (codes) & ~(C0 | C3) : (codes));                 \
        if (!is_withheld(cpu, &outcome))                                                                        \
            put(st(cpu, 0), outcome.first);                                                                     \
    }
KEEPING(fprem, C0 | C1 | C2 | C3)
KEEPING(fprem1, C0 | C1 | C2 | C3)
KEEPING(fscale, C1)

/* ---- two operands, both replaced by the result */
#define POPPING(name)                                                                                           \
    REPLACED(void, helper_##name, struct cpu *cpu)                                                              \
    {                                                                                                           \
        struct outcome outcome;                                                                                 \
        begin(cpu, RETURN_ADDRESS);                                                                   \
        ON_HOST(outcome, cpu->control, *st(cpu, 0), *st(cpu, 1), TWO, #name, STORE_ONE);                        \
        conclude(cpu, outcome.status, C1);                                                                      \
        if (!is_withheld(cpu, &outcome)) {                                                                      \
            put(st(cpu, 1), outcome.first);                                                                     \
            pop(cpu);                                                                                           \
        }                                                                                                       \
    }
POPPING(fyl2x)
POPPING(fyl2xp1)
POPPING(fpatan)

/* ---- one operand, two results; none where C2 says that the operand is out of range */
#define SPLITTING(name, store, none, codes)                                                                     \
    REPLACED(void, helper_##name, struct cpu *cpu)                                                              \
    {                                                                                                           \
        struct outcome outcome;                                                                                 \
        begin(cpu, RETURN_ADDRESS);                                                                   \
        ON_HOST(outcome, cpu->control, *st(cpu, 0), *st(cpu, 0), ONE, #name, store "fstpt %[second]\n");        \
        conclude(cpu, outcome.status, codes);                                                                   \
        if (!is_withheld(cpu, &outcome) && !(outcome.status & (none))) {                                        \
            put(st(cpu, 0), outcome.second);                                                                    \
            push(cpu, outcome.first);                                                                           \
        }                                                                                                       \
    }
#define STORE_IN_RANGE "testw $0x400, %%ax\n jnz 1f\n" STORE_ONE "1:\n"
SPLITTING(fsincos, STORE_IN_RANGE, C2, C1 | C2)
SPLITTING(fptan, STORE_IN_RANGE, C2, C1 | C2)
SPLITTING(fxtract, STORE_ONE, 0, C1)

/* ---- the four operations: softfloat's, but for denormals (DE) and where an exception may withhold the result */
static int is_denormal(const struct extended *value)
{
    return value->mantissa && !(value->sign_exponent & 0x7fff);
}

#define ARITHMETIC(name)                                                                                        \
    ORIGINAL(name, struct extended, floatx80_##name##_x86_64, struct extended, struct extended,                 \
             struct softfloat *);                                                                               \
    static void name(struct cpu *cpu, struct extended *to, struct extended a, struct extended b)                \
    {                                                                                                           \
        struct outcome outcome;                                                                                 \
        if (!UNLIKELY(~cpu->control & (IE | DE | ZE) || is_denormal(&a) || is_denormal(&b))) {                  \
            put(to, CALL(name)(a, b, &cpu->x87));                                                               \
            return;                                                                                             \
        }                                                                                                       \
        ON_HOST(outcome, cpu->control, a, b, TWO, "f" #name " %%st(1), %%st", STORE_ONE "fstp %%st\n");         \
        conclude(cpu, outcome.status, C1);                                                                      \
        if (!is_withheld(cpu, &outcome))                                                                        \
            put(to, outcome.first);                                                                             \
    }                                                                                                           \
    REPLACED(void, helper_f##name##_ST0_FT0, struct cpu *cpu)                                                   \
    {                                                                                                           \
        name(cpu, st(cpu, 0), *st(cpu, 0), cpu->operand);                                                       \
    }                                                                                                           \
    REPLACED(void, helper_f##name##_STN_ST0, struct cpu *cpu, int number)                                       \
    {                                                                                                           \
        begin(cpu, RETURN_ADDRESS);                                                                             \
        name(cpu, st(cpu, number), *st(cpu, number), *st(cpu, 0));                                              \
    }
#define REVERSIBLE(name)                                                                                        \
    ARITHMETIC(name)                                                                                            \
    REPLACED(void, helper_f##name##r_ST0_FT0, struct cpu *cpu)                                                  \
    {                                                                                                           \
        name(cpu, st(cpu, 0), cpu->operand, *st(cpu, 0));                                                       \
    }                                                                                                           \
    REPLACED(void, helper_f##name##r_STN_ST0, struct cpu *cpu, int number)                                      \
    {                                                                                                           \
        begin(cpu, RETURN_ADDRESS);                                                                             \
        name(cpu, st(cpu, number), *st(cpu, 0), *st(cpu, number));                                              \
    }
ARITHMETIC(add)
ARITHMETIC(mul)
REVERSIBLE(sub)
REVERSIBLE(div)

/* ---- comparisons, which tell of a denormal unless one operand is a NaN */
static void note_denormal(struct cpu *cpu)
{
    const struct extended *a = st(cpu, 0), *b = &cpu->operand;
    if (UNLIKELY(is_denormal(a) || is_denormal(b)) && !is_nan(a) && !is_nan(b)) {
        cpu->status |= DE;
        settle(cpu);
    }
}

#define COMPARING(name)                                                                                         \
    ORIGINAL(name, void, helper_##name##_ST0_FT0_x86_64, struct cpu *);                                         \
    REPLACED(void, helper_##name##_ST0_FT0, struct cpu *cpu)                                                    \
    {                                                                                                           \
        note_denormal(cpu);                                                                                     \
        TAIL_CALL CALL(name)(cpu);                                                                              \
    }
COMPARING(fcom)
COMPARING(fucom)
COMPARING(fcomi)
COMPARING(fucomi)

/* ---- loads: signalling NaNs become quiet and denormals raise DE */
#define LOAD_ON_HOST(outcome, value, instruction)                                                               \
    ON_HOST(outcome, 0x37f, value, value, instruction " %[a]\n", "", STORE_ONE)

static struct extended load_single(struct cpu *cpu, uint32_t value)
{
    struct outcome outcome;
    unsigned exponent = value >> 23 & 0xff;
    LOAD_ON_HOST(outcome, value, "flds");
    if (!exponent || exponent == 0xff)
        conclude(cpu, outcome.status, C1);
    return outcome.first;
}

static struct extended load_double(struct cpu *cpu, uint64_t value)
{
    struct outcome outcome;
    unsigned exponent = value >> 52 & 0x7ff;
    LOAD_ON_HOST(outcome, value, "fldl");
    if (!exponent || exponent == 0x7ff)
        conclude(cpu, outcome.status, C1);
    return outcome.first;
}

REPLACED(void, helper_flds_ST0, struct cpu *cpu, uint32_t value)
{
    begin(cpu, RETURN_ADDRESS);
    push(cpu, load_single(cpu, value));
}

REPLACED(void, helper_fldl_ST0, struct cpu *cpu, uint64_t value)
{
    begin(cpu, RETURN_ADDRESS);
    push(cpu, load_double(cpu, value));
}

REPLACED(void, helper_flds_FT0, struct cpu *cpu, uint32_t value)
{
    begin(cpu, RETURN_ADDRESS);
    cpu->operand = load_single(cpu, value);
}

REPLACED(void, helper_fldl_FT0, struct cpu *cpu, uint64_t value)
{
    begin(cpu, RETURN_ADDRESS);
    cpu->operand = load_double(cpu, value);
}

/* ---- stores: the 16-bit range, truncation that overflows, and NaNs */
#define STORE_ON_HOST(cpu, type, instruction)                                                                   \
    do {                                                                                                        \
        struct outcome outcome;                                                                                 \
        ON_HOST(outcome, cpu->control, *st(cpu, 0), *st(cpu, 0), ONE, instruction " %[first]", "");             \
        conclude(cpu, outcome.status, C1);                                                                      \
        return *(type *)&outcome.first;                                                                         \
    } while (0)
#define STORING(name, result, type, instruction)                                                                \
    REPLACED(result, helper_##name, struct cpu *cpu)                                                            \
    {                                                                                                           \
        begin(cpu, RETURN_ADDRESS);                                                                   \
        STORE_ON_HOST(cpu, type, instruction);                                                                  \
    }
STORING(fist_ST0, int32_t, int16_t, "fistps")
STORING(fistt_ST0, int32_t, int16_t, "fisttps")
STORING(fisttl_ST0, int32_t, int32_t, "fisttpl")
STORING(fisttll_ST0, int64_t, int64_t, "fisttpll")

#define STORING_NAN(name, type, instruction)                                                                    \
    ORIGINAL(name, type, helper_##name##_x86_64, struct cpu *);                                                 \
    REPLACED(type, helper_##name, struct cpu *cpu)                                                              \
    {                                                                                                           \
        begin(cpu, RETURN_ADDRESS);                                                                   \
        if ((st(cpu, 0)->sign_exponent & 0x7fff) == 0x7fff)                                                     \
            STORE_ON_HOST(cpu, type, instruction);                                                              \
        TAIL_CALL CALL(name)(cpu);                                                                              \
    }
STORING_NAN(fsts_ST0, uint32_t, "fstps")
STORING_NAN(fstl_ST0, uint64_t, "fstpl")
