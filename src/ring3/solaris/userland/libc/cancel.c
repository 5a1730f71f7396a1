/*
 * Cancellation (cancellation(7)): a thread ends at a call that can wait, or at once if it asked for that. Who waits in such
 * a call is brought out of it by the signal that libc keeps for itself.
 */

#include "thread.h"

#define PTHREAD_CANCELED ((void *)-19l)
#define DISABLED 1
#define ASYNCHRONOUS 2

struct cleanup {
	struct cleanup *next;
	void (*routine)(void *);
	void *argument, *frame;
};

void __pthread_cleanup_push(void (*routine)(void *), void *argument, void *frame, struct cleanup *made)
{
	struct ulwp *self = curthread();
	*made = (struct cleanup) { self->ul_cleanup, routine, argument, frame };
	self->ul_cleanup = made;
}

void __pthread_cleanup_pop(int run, struct cleanup *made)
{
	curthread()->ul_cleanup = made->next;
	if (run)
		made->routine(made->argument);
}

/* The frame of who calls, by which the macros of <pthread.h> know it. */
void *_getfp(void)
{
	return *(void **)__builtin_frame_address(0);
}

__attribute__((visibility("hidden"))) void run_cleanup(struct ulwp *self)
{
	for (struct cleanup *at; (at = self->ul_cleanup) != NULL;) {
		self->ul_cleanup = at->next;
		at->routine(at->argument);
	}
}

/* Whether this thread is to end, and may. */
__attribute__((visibility("hidden"))) int cancelled(void)
{
	struct ulwp *self = curthread();
	return self->ul_cancelled && !self->ul_cancel_off;
}

__attribute__((visibility("hidden"))) void cancel_thread(void)
{
	exit_thread(PTHREAD_CANCELED);
}

void pthread_testcancel(void)
{
	if (cancelled())
		cancel_thread();
}

__attribute__((visibility("hidden"))) void begin_point(void)
{
	curthread()->ul_cancel_point = 1;
	pthread_testcancel();
}

static void at_signal(int number)
{
	struct ulwp *self = curthread();
	(void)number;
	if (cancelled() && (self->ul_cancel_point || self->ul_cancel_async))
		cancel_thread();
}

static int cancel(struct ulwp *thread, void *unused)
{
	(void)unused;
	thread->ul_cancelled = 1;
	return __lwp_kill(thread->ul_lwpid, SIGCANCEL) == 0 ? 0 : errno;
}

int pthread_cancel(pthread_t id)
{
	static int prepared;
	if (!prepared) {
		struct sigaction action = { 0, at_signal, { { 0 } } };
		prepared = 1;
		sigaction(SIGCANCEL, &action, NULL);
	}
	int error = with_thread(id, cancel, NULL);
	if ((int)id == curthread()->ul_lwpid && curthread()->ul_cancel_async)
		pthread_testcancel();
	return error;
}

int pthread_setcancelstate(int state, int *old)
{
	struct ulwp *self = curthread();
	if (state & ~DISABLED)
		return EINVAL;
	if (old)
		*old = self->ul_cancel_off;
	self->ul_cancel_off = state;
	if (self->ul_cancel_async)
		pthread_testcancel();
	return 0;
}

int pthread_setcanceltype(int type, int *old)
{
	struct ulwp *self = curthread();
	if (type & ~ASYNCHRONOUS)
		return EINVAL;
	if (old)
		*old = self->ul_cancel_async;
	self->ul_cancel_async = type;
	if (type)
		pthread_testcancel();
	return 0;
}
