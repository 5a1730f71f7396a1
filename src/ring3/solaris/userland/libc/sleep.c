/*
 * Who waits sleeps in one list by the address that it waits for, and parks in the kernel until it is taken off the list; a
 * thread that was woken before it parks does not sleep.
 */

#include "thread.h"

static struct ulwp *sleepers;
static struct lock sleep_lock;

/* Parks this thread, or unparks another: 0, or the error's number. */
static int park(int which, uintptr_t address, int id)
{
	extern int __lwp_park_call(int, uintptr_t, int);
	int saved = errno, error = __lwp_park_call(which, address, id) < 0 ? errno : 0;
	errno = saved;
	return error;
}

enum { ENDS_CANCELLED = 1, ENDS_BY_SIGNAL };

static int sleep_until(void *wchan, struct lock *release, const struct timespec *deadline, int ends)
{
	struct ulwp *self = curthread(), **at;
	int result = 0;
	take(&sleep_lock);
	self->ul_wchan = wchan;
	self->ul_sleep_next = NULL;
	for (at = &sleepers; *at; at = &(*at)->ul_sleep_next)
		;
	*at = self;
	give(&sleep_lock);
	if (release)
		give(release);
	while (__atomic_load_n(&self->ul_wchan, __ATOMIC_SEQ_CST) && !result) {
		struct timespec left, *limit = NULL;
		if (deadline) {
			clock_gettime(4, &left);
			left.tv_sec = deadline->tv_sec - left.tv_sec;
			left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
			if (left.tv_nsec < 0)
				left.tv_sec--, left.tv_nsec += 1000000000;
			if (left.tv_sec < 0)
				left.tv_sec = left.tv_nsec = 0;
			limit = &left;
		}
		if (ends & ENDS_CANCELLED && cancelled()) {
			result = ECANCELED;
			break;
		}
		int error = park(0, (uintptr_t)limit, 0);
		if (error == ETIME)
			result = ETIMEDOUT;
		else if (error == EINTR && ends & ENDS_BY_SIGNAL && !(ends & ENDS_CANCELLED && cancelled()))
			result = EINTR;
	}
	if (result) {
		take(&sleep_lock);
		if (self->ul_wchan == NULL)
			result = 0;		/* woken at the last moment */
		for (at = &sleepers; *at && *at != self; at = &(*at)->ul_sleep_next)
			;
		if (*at)
			*at = self->ul_sleep_next;
		self->ul_wchan = NULL;
		give(&sleep_lock);
	}
	return result;
}

/* Sleeps until somebody wakes what waits for an address; ETIMEDOUT if the deadline (CLOCK_HIGHRES) passes first. */
int sleep_on(void *wchan, struct lock *release, const struct timespec *deadline)
{
	return sleep_until(wchan, release, deadline, 0);
}

/* The same where a thread can be cancelled: then ECANCELED. */
int sleep_at_point(void *wchan, struct lock *release, const struct timespec *deadline)
{
	return sleep_until(wchan, release, deadline, ENDS_CANCELLED);
}

/* The same, and EINTR if a signal's handler ran. */
int sleep_at_point_or_signal(void *wchan, struct lock *release, const struct timespec *deadline)
{
	return sleep_until(wchan, release, deadline, ENDS_CANCELLED | ENDS_BY_SIGNAL);
}

/* Wakes who has waited longest for an address; returns how many were woken. */
int wake(void *wchan, int most)
{
	int woken[64], count = 0, all = 0;
	do {
		take(&sleep_lock);
		for (struct ulwp **at = &sleepers; *at && count < 64 && all + count < most;) {
			struct ulwp *found = *at;
			if (found->ul_wchan != wchan) {
				at = &found->ul_sleep_next;
				continue;
			}
			*at = found->ul_sleep_next;
			woken[count++] = found->ul_lwpid;
			__atomic_store_n(&found->ul_wchan, NULL, __ATOMIC_SEQ_CST);
		}
		give(&sleep_lock);
		for (int n = 0; n < count; n++)
			park(1, (uintptr_t)woken[n], 0);
		all += count;
		if (count < 64)
			break;
		count = 0;
	} while (1);
	return all;
}

/* In a child of fork nobody else sleeps. */
__attribute__((visibility("hidden"))) void forget_sleepers(void)
{
	sleepers = NULL;
	sleep_lock.held = 0;
}
