/* Switching between contexts of one thread (makecontext(3C), swapcontext(3C)), and jumps that keep the mask (sigsetjmp(3C)). */

#include "thread.h"

extern int getcontext(ucontext_t *);

/* A context whose function returns goes on with uc_link, or ends the thread. */
__attribute__((visibility("hidden"))) void resume_link(ucontext_t *context)
{
	ucontext_t *next = context->uc_link;
	if (next)
		__setcontext(next);
	exit_thread(NULL);
}

void makecontext(ucontext_t *context, void (*function)(void), int count, ...)
{
	extern void __context_start(void);
	long *top = (long *)(((uintptr_t)context->uc_stack.ss_sp + context->uc_stack.ss_size) & ~15ul);
	va_list list;
	va_start(list, count);
#ifdef __i386__
	/* the arguments, above the address to return to; ebx and esi are what __context_start looks at */
	top -= (count + 3) & ~3;
	for (int n = 0; n < count; n++)
		top[n] = va_arg(list, long);
	context->gregs[8] = (long)(uintptr_t)function;		/* EBX */
	context->gregs[5] = (long)(uintptr_t)context;		/* ESI */
#else
	static const char registers[6] = { 8, 9, 12, 13, 7, 6 };	/* rdi, rsi, rdx, rcx, r8, r9 */
	int on_stack = count > 6 ? count - 6 : 0;
	top -= (on_stack + 1) & ~1;
	for (int n = 0; n < count; n++) {
		long value = va_arg(list, long);
		if (n < 6)
			context->gregs[(int)registers[n]] = value;
		else
			top[n - 6] = value;
	}
	context->gregs[11] = (long)function;			/* REG_RBX */
	context->gregs[3] = (long)context;			/* REG_R12 */
#endif
	va_end(list);
	context->gregs[REG_FP] = 0;
	context->gregs[REG_SP] = (long)(uintptr_t)top;
	context->gregs[REG_PC] = (long)(uintptr_t)__context_start;
	context->uc_flags |= UC_CPU | UC_STACK;
}

int swapcontext(ucontext_t *from, const ucontext_t *to)
{
	volatile int back = 0;
	int error = getcontext(from);
	if (error || back)
		return error;
	back = 1;
	return __setcontext(to);
}

/* sigsetjmp's second half: where the mask is, behind what setjmp keeps. */
struct kept_mask {
	long registers[8];
	int is_kept;
	sigset_t mask;
};

__attribute__((visibility("hidden"))) void keep_mask(struct kept_mask *buffer, int keep)
{
	buffer->is_kept = keep;
	if (keep)
		__sigprocmask(SIG_BLOCK, NULL, &buffer->mask);
}

void siglongjmp(struct kept_mask *buffer, int value)
{
	extern void longjmp(void *, int) __attribute__((noreturn));
	if (buffer->is_kept)
		__sigprocmask(SIG_SETMASK, &buffer->mask, NULL);
	longjmp(buffer, value);
}
