/* What signal(7) promises, one line a promise: the same on every Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int hits, order[16], ordered;
static volatile siginfo_t last;
static volatile uintptr_t stack_seen;
static sigjmp_buf back;

static void count(int signal) { hits++; if (ordered < 16) order[ordered++] = signal; }
static void informed(int signal, siginfo_t *info, void *context)
{
	(void)context;
	int here;
	stack_seen = (uintptr_t)&here;
	last = *info;
	count(signal);
}
static void jump(int signal, siginfo_t *info, void *context) { informed(signal, info, context); siglongjmp(back, 1); }
static void spoil(int signal) /* a handler may use the floating-point unit */
{
	volatile double x = 3.0;
	volatile long double y = 7.0L;
	x = x / 7.0;
	y = y / 3.0L;
	fesetround(FE_UPWARD);
	count(signal);
}
static void change(int signal, siginfo_t *info, void *context) /* and change the saved registers */
{
	ucontext_t *u = context;
	(void)info;
#ifdef __x86_64__
	u->uc_mcontext.gregs[REG_RBX] = 0x1234;
	u->uc_mcontext.gregs[REG_EFL] |= 1;
#else
	u->uc_mcontext.gregs[REG_EDI] = 0x1234;
	u->uc_mcontext.gregs[REG_EFL] |= 1;
#endif
	sigaddset(&u->uc_sigmask, SIGWINCH);
	count(signal);
}
static void stepped(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	last = *info;
	if (++hits == 5)
		u->uc_mcontext.gregs[REG_EFL] &= ~0x100;
	(void)signal;
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	action.sa_flags = flags;
	sigaction(signal, &action, NULL);
}
static void handle_info(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = flags | SA_SIGINFO;
	sigaction(signal, &action, NULL);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	sigset_t set, old;

	handle_info(SIGUSR1, informed, 0);
	raise(SIGUSR1);
	printf("raise: hits %d code %d from us %d\n", hits, last.si_code, last.si_pid == getpid());
	kill(getpid(), SIGUSR1);
	printf("kill: hits %d code %d\n", hits, last.si_code);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, &old);
	handle(SIGUSR2, count, 0);
	handle_info(SIGRTMIN, informed, 0);
	handle_info(SIGRTMIN + 1, informed, 0);
	hits = ordered = 0;
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	union sigval value = {.sival_int = 42};
	sigqueue(getpid(), SIGRTMIN + 1, value);
	sigqueue(getpid(), SIGRTMIN, value);
	value.sival_int = 43;
	sigqueue(getpid(), SIGRTMIN, value);
	sigset_t waiting;
	sigpending(&waiting);
	printf("pending: %d %d %d, hits %d\n", sigismember(&waiting, SIGUSR1), sigismember(&waiting, SIGUSR2),
	       sigismember(&waiting, SIGRTMIN), hits);
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("delivered %d, value %d\n", hits, last.si_value.sival_int);
	for (int i = 0; i < ordered; i++)
		printf("order %d: %d\n", i, order[i] >= SIGRTMIN ? order[i] - SIGRTMIN + 100 : order[i]);

	sigprocmask(SIG_BLOCK, &set, NULL);
	value.sival_int = 77;
	sigqueue(getpid(), SIGRTMIN, value);
	siginfo_t info;
	struct timespec zero = {0, 0};
	int taken = sigtimedwait(&set, &info, &zero);
	printf("sigtimedwait: %d value %d code %d\n", taken - SIGRTMIN, info.si_value.sival_int, info.si_code);
	taken = sigtimedwait(&set, &info, &zero);
	printf("sigtimedwait again: %d %s\n", taken, strerror(errno));

	hits = 0;
	pid_t me = getpid(), pid = fork();
	if (!pid) {
		kill(me, SIGUSR2);
		_exit(0);
	}
	sigset_t none;
	sigemptyset(&none);
	int result = sigsuspend(&none);
	printf("sigsuspend: %d %s hits %d\n", result, strerror(errno), hits);
	sigprocmask(SIG_BLOCK, NULL, &waiting);
	printf("mask after: %d\n", sigismember(&waiting, SIGUSR2));
	waitpid(pid, NULL, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);

	int pipes[2];
	char byte;
	if (pipe(pipes))
		return 1;
	for (int restart = 0; restart < 2; restart++) {
		handle(SIGUSR2, count, restart ? SA_RESTART : 0);
		hits = 0;
		pid = fork();
		if (!pid) {
			struct timespec moment = {0, 20000000};
			nanosleep(&moment, NULL);
			kill(me, SIGUSR2);
			nanosleep(&moment, NULL);
			if (write(pipes[1], "x", 1) != 1)
				_exit(1);
			_exit(0);
		}
		result = read(pipes[0], &byte, 1);
		printf("read with%s restart: %d %s\n", restart ? "" : "out", result, result < 0 ? strerror(errno) : "");
		if (result < 0)
			printf("then: %zd\n", read(pipes[0], &byte, 1));
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		printf("hits %d\n", hits);
	}

	handle_info(SIGSEGV, jump, SA_ONSTACK);
	stack_t alternate = {.ss_sp = malloc(65536), .ss_size = 65536}, before;
	sigaltstack(&alternate, NULL);
	if (!sigsetjmp(back, 1))
		*(volatile int *)0x1230 = 1;
	printf("write fault: code %d address %p on alternate stack %d\n", last.si_code, last.si_addr,
	       stack_seen - (uintptr_t)alternate.ss_sp < 65536);
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!sigsetjmp(back, 1))
		*(volatile char *)page = 1;
	printf("protection fault: code %d address right %d\n", last.si_code, last.si_addr == page);
	sigaltstack(NULL, &before);
	printf("alternate stack flags %d size %zu\n", before.ss_flags, before.ss_size);
	alternate.ss_flags = 1u << 31; /* SS_AUTODISARM */
	sigaltstack(&alternate, NULL);
	for (int i = 0; i < 2; i++) {
		if (!sigsetjmp(back, 1))
			*(volatile int *)0x1230 = 1;
		sigaltstack(NULL, &before);
		printf("put away: flags %x, on it %d\n", before.ss_flags,
		       stack_seen - (uintptr_t)alternate.ss_sp < 65536);
		handle_info(SIGSEGV, jump, 0);
	}
	handle_info(SIGFPE, jump, 0);
	volatile int nothing = 0;
	if (!sigsetjmp(back, 1))
		nothing = 5 / nothing;
	printf("division: code %d\n", last.si_code);
	handle_info(SIGILL, jump, 0);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ud2");
	printf("ud2: code %d\n", last.si_code);
	handle_info(SIGTRAP, jump, 0);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("int3");
	printf("int3: code %d\n", last.si_code);

	handle(SIGUSR2, spoil, 0);
	volatile double kept = 1.0;
	long double ratio = 1.0L / 3.0L;
	raise(SIGUSR2);
	printf("floating point: %.17g %.20Lg rounding %d\n", kept / 3.0, ratio + 0.0L, fegetround() == FE_TONEAREST);

	handle_info(SIGUSR1, change, 0);
	unsigned long got, carry;
#ifdef __x86_64__
	__asm__ volatile("xor %%ebx, %%ebx; clc; syscall; setc %%al; movzbl %%al, %%eax"
			 : "=a"(carry), "=b"(got) : "a"(62), "D"((long)me), "S"((long)SIGUSR1) : "rcx", "r11", "memory", "cc");
#else
	__asm__ volatile("xor %%edi, %%edi; clc; int $0x80; setc %%al; movzbl %%al, %%eax"
			 : "=a"(carry), "=D"(got) : "a"(37), "b"(me), "c"(SIGUSR1) : "memory", "cc");
#endif
	sigprocmask(SIG_BLOCK, NULL, &waiting);
	printf("changed registers: %lx carry %lu mask %d\n", got, carry, sigismember(&waiting, SIGWINCH));
	sigprocmask(SIG_SETMASK, &old, NULL);

	handle_info(SIGTRAP, stepped, 0);
	hits = 0;
#ifdef __x86_64__
	__asm__ volatile("sub $128, %%rsp; pushf; orl $0x100, (%%rsp); popf; nop; nop; nop; nop; nop; nop; add $128, %%rsp"
#else
	__asm__ volatile("pushf; orl $0x100, (%%esp); popf; nop; nop; nop; nop; nop; nop"
#endif
			 : : : "memory", "cc");
	printf("single steps: %d code %d\n", hits, last.si_code);

	handle(SIGUSR1, count, SA_RESETHAND);
	raise(SIGUSR1);
	struct sigaction now;
	sigaction(SIGUSR1, NULL, &now);
	printf("one shot: %d\n", now.sa_handler == SIG_DFL);
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	printf("ignored\n");

	handle_info(SIGCHLD, informed, SA_RESTART);
	hits = 0;
	pid = fork();
	if (!pid)
		_exit(9);
	waitpid(pid, NULL, 0);
	printf("SIGCHLD: hits %d code %d status %d pid right %d\n", hits, last.si_code, last.si_status, last.si_pid == pid);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_IGN);
		*(volatile int *)8 = 1;
		_exit(0);
	}
	int status;
	waitpid(pid, &status, 0);
	printf("an ignored fault kills: %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
	printf("errors: %d", sigaction(SIGKILL, &now, NULL));
	printf(" %s", strerror(errno));
	printf(" %d", kill(me, 65));
	printf(" %s\n", strerror(errno));
	return 0;
}
