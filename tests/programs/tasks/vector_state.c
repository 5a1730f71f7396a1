/*
 * The whole vector state, register by register: every one is filled and found again after a call, a handler that fills them
 * otherwise, a jump out of one, fork, and another thread that fills its own meanwhile; and what says how much there is.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define COUNT 16
#define EACH(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)
#else
#define COUNT 8
#define EACH(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)
#endif
#define UPPER(M) M(16) M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31)
#define MASKS(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)
#define LOAD(n) "vmovdqu 32*" #n "(%0), %%ymm" #n "\n"
#define STORE(n) "vmovdqu %%ymm" #n ", 32*" #n "(%0)\n"
#define LOAD_ZMM(n) "vmovdqu64 64*" #n "(%0), %%zmm" #n "\n"
#define STORE_ZMM(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%0)\n"
#define LOAD_K(n) "kmovw 8*" #n "(%1), %%k" #n "\n"
#define STORE_K(n) "kmovw %%k" #n ", 8*" #n "(%1)\n"

struct state {
	uint8_t registers[64 * 32], masks[64];
	uint32_t mxcsr, pkru;
	uint16_t control;
};

static int has_zmm, has_keys;
static sigjmp_buf back;

static void prepare(struct state *s, unsigned seed)
{
	unsigned n;

	memset(s, 0, sizeof *s);
	for (n = 0; n < (has_zmm ? (COUNT == 16 ? 2048 : 512) : COUNT * 32u); n++)
		s->registers[n] = seed + n * 7;
	for (n = 0; has_zmm && n < 8; n++)
		s->masks[8 * n] = seed + n, s->masks[8 * n + 1] = seed * 3;
	s->mxcsr = 0x1f80 | (seed & 3) << 13 | (seed & 1) << 15;
	s->control = 0x37f | (seed & 3) << 10;
	s->pkru = has_keys ? (seed & 1 ? 0x55555550 : 0x55555554) : 0;
}

static void load(const struct state *s)
{
	if (has_zmm) {
		__asm__ volatile(EACH(LOAD_ZMM) : : "r"(s->registers), "r"(s->masks) : "memory");
#ifdef __x86_64__
		__asm__ volatile(UPPER(LOAD_ZMM) : : "r"(s->registers), "r"(s->masks) : "memory");
#endif
		__asm__ volatile(MASKS(LOAD_K) : : "r"(s->registers), "r"(s->masks) : "memory");
	} else {
		__asm__ volatile(EACH(LOAD) : : "r"(s->registers) : "memory");
	}
	__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(s->mxcsr), "m"(s->control));
	if (has_keys)
		__asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(s->pkru), "c"(0), "d"(0));
}

static void store(struct state *s)
{
	uint32_t d;

	/* what is not stored is 0 in all of them: nothing is cleared here, by registers that are to be stored */
	if (has_zmm) {
		__asm__ volatile(EACH(STORE_ZMM) : : "r"(s->registers), "r"(s->masks) : "memory");
#ifdef __x86_64__
		__asm__ volatile(UPPER(STORE_ZMM) : : "r"(s->registers), "r"(s->masks) : "memory");
#endif
		__asm__ volatile(MASKS(STORE_K) : : "r"(s->registers), "r"(s->masks) : "memory");
	} else {
		__asm__ volatile(EACH(STORE) : : "r"(s->registers) : "memory");
	}
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(s->mxcsr), "=m"(s->control));
	if (has_keys)
		__asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(s->pkru), "=d"(d) : "c"(0));
}

static int call(long number)
{
	long result;

#ifdef __x86_64__
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(getpid()), "S"((long)SIGUSR1) : "rcx", "r11", "memory");
#else
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(getpid()), "c"(SIGUSR1) : "memory");
#endif
	return result;
}

#ifdef __x86_64__
enum { GETPPID = 110, KILL = 62, YIELD = 24, FORK = 57 };
#else
enum { GETPPID = 64, KILL = 37, YIELD = 158, FORK = 2 };
#endif

/* Whether a call leaves everything as it is. */
static int keeps(unsigned seed, long number)
{
	static __thread struct state before, after;

	prepare(&before, seed);
	load(&before);
	call(number);
	store(&after);
	return !memcmp(&before, &after, sizeof before);
}

static void handler(int number)
{
	static struct state mine;

	prepare(&mine, 99);
	load(&mine);
	if (number == SIGUSR2)
		siglongjmp(back, 1);
}

static void *other(void *argument)
{
	long good = 0;
	int n;

	for (n = 0; n < 50; n++)
		good += keeps((long)argument + n, YIELD);
	return (void *)good;
}

int main(void)
{
	static struct state mine, found;
	uint32_t a, b, c, d, low, high;
	struct sigaction action = {.sa_handler = handler};
	pthread_t threads[2];
	void *good;
	int status, n;

	setvbuf(stdout, NULL, _IONBF, 0);
	__cpuid(1, a, b, c, d);
	printf("HWCAP is CPUID's: %d\n", getauxval(AT_HWCAP) == d);
	printf("FSGSBASE: %d\n", (int)(getauxval(26) >> 1 & 1));
	printf("OSXSAVE: %d\n", c >> 27 & 1);
	if (!(c >> 27 & 1))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	__cpuid_count(0xd, 0, a, b, c, d);
	printf("XCR0 %x %x, enabled: %d, bytes %d\n", low, high, (low & ~a) == 0, b);
	printf("room for a frame: %d\n", getauxval(AT_MINSIGSTKSZ) >= b);
	if ((low & 6) != 6)
		return 0;
	has_zmm = (low & 0xe0) == 0xe0;
	__cpuid_count(7, 0, a, b, c, d);
	has_keys = c >> 4 & 1;
	printf("512 bits: %d, keys: %d\n", has_zmm, has_keys);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	printf("call: %d\n", keeps(1, GETPPID));
	printf("handler: %d\n", keeps(2, KILL));
	prepare(&mine, 99);
	if (!sigsetjmp(back, 1))
		raise(SIGUSR2);
	store(&found);
	printf("jump out of a handler: %d\n", !memcmp(mine.masks, found.masks, 64) && mine.mxcsr == found.mxcsr);
	prepare(&mine, 3);
	load(&mine);
	n = call(FORK);
	store(&found);
	if (!n)
		_exit(memcmp(&mine, &found, sizeof mine) ? 1 : keeps(4, YIELD) ? 0 : 2);
	waitpid(n, &status, 0);
	printf("fork: parent %d, child %x\n", !memcmp(&mine, &found, sizeof mine), status);
	for (n = 0; n < 2; n++)
		pthread_create(&threads[n], NULL, other, (void *)(10L + 100 * n));
	for (n = 0; n < 2; n++) {
		pthread_join(threads[n], &good);
		printf("thread: %ld of 50\n", (long)good);
	}
	return 0;
}
