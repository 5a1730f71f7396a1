/*
 * One turn of a program on the host's processor: its registers go from the window to the stub, the stub runs until it
 * stops, and they come back. In C, because every system call of a program is one turn.
 *
 * ptrace's own struct (user_regs_struct) and the window, which is the emulator's saved state, are two orders of the same
 * registers; `fields` says what lies where. A call mostly changes RAX alone: then one word is poked into the stub
 * instead of 27.
 *
 * The stub runs where we run: to wake a process on another processor costs up to 300 us in a virtual machine.
 */

#include <stdint.h>

enum { GETREGS = 12, SETREGS = 13, POKEUSER = 6, GETSIGINFO = 0x4202 };
enum { SYS_wait4 = 61, SYS_ptrace = 101, SYS_sched_setaffinity = 203, SYS_clock_gettime = 228 };
enum { WALL = 0x40000000, EINTR = 4, SYSCALL_STOP = 0x857f, STRAY_STOP = 0x1857f, LOSES = 1 << 20 };
enum { LONG = 8, CPUCLOCK_SCHED = 2 };
enum { R_RAX = 10, R_ORIG = 15, R_RIP = 16, R_FLAGS = 18, REGISTERS = 27 };
enum { CPUNODE_SELECTOR = 0x7b }; /* its limit is the number of the processor (arch/x86/include/asm/segment.h) */

/*
 * How much dearer than on the emulated CPU a program is here, in ticks of the time-stamp counter. What a turn takes beyond
 * the least that one can take is computing, and that would take three times as long there. A turn is also long if others
 * ran meanwhile: so a long one counts only as far as the stub has used the processor, which costs a call to ask.
 */
struct account {
	int64_t lost;		/* negative: what it may lose at first */
	int64_t enough;		/* what is worth telling; 0 where nobody wants to know */
	int64_t price;		/* by which an entry is dearer */
	int64_t least;		/* that a turn takes */
	int64_t rate;		/* ticks in 1024 nanoseconds */
	int64_t used;		/* CPU time of the stub when it was last asked for, in ticks */
	int64_t brief;		/* what the turns since then took */
	uint64_t stub;		/* whose all that is */
};

struct turn {
	char *window;		/* at RAX */
	uint64_t *flags;	/* a second copy of RFLAGS */
	uint64_t pid;
	uint64_t request;	/* 0: wait, after a wait that a signal of ours has ended */
	uint64_t status;	/* what wait4 has told */
	uint64_t owner;		/* the stub whose registers, at a system call, are in `regs`; 0 for none */
	uint64_t placed;	/* which stub is bound to a processor */
	uint64_t processor;	/* to which one; -1: the host does not let it be bound */
	uint64_t base, size;	/* where the stub's own pages lie */
	struct account account;
	uint64_t spent;		/* what the last turn took, in ticks of the time-stamp counter */
	uint64_t regs[REGISTERS];
	uint64_t info[16];	/* siginfo of a stop by a signal */
};

struct field { uint16_t at; uint8_t number; uint8_t half; };

#define SEGMENT(n) (0xb8 + 24 * (n))
static const struct field fields[] = { /* RAX comes first */
	{0, R_RAX, 0}, {8, 11, 0}, {16, 12, 0}, {24, 5, 0}, {32, 19, 0}, {40, 4, 0}, {48, 13, 0}, {56, 14, 0},
	{64, 9, 0}, {72, 8, 0}, {80, 7, 0}, {88, 6, 0}, {96, 3, 0}, {104, 2, 0}, {112, 1, 0}, {120, 0, 0},
	{128, R_RIP, 0}, {136, R_FLAGS, 0}, {SEGMENT(4) + 8, 21, 0}, {SEGMENT(5) + 8, 22, 0},
	{SEGMENT(0), 24, 1}, {SEGMENT(1), 17, 1}, {SEGMENT(2), 20, 1}, {SEGMENT(3), 23, 1},
	{SEGMENT(4), 25, 1}, {SEGMENT(5), 26, 1},
};
#define FIELDS (sizeof fields / sizeof *fields)

static inline long call(long number, long a, long b, long c, long d)
{
	long result;
	register long fourth __asm__("r10") = d;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
	return result;
}

static inline uint64_t get(const char *window, struct field f)
{
	return f.half ? *(const uint32_t *)(window + f.at) : *(const uint64_t *)(window + f.at);
}

static inline void put(char *window, struct field f, uint64_t value)
{
	if (f.half)
		*(uint32_t *)(window + f.at) = value;
	else
		*(uint64_t *)(window + f.at) = value;
}

static void follow(struct turn *t)
{
	uint64_t mask[16] = {0};
	uint64_t cpu;

	__asm__("lsl %1, %0" : "=r"(cpu) : "r"((uint64_t)CPUNODE_SELECTOR));
	cpu &= 0xfff;
	if ((t->placed == t->pid && t->processor == cpu) || t->processor == -1ULL || cpu >= 8 * sizeof mask)
		return;
	mask[cpu / 64] = 1ULL << (cpu % 64);
	t->placed = t->pid;
	t->processor = call(SYS_sched_setaffinity, t->pid, sizeof mask, (long)mask, 0) < 0 ? -1ULL : cpu;
}

static long give(struct turn *t)
{
	unsigned n;

	if (t->owner == t->pid) {
		uint64_t rax = *(uint64_t *)t->window;
		for (n = 1; n < FIELDS; n++)
			if (get(t->window, fields[n]) != t->regs[fields[n].number])
				break;
		/* what the host's kernel would take for a call to be made again (ERESTART) needs orig_rax set as well */
		if (n == FIELDS && rax + 516 > 4)
			return call(SYS_ptrace, POKEUSER, t->pid, 8 * R_RAX, rax);
	}
	for (n = 0; n < FIELDS; n++)
		t->regs[fields[n].number] = get(t->window, fields[n]);
	t->regs[R_ORIG] = -1;
	return call(SYS_ptrace, SETREGS, t->pid, 0, (long)t->regs);
}

static long resume(struct turn *t, uint64_t request, long signal)
{
	long result;
	int status;

	uint64_t begin = __builtin_ia32_rdtsc();

	follow(t);
	t->owner = 0;
	if (request && (result = call(SYS_ptrace, request, t->pid, 0, signal)) < 0)
		return result;
	if ((result = call(SYS_wait4, t->pid, (long)&status, WALL, 0)) < 0)
		return result;
	t->status = status;
	if ((status & 0xff) != 0x7f)
		return status;
	if ((result = call(SYS_ptrace, GETREGS, t->pid, 0, (long)t->regs)) < 0)
		return result;
	t->spent = __builtin_ia32_rdtsc() - begin;
	return status;
}

__attribute__((visibility("default"))) uint64_t ring3_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* What CPUID gives for EAX and ECX, in EAX, EBX, ECX and EDX. */
__attribute__((visibility("default"))) void ring3_cpuid(uint32_t registers[4])
{
	__asm__("cpuid" : "+a"(registers[0]), "=b"(registers[1]), "+c"(registers[2]), "=d"(registers[3]));
}

/* What a stub has used since it was last asked for, but for brief turns. */
static int64_t used(struct account *a, uint64_t stub)
{
	int64_t now[2], before = a->stub == stub ? a->used + a->brief : -1;

	if (call(SYS_clock_gettime, ~stub << 3 | CPUCLOCK_SCHED, (long)now, 0, 0) < 0)
		return 0;
	a->used = (now[0] * 1000000000 + now[1]) * a->rate >> 10;
	a->brief = 0;
	a->stub = stub;
	return before < 0 ? 0 : a->used - before;
}

static long account(struct account *a, int64_t spent, uint64_t stub)
{
	int64_t real = spent, won, lost, floor = a->lost < 0 ? a->lost : 0;

	if (spent < LONG * a->price) {
		a->brief += spent;
	} else {
		real = used(a, stub);
		if (real > spent)
			real = spent;
	}
	won = 2 * (real - a->least);
	lost = a->lost + a->price - (won < 0 ? 0 : won);
	a->lost = lost < floor ? floor : lost;
	return a->enough && a->lost > a->enough ? LOSES : 0;
}

/* Runs the program whose registers are in the window; gives the status of its stop, or a negative errno. */
__attribute__((visibility("default"))) long ring3_turn(struct turn *t)
{
	long status, result;
	unsigned n;

	if (t->request && (result = give(t)) < 0)
		return result;
	status = resume(t, t->request, 0);
	if (status < 0 || (status & 0xff) != 0x7f)
		return status;
	for (n = 0; n < FIELDS; n++)
		put(t->window, fields[n], t->regs[fields[n].number]);
	if (status == SYSCALL_STOP) {
		t->owner = t->pid;
		t->regs[R_RAX] = *(uint64_t *)t->window = t->regs[R_ORIG]; /* RAX itself is -ENOSYS */
	} else if ((result = call(SYS_ptrace, GETSIGINFO, t->pid, 0, (long)t->info)) < 0) {
		return result;
	}
	*t->flags = t->regs[R_FLAGS];
	if (status == SYSCALL_STOP && t->regs[R_RIP] - t->base < t->size)
		return STRAY_STOP; /* the program has found the stub's own instruction */
	return status | account(&t->account, t->spent, t->pid);
}

/* Runs the stub with the registers in `regs`, which get what it stops with; a signal is delivered to it first. */
__attribute__((visibility("default"))) long ring3_resume(struct turn *t, uint64_t request, long signal)
{
	long result;

	if (request && !signal && (result = call(SYS_ptrace, SETREGS, t->pid, 0, (long)t->regs)) < 0)
		return result;
	return resume(t, request, signal);
}
