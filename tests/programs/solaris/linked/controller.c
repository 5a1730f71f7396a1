/* Controls a child through /proc as debuggers and truss do: a deed by its name, which prints what came of it. */

#include "solaris.h"

enum {
	PCNULL, PCSTOP, PCDSTOP, PCWSTOP, PCTWSTOP, PCRUN, PCCSIG, PCCFAULT, PCSSIG, PCKILL, PCUNKILL, PCSHOLD, PCSTRACE, PCSFAULT,
	PCSENTRY, PCSEXIT, PCSET, PCUNSET, PCSREG, PCREAD = 25, PCWRITE
};
enum { PRCSIG = 1, PRCFAULT = 2, PRSTEP = 4, PRSABORT = 8 };
enum { FLTBPT = 3, FLTTRACE = 4 };
#define PR_FORK 0x100000
#define PR_RLC 0x200000
#define PR_KLC 0x400000
#define PR_BPTADJ 0x2000000
#define SYS_write 4
#define SYS_getpid 20
#define SYS_forksys 142
#define SIGUSR1 16

#ifdef __i386__
#define AT(of64, of32) of32
#define IP 14
#define AX 11
#else
#define AT(of64, of32) of64
#define IP 17
#define AX 14
#endif
#define WORDS (AT(28, 19))

extern int pipe(int[2]);
extern pid_t fork(void), waitpid(pid_t, int *, int), getppid(void);
extern ssize_t pread(int, void *, size_t, off_t);

static char status[2048] __attribute__((aligned(8)));
static volatile int shared = 7;
static int ctl, to_child, from_child, status_file;
static pid_t child;

static int say(long message, const void *operand, size_t size)
{
	char text[256];
	memcpy(text, &message, sizeof message);
	memcpy(text + sizeof message, operand, size);
	return write(ctl, text, sizeof message + size) == (ssize_t)(sizeof message + size) ? 0 : errno;
}

static int tell(long message, long operand)
{
	return say(message, &operand, sizeof operand);
}

static int trace(long message, int number, size_t words)
{
	unsigned set[16] = { 0 };
	if (number)
		set[(number - 1) / 32] |= 1u << ((number - 1) % 32);
	return say(message, set, words * 4);
}

static int half(int at)
{
	short value;
	memcpy(&value, status + at, sizeof value);
	return value;
}

static long number(int at)
{
	long value;
	memcpy(&value, status + at, sizeof value);
	return value;
}

static void look(const char *when)
{
	pread(status_file, status, sizeof status, 0);
	printf("%s flags %x why %d what %d", when, *(unsigned *)status & 0xff03, half(8), half(10));
}

static void begin(void (*deed)(int, int))
{
	int down[2], up[2];
	char path[64];
	fflush(stdout);
	pipe(down);
	pipe(up);
	child = fork();
	if (child == 0) {
		deed(down[0], up[1]);
		_exit(0);
	}
	to_child = down[1];
	from_child = up[0];
	snprintf(path, sizeof path, "/proc/%d/ctl", child);
	ctl = open(path, O_WRONLY);
	snprintf(path, sizeof path, "/proc/%d/lwp/1/lwpstatus", child);
	status_file = open(path, O_RDONLY);
}

static void end(void)
{
	int how = 0;
	close(ctl);
	close(to_child);
	waitpid(child, &how, 0);
	printf("ended %x\n", how);
}

static void writes(int in, int out)
{
	char byte;
	read(in, &byte, 1);
	ssize_t got = write(out, "first", 5);
	printf("child wrote %d\n", (int)got);
	got = write(out, "second", 6);
	printf("child wrote %d errno %d\n", (int)got, errno);
	fflush(stdout);
}

static void calls(void)
{
	begin(writes);
	printf("stop %d", tell(PCSTOP, 0) && 0);
	int all = say(PCNULL, NULL, 0) | say(PCSTOP, NULL, 0);
	look(all == 0 ? " stopped" : " failed");
	printf(" again %d", say(PCSTOP, NULL, 0));
	printf(" entry %d exit %d run %d\n", trace(PCSENTRY, SYS_write, 16), trace(PCSEXIT, SYS_write, 16), tell(PCRUN, 0));
	write(to_child, "x", 1);
	printf("wait %d", say(PCWSTOP, NULL, 0));
	look("");
	printf(" call %d args %d size %ld", half(AT(368, 216)), half(AT(370, 218)), number(AT(376, 224) + 2 * sizeof(long)));
	printf(" run %d", tell(PCRUN, 0));
	printf(" wait %d", say(PCWSTOP, NULL, 0));
	look("");
	printf(" value %ld\n", number(AT(440, 256)));
	trace(PCSEXIT, 0, 16);
	fflush(stdout);
	tell(PCRUN, 0);
	/* the write of standard output: let through; the second one to the pipe: not made */
	say(PCWSTOP, NULL, 0);
	look("second");
	printf(" fd out %d abort %d\n", number(AT(376, 224)) != 1, tell(PCRUN, PRSABORT));
	trace(PCSENTRY, 0, 16);
	end();
}

static void lives(int in, int out)
{
	char byte;
	ssize_t got;
	do
		got = read(in, &byte, 1);
	while (got < 0);
	write(out, &byte, 1);
	if (byte == 's')
		kill(getpid(), SIGUSR1);
	if (byte == 'f' && fork() == 0)
		_exit(4);
	write(out, "!", 1);
}

static void signals(void)
{
	char byte;
	begin(lives);
	trace(PCSTRACE, SIGUSR1, 4);
	write(to_child, "s", 1);
	printf("wait %d", say(PCWSTOP, NULL, 0));
	look("");
	printf(" signal %d run %d\n", half(12), tell(PCRUN, PRCSIG));
	read(from_child, &byte, 1);
	read(from_child, &byte, 1);
	printf("lives %c\n", byte);
	end();
	begin(lives);
	trace(PCSTRACE, SIGUSR1, 4);
	write(to_child, "s", 1);
	say(PCWSTOP, NULL, 0);
	tell(PCRUN, 0);
	end();
}

static void traps(int in, int out)
{
	char byte;
	read(in, &byte, 1);
	__asm__ volatile("int3; nop; nop");
	byte = (char)shared;
	write(out, &byte, 1);
}

static void faults(void)
{
	struct { void *base; size_t size; long at; } move;
	long registers[28] = { 0 };
	unsigned char code = 0;
	int value = 9;
	char byte = 0;
	begin(traps);
	unsigned both[4] = { 1 << (FLTBPT - 1) | 1 << (FLTTRACE - 1) };
	say(PCSFAULT, both, sizeof both);
	tell(PCSET, PR_BPTADJ);
	write(to_child, "x", 1);
	printf("wait %d", say(PCWSTOP, NULL, 0));
	look("");
	memcpy(registers, status + AT(544, 336), WORDS * sizeof(long));
	move.base = &code;
	move.size = 1;
	move.at = registers[IP];
	printf(" read %d %x", say(PCREAD, &move, sizeof move), code);
	move.base = &value;
	move.size = sizeof value;
	move.at = (long)&shared;
	printf(" write %d", say(PCWRITE, &move, sizeof move));
	move.at = 8;
	printf(" nowhere %d", say(PCWRITE, &move, sizeof move));
	long before = ++registers[IP];
	printf(" set %d", say(PCSREG, registers, WORDS * sizeof(long)));
	printf(" step %d wait %d", tell(PCRUN, PRCFAULT | PRSTEP), say(PCWSTOP, NULL, 0));
	look("");
	printf(" moved %ld\n", number(AT(544, 336) + IP * (int)sizeof(long)) - before);
	tell(PCRUN, PRCFAULT);
	read(from_child, &byte, 1);
	printf("child saw %d\n", byte);
	end();
}

static void modes(void)
{
	char byte, path[64];
	begin(lives);
	tell(PCSET, PR_RLC);
	say(PCSTOP, NULL, 0);
	write(to_child, "x", 1);
	close(ctl);
	read(from_child, &byte, 1);
	printf("runs after the last close %c\n", byte);
	end();
	begin(lives);
	printf("bad mode %d message %d", tell(PCSET, 1), tell(99, 0));
	tell(PCSET, PR_KLC | PR_FORK);
	trace(PCSEXIT, SYS_forksys, 16);
	write(to_child, "f", 1);
	say(PCWSTOP, NULL, 0);
	look(" fork");
	long grandchild = number(AT(440, 256));
	snprintf(path, sizeof path, "/proc/%ld/lwp/1/lwpstatus", grandchild);
	int other = open(path, O_RDONLY);
	pread(other, status, sizeof status, 0);
	printf(" child why %d what %d\n", half(8), half(10));
	close(other);
	kill((pid_t)grandchild, SIGKILL);
	end();
	begin(lives);
	int how;
	kill(child, SIGKILL);
	waitpid(child, &how, 0);
	printf("gone %d\n", say(PCSTOP, NULL, 0));
	begin(lives);
	printf("timed %d", tell(PCTWSTOP, 10));
	printf(" busy %d", tell(PCRUN, 0));
	printf(" stop %d kill %d\n", say(PCSTOP, NULL, 0), tell(PCKILL, SIGKILL));
	end();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} deeds[] = { { "calls", calls }, { "signals", signals }, { "faults", faults }, { "modes", modes } };
	for (size_t n = 0; n < sizeof deeds / sizeof *deeds; n++)
		if (argc > 1 && strcmp(argv[1], deeds[n].name) == 0) {
			deeds[n].run();
			return 0;
		}
	return 2;
}
