/*
 * The upper halves of vector registers: kept over calls, handlers (which change them, and find them in their frames), a
 * jump out of a handler, fork, threads' switches and exec's clean start. Prints one line where the processor has no AVX.
 */
#include <cpuid.h>
#include <elf.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static int wide; /* bytes of a register: 32 or 64 */
static unsigned in_frame;

static void set(uint8_t value)
{
	uint8_t bytes[64];

	memset(bytes, value, sizeof bytes);
	if (wide == 64)
		__asm__ volatile("vmovdqu64 (%0), %%zmm5; vmovdqu64 (%0), %%zmm7" : : "r"(bytes) : "memory");
	else
		__asm__ volatile("vmovdqu (%0), %%ymm5; vmovdqu (%0), %%ymm7" : : "r"(bytes) : "memory");
}

static int holds(uint8_t value)
{
	uint8_t bytes[64], five[64] = {0}, seven[64] = {0};

	memset(bytes, value, sizeof bytes);
	if (wide == 64)
		__asm__ volatile("vmovdqu64 %%zmm5, (%0); vmovdqu64 %%zmm7, (%1)" : : "r"(five), "r"(seven) : "memory");
	else
		__asm__ volatile("vmovdqu %%ymm5, (%0); vmovdqu %%ymm7, (%1)" : : "r"(five), "r"(seven) : "memory");
	return !memcmp(five, bytes, wide) && !memcmp(seven, bytes, wide);
}

static void handler(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint8_t *state = (uint8_t *)uc->uc_mcontext.fpregs;
	uint32_t at, size, b, c, d;

#ifdef __i386__
	state += 112;
#endif
	printf("flags %lx magic %x\n", (unsigned long)uc->uc_flags & 1, *(uint32_t *)(state + 464));
	__cpuid_count(0xd, 2, size, at, c, d);
	(void)b;
	in_frame = state[at + 16 * 5];
	printf("marked at the end: %d\n", *(uint32_t *)(state + *(uint32_t *)(state + 480)) == 0x46505845);
	set(0x77);
	if (signal == SIGUSR2)
		siglongjmp(back, 1);
	if (signal == SIGINT)
		memset(state + at + 16 * 5, 0x11, 16);
}

static void handle(int signal)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	sigaction(signal, &action, NULL);
}

/* A tracer reads the registers of its child and gives it others. */
static void traced(void)
{
	static uint8_t area[16384];
	struct iovec all = {area, sizeof area}, part = {area, 64};
	uint32_t at, size, c, d;
	int status, child = fork();

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		set(0x61);
		__asm__ volatile("int3");
		_exit(holds(0x61) ? 6 : 7);
	}
	waitpid(child, &status, 0);
	__cpuid_count(0xd, 2, size, at, c, d);
	printf("read: %ld", ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &all));
	printf(", upper half %x, low half %x\n", area[at + 16 * 7], area[160 + 16 * 7]);
	printf("a part of it: %ld\n", ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &part));
	printf("written: %ld\n", ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &all));
	ptrace(PTRACE_CONT, child, NULL, NULL);
	waitpid(child, &status, 0);
	printf("the child kept them: %d\n", WEXITSTATUS(status) == 6);
}

int main(int argc, char **argv)
{
	uint32_t a, b, c, d, low = 0;
	int status;

	__cpuid(1, a, b, c, d);
	if (c & 1 << 27)
		__asm__ volatile("xgetbv" : "=a"(low), "=d"(d) : "c"(0));
	if ((low & 6) != 6) {
		puts("no AVX");
		return 0;
	}
	wide = (low & 0xe0) == 0xe0 ? 64 : 32;
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		printf("after exec: %d\n", holds(0));
		return 0;
	}
	handle(SIGUSR1);
	handle(SIGUSR2);
	handle(SIGINT);
	set(0x5a);
	getppid();
	printf("call: %d\n", holds(0x5a));
	set(0x5b);
	raise(SIGUSR1);
	printf("handler: %d, it saw %x\n", holds(0x5b), in_frame);
	set(0x5c);
	if (!sigsetjmp(back, 1))
		raise(SIGUSR2);
	printf("jump out of a handler: %d\n", holds(0x77));
	set(0x5d);
	raise(SIGINT);
	printf("changed in the frame: %d\n", holds(0x5d));
	set(0x5e);
	if (!fork()) {
		int kept = holds(0x5e);

		set(0x11);
		sched_yield();
		_exit(kept && holds(0x11) ? 3 : 4);
	}
	sched_yield();
	int kept = holds(0x5e);
	wait(&status);
	printf("parent: %d, child: %d\n", kept, WEXITSTATUS(status));
	traced();
	set(0x5f);
	if (!fork()) {
		execl(argv[0], argv[0], "again", NULL);
		_exit(1);
	}
	wait(&status);
	return WEXITSTATUS(status);
}
