/* What threads wait for: mutexes and conditions (pthreads(7)). */

#include "thread.h"

#define PTHREAD_MUTEX_RECURSIVE 4
#define PTHREAD_MUTEX_ERRORCHECK 2
#define LOCK_ROBUST 0x40
#define MUTEX_MAGIC 0x4d58
#define COND_MAGIC 0x4356
#define CLOCK_REALTIME 3
#define CLOCK_HIGHRES 4

typedef struct {
	int type;
} *pthread_mutexattr_t;
typedef struct {
	int shared, clock;
} *pthread_condattr_t;
__attribute__((visibility("hidden"))) struct timespec after(const struct timespec *interval)
{
	struct timespec at;
	clock_gettime(CLOCK_HIGHRES, &at);
	at.tv_sec += interval->tv_sec;
	at.tv_nsec += interval->tv_nsec;
	if (at.tv_nsec >= 1000000000)
		at.tv_sec++, at.tv_nsec -= 1000000000;
	return at;
}

__attribute__((visibility("hidden"))) struct timespec until(int clock, const struct timespec *when)
{
	struct timespec now, left;
	clock_gettime(clock, &now);
	left.tv_sec = when->tv_sec - now.tv_sec;
	left.tv_nsec = when->tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0)
		left.tv_sec--, left.tv_nsec += 1000000000;
	if (left.tv_sec < 0)
		left.tv_sec = left.tv_nsec = 0;
	return after(&left);
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	*attr = calloc(1, sizeof **attr);
	return *attr ? 0 : ENOMEM;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	free(*attr);
	*attr = NULL;
	return 0;
}

/* Kind, sharing, protocol and robustness are bits of one number (sys/synch.h). */
static int set_bits(pthread_mutexattr_t *attr, int mask, int value)
{
	if (*attr == NULL || value & ~mask)
		return EINVAL;
	(*attr)->type = ((*attr)->type & ~mask) | value;
	return 0;
}

static int get_bits(const pthread_mutexattr_t *attr, int mask, int *value)
{
	if (*attr == NULL)
		return EINVAL;
	*value = (*attr)->type & mask;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
	return set_bits(attr, PTHREAD_MUTEX_RECURSIVE | PTHREAD_MUTEX_ERRORCHECK, type);
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *attr, int *type)
{
	return get_bits(attr, PTHREAD_MUTEX_RECURSIVE | PTHREAD_MUTEX_ERRORCHECK, type);
}

int pthread_mutexattr_setpshared(pthread_mutexattr_t *attr, int shared)
{
	return set_bits(attr, USYNC_PROCESS, shared);
}

int pthread_mutexattr_getpshared(const pthread_mutexattr_t *attr, int *shared)
{
	return get_bits(attr, USYNC_PROCESS, shared);
}

int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attr, int protocol)
{
	return set_bits(attr, 0x30, protocol);
}

int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *attr, int *protocol)
{
	return get_bits(attr, 0x30, protocol);
}

int pthread_mutexattr_setrobust(pthread_mutexattr_t *attr, int robust)
{
	return set_bits(attr, LOCK_ROBUST, robust);
}

int pthread_mutexattr_getrobust(const pthread_mutexattr_t *attr, int *robust)
{
	return get_bits(attr, LOCK_ROBUST, robust);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	memset(mutex, 0, sizeof *mutex);
	mutex->type = (unsigned short)(attr && *attr ? (*attr)->type : 0);
	mutex->magic = MUTEX_MAGIC;
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	if (mutex->type & USYNC_PROCESS ? ((unsigned char *)mutex)[15] : mutex->count)
		return EBUSY;
	mutex->magic = 0;
	return 0;
}

static int lock_mutex(pthread_mutex_t *mutex, int wait, const struct timespec *deadline)
{
	int self = curthread()->ul_lwpid, error = 0;
	if (mutex->type & USYNC_PROCESS)
		return lock_shared(mutex, wait, deadline);
	take(&mutex->guard);
	if (mutex->count && mutex->owner == self && mutex->type & PTHREAD_MUTEX_RECURSIVE) {
		mutex->count++;
		give(&mutex->guard);
		return 0;
	}
	if (mutex->count && mutex->owner == self && mutex->type & PTHREAD_MUTEX_ERRORCHECK && wait)
		error = EDEADLK;
	while (mutex->count && !error) {
		if (!wait) {
			error = EBUSY;
		} else {
			error = sleep_on(mutex, &mutex->guard, deadline);
			take(&mutex->guard);
			if (!mutex->count)
				error = 0;
		}
	}
	if (!error) {
		mutex->owner = self;
		mutex->count = 1;
	}
	give(&mutex->guard);
	return error;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	return lock_mutex(mutex, 1, NULL);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	return lock_mutex(mutex, 0, NULL);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *when)
{
	if (when->tv_nsec < 0 || when->tv_nsec >= 1000000000)
		return lock_mutex(mutex, 0, NULL) ? EINVAL : 0;
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return lock_mutex(mutex, 1, &deadline);
}

int pthread_mutex_reltimedlock_np(pthread_mutex_t *mutex, const struct timespec *interval)
{
	struct timespec deadline = after(interval);
	return lock_mutex(mutex, 1, &deadline);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (mutex->type & USYNC_PROCESS)
		return unlock_shared(mutex);
	take(&mutex->guard);
	if (mutex->type & (PTHREAD_MUTEX_RECURSIVE | PTHREAD_MUTEX_ERRORCHECK) && (mutex->count == 0 || mutex->owner != curthread()->ul_lwpid)) {
		give(&mutex->guard);
		return EPERM;
	}
	int free = mutex->count == 0 || --mutex->count == 0;
	give(&mutex->guard);
	if (free)
		wake(mutex, 1);
	return 0;
}

int pthread_mutex_consistent(pthread_mutex_t *mutex)
{
	if (!(mutex->type & LOCK_ROBUST))
		return EINVAL;
	if (mutex->type & USYNC_PROCESS)
		mutex->guard.held &= ~1;	/* LOCK_OWNERDEAD of the kernel's flags */
	return 0;
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
	*attr = calloc(1, sizeof **attr);
	return *attr ? 0 : ENOMEM;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
	free(*attr);
	*attr = NULL;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, int clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_HIGHRES)
		return EINVAL;
	(*attr)->clock = clock;
	return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *attr, int *clock)
{
	*clock = (*attr)->clock ? (*attr)->clock : CLOCK_REALTIME;
	return 0;
}

int pthread_condattr_setpshared(pthread_condattr_t *attr, int shared)
{
	if (shared & ~USYNC_PROCESS)
		return EINVAL;
	(*attr)->shared = shared;
	return 0;
}

int pthread_condattr_getpshared(const pthread_condattr_t *attr, int *shared)
{
	*shared = (*attr)->shared;
	return 0;
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	memset(cond, 0, sizeof *cond);
	cond->magic = COND_MAGIC;
	if (attr && *attr) {
		cond->type = (unsigned short)(*attr)->shared;
		cond->clock = (*attr)->clock;
	}
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	cond->magic = 0;
	return 0;
}

static int wait_cond(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline)
{
	int count = mutex->count;
	if (cond->type & USYNC_PROCESS && mutex->type & USYNC_PROCESS)
		return wait_shared(cond, mutex, deadline);
	if (mutex->type & (PTHREAD_MUTEX_RECURSIVE | PTHREAD_MUTEX_ERRORCHECK) && (count == 0 || mutex->owner != curthread()->ul_lwpid))
		return EPERM;
	take(&cond->guard);
	mutex->count = 1;
	pthread_mutex_unlock(mutex);
	int error = sleep_at_point(cond, &cond->guard, deadline);
	pthread_mutex_lock(mutex);
	mutex->count = count;
	if (error == ECANCELED)
		cancel_thread();
	return error;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return wait_cond(cond, mutex, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *when)
{
	if (when->tv_nsec < 0 || when->tv_nsec >= 1000000000)
		return EINVAL;
	struct timespec deadline = until(cond->clock ? cond->clock : CLOCK_REALTIME, when);
	return wait_cond(cond, mutex, &deadline);
}

int pthread_cond_reltimedwait_np(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *interval)
{
	struct timespec deadline = after(interval);
	return wait_cond(cond, mutex, &deadline);
}

static int wake_cond(pthread_cond_t *cond, int most)
{
	if (cond->type & USYNC_PROCESS)
		return wake_shared(cond, most > 1);
	take(&cond->guard);
	give(&cond->guard);
	wake(cond, most);
	return 0;
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	return wake_cond(cond, 1);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	return wake_cond(cond, 1 << 20);
}
