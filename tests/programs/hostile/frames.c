/*
 * frames: handlers that return from frames which no kernel has made. Each runs in a child of its own, whose line says
 * what came of it: how the program went on, or which signal.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define HEADER 512	/* of XSAVE, behind FXSAVE's part */
#define SOFTWARE 464	/* where the kernel says how large the state is (struct _fpx_sw_bytes) */

#ifdef __x86_64__
#define FX 0
enum { IP = REG_RIP, SP = REG_RSP, FLAGS = REG_EFL };
#else
#define FX 112		/* of i386's own format, before FXSAVE's */
enum { IP = REG_EIP, SP = REG_ESP, FLAGS = REG_EFL };
#endif

static volatile int number, came;

static void set32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return value;
}

static void change(ucontext_t *uc)
{
	greg_t *regs = uc->uc_mcontext.gregs;
	uint8_t *old = (uint8_t *)uc->uc_mcontext.fpregs, *fx = old + FX;
	uint8_t *other = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	switch (number) {
	case 0: break;
	case 1: set32(fx + 24, 0xffffffff); break;	/* MXCSR */
	case 2: set32(fx + 24, 0x10000); break;
	case 3: set32(fx + 28, 0); break;		/* its mask */
	case 4: memset(fx, 0xff, 24); break;		/* the x87's environment */
	case 5: memset(fx + HEADER, 0xff, 8); break;	/* XSTATE_BV */
	case 6: memset(fx + HEADER, 0, 8); break;
	case 7: memset(fx + HEADER + 8, 0xff, 8); break;	/* XCOMP_BV */
	case 8: memset(fx + HEADER + 16, 0xff, 48); break;	/* reserved */
	case 9: set32(fx + SOFTWARE, 0); break;		/* FP_XSTATE_MAGIC1 */
	case 10: set32(fx + SOFTWARE + 4, 0xffffffff); break;	/* extended_size */
	case 11: memset(fx + SOFTWARE + 8, 0xff, 8); break;	/* xfeatures */
	case 12: memset(fx + SOFTWARE + 8, 0, 8); break;
	case 13: set32(fx + SOFTWARE + 16, 0xffffffff); break;	/* xstate_size */
	case 14: set32(fx + SOFTWARE + 16, 0); break;
	case 15: uc->uc_mcontext.fpregs = NULL; break;
	case 16: uc->uc_mcontext.fpregs = (void *)(old + 1); break;
	case 17: uc->uc_mcontext.fpregs = (void *)(-1UL << 12); break;
	case 18: uc->uc_mcontext.fpregs = (void *)PAGE; break;
	case 19: /* it ends with its memory */
		munmap(other + PAGE, PAGE);
		memcpy(other + PAGE - 512 - FX, old, 512 + FX);
		uc->uc_mcontext.fpregs = (void *)(other + PAGE - 512 - FX);
		break;
	case 20: /* the same with memory that cannot be read behind the first part */
		memcpy(other + PAGE - 512 - FX, old, 512 + FX + 64);
		mprotect(other + PAGE, PAGE, PROT_NONE);
		uc->uc_mcontext.fpregs = (void *)(other + PAGE - 512 - FX);
		break;
	case 21: memset(fx + 32, 0xff, 128); break;	/* x87 registers with exponents of their own */
	case 22: regs[FLAGS] |= 0x3000; break;		/* IOPL */
	case 23: regs[FLAGS] |= 0x4000; break;		/* NT */
	case 24: regs[FLAGS] |= 0x20000; break;	/* VM */
	case 25: regs[FLAGS] |= 0x100; break;		/* TF */
	case 26: regs[FLAGS] |= 0x10000; break;	/* RF */
	case 27: regs[FLAGS] &= ~0x202; break;		/* IF */
	case 28: regs[FLAGS] |= ~0; break;
	case 29: regs[IP] = 0; break;
	case 30: regs[IP] = -PAGE; break;
	case 31: regs[SP] = 0; break;
	case 32: uc->uc_flags = -1; break;
	case 33: uc->uc_link = (void *)-1; break;
	case 34: uc->uc_stack.ss_sp = (void *)-1; uc->uc_stack.ss_flags = -1; break;
#ifdef __x86_64__
	case 35: regs[REG_CSGSFS] = 0; break;
	case 36: regs[REG_CSGSFS] = 0x10; break;
	case 37: regs[REG_CSGSFS] = 0x23; break;
	case 38: regs[REG_CSGSFS] = 0x2b; break;
	case 39: regs[REG_CSGSFS] = 0x33; break;	/* SS is null */
	case 40: regs[REG_CSGSFS] = 0x33 | 0x18L << 48; break;
	case 41: regs[REG_CSGSFS] = 0x33 | 0x33L << 48; break;
	case 42: regs[REG_CSGSFS] = 0x7f | 0x2bL << 48; break;
	case 43: regs[IP] = 1L << 47; break;
	case 44: regs[IP] = -1L << 47; break;
	case 45: regs[IP] = 0x6f0000000000; break;
	case 46: regs[SP] = 1L << 47; break;
#else
	case 35: regs[REG_CS] = 0; break;
	case 36: regs[REG_CS] = 0x10; break;
	case 37: regs[REG_CS] = 0x33; break;
	case 38: regs[REG_CS] = 0x2b; break;
	case 39: regs[REG_SS] = 0; break;
	case 40: regs[REG_SS] = 0x18; break;
	case 41: regs[REG_SS] = 0x23; break;
	case 42: regs[REG_CS] = 0x7f; break;
	case 43: regs[REG_DS] = 0x18; break;
	case 44: regs[REG_ES] = 0xfff8; break;
	case 45: regs[REG_FS] = 7; break;
	case 46: regs[REG_DS] = 0; break;
#endif
	}
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	came++;
	change(context);
}

int main(void)
{
	enum { LAST = 46 };
	struct sigaction action;
	uint32_t mxcsr;
	int status;

	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	for (number = 0; number <= LAST; number++) {
		fflush(stdout);
		pid_t child = fork();
		if (!child) {
			uint8_t area[512] __attribute__((aligned(16)));

			sigaction(SIGUSR1, &action, NULL);
			raise(SIGUSR1);
			__asm__ volatile("stmxcsr %0; fxsave %1" : "=m"(mxcsr), "=m"(area));
			printf("%d: goes on, mxcsr %x, x87 %x %x\n", number, mxcsr, get32(area), get32(area + 32));
			fflush(stdout);
			_exit(came);
		}
		waitpid(child, &status, 0);
		printf("%d: status %x\n", number, status & ~0x80);
	}
	return 0;
}
