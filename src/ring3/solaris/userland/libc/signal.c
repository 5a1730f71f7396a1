/*
 * Signals (signal(3C), sigaction(2)). The kernel calls sigacthandler with a frame; that calls the program's handler, and
 * goes back by setcontext. While this thread holds one of libc's own locks, the handler is put off until it gives it back.
 */

#include "thread.h"

typedef void (*handler_t)(int, siginfo_t *, void *);

static handler_t handlers[NSIG];
static int flags_of[NSIG];

static void sigacthandler(int signal, siginfo_t *info, ucontext_t *context)
{
	struct ulwp *self = curthread();
	int saved = self->ul_errno;
	if (self->ul_holds && self->ul_cursig == 0) {
		self->ul_cursig = signal;
		if (info)
			memcpy(self->ul_siginfo, info, sizeof *info);
		else
			memset(self->ul_siginfo, 0, sizeof self->ul_siginfo);
		memcpy(self->ul_sigmask, &context->uc_sigmask, sizeof context->uc_sigmask);
		sigfillset(&context->uc_sigmask);
	} else {
		handlers[signal](signal, info, context);
	}
	self->ul_errno = saved;
	__setcontext(context);
	abort();
}

/* Calls the handler that was put off; the last lock has been given back. */
__attribute__((visibility("hidden"))) void run_held_signals(void)
{
	struct ulwp *self = curthread();
	siginfo_t info;
	ucontext_t context;
	sigset_t mask;
	int signal = self->ul_cursig, saved = self->ul_errno;
	if (signal == 0)
		return;
	memcpy(&info, self->ul_siginfo, sizeof info);
	memcpy(&mask, self->ul_sigmask, sizeof mask);
	self->ul_cursig = 0;
	context.uc_flags = UC_SIGMASK | UC_STACK | UC_CPU | UC_FPU;
	__getcontext(&context);
	context.uc_sigmask = mask;
	handlers[signal](signal, &info, &context);
	self->ul_errno = saved;
	__sigprocmask(SIG_SETMASK, &mask, NULL);
}

int sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
	struct sigaction real, before;
	if (signal <= 0 || signal >= NSIG) {
		errno = EINVAL;
		return -1;
	}
	handler_t kept = handlers[signal];
	if (new) {
		real = *new;
		if (new->sa_handler != SIG_DFL && new->sa_handler != SIG_IGN) {
			handlers[signal] = (handler_t)(uintptr_t)new->sa_handler;
			flags_of[signal] = new->sa_flags;
			real.sa_handler = (void (*)(int))(uintptr_t)sigacthandler;
			real.sa_flags |= SA_SIGINFO;
		}
	}
	if (__sigaction(signal, new ? &real : NULL, &before) < 0)
		return -1;
	if (old) {
		*old = before;
		if (before.sa_handler == (void (*)(int))(uintptr_t)sigacthandler) {
			old->sa_handler = (void (*)(int))(uintptr_t)kept;
			old->sa_flags = new ? before.sa_flags : flags_of[signal];
		}
	}
	return 0;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t own;
	if (set && how != SIG_UNBLOCK) {	/* the signal that cancels cannot be blocked */
		own = *set;
		own.__sigbits[1] &= ~(1u << (SIGCANCEL - 33));
		set = &own;
	}
	return __sigprocmask(how, set, old);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return sigprocmask(how, set, old) == 0 ? 0 : errno;
}

int sigfillset(sigset_t *set)
{
	*set = (sigset_t) { { ~0u, ~0u, 0x7ff, 0 } };
	return 0;
}

int sigemptyset(sigset_t *set)
{
	memset(set, 0, sizeof *set);
	return 0;
}

int sigaddset(sigset_t *set, int signal)
{
	if (signal <= 0 || signal >= NSIG) {
		errno = EINVAL;
		return -1;
	}
	set->__sigbits[(signal - 1) / 32] |= 1u << (signal - 1) % 32;
	return 0;
}

int sigdelset(sigset_t *set, int signal)
{
	if (signal <= 0 || signal >= NSIG) {
		errno = EINVAL;
		return -1;
	}
	set->__sigbits[(signal - 1) / 32] &= ~(1u << (signal - 1) % 32);
	return 0;
}

int sigismember(const sigset_t *set, int signal)
{
	if (signal <= 0 || signal >= NSIG) {
		errno = EINVAL;
		return -1;
	}
	return (int)(set->__sigbits[(signal - 1) / 32] >> (signal - 1) % 32 & 1);
}

int sigpending(sigset_t *set)
{
	extern int __sigpending(int, sigset_t *);
	return __sigpending(1, set);
}

void (*signal(int number, void (*handler)(int)))(int)
{
	struct sigaction new = { SA_RESETHAND | SA_NODEFER, handler, { { 0 } } }, old;
	return sigaction(number, &new, &old) < 0 ? SIG_ERR : old.sa_handler;
}

void (*sigset(int number, void (*handler)(int)))(int)
{
	struct sigaction new = { 0, handler, { { 0 } } }, old;
	sigset_t one, before;
	sigemptyset(&one);
	sigaddset(&one, number);
	if (handler == SIG_HOLD) {
		sigprocmask(SIG_BLOCK, &one, &before);
		sigaction(number, NULL, &old);
	} else {
		if (sigaction(number, &new, &old) < 0)
			return SIG_ERR;
		sigprocmask(SIG_UNBLOCK, &one, &before);
	}
	return sigismember(&before, number) ? SIG_HOLD : old.sa_handler;
}

int raise(int signal)
{
	return __lwp_kill(_lwp_self(), signal);
}

int setcontext(const ucontext_t *context)
{
	return __setcontext(context);
}

void abort(void)
{
	struct sigaction standard = { 0, SIG_DFL, { { 0 } } };
	sigset_t one;
	sigemptyset(&one);
	sigaddset(&one, SIGABRT);
	__sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(SIGABRT);
	__sigaction(SIGABRT, &standard, NULL);
	raise(SIGABRT);
	for (;;)
		_exit(127);
}
