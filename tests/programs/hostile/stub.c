/*
 * stub NUMBER START RUN CALL BREAK: attacks on what runs programs on the host's own processor, where it would lie. Natively nothing is there, so
 * each line says which signal came, or what a call gave. The other arguments say where in its page the stub starts, runs a
 * list, makes a call and stops, in hexadecimal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define BASE 0x6f0000000000UL
#else
#define BASE 0x6f000000UL /* no stub is here, but the same must happen */
#endif
#define LIST (BASE + 0x1000)
#define STACK (BASE + 0x11000)
#define PAGE 4096

static unsigned long start_at, run_at, call_at, break_at;
static sigjmp_buf back;
static uint8_t alternate[65536];

static void caught(int number)
{
	siglongjmp(back, number);
}

static void catch_all(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS};
	struct sigaction action;
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	unsigned n;

	sigaltstack(&stack, NULL);
	memset(&action, 0, sizeof action);
	action.sa_handler = caught;
	action.sa_flags = SA_ONSTACK | SA_NODEFER;
	for (n = 0; n < sizeof numbers / sizeof *numbers; n++)
		sigaction(numbers[n], &action, NULL);
}

static void told(const char *name, long result)
{
	printf("%s: %ld errno %d\n", name, result, result < 0 ? errno : 0);
}

/* Goes to an address with a call's number and arguments in the registers where the stub has them. */
static void go(unsigned long where, long number, long a, long b)
{
#ifdef __x86_64__
	register long fourth __asm__("r10") = 0x8011;
	register long fifth __asm__("r8") = 3;
	register long sixth __asm__("r9") = 0;

	__asm__ volatile("mov %5, %%rbx; jmp *%0"
			 : : "r"(where), "a"(number), "D"(a), "S"(b), "d"(7L), "r"(alternate), "r"(fourth), "r"(fifth), "r"(sixth)
			 : "rbx", "memory");
#else
	__asm__ volatile("jmp *%0" : : "r"(where), "a"(number), "d"(a), "c"(b) : "memory");
#endif
}

static void list_of_calls(void)
{
	uint64_t *call = (uint64_t *)alternate;

	call[0] = 9; /* mmap of RAM */
	call[1] = 0x500000000000;
	call[2] = PAGE;
	call[3] = 7;
	call[4] = 0x8011;
	call[5] = 3;
	call[6] = 0;
	call[8] = -1;
	go(run_at, 0, 0, 0);
}

static void with_stack(unsigned long at)
{
#ifdef __x86_64__
	__asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; push %%rax; mov %%rbx, %%rsp" : : "r"(at) : "rbx", "memory");
#else
	__asm__ volatile("mov %%esp, %%ebx; mov %0, %%esp; push %%eax; mov %%ebx, %%esp" : : "r"(at) : "ebx", "memory");
#endif
}

static void over_it(unsigned long at)
{
	uint8_t *memory = mmap((void *)at, 64 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	unsigned n;

	for (n = 0; n < 64; n++)
		memory[n * PAGE + n] = n;
	for (n = 0; n < 64; n++)
		if (memory[n * PAGE + n] != n || memory[n * PAGE + n + 1])
			printf("page %u is not mine\n", n);
	memory[0] = 0xc3; /* ret */
	((void (*)(void))memory)();
	told("mine", munmap(memory, 64 * PAGE));
}

static void segment_base(unsigned long base)
{
#ifdef __x86_64__
	unsigned long kept = 0;

	__asm__ volatile("rdgsbase %0; wrgsbase %1; mov $39, %%eax; syscall; nop; wrgsbase %0"
			 : "=&r"(kept) : "r"(base) : "rax", "rcx", "r11", "memory");
#endif
	told("base", 0);
}

static void selector(uint16_t value)
{
	uint16_t kept;

	__asm__ volatile("mov %%ds, %0; mov %1, %%ds; nop; mov %0, %%ds" : "=&r"(kept) : "r"(value) : "memory");
	told("selector", 0);
}

static void many_mappings(void)
{
	enum { COUNT = 3000 };
	uint8_t *memory = mmap(NULL, 2L * COUNT * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long sum = 0;
	int n;

	if (memory == MAP_FAILED) {
		puts("no room");
		return;
	}
	for (n = 0; n < COUNT; n++)
		sum += memory[2L * n * PAGE];
	told("sum", sum);
	told("all", munmap(memory, 2L * COUNT * PAGE));
}

static void attack(int number)
{
	struct iovec piece = {(void *)LIST, 16};
	stack_t stack = {.ss_sp = (void *)STACK, .ss_size = 0x8000};
	int pipes[2];

	switch (number) {
	case 0: go(BASE, 0, 0, 0); break;
	case 1: go(call_at, 231, 77, 0); break;	/* its system call: exit_group */
	case 2: go(call_at, 9, 0x500000000000, PAGE); break;	/* mmap of RAM */
	case 3: go(call_at, 62, getppid(), SIGKILL); break;
	case 4: go(call_at, 11, BASE, 0x100000); break;	/* munmap of itself */
	case 5: go(break_at, 0, 0, 0); break;	/* its int3 */
	case 6: list_of_calls(); break;
	case 7: go(start_at, 0, 0, 0); break;		/* where it starts */
	case 8: go(LIST, 0, 0, 0); break;
	case 9: go(STACK, 0, 0, 0); break;
	case 10: *(volatile uint8_t *)start_at = 0; break;
	case 11: *(volatile uint64_t *)LIST = 0; break;
	case 12: told("mprotect", mprotect((void *)BASE, PAGE, PROT_READ | PROT_WRITE)); break;
	case 13: told("munmap", munmap((void *)BASE, 64 * PAGE)); getpid(); break;
	case 14: told("madvise", madvise((void *)BASE, PAGE, MADV_DONTNEED)); break;
	case 15: told("mremap", mremap((void *)BASE, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0); break;
	case 16: over_it(BASE); break;
	case 17: over_it(BASE - 0x8000); break;
	case 18: over_it(BASE + 0x10000); break;
	case 19: over_it(BASE); over_it(sizeof(long) == 8 ? (unsigned long)BASE - (1UL << 31 << 9) : BASE); over_it(BASE); break;
	case 20: told("read", pipe(pipes) + write(pipes[1], "x", 1) + read(pipes[0], (void *)start_at, 1)); break;
	case 21: told("write", pipe(pipes) + write(pipes[1], (void *)start_at, 16)); break;
	case 22: told("vm_readv", process_vm_readv(getpid(), &piece, 1, &piece, 1, 0)); break;
	case 23: with_stack(LIST + 64); break;
	case 24:
		sigaltstack(&stack, NULL);
		raise(SIGSEGV);
		break;
	case 25: segment_base(0xffff800000000000UL & ~0UL); break;
	case 26: segment_base(BASE); break;
	case 27: selector(0x2b); selector(0x28); selector(0); break;
	case 28: selector(0x33); break;
	case 29: selector(0x7f); break;
	case 30: many_mappings(); break;
	case 31: __asm__ volatile("hlt"); break;
	case 32: __asm__ volatile("mov %0, %%cr3" : : "r"(0x1000L)); break;
#ifdef __x86_64__
	case 33: __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop" : : : "memory"); break;
#else
	case 33: __asm__ volatile("pushf; orl $0x100, (%%esp); popf; nop; nop" : : : "memory"); break;
#endif
	case 34: __asm__ volatile("int $3"); break;
	default: exit(9);
	}
}

int main(int argc, char **argv)
{
	int number, got;

	if (argc < 6)
		return 8;
	number = atoi(argv[1]);
	start_at = BASE + strtoul(argv[2], NULL, 16);
	run_at = BASE + strtoul(argv[3], NULL, 16);
	call_at = BASE + strtoul(argv[4], NULL, 16);
	break_at = BASE + strtoul(argv[5], NULL, 16);
	setvbuf(stdout, NULL, _IONBF, 0);
	if (number == 35) { /* a stop that is the program's own: its parent continues it */
		int status, child = fork();

		if (!child) {
			kill(getpid(), SIGSTOP);
			_exit(5);
		}
		waitpid(child, &status, WUNTRACED);
		printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
		kill(child, SIGCONT);
		waitpid(child, &status, 0);
		printf("exited %d\n", WEXITSTATUS(status));
		return 0;
	}
	catch_all();
	got = sigsetjmp(back, 1);
	if (!got)
		attack(number);
	printf("signal %d\n", got);
	/* it still works as before */
	printf("alive: %d\n", getpid() > 0 && !fflush(stdout));
	return 0;
}
