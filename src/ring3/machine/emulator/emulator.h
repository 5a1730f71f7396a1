/*
 * The emulated processor as the emulator (Unicorn 2.1.3, a QEMU 5.0) keeps it, and how a function of this object takes
 * the place of one of the emulator's.
 *
 * The emulator calls its helpers, and its own translator, through symbols that another object may define first. This
 * object is loaded before it and does: REPLACED defines such a function, ORIGINAL keeps a slot for the emulator's own,
 * which `ring3_bind` fills once the library is there. Code that may raise an exception hands on RETURN_ADDRESS, the
 * place in translated code that called: from it the emulator finds the instruction and its registers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EXPORTED __attribute__((visibility("default")))
#define RETURN_ADDRESS ((uintptr_t)__builtin_return_address(0))
#define TAIL_CALL __attribute__((musttail)) return
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#define SYMBOL(name) name##_x86_64
#define REPLACED(type, name, ...) EXPORTED type SYMBOL(name)(__VA_ARGS__); type SYMBOL(name)(__VA_ARGS__)

/* A slot: the name of a function of the library, and where it is. */
struct original {
    const char *name;
    void (*function)(void);
};
#define ORIGINAL(slot, type, name, ...)                                                                         \
    typedef type slot##_function(__VA_ARGS__);                                                                  \
    __attribute__((section("originals"), used)) static struct original slot##_original = {#name, NULL}
#define CALL(slot) ((slot##_function *)slot##_original.function)

/* An x87 register, and softfloat's extended format. */
struct extended {
    uint64_t mantissa;
    uint16_t sign_exponent;
};

/* softfloat's float_status: modes, and flags that are x86's in the bits of FLAGS. */
struct softfloat {
    int8_t tininess, rounding;
    uint8_t flags;
    int8_t precision;
    uint8_t flush_results, flush_operands, default_nan, snan_bit;
};

struct segment {
    uint32_t selector;
    uint64_t base;
    uint32_t limit, flags;
};

struct vector {
    uint64_t words[8];
};

/* The head of CPUX86State, with the manuals' names. */
struct cpu {
    uint64_t gpr[16], rip, rflags;
    uint64_t cc_destination, cc_source, cc_source2;
    uint32_t cc_operation;
    int32_t direction;
    uint32_t hflags, hflags2;
    struct segment segments[6], ldtr, tr, gdtr, idtr;
    uint64_t cr[9];
    char between_control_and_x87[0x25c - 0x1f0];
    uint32_t top;
    uint16_t status, control;
    uint8_t empty[8];
    struct extended registers[8];
    char pointers[0x308 - 0x2f0];
    struct softfloat x87;
    struct extended operand; /* FT0: the second operand of x87 arithmetic */
    struct softfloat mmx, sse;
    uint32_t mxcsr;
    struct vector xmm[32];
};
_Static_assert(offsetof(struct cpu, segments) == 0xb8 && offsetof(struct cpu, cr) == 0x1a8, "integer state");
_Static_assert(offsetof(struct cpu, top) == 0x25c && offsetof(struct cpu, registers) == 0x270, "x87 state");
_Static_assert(offsetof(struct cpu, x87) == 0x308 && offsetof(struct cpu, operand) == 0x310, "x87 arithmetic");
_Static_assert(offsetof(struct cpu, sse) == 0x328 && offsetof(struct cpu, mxcsr) == 0x330, "SSE state");

enum { RSP = 4, RBP = 5 };
enum { ES, CS, SS, DS, FS, GS };
enum { HF_CPL = 3, HF_CS32 = 1 << 4, HF_LMA = 1 << 14, HF_CS64 = 1 << 15 };
enum { CR0_NE = 1 << 5, CR0_AM = 1 << 18 };
enum { FLAG_IOPL = 3 << 12, FLAG_VM = 1 << 17, FLAG_AC = 1 << 18 };
enum { VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_MF = 16, VECTOR_AC = 17, VECTOR_XM = 19 };

/* Exception flags as the status word and MXCSR have them; softfloat knows all but DE. */
enum { IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32, FLAGS = IE | ZE | OE | UE | PE, ALL_FLAGS = 0x3f };
/* softfloat's flag for a result that was flushed to zero. */
enum { FLUSHED = 0x80 };

/* The bits of MXCSR that there are. */
enum { MXCSR_MASK = 0xffff };

/* Bit of hflags2 that is ours: the same results on every host (the emulator uses the low bits only). */
#define REPEATABLE (1u << 31)
/* Another one: every instruction is a block of its own. */
#define ONE_BY_ONE (1u << 30)

static inline unsigned privilege(const struct cpu *cpu)
{
    return cpu->hflags & HF_CPL;
}

/* Raises an exception with an error code (0 where it has none) at the instruction that called from `from`. */
_Noreturn void ring3_raise(struct cpu *cpu, int vector, uintptr_t from);

/* MXCSR was set: the arithmetic follows. */
EXPORTED void SYMBOL(update_mxcsr_status)(struct cpu *cpu);

/* Unicorn 2.1.3: from its CPUState to the registers. */
enum { CPU_STATE = 0x8a50 };

static inline struct cpu *cpu_of(void *state)
{
    return (struct cpu *)((char *)state + CPU_STATE);
}

/* Brings RIP and the status flags up to the instruction that called from `from`. */
void ring3_restore(struct cpu *cpu, uintptr_t from);
