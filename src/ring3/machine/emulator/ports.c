/* The I/O ports, which ring 0 may read (`translation.c` keeps ring 3 from them): there is nothing on the bus. */
#include "emulator.h"

REPLACED(uint64_t, helper_inb, struct cpu *cpu, uint32_t port)
{
    return 0xff;
}

REPLACED(uint64_t, helper_inw, struct cpu *cpu, uint32_t port)
{
    return 0xffff;
}

REPLACED(uint64_t, helper_inl, struct cpu *cpu, uint32_t port)
{
    return 0xffffffff;
}
