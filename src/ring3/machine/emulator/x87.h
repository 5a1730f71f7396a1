/* The x87's stack and status word, for those who do instructions on it. */
#pragma once

#include "emulator.h"

enum { SUMMARY = 0x8080 }; /* ES and B, which follow from flags and masks */
enum { C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000 };

static inline struct extended *st(struct cpu *cpu, unsigned number)
{
    return &cpu->registers[(cpu->top + number) & 7];
}

static inline void push(struct cpu *cpu, struct extended value)
{
    cpu->top = (cpu->top - 1) & 7;
    cpu->empty[cpu->top] = 0;
    *st(cpu, 0) = value;
}

static inline void pop(struct cpu *cpu)
{
    cpu->empty[cpu->top] = 1;
    cpu->top = (cpu->top + 1) & 7;
}

/* Brings the status word up to date: softfloat's flags are folded in, ES and B follow. */
static inline void settle(struct cpu *cpu)
{
    cpu->status |= cpu->x87.flags & FLAGS;
    cpu->x87.flags &= ~FLAGS;
    if (cpu->status & ~cpu->control & ALL_FLAGS)
        cpu->status |= SUMMARY;
    else
        cpu->status &= ~SUMMARY;
}

static inline int has_error(const struct cpu *cpu)
{
    return (cpu->status | (cpu->x87.flags & FLAGS)) & ~cpu->control & ALL_FLAGS;
}

/* What a waiting instruction begins with: #MF for an unmasked exception of an earlier one. */
static inline void wait_for_errors(struct cpu *cpu, uintptr_t from)
{
    if (UNLIKELY(has_error(cpu))) {
        settle(cpu);
        if (cpu->cr[0] & CR0_NE)
            ring3_raise(cpu, VECTOR_MF, from);
    }
}

/* The same for one that computes, compares or moves: it says in C1 whether it has rounded up, most do not. */
static inline void begin(struct cpu *cpu, uintptr_t from)
{
    wait_for_errors(cpu, from);
    cpu->status &= ~C1;
}
