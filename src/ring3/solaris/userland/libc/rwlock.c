/* Locks that many may hold for reading, barriers, and locks to spin on (pthread_rwlock_init(3C) and its like). */

#include "thread.h"

#define CLOCK_REALTIME 3
#define RWL_MAGIC 0x5257
#define SERIAL_THREAD (-2)

/* pthread_rwlock_t: readers, type and magic are the header's; the rest has room for a mutex and two conditions. */
typedef struct {
	int readers;			/* how many; -1 for a writer */
	unsigned short type, magic;
	struct lock guard;
	int writers_waiting, owner, unused;
	long long rest[5];
} pthread_rwlock_t;
typedef struct {
	int *shared;
} pthread_rwlockattr_t;

static int can_read(const pthread_rwlock_t *lock)
{
	return lock->readers >= 0 && (lock->writers_waiting == 0 || lock->readers > 0);
}

static int lock_for(pthread_rwlock_t *lock, int writing, int wait, const struct timespec *deadline)
{
	int error = 0, self = curthread()->ul_lwpid;
	take(&lock->guard);
	while (!(writing ? lock->readers == 0 : can_read(lock)) && !error) {
		if (!wait) {
			error = EBUSY;
		} else if (lock->readers < 0 && lock->owner == self) {
			error = EDEADLK;
		} else {
			lock->writers_waiting += writing;
			error = sleep_on(lock, &lock->guard, deadline);
			take(&lock->guard);
			lock->writers_waiting -= writing;
		}
	}
	if (!error) {
		lock->readers = writing ? -1 : lock->readers + 1;
		lock->owner = self;
	}
	give(&lock->guard);
	return error;
}

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
	memset(lock, 0, sizeof *lock);
	lock->type = (unsigned short)(attr && attr->shared ? *attr->shared : 0);
	lock->magic = RWL_MAGIC;
	return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
	lock->magic = 0;
	return 0;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	return lock_for(lock, 0, 1, NULL);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
	return lock_for(lock, 0, 0, NULL);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	return lock_for(lock, 1, 1, NULL);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
	return lock_for(lock, 1, 0, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *when)
{
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return lock_for(lock, 0, 1, &deadline);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *when)
{
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return lock_for(lock, 1, 1, &deadline);
}

int pthread_rwlock_reltimedrdlock_np(pthread_rwlock_t *lock, const struct timespec *interval)
{
	struct timespec deadline = after(interval);
	return lock_for(lock, 0, 1, &deadline);
}

int pthread_rwlock_reltimedwrlock_np(pthread_rwlock_t *lock, const struct timespec *interval)
{
	struct timespec deadline = after(interval);
	return lock_for(lock, 1, 1, &deadline);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	take(&lock->guard);
	int error = lock->readers == 0 || (lock->readers < 0 && lock->owner != curthread()->ul_lwpid) ? EPERM : 0;
	if (!error)
		lock->readers = lock->readers < 0 ? 0 : lock->readers - 1;
	int free = !error && lock->readers == 0;
	give(&lock->guard);
	if (free)
		wake(lock, 1 << 20);
	return error;
}

int pthread_rwlockattr_init(pthread_rwlockattr_t *attr)
{
	attr->shared = calloc(1, sizeof *attr->shared);
	return attr->shared ? 0 : ENOMEM;
}

int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attr)
{
	free(attr->shared);
	attr->shared = NULL;
	return 0;
}

int pthread_rwlockattr_setpshared(pthread_rwlockattr_t *attr, int shared)
{
	if (shared & ~1)
		return EINVAL;
	*attr->shared = shared;
	return 0;
}

int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *attr, int *shared)
{
	*shared = *attr->shared;
	return 0;
}

/* pthread_barrier_t has 16 words of 64 bits, pthread_spinlock_t is a mutex's size. */
typedef struct {
	struct lock guard;
	unsigned count, here, round;
} pthread_barrier_t;

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_rwlockattr_t *attr, unsigned count)
{
	(void)attr;
	if (count == 0)
		return EINVAL;
	*barrier = (pthread_barrier_t) { { 0 }, count, 0, 0 };
	return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	return barrier->here ? EBUSY : 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	take(&barrier->guard);
	unsigned round = barrier->round;
	if (++barrier->here == barrier->count) {
		barrier->here = 0;
		barrier->round++;
		give(&barrier->guard);
		wake(barrier, 1 << 20);
		return SERIAL_THREAD;
	}
	while (barrier->round == round) {
		sleep_on(barrier, &barrier->guard, NULL);
		take(&barrier->guard);
	}
	give(&barrier->guard);
	return 0;
}

int pthread_barrierattr_init(pthread_rwlockattr_t *attr)
{
	return pthread_rwlockattr_init(attr);
}

int pthread_barrierattr_destroy(pthread_rwlockattr_t *attr)
{
	return pthread_rwlockattr_destroy(attr);
}

int pthread_barrierattr_setpshared(pthread_rwlockattr_t *attr, int shared)
{
	return pthread_rwlockattr_setpshared(attr, shared);
}

int pthread_barrierattr_getpshared(const pthread_rwlockattr_t *attr, int *shared)
{
	return pthread_rwlockattr_getpshared(attr, shared);
}

int pthread_spin_init(struct lock *lock, int shared)
{
	(void)shared;
	lock->held = 0;
	return 0;
}

int pthread_spin_destroy(struct lock *lock)
{
	(void)lock;
	return 0;
}

int pthread_spin_lock(struct lock *lock)
{
	while (__sync_lock_test_and_set(&lock->held, 1))
		sched_yield();
	return 0;
}

int pthread_spin_trylock(struct lock *lock)
{
	return __sync_lock_test_and_set(&lock->held, 1) ? EBUSY : 0;
}

int pthread_spin_unlock(struct lock *lock)
{
	__sync_lock_release(&lock->held);
	return 0;
}
