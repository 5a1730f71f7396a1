/* Fills the slots of the emulator's own functions. */
#include "emulator.h"

extern struct original __start_originals[], __stop_originals[];

ORIGINAL(raise_exception, void, raise_exception_err_ra_x86_64, struct cpu *, int, int, uintptr_t);

ORIGINAL(restore, int, cpu_restore_state_x86_64, void *, uintptr_t, int);

_Noreturn void ring3_raise(struct cpu *cpu, int vector, uintptr_t from)
{
    CALL(raise_exception)(cpu, vector, 0, from);
    __builtin_unreachable();
}

void ring3_restore(struct cpu *cpu, uintptr_t from)
{
    CALL(restore)((char *)cpu - CPU_STATE, from, 1);
}

/*
 * Looks every original up with `find` (dlsym) in the library; returns the name of the first one that is not there, or
 * NULL. To be called once, before the library runs anything.
 */
EXPORTED const char *ring3_bind(void *library, void *(*find)(void *, const char *))
{
    for (struct original *slot = __start_originals; slot != __stop_originals; slot++) {
        slot->function = (void (*)(void))find(library, slot->name);
        if (!slot->function)
            return slot->name;
    }
    return NULL;
}
