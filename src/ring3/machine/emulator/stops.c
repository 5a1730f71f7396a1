/*
 * Runs of the emulator and what stops them, without the caller's language. A run is one call: it takes the registers
 * from the caller's window and brings them back there. The functions that are hooked on `syscall`, `sysenter` and on
 * vectors save the registers into the window, say what happened, and ask for the stop.
 */
#include "decode.h"

ORIGINAL(load, int, uc_context_restore, void *, void *);
ORIGINAL(save, int, uc_context_save, void *, void *);
ORIGINAL(start, int, uc_emu_start, void *, uint64_t, uint64_t, uint64_t, size_t);
ORIGINAL(read, int, uc_reg_read, void *, int, void *);
ORIGINAL(stop, int, uc_emu_stop, void *);
ORIGINAL(sysenter, void, helper_sysenter_x86_64, struct cpu *, int);

enum { NOTHING = -1, SYSCALL = 0x100, SYSENTER = 0x101, SYSCALL_COMPAT = 0x102, PAGE_FAULT = 14 };
enum { LONG = 0x1000 }; /* added to an event: a program computes much, see `struct account` */
enum { CLOCK_GETTIME = 228, CLOCK_MONOTONIC = 1, CLOCK_THREAD_CPUTIME_ID = 3 };
enum { FAULTS = 4 };    /* so many times as dear as a system call is a page fault on the host's processor */

/* Where a run's end is told. Only its first event counts: behind `syscall` the emulator may go on to a #DB. */
struct stop {
    void *window; /* a context of the library's */
    int64_t event; /* NOTHING in a run before its first event; a vector, or one of the above; else nobody is to be told */
    uint64_t rflags, rip; /* at the end of the run */
};

/*
 * How much a program computes between its entries, in ticks of the time-stamp counter: what a run took beyond the price of
 * its entry elsewhere. Runs that take less than that are set against it. A run is also long if others had the processor
 * meanwhile: so from half of what is worth telling on, the host is asked for the CPU time as well.
 */
struct account {
    int64_t computed;
    int64_t enough; /* what is worth telling; 0 where nobody wants to know */
    int64_t price;  /* of an entry */
};

/* What a run needs: the emulator, and where the window has the registers that it is asked for. */
struct run {
    struct stop stop;
    void *engine;
    uint64_t *rflags, *rip;
    const uint32_t *hflags;
    struct account account;
};

/* The library's names of registers (unicorn/x86.h of 2.1.3). */
enum { UC_X86_REG_EFLAGS = 25, UC_X86_REG_RIP = 41 };

struct times {
    int64_t wall, cpu; /* nanoseconds */
};

static int64_t clock(long which)
{
    int64_t now[2] = {0};
    long result = CLOCK_GETTIME;
    __asm__ volatile("syscall" : "+a"(result) : "D"(which), "S"(now) : "rcx", "r11", "memory");
    return now[0] * 1000000000 + now[1];
}

static struct times times(void)
{
    return (struct times){clock(CLOCK_MONOTONIC), clock(CLOCK_THREAD_CPUTIME_ID)};
}

static int64_t share(int64_t spent, struct times since)
{
    struct times now = times();
    int64_t wall = now.wall - since.wall, cpu = now.cpu - since.cpu;
    return cpu < wall ? spent * (cpu >> 10) / ((wall >> 10) + 1) : spent;
}

static void account(struct account *account, struct stop *stop, int64_t spent, int exact)
{
    int64_t price = stop->event == PAGE_FAULT ? FAULTS * account->price : account->price;
    int64_t computed = account->computed + spent - price;
    if (!exact && computed > account->enough - (account->enough >> 2))
        computed = account->enough - (account->enough >> 2);
    account->computed = computed < 0 ? 0 : computed;
    if (computed > account->enough && stop->event != NOTHING)
        stop->event |= LONG;
}

/*
 * Runs from what the window holds until something happens, or to an address, or so many instructions; returns the
 * library's status. Then the window is up to date; but for status flags, which it lacks where something has happened,
 * and RIP, which behind `syscall` is still that of the instruction: so these are put there.
 */
EXPORTED int ring3_run(struct run *run, uint64_t until, size_t instructions)
{
    struct stop *stop = &run->stop;
    int counts = run->account.enough && (*run->hflags & HF_CPL) == HF_CPL && !until && !instructions;
    int exact = counts && run->account.computed >= run->account.enough >> 1;
    struct times since = exact ? times() : (struct times){0};
    uint64_t begin = counts ? __builtin_ia32_rdtsc() : 0;
    CALL(load)(run->engine, stop->window);
    stop->event = NOTHING;
    int status = CALL(start)(run->engine, *run->rip, until, 0, instructions);
    if (stop->event == NOTHING)
        CALL(save)(run->engine, stop->window);
    CALL(read)(run->engine, UC_X86_REG_EFLAGS, &stop->rflags);
    CALL(read)(run->engine, UC_X86_REG_RIP, &stop->rip);
    if (stop->event != NOTHING) {
        *run->rflags = stop->rflags;
        if (stop->event == SYSCALL) {
            *run->rip = stop->rip;
            if (!(*run->hflags & HF_CS64))
                stop->event = SYSCALL_COMPAT;
        }
    }
    if (counts) {
        int64_t spent = __builtin_ia32_rdtsc() - begin;
        account(&run->account, stop, exact ? share(spent, since) : spent, exact);
    }
    return status;
}

/* A stretch of a context; one of no size ends a list of them. */
struct part {
    size_t at, size;
};

/* Copies the parts of one context into another. */
EXPORTED void ring3_copy_parts(char *target, const char *source, const struct part *part)
{
    for (; part->size; part++)
        __builtin_memcpy(target + part->at, source + part->at, part->size);
}

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
