/*
 * Floating-point instructions on random operands: a line for each with the result's bits, the exception flags and, of
 * the x87, the condition codes. What the processor gives here, the emulated one has to give too.
 *
 *     operations SEED COUNT    COUNT operands for each instruction
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static int count;
static const char *seed;

static uint64_t number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* ---- operands: one in two is special or near the edge of the format */

static uint64_t bits64(void)
{
    uint64_t any = number(), fraction = any >> 12, sign = number() << 63;
    switch (number() % 16) {
    case 0: return sign;
    case 1: return sign | 0x7ff0000000000000; /* infinity */
    case 2: return sign | 0x7ff8000000000001; /* quiet NaN */
    case 3: return sign | 0x7ff0000000000001 | (any & 0xff); /* signalling NaN */
    case 4: return sign | fraction; /* denormal */
    case 5: return sign | fraction | 1ull << 52; /* the smallest exponent */
    case 6: return sign | fraction | 0x7fe0000000000000; /* the largest */
    case 7: return sign | 0x3ff0000000000000;
    case 8: case 9: {
        double integer = (int32_t)any;
        uint64_t bits;
        memcpy(&bits, &integer, 8);
        return bits;
    }
    case 10: case 11: case 12: return sign | fraction | (0x3ffull - 30 + any % 60) << 52;
    default: return any;
    }
}

static uint32_t bits32(void)
{
    uint32_t any = number(), fraction = any & 0x7fffff, sign = number() << 31;
    switch (number() % 10) {
    case 0: return sign;
    case 1: return sign | 0x7f800000;
    case 2: return sign | 0x7fc00001;
    case 3: return sign | 0x7f800001;
    case 4: return sign | fraction;
    case 5: return sign | fraction | 0x7f000000;
    case 6: case 7: return sign | fraction | (127 - 20 + number() % 40) << 23;
    default: return any;
    }
}

static double operand64(void)
{
    uint64_t bits = bits64();
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static float operand32(void)
{
    uint32_t bits = bits32();
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

struct extended {
    uint64_t mantissa;
    uint16_t sign_exponent;
};

static long double operand80(void)
{
    uint64_t any = number(), normal = any | 1ull << 63;
    struct extended bits = {normal, 1 + any % 0x7ffd};
    long double value = 0;
    switch (number() % 14) {
    case 0: bits = (struct extended){0, 0}; break;
    case 1: bits = (struct extended){1ull << 63, 0x7fff}; break;
    case 2: bits = (struct extended){0xc000000000000001, 0x7fff}; break;
    case 3: bits = (struct extended){0x8000000000000001, 0x7fff}; break;
    case 4: bits = (struct extended){any >> 1, 0}; break;
    case 5: bits = (struct extended){normal, 1 + any % 3}; break;
    case 6: bits = (struct extended){normal, 0x7ffe}; break;
    case 7: return (int32_t)any;
    case 8: case 9: case 10: case 11: bits = (struct extended){normal, 0x3fff - 40 + (any >> 3) % 80}; break;
    }
    bits.sign_exponent |= number() << 15;
    memcpy(&value, &bits, 10);
    return value;
}

/* ---- what is printed */

/* Begins an instruction's operands, which do not depend on the others'. */
static int begin(const char *name)
{
    state = 0x9e3779b97f4a7c15 ^ (uint64_t)atoll(seed) << 32;
    for (const char *letter = name; *letter; letter++)
        state = state * 31 + *letter;
    return 0;
}

static void line(const char *name, int index, const void *result, size_t size, unsigned flags, unsigned codes)
{
    uint64_t low = 0;
    uint16_t high = 0;
    memcpy(&low, result, size < 8 ? size : 8);
    if (size > 8)
        memcpy(&high, (const char *)result + 8, 2);
    printf("%s %d %04x%016llx %02x %04x\n", name, index, high, (unsigned long long)low, flags & 0x3f, codes & 0x4700);
}

/* Rounding to nearest for most, the other three for some. */
#define ROUNDING(i) ((i) % 8 < 5 ? 0u : (unsigned)(i) % 8 - 4)
#define MXCSR(i) (0x1f80 | ROUNDING(i) << 13 | extra)
#define CONTROL(i) (0x37f | ROUNDING(i) << 10)

static unsigned extra; /* of MXCSR: denormals-are-zero, flush-to-zero */

#define EACH(name) for (int i = begin(name); i < count; i++)

/* ---- SSE */
#define SSE(type, operand, name, instruction)                                                                   \
    EACH(name)                                                                                                  \
    {                                                                                                           \
        type a = operand(), b = operand();                                                                      \
        unsigned before = MXCSR(i), after;                                                                      \
        __asm__ volatile("ldmxcsr %2\n" instruction " %3, %0\n stmxcsr %1"                                      \
                         : "+x"(a), "=m"(after) : "m"(before), "x"(b));                                         \
        line(name, i, &a, sizeof a, after, 0);                                                                  \
    }
#define CONVERTING(type, result, operand, name, instruction)                                                    \
    EACH(name)                                                                                                  \
    {                                                                                                           \
        type a = operand();                                                                                     \
        result r;                                                                                               \
        unsigned before = MXCSR(i), after;                                                                      \
        __asm__ volatile("ldmxcsr %2\n" instruction " %3, %0\n stmxcsr %1"                                      \
                         : "=r"(r), "=m"(after) : "m"(before), "x"(a));                                         \
        line(name, i, &r, sizeof r, after, 0);                                                                  \
    }
#define FROM_INTEGER(type, result, name, instruction)                                                           \
    EACH(name)                                                                                                  \
    {                                                                                                           \
        type a = number() >> number() % 64;                                                                     \
        result r = 0;                                                                                           \
        unsigned before = MXCSR(i), after;                                                                      \
        __asm__ volatile("ldmxcsr %2\n" instruction " %3, %0\n stmxcsr %1"                                      \
                         : "+x"(r), "=m"(after) : "m"(before), "r"(a));                                         \
        line(name, i, &r, sizeof r, after, 0);                                                                  \
    }
#define COMPARING(type, operand, name, instruction)                                                             \
    EACH(name)                                                                                                  \
    {                                                                                                           \
        type a = operand(), b = operand();                                                                      \
        uint64_t flags;                                                                                         \
        unsigned before = MXCSR(i), after;                                                                      \
        __asm__ volatile("ldmxcsr %2\n" instruction " %3, %4\n pushfq\n popq %0\n stmxcsr %1"                   \
                         : "=r"(flags), "=m"(after) : "m"(before), "x"(b), "x"(a) : "cc");                      \
        flags &= 0x8d5;                                                                                         \
        line(name, i, &flags, sizeof flags, after, 0);                                                          \
    }

static void sse(void)
{
#define SD(name) SSE(double, operand64, #name, #name)
#define SS(name) SSE(float, operand32, #name, #name)
    SD(addsd) SD(subsd) SD(mulsd) SD(divsd) SD(sqrtsd) SD(minsd) SD(maxsd)
    SS(addss) SS(subss) SS(mulss) SS(divss) SS(sqrtss) SS(minss) SS(maxss) SS(rcpss) SS(rsqrtss)
    SD(cmpeqsd) SD(cmpltsd) SD(cmplesd) SD(cmpunordsd) SD(cmpneqsd) SD(cmpnltsd) SD(cmpnlesd) SD(cmpordsd) SS(cmpltss)
    SD(cvtsd2ss) SD(cvtpd2ps) SD(haddpd) SD(hsubpd) SD(addsubpd) SD(addpd) SD(mulpd) SD(cvtpd2dq) SD(cvttpd2dq)
    SS(cvtss2sd) SS(cvtps2dq) SS(cvttps2dq) SS(addps) SS(divps) SS(cvtps2pd)
    SSE(double, operand64, "roundsd 4", "roundsd $4,") SSE(double, operand64, "roundsd 9", "roundsd $9,")
    SSE(float, operand32, "roundss 2", "roundss $2,") SSE(float, operand32, "dpps", "dpps $0x11,")
    CONVERTING(double, int32_t, operand64, "cvtsd2si", "cvtsd2si")
    CONVERTING(double, int32_t, operand64, "cvttsd2si", "cvttsd2si")
    CONVERTING(double, int64_t, operand64, "cvtsd2siq", "cvtsd2si")
    CONVERTING(float, int64_t, operand32, "cvttss2siq", "cvttss2si")
    CONVERTING(float, int32_t, operand32, "cvtss2si", "cvtss2si")
    FROM_INTEGER(int32_t, double, "cvtsi2sdl", "cvtsi2sdl") FROM_INTEGER(int32_t, float, "cvtsi2ssl", "cvtsi2ssl")
    FROM_INTEGER(int64_t, double, "cvtsi2sdq", "cvtsi2sdq") FROM_INTEGER(int64_t, float, "cvtsi2ssq", "cvtsi2ssq")
    COMPARING(double, operand64, "comisd", "comisd") COMPARING(double, operand64, "ucomisd", "ucomisd")
    COMPARING(float, operand32, "comiss", "comiss") COMPARING(float, operand32, "ucomiss", "ucomiss")
}

/* ---- x87 */
#define X87_STATUS(before) "fnclex\n fldcw %2\n" before "\n fnstsw %%ax\n movw %%ax, %1\n"
#define UNARY(name)                                                                                             \
    EACH(#name)                                                                                                 \
    {                                                                                                           \
        long double a = operand80(), r;                                                                         \
        uint16_t control = CONTROL(i), status;                                                                  \
        __asm__ volatile(X87_STATUS(#name) : "=t"(r), "=m"(status) : "m"(control), "0"(a) : "ax");              \
        line(#name, i, &r, 10, status, status);                                                                 \
    }
/* One operand, two results, of which the first is dropped; only one where the operand is out of range, with C2 set. */
#define IN_RANGE "testw $0x400, %%ax\n jnz 1f\n"
#define SPLITTING(name, when)                                                                                       \
    EACH(#name)                                                                                                 \
    {                                                                                                           \
        long double a = operand80(), r;                                                                         \
        uint16_t control = CONTROL(i), status;                                                                  \
        __asm__ volatile(X87_STATUS(#name) when "fstp %%st\n 1:"                                                  \
                         : "=t"(r), "=m"(status) : "m"(control), "0"(a) : "ax", "st(1)");                       \
        line(#name, i, &r, 10, status, status);                                                                 \
    }
#define BINARY(name, instruction)                                                                               \
    EACH(name)                                                                                                  \
    {                                                                                                           \
        long double a = operand80(), b = operand80(), r;                                                        \
        uint16_t control = CONTROL(i), status;                                                                  \
        __asm__ volatile(X87_STATUS(instruction)                                                                \
                         : "=t"(r), "=m"(status) : "m"(control), "0"(a), "u"(b) : "ax", "cc");                  \
        line(name, i, &r, 10, status, status);                                                                  \
    }
#define POPPING(name)                                                                                           \
    EACH(#name)                                                                                                 \
    {                                                                                                           \
        long double a = operand80(), b = operand80(), r;                                                        \
        uint16_t control = CONTROL(i), status;                                                                  \
        __asm__ volatile(X87_STATUS(#name)                                                                      \
                         : "=t"(r), "=m"(status) : "m"(control), "0"(a), "u"(b) : "ax", "st(1)");               \
        line(#name, i, &r, 10, status, status);                                                                 \
    }
#define STORING(type, name)                                                                                     \
    EACH(#name)                                                                                                 \
    {                                                                                                           \
        long double a = operand80();                                                                            \
        type r;                                                                                                 \
        uint16_t control = CONTROL(i), status;                                                                  \
        __asm__ volatile(X87_STATUS(#name " %0") : "=m"(r), "=m"(status) : "m"(control), "t"(a) : "ax", "st");  \
        line(#name, i, &r, sizeof r, status, status);                                                           \
    }
#define LOADING(type, operand, name)                                                                            \
    EACH(#name)                                                                                                 \
    {                                                                                                           \
        type a = operand();                                                                                     \
        long double r;                                                                                          \
        uint16_t control = CONTROL(i), status;                                                                  \
        __asm__ volatile(X87_STATUS(#name " %3") : "=t"(r), "=m"(status) : "m"(control), "m"(a) : "ax");        \
        line(#name, i, &r, 10, status, status);                                                                 \
    }

static void x87(void)
{
    UNARY(fsqrt) UNARY(frndint) UNARY(fabs) UNARY(fchs) UNARY(fxam) UNARY(ftst)
    UNARY(fsin) UNARY(fcos) UNARY(f2xm1)
    SPLITTING(fsincos, IN_RANGE) SPLITTING(fptan, IN_RANGE) SPLITTING(fxtract, "")
    BINARY("fprem", "fprem") BINARY("fprem1", "fprem1") BINARY("fscale", "fscale")
    BINARY("fcom", "fcom") BINARY("fucom", "fucom") BINARY("fcomi", "fcomi %%st(1), %%st")
    BINARY("fucomi", "fucomi %%st(1), %%st") BINARY("fadd", "fadd %%st(1), %%st") BINARY("fsub", "fsub %%st(1), %%st")
    BINARY("fmul", "fmul %%st(1), %%st") BINARY("fdiv", "fdiv %%st(1), %%st") BINARY("fdivr", "fdivr %%st(1), %%st")
    POPPING(fyl2x) POPPING(fyl2xp1) POPPING(fpatan) POPPING(faddp) POPPING(fsubrp) POPPING(fdivp) POPPING(fdivrp)
    STORING(int16_t, fistps) STORING(int32_t, fistpl) STORING(int64_t, fistpll)
    STORING(int16_t, fisttps) STORING(int32_t, fisttpl) STORING(int64_t, fisttpll)
    STORING(float, fstps) STORING(double, fstpl)
    LOADING(uint32_t, bits32, flds) LOADING(uint64_t, bits64, fldl) LOADING(uint64_t, number, fildll)
    LOADING(uint32_t, number, fildl)
}

int main(int argc, char **argv)
{
    seed = argc > 1 ? argv[1] : "1";
    count = argc > 2 ? atoi(argv[2]) : 100;
    sse();
    extra = 0x8040; /* flush to zero, denormals are zeros */
    sse();
    x87();
    return 0;
}
