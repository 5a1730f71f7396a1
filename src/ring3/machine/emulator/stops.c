/*
 * What stops the emulator, without the caller's language: functions to be hooked on `syscall`, `sysenter` and on
 * vectors. Each saves the registers into the caller's window, says what happened, and asks for the stop.
 */
#include "decode.h"

ORIGINAL(save, int, uc_context_save, void *, void *);
ORIGINAL(stop, int, uc_emu_stop, void *);
ORIGINAL(sysenter, void, helper_sysenter_x86_64, struct cpu *, int);

enum { NOTHING = -1, SYSCALL = 0x100, SYSENTER = 0x101 };

/* Where a run's end is told. Only its first event counts: behind `syscall` the emulator may go on to a #DB. */
struct stop {
    void *window; /* a context of the library's */
    int64_t event; /* NOTHING in a run before its first event; a vector, or one of the above; else nobody is to be told */
};

static void report(void *engine, struct stop *stop, int64_t event)
{
    if (stop->event == NOTHING) {
        stop->event = event;
        CALL(save)(engine, stop->window);
    }
    CALL(stop)(engine);
}

EXPORTED void ring3_on_syscall(void *engine, struct stop *stop)
{
    report(engine, stop, SYSCALL);
}

EXPORTED void ring3_on_sysenter(void *engine, struct stop *stop)
{
    report(engine, stop, SYSENTER);
}

EXPORTED void ring3_on_vector(void *engine, uint32_t vector, struct stop *stop)
{
    report(engine, stop, vector);
}

/*
 * Before its hooks are called, RIP has to be the instruction's; the emulator leaves it at the block's start, which is
 * the same for most (`translation.c`).
 */
REPLACED(void, helper_sysenter, struct cpu *cpu, int size)
{
    if (UNLIKELY(!ring3_is_sysenter(cpu, code_address(cpu, cpu->rip))))
        ring3_restore(cpu, RETURN_ADDRESS);
    TAIL_CALL CALL(sysenter)(cpu, size);
}
