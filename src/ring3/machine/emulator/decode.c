/* Prefixes and opcodes (SDM volume 2, chapter 2). */
#include "decode.h"

ORIGINAL(fetch, uint32_t, cpu_ldub_code_x86_64, struct cpu *, uint64_t);

enum { LONGEST = 15 };

uint8_t ring3_code_byte(struct cpu *cpu, uint64_t address)
{
    return CALL(fetch)(cpu, address);
}

/* Takes note of a legacy prefix; returns whether the byte is one. */
static int is_prefix(struct instruction *found, uint8_t byte)
{
    switch (byte) {
    case 0x66:
        if (found->prefix == NO_PREFIX)
            found->prefix = PREFIX_66;
        return 1;
    case 0xf2:
        found->prefix = PREFIX_F2;
        return 1;
    case 0xf3:
        found->prefix = PREFIX_F3;
        return 1;
    case 0xf0:
        return found->lock = 1;
    case 0x67:
        return 1;
    case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
        found->segment_override = byte;
        return 1;
    }
    return 0;
}

struct instruction ring3_decode(struct cpu *cpu, uint64_t address)
{
    struct instruction found = {.start = address};
    int is_long = !!(cpu->hflags & HF_CS64);
    uint64_t end = address + LONGEST - 2; /* room for the longest opcode behind its first byte */
    uint8_t byte;

    for (;;) {
        byte = ring3_code_byte(cpu, address++);
        if (is_prefix(&found, byte))
            found.rex = 0;
        else if (is_long && (byte & 0xf0) == 0x40)
            found.rex = byte;
        else
            break;
        if (address >= end)
            break;
    }
    if (byte == 0x0f) {
        found.map = MAP_0F;
        byte = ring3_code_byte(cpu, address++);
        if (byte == 0x38 || byte == 0x3a) {
            found.map = byte == 0x38 ? MAP_0F38 : MAP_0F3A;
            byte = ring3_code_byte(cpu, address++);
        }
    } else if ((byte == 0xc4 || byte == 0xc5) && (is_long || ring3_code_byte(cpu, address) >= 0xc0)) {
        found.vex = byte;
        found.map = byte == 0xc5 ? MAP_0F : ring3_code_byte(cpu, address++) & 0x1f;
        address++; /* the prefix's last byte */
        byte = ring3_code_byte(cpu, address++);
    }
    found.opcode = byte;
    found.next = address;
    return found;
}

/* A bit for each opcode of the two smaller maps that has a ModRM byte (SDM volume 2, tables ). */
static const uint32_t with_modrm[2][8] = {
    {0x0f0f0f0f, 0x0f0f0f0f, 0, 0x00000a0c, 0x0000ffff, 0, 0xff0f00f3, 0xc0c00000},
    {0xffffa00f, 0xff00ffff, 0xffffffff, 0xff7fffff, 0xffff0000, 0xfffff8f8, 0xffff00ff, 0xffffffff},
};

int ring3_has_modrm(const struct instruction *found)
{
    return found->map > MAP_0F || with_modrm[found->map][found->opcode >> 5] >> (found->opcode & 31) & 1;
}

int ring3_is_sysenter(struct cpu *cpu, uint64_t address)
{
    return ring3_code_byte(cpu, address) == 0x0f && ring3_code_byte(cpu, address + 1) == 0x34;
}
