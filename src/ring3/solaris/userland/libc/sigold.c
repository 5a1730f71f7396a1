/* Signals by older names (sigset(3C), siginterrupt(3C)), and those with a value (sigqueue(3C)). */

#include "thread.h"

extern int sigaddset(sigset_t *, int), __sigqueue(pid_t, int, void *, int, int), __sigsuspend(const sigset_t *);
extern int __sigtimedwait(const sigset_t *, siginfo_t *, const struct timespec *);
#define SI_QUEUE (-2)

static sigset_t only(int signal)
{
	sigset_t one;
	sigemptyset(&one);
	if (signal > 0 && signal < NSIG)
		sigaddset(&one, signal);
	return one;
}

static int bad(int signal)
{
	if (signal > 0 && signal < NSIG)
		return 0;
	errno = EINVAL;
	return -1;
}

int sighold(int signal)
{
	sigset_t one = only(signal);
	return bad(signal) ? -1 : sigprocmask(SIG_BLOCK, &one, NULL);
}

int sigrelse(int signal)
{
	sigset_t one = only(signal);
	return bad(signal) ? -1 : sigprocmask(SIG_UNBLOCK, &one, NULL);
}

int sigignore(int signal)
{
	struct sigaction ignored = { 0, SIG_IGN, { { 0 } } };
	return sigaction(signal, &ignored, NULL) < 0 ? -1 : sigrelse(signal);
}

int sigpause(int signal)
{
	sigset_t mask;
	if (bad(signal) || sigprocmask(SIG_BLOCK, NULL, &mask) < 0)
		return -1;
	mask.__sigbits[(signal - 1) / 32] &= ~(1u << (signal - 1) % 32);
	return POINT(int, __sigsuspend(&mask));
}

int siginterrupt(int signal, int interrupts)
{
	struct sigaction action;
	if (sigaction(signal, NULL, &action) < 0)
		return -1;
	action.sa_flags = interrupts ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
	return sigaction(signal, &action, NULL);
}

int sigqueue(pid_t pid, int signal, void *value)
{
	return __sigqueue(pid, signal, value, SI_QUEUE, 0);
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return POINT(int, __sigtimedwait(set, info, NULL));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit)
{
	return POINT(int, __sigtimedwait(set, info, limit));
}

int __posix_sigwait(const sigset_t *set, int *signal)
{
	int got = sigtimedwait(set, NULL, NULL);
	if (got < 0)
		return errno;
	*signal = got;
	return 0;
}


int sigwait(const sigset_t *set, int *signal)
{
	return __posix_sigwait(set, signal);
}

int killpg(pid_t group, int signal)
{
	if (group < 0) {
		errno = EINVAL;
		return -1;
	}
	return kill(-group, signal);
}

int gsignal(int signal)
{
	extern int raise(int);
	return raise(signal);
}

static const char *const signal_names[] = {
	"EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM", "USR1", "USR2",
	"CLD", "PWR", "WINCH", "URG", "POLL", "STOP", "TSTP", "CONT", "TTIN", "TTOU", "VTALRM", "PROF", "XCPU", "XFSZ", "WAITING", "LWP",
	"FREEZE", "THAW", "CANCEL", "LOST", "XRES", "JVM1", "JVM2", "INFO",
};

int sig2str(int signal, char *name)
{
	if (signal >= 0 && signal < (int)(sizeof signal_names / sizeof *signal_names)) {
		strcpy(name, signal_names[signal]);
		return 0;
	}
	if (signal >= 42 && signal < NSIG) {
		snprintf(name, 32, signal == 42 ? "RTMIN" : signal == 74 ? "RTMAX" : signal < 58 ? "RTMIN+%d" : "RTMAX-%d", signal < 58 ? signal - 42 : 74 - signal);
		return 0;
	}
	return -1;
}

int str2sig(const char *name, int *signal)
{
	char own[32];
	if (*name >= '0' && *name <= '9') {
		*signal = atoi(name);
		return *signal < NSIG ? 0 : -1;
	}
	for (*signal = 0; *signal < NSIG; ++*signal)
		if (sig2str(*signal, own) == 0 && strcmp(own, name) == 0)
			return 0;
	return -1;
}
