/* Locks that many may hold for reading, barriers, and locks to spin on (pthread_rwlock_init(3C) and its like). */

#include "thread.h"

#define CLOCK_REALTIME 3
#define RWL_MAGIC 0x5257
#define SERIAL_THREAD (-2)

/*
 * pthread_rwlock_t: readers, type and magic are the header's; the rest has room for a mutex and two conditions. One that
 * processes share has those for its guard, and to wait with.
 */
typedef struct {
	int readers;			/* how many; -1 for a writer */
	unsigned short type, magic;
	union {
		struct lock guard;
		pthread_mutex_t mutex;
	};
	pthread_cond_t changed;
	int writers_waiting, owner, process, unused;
} pthread_rwlock_t;
typedef struct {
	int *shared;
} pthread_rwlockattr_t;

#define IS_SHARED(object) ((object)->type & USYNC_PROCESS)
#define ENTER(object) (IS_SHARED(object) ? (void)pthread_mutex_lock(&(object)->mutex) : take(&(object)->guard))
#define LEAVE(object) (IS_SHARED(object) ? (void)pthread_mutex_unlock(&(object)->mutex) : give(&(object)->guard))
#define WAIT(object, deadline) \
	({ \
		int error_of_wait; \
		if (IS_SHARED(object)) { \
			error_of_wait = wait_shared(&(object)->changed, &(object)->mutex, deadline); \
		} else { \
			error_of_wait = sleep_on(object, &(object)->guard, deadline); \
			take(&(object)->guard); \
		} \
		error_of_wait; \
	})
#define WAKE(object) (IS_SHARED(object) ? (void)wake_shared(&(object)->changed, 1) : (void)wake(object, 1 << 20))

static int is_mine(const pthread_rwlock_t *lock)
{
	return lock->owner == (int)curthread()->ul_lwpid && (!IS_SHARED(lock) || lock->process == getpid());
}

static int can_read(const pthread_rwlock_t *lock)
{
	return lock->readers >= 0 && (lock->writers_waiting == 0 || lock->readers > 0);
}

static int lock_for(pthread_rwlock_t *lock, int writing, int wait, const struct timespec *deadline)
{
	int error = 0;
	ENTER(lock);
	while (!(writing ? lock->readers == 0 : can_read(lock)) && !error) {
		if (!wait) {
			error = EBUSY;
		} else if (lock->readers < 0 && is_mine(lock)) {
			error = EDEADLK;
		} else {
			lock->writers_waiting += writing;
			error = WAIT(lock, deadline);
			lock->writers_waiting -= writing;
		}
	}
	if (!error) {
		lock->readers = writing ? -1 : lock->readers + 1;
		lock->owner = curthread()->ul_lwpid;
		lock->process = IS_SHARED(lock) ? getpid() : 0;
	}
	LEAVE(lock);
	return error;
}

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
	memset(lock, 0, sizeof *lock);
	lock->type = (unsigned short)(attr && attr->shared ? *attr->shared : 0);
	lock->mutex.type = lock->changed.type = lock->type;
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
	ENTER(lock);
	int error = lock->readers == 0 || (lock->readers < 0 && !is_mine(lock)) ? EPERM : 0;
	if (!error)
		lock->readers = lock->readers < 0 ? 0 : lock->readers - 1;
	int free = !error && lock->readers == 0;
	LEAVE(lock);
	if (free)
		WAKE(lock);
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
	unsigned count, here, round;
	unsigned short type, magic;
	union {
		struct lock guard;
		pthread_mutex_t mutex;
	};
	pthread_cond_t changed;
} pthread_barrier_t;

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_rwlockattr_t *attr, unsigned count)
{
	if (count == 0)
		return EINVAL;
	memset(barrier, 0, sizeof *barrier);
	barrier->count = count;
	barrier->type = (unsigned short)(attr && attr->shared ? *attr->shared : 0);
	barrier->mutex.type = barrier->changed.type = barrier->type;
	return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	return barrier->here ? EBUSY : 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	ENTER(barrier);
	unsigned round = barrier->round;
	if (++barrier->here == barrier->count) {
		barrier->here = 0;
		barrier->round++;
		LEAVE(barrier);
		WAKE(barrier);
		return SERIAL_THREAD;
	}
	while (barrier->round == round)
		WAIT(barrier, NULL);
	LEAVE(barrier);
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
