/* Priorities (sched(3HEAD), pthread_setschedparam(3C)): every thread is in the class that shares time, with one priority. */

#include "thread.h"

enum { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_SYS, SCHED_IA, SCHED_FSS, SCHED_FX };
#define POLICIES 7

static int check(int policy, int value)
{
	if (policy >= 0 && policy < POLICIES && policy != SCHED_SYS)
		return value;
	errno = EINVAL;
	return -1;
}

int sched_get_priority_max(int policy)
{
	return check(policy, policy == SCHED_FIFO || policy == SCHED_RR ? 59 : policy == SCHED_FX ? 60 : 60);
}

int sched_get_priority_min(int policy)
{
	return check(policy, policy == SCHED_OTHER || policy == SCHED_IA || policy == SCHED_FSS ? -60 : 0);
}

static int is_there(pid_t pid)
{
	return pid == 0 ? 0 : kill(pid, 0);
}

int sched_getscheduler(pid_t pid)
{
	return is_there(pid) < 0 ? -1 : SCHED_OTHER;
}

int sched_getparam(pid_t pid, int *priority)
{
	if (is_there(pid) < 0)
		return -1;
	*priority = 0;
	return 0;
}

int sched_setscheduler(pid_t pid, int policy, const int *priority)
{
	if (is_there(pid) < 0 || check(policy, 0) < 0)
		return -1;
	if (policy == SCHED_OTHER && *priority >= -60 && *priority <= 60)
		return SCHED_OTHER;
	errno = policy == SCHED_OTHER ? EINVAL : EPERM;
	return -1;
}

int sched_setparam(pid_t pid, const int *priority)
{
	return sched_setscheduler(pid, SCHED_OTHER, priority) < 0 ? -1 : 0;
}

int sched_rr_get_interval(pid_t pid, struct timespec *interval)
{
	if (is_there(pid) < 0)
		return -1;
	*interval = (struct timespec) { 0, 0 };
	errno = EINVAL;			/* its class has none */
	return -1;
}

static int exists(struct ulwp *thread, void *unused)
{
	(void)thread;
	(void)unused;
	return 0;
}

int pthread_getschedparam(pthread_t id, int *policy, int *priority)
{
	int error = with_thread(id, exists, NULL);
	if (!error) {
		*policy = SCHED_OTHER;
		*priority = 0;
	}
	return error;
}

int pthread_setschedparam(pthread_t id, int policy, const int *priority)
{
	int error = with_thread(id, exists, NULL);
	if (error)
		return error;
	return sched_setscheduler(0, policy, priority) < 0 ? errno : 0;
}

int pthread_setschedprio(pthread_t id, int priority)
{
	return pthread_setschedparam(id, SCHED_OTHER, &priority);
}

int thr_getprio(pthread_t id, int *priority)
{
	int policy;
	return pthread_getschedparam(id, &policy, priority);
}

int thr_setprio(pthread_t id, int priority)
{
	return pthread_setschedprio(id, priority);
}

static int concurrency;

int pthread_getconcurrency(void)
{
	return concurrency;
}

int pthread_setconcurrency(int level)
{
	if (level < 0)
		return EINVAL;
	concurrency = level;
	return 0;
}

/* Threads' names: 31 characters (pthread_setname_np(3C)). */
static int set_name(struct ulwp *thread, void *name)
{
	if (name && strlen(name) >= sizeof thread->ul_name)
		return ERANGE;
	strlcpy(thread->ul_name, name ? name : "", sizeof thread->ul_name);
	return 0;
}

int pthread_setname_np(pthread_t id, const char *name)
{
	return with_thread(id, set_name, (void *)(uintptr_t)name);
}

struct wanted_name {
	char *to;
	size_t size;
};

static int get_name(struct ulwp *thread, void *argument)
{
	struct wanted_name *wanted = argument;
	return strlcpy(wanted->to, thread->ul_name, wanted->size) < wanted->size ? 0 : ERANGE;
}

int pthread_getname_np(pthread_t id, char *to, size_t size)
{
	struct wanted_name wanted = { to, size };
	return with_thread(id, get_name, &wanted);
}

int thr_setname(pthread_t id, const char *name)
{
	return pthread_setname_np(id, name);
}

int thr_getname(pthread_t id, char *to, size_t size)
{
	return pthread_getname_np(id, to, size);
}

/* The stack that the calling thread stands on; its address is the end that it grows from. */
int thr_stksegment(stack_t *stack)
{
	ucontext_t context;
	if (__getcontext(&context) < 0)
		return errno;
	*stack = context.uc_stack;
	stack->ss_sp = (char *)stack->ss_sp + stack->ss_size;
	stack->ss_flags = 0;
	return 0;
}
