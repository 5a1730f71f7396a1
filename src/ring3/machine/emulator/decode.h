/* As much of an instruction as this object must know of it: prefixes, opcode, the memory operand. */
#pragma once

#include "emulator.h"

enum map { ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A };
enum mandatory { NO_PREFIX, PREFIX_66, PREFIX_F3, PREFIX_F2 };

struct instruction {
    enum map map;
    enum mandatory prefix;
    uint8_t opcode, rex, vex; /* `vex`: the first byte of a VEX prefix, or 0 */
    uint8_t segment_override; /* the prefix byte, or 0 */
    uint8_t lock; /* whether there is a LOCK prefix */
    uint64_t start, next; /* linear addresses: of the first byte, and behind the opcode */
};

/* Where the code at an instruction pointer lies. */
static inline uint64_t code_address(const struct cpu *cpu, uint64_t rip)
{
    return cpu->hflags & HF_CS64 ? rip : (uint32_t)(rip + cpu->segments[CS].base);
}

/*
 * Reads an instruction as far as its opcode. Raises what fetching raises; reads no byte that is not the instruction's.
 * One of more than 15 bytes is told as its first fifteen.
 */
struct instruction ring3_decode(struct cpu *cpu, uint64_t address);

/* Whether a ModRM byte follows the opcode. */
int ring3_has_modrm(const struct instruction *found);

/* The byte of code at a linear address. */
uint8_t ring3_code_byte(struct cpu *cpu, uint64_t address);

/* Whether `sysenter`, without prefixes, lies at a linear address. */
int ring3_is_sysenter(struct cpu *cpu, uint64_t address);
