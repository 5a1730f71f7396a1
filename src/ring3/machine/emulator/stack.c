/*
 * Accesses to the stack.
 *
 * - Far transfers reach it as ring 0 does, in the emulator, also where ring 3 makes them: here they are ring 3's.
 * - A 32-bit `iret` of ring 3 takes the flag VM, there, and leads to virtual-8086 mode. Long mode has none and ignores
 *   the flag (SDM volume 2, IRET).
 * - Where an address of the stack is not canonical, the exception is #SS and not #GP (SDM volume 3, 6.15).
 */
#include "decode.h"

enum { USER_INDEX = 1, FETCH = 2 };
/* The most that a far transfer moves on either side of the stack pointer. */
enum { REACH = 64 };

ORIGINAL(iret, void, helper_iret_protected_x86_64, struct cpu *, int, int);
ORIGINAL(fill, int, x86_cpu_tlb_fill_x86_64, void *, uint64_t, int, int, int, int, uintptr_t);

static __thread uint64_t flags_at = UINT64_MAX; /* where the `iret` that runs finds the flags, if it is ring 3's */

static uint64_t stack_address(const struct cpu *cpu, uint64_t offset)
{
    if (cpu->hflags & HF_CS64)
        return cpu->gpr[RSP] + offset;
    return (uint32_t)(cpu->segments[SS].base + (uint32_t)(cpu->gpr[RSP] + offset));
}

REPLACED(void, helper_iret_protected, struct cpu *cpu, int size, int next)
{
    flags_at = size == 1 && privilege(cpu) == 3 ? stack_address(cpu, 8) : UINT64_MAX;
    TAIL_CALL CALL(iret)(cpu, size, next);
}

static int index_of(const struct cpu *cpu, uint64_t address, int index)
{
    return privilege(cpu) == 3 && address - stack_address(cpu, -REACH) < 2 * REACH ? USER_INDEX : index;
}

#define LOAD(name, type)                                                                                        \
    ORIGINAL(name, type, cpu_##name##_mmuidx_ra_x86_64, struct cpu *, uint64_t, int, uintptr_t);                \
    REPLACED(type, cpu_##name##_mmuidx_ra, struct cpu *cpu, uint64_t address, int index, uintptr_t from)        \
    {                                                                                                           \
        type value = CALL(name)(cpu, address, index_of(cpu, address, index), from);                             \
        return address == flags_at ? value & ~FLAG_VM : value;                                                  \
    }
#define STORE(name, type)                                                                                       \
    ORIGINAL(name, void, cpu_##name##_mmuidx_ra_x86_64, struct cpu *, uint64_t, type, int, uintptr_t);          \
    REPLACED(void, cpu_##name##_mmuidx_ra, struct cpu *cpu, uint64_t address, type value, int index, uintptr_t from) \
    {                                                                                                           \
        CALL(name)(cpu, address, value, index_of(cpu, address, index), from);                                   \
    }
LOAD(lduw, uint32_t)
LOAD(ldl, uint32_t)
LOAD(ldq, uint64_t)
STORE(stw, uint32_t)
STORE(stl, uint32_t)
STORE(stq, uint64_t)

/* ---- #SS */

static int pushes_or_pops(const struct instruction *found)
{
    if (found->map == MAP_0F)
        return (found->opcode & 0xf6) == 0xa0; /* push and pop of FS and GS */
    if (found->map != ONE_BYTE)
        return 0;
    switch (found->opcode) {
    case 0x50 ... 0x5f: case 0x68: case 0x6a: case 0x8f: case 0x9c: case 0x9d: case 0xc2: case 0xc3:
    case 0xc8 ... 0xcb: case 0xcf: case 0xe8: case 0xff:
        return 1;
    }
    return 0;
}

/* Whether a memory operand is based on RSP or RBP, whose segment is SS (64-bit addressing). */
static int is_based_on_stack(struct cpu *cpu, const struct instruction *found)
{
    if (!ring3_has_modrm(found) || found->rex & 1 || found->segment_override == 0x64 || found->segment_override == 0x65)
        return 0;
    uint8_t modrm = ring3_code_byte(cpu, found->next), mode = modrm >> 6, base = modrm & 7;
    if (mode == 3)
        return 0;
    if (base == RSP)
        base = ring3_code_byte(cpu, found->next + 1) & 7;
    return base == RSP || (base == RBP && mode != 0);
}

static int is_stack_access(struct cpu *cpu, uint64_t address)
{
    struct instruction found = ring3_decode(cpu, code_address(cpu, cpu->rip));
    if (pushes_or_pops(&found) &&
        (address - cpu->gpr[RSP] + REACH < 2 * REACH || address - cpu->gpr[RBP] + REACH < 2 * REACH))
        return 1;
    return is_based_on_stack(cpu, &found);
}

static int is_canonical(uint64_t address)
{
    return (int64_t)(address << 16) >> 16 == (int64_t)address;
}

REPLACED(int, x86_cpu_tlb_fill, void *state, uint64_t address, int size, int access, int index, int probe, uintptr_t from)
{
    struct cpu *cpu = cpu_of(state);
    if (UNLIKELY(!is_canonical(address)) && access != FETCH && cpu->hflags & HF_CS64) {
        ring3_restore(cpu, from);
        if (is_stack_access(cpu, address))
            ring3_raise(cpu, VECTOR_SS, 0);
    }
    TAIL_CALL CALL(fill)(state, address, size, access, index, probe, from);
}
