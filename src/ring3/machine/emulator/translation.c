/*
 * The emulator's translator, led: before it translates an instruction, this looks at it.
 *
 * - Operands of SSE that must be aligned to 16 bytes, and with the flag AC all operands of ring 3, are translated as
 *   aligned accesses: the comparison that finds a page in the emulator's TLB then finds misaligned ones too, at no
 *   cost. They come back through `do_unaligned_access` of its CPU class, as #GP or #AC.
 * - Instructions that the emulator allows or knows, and the processor does not, are shown to it as `hlt`, which is #GP
 *   in ring 3, or `ud2`: `in` and `out` without the privilege, `rdpmc`, AVX, LOCK where it has no meaning, an extended
 *   `pop`. `test` in its second encoding, which it does not know, is shown in the first.
 * - A block ends before an instruction that may reach into another page, so that a fault of fetching is met by a block
 *   that begins with the instruction, and not by one whose earlier instructions have not run yet. It ends before
 *   `sysenter` too, whose helper then finds RIP where it is. While somebody watches memory it ends behind every
 *   instruction, so that a stop comes right behind the one that has made the access.
 */
#include "decode.h"

/* Unicorn 2.1.3: from CPUState to its class, and there to the function. */
enum { CPU_CLASS = 0x81b0, UNALIGNED_ACCESS = 0x18 };
/* MemOp: alignment to 16 bytes, and to the operand's own size. */
enum { MO_ALIGN_16 = 4 << 4, MO_ALIGN = 7 << 4 };
enum { DISAS_NEXT = 0, DISAS_TOO_MANY = 1 };
enum { PAGE = 4096, LONGEST = 15 };
enum { HLT = 0xf4 };

struct block {
    void *translated;
    uint64_t first, next;
    int is_jmp;
};

typedef void translate(struct block *, void *);

struct operations {
    void *before[4];
    translate *instruction;
    void *after[2];
};

ORIGINAL(loop, void, translator_loop_x86_64, const struct operations *, struct block *, void *, void *, int);
ORIGINAL(load32, void, tcg_gen_qemu_ld_i32_x86_64, void *, void *, void *, uint64_t, uint32_t);
ORIGINAL(load64, void, tcg_gen_qemu_ld_i64_x86_64, void *, void *, void *, uint64_t, uint32_t);
ORIGINAL(store32, void, tcg_gen_qemu_st_i32_x86_64, void *, void *, void *, uint64_t, uint32_t);
ORIGINAL(store64, void, tcg_gen_qemu_st_i64_x86_64, void *, void *, void *, uint64_t, uint32_t);
ORIGINAL(fetch, uint32_t, cpu_ldub_code_x86_64, struct cpu *, uint64_t);

/* ---- which operands are aligned to 16 bytes (SDM volume 2, exception classes 1, 2 and 4) */

#define P(prefix) (1 << (prefix))
struct range {
    uint8_t first, last, prefixes;
};
static const struct range aligned_0f[] = {
    {0x12, 0x12, P(PREFIX_F3)}, {0x14, 0x15, P(NO_PREFIX) | P(PREFIX_66)}, {0x16, 0x16, P(PREFIX_F3)},
    {0x28, 0x29, P(NO_PREFIX) | P(PREFIX_66)}, {0x2b, 0x2b, P(NO_PREFIX) | P(PREFIX_66)},
    {0x2c, 0x2d, P(PREFIX_66)}, {0x51, 0x59, P(NO_PREFIX) | P(PREFIX_66)}, {0x5a, 0x5a, P(PREFIX_66)},
    {0x5b, 0x5b, P(NO_PREFIX) | P(PREFIX_66) | P(PREFIX_F3)}, {0x5c, 0x5f, P(NO_PREFIX) | P(PREFIX_66)},
    {0x60, 0x6d, P(PREFIX_66)}, {0x6f, 0x6f, P(PREFIX_66)},
    {0x70, 0x70, P(PREFIX_66) | P(PREFIX_F3) | P(PREFIX_F2)}, {0x74, 0x76, P(PREFIX_66)},
    {0x7c, 0x7d, P(PREFIX_66) | P(PREFIX_F2)}, {0x7f, 0x7f, P(PREFIX_66)},
    {0xc2, 0xc2, P(NO_PREFIX) | P(PREFIX_66)}, {0xc6, 0xc6, P(NO_PREFIX) | P(PREFIX_66)},
    {0xd0, 0xd0, P(PREFIX_66) | P(PREFIX_F2)}, {0xd1, 0xd5, P(PREFIX_66)}, {0xd8, 0xe5, P(PREFIX_66)},
    {0xe6, 0xe6, P(PREFIX_66) | P(PREFIX_F2)}, {0xe7, 0xef, P(PREFIX_66)}, {0xf1, 0xf6, P(PREFIX_66)},
    {0xf8, 0xfe, P(PREFIX_66)},
};
static const struct range aligned_0f38[] = {
    {0x00, 0x1f, P(PREFIX_66)}, {0x26, 0x2f, P(PREFIX_66)}, {0x36, 0x41, P(PREFIX_66)}, {0xdb, 0xdf, P(PREFIX_66)},
};
static const struct range aligned_0f3a[] = {
    {0x08, 0x09, P(PREFIX_66)}, {0x0c, 0x0f, P(PREFIX_66)}, {0x40, 0x42, P(PREFIX_66)}, {0x44, 0x44, P(PREFIX_66)},
    {0xdf, 0xdf, P(PREFIX_66)},
};
#define IN(ranges, found) contains(ranges, sizeof ranges / sizeof *ranges, found)

static int contains(const struct range *ranges, size_t count, const struct instruction *found)
{
    for (size_t i = 0; i < count; i++) {
        if (found->opcode <= ranges[i].last)
            return found->opcode >= ranges[i].first && ranges[i].prefixes & P(found->prefix);
    }
    return 0;
}

static int wants_aligned(const struct instruction *found)
{
    switch (found->map) {
    case MAP_0F:
        return IN(aligned_0f, found);
    case MAP_0F38:
        return IN(aligned_0f38, found);
    case MAP_0F3A:
        return IN(aligned_0f3a, found);
    default:
        return 0;
    }
}

/* ---- accesses, while an instruction is translated */

static __thread uint32_t first_access, every_access; /* bits for the MemOp of its first access, and of all */

static inline uint32_t aligned(uint32_t operation)
{
    uint32_t alignment = first_access | every_access;
    first_access = 0;
    return operation | alignment;
}

#define ACCESS(name, original)                                                                                  \
    REPLACED(void, tcg_gen_qemu_##name, void *context, void *value, void *address, uint64_t index, uint32_t op) \
    {                                                                                                           \
        CALL(original)(context, value, address, index, aligned(op));                                            \
    }
ACCESS(ld_i32, load32)
ACCESS(ld_i64, load64)
ACCESS(st_i32, store32)
ACCESS(st_i64, store64)

static void on_unaligned(void *state, uint64_t address, int access, int index, uintptr_t from)
{
    struct cpu *cpu = cpu_of(state);
    ring3_restore(cpu, from);
    struct instruction found = ring3_decode(cpu, code_address(cpu, cpu->rip));
    ring3_raise(cpu, wants_aligned(&found) ? VECTOR_GP : VECTOR_AC, 0);
}

static int checks_alignment(const struct cpu *cpu)
{
    return cpu->rflags & FLAG_AC && cpu->cr[0] & CR0_AM && privilege(cpu) == 3;
}

/* ---- instructions that are shown as others */

static __thread uint64_t shown_at;
static __thread uint32_t shown_size;
static __thread uint8_t shown[2];

REPLACED(uint32_t, cpu_ldub_code, struct cpu *cpu, uint64_t address)
{
    if (UNLIKELY(address - shown_at < shown_size))
        return shown[address - shown_at];
    TAIL_CALL CALL(fetch)(cpu, address);
}

static void show(uint64_t address, uint8_t first, uint8_t second, uint32_t size)
{
    shown_at = address;
    shown[0] = first;
    shown[1] = second;
    shown_size = size;
}

static int is_port_access(const struct instruction *found)
{
    return found->map == ONE_BYTE && ((found->opcode & 0xfc) == 0x6c || (found->opcode & 0xf4) == 0xe4);
}

static int is_forbidden(const struct cpu *cpu, const struct instruction *found)
{
    if (is_port_access(found))
        return privilege(cpu) > (cpu->rflags & FLAG_IOPL) >> 12;
    return found->map == MAP_0F && found->opcode == 0x33 && privilege(cpu); /* rdpmc, with CR4.PCE clear */
}

/* Of what has a VEX prefix, the general-purpose instructions (BMI) are there. */
static int is_avx(const struct instruction *found)
{
    if (!found->vex)
        return 0;
    if (found->map == MAP_0F38)
        return found->opcode < 0xf2 || found->opcode == 0xf4 || found->opcode > 0xf7;
    return found->map != MAP_0F3A || found->opcode != 0xf0;
}

/* Whether LOCK has a meaning: an operation on memory that reads and writes (SDM volume 2, LOCK). */
static int is_lockable(const struct instruction *found, uint8_t modrm)
{
    unsigned digit = modrm >> 3 & 7, opcode = found->opcode;
    if (modrm >> 6 == 3)
        return 0;
    if (found->map == MAP_0F)
        return opcode == 0xab || opcode == 0xb3 || opcode == 0xbb || (opcode & 0xfe) == 0xb0 || (opcode & 0xfe) == 0xc0 ||
               (opcode == 0xba && digit >= 5) || (opcode == 0xc7 && digit == 1);
    if (found->map != ONE_BYTE)
        return 0;
    switch (opcode) {
    case 0x80 ... 0x83:
        return digit != 7;
    case 0x86: case 0x87:
        return 1;
    case 0xf6: case 0xf7:
        return digit == 2 || digit == 3;
    case 0xfe: case 0xff:
        return digit < 2;
    }
    return opcode < 0x38 && (opcode & 7) < 2;
}

static int is_undefined(struct cpu *cpu, const struct instruction *found)
{
    if (is_avx(found))
        return 1;
    if (found->lock)
        return !ring3_has_modrm(found) || !is_lockable(found, ring3_code_byte(cpu, found->next));
    return found->map == ONE_BYTE && found->opcode == 0x8f && ring3_code_byte(cpu, found->next) & 0x38;
}

/* f6 /1 and f7 /1, which do what /0 does. */
static int is_second_test(struct cpu *cpu, const struct instruction *found)
{
    return found->map == ONE_BYTE && (found->opcode & 0xfe) == 0xf6 &&
           (ring3_code_byte(cpu, found->next) & 0x38) == 0x08;
}

static void show_another(struct cpu *cpu, const struct instruction *found)
{
    if (is_forbidden(cpu, found))
        show(found->start, HLT, 0, 1);
    else if (is_undefined(cpu, found))
        show(found->start, 0x0f, 0x0b, 2);
    else if (is_second_test(cpu, found))
        show(found->next, ring3_code_byte(cpu, found->next) & ~0x38, 0, 1);
}

/* ---- the loop */

static translate *translate_original;

/* Whether an instruction there may reach into another page than the one before it. */
static int may_cross(uint64_t address)
{
    return address % PAGE > PAGE - LONGEST || address % PAGE == 0;
}

static void translate_instruction(struct block *block, void *state)
{
    struct cpu *cpu = cpu_of(state);
    struct instruction found = ring3_decode(cpu, block->next);

    show_another(cpu, &found);
    first_access = !found.vex && wants_aligned(&found) ? MO_ALIGN_16 : 0;
    every_access = checks_alignment(cpu) ? MO_ALIGN : 0;
    translate_original(block, state);
    first_access = every_access = shown_size = 0;
    if (block->is_jmp == DISAS_NEXT
        && (cpu->hflags2 & ONE_BY_ONE || may_cross(block->next) || ring3_is_sysenter(cpu, block->next)))
        block->is_jmp = DISAS_TOO_MANY;
}

REPLACED(void, translator_loop, const struct operations *operations, struct block *block, void *state, void *translated,
         int most)
{
    struct operations led = *operations;
    translate_original = led.instruction;
    led.instruction = translate_instruction;
    first_access = every_access = shown_size = 0; /* a fault of fetching may have left them */
    *(void **)(*(char **)((char *)state + CPU_CLASS) + UNALIGNED_ACCESS) = (void *)on_unaligned;
    CALL(loop)(&led, block, state, translated, most);
}
