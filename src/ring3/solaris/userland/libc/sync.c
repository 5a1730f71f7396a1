/* What threads wait for: mutexes, conditions, semaphores, once, and values of their own (pthreads(7)). */

#include "thread.h"

#define PTHREAD_MUTEX_RECURSIVE 4
#define PTHREAD_MUTEX_ERRORCHECK 2
#define CLOCK_REALTIME 3
#define CLOCK_HIGHRES 4

extern void (*destructors[THREAD_KEYS])(void *);

/* pthread_mutex_t, pthread_cond_t and sem_t: the sizes are the headers', the contents ours */
typedef struct {
	struct lock guard;
	unsigned short flags, type;
	int owner, count;
	long rest;
} pthread_mutex_t;
typedef struct {
	int type;
} pthread_mutexattr_t;
typedef struct {
	struct lock guard;
	int waiting, clock, rest;
} pthread_cond_t;
typedef struct {
	unsigned count;
	unsigned short type, magic;
	unsigned long unused[3];
	struct lock guard;
	int rest[3];
} sem_t;
typedef struct {
	unsigned long done[4];
} pthread_once_t;

static struct timespec later(const struct timespec *interval)
{
	struct timespec at;
	clock_gettime(CLOCK_HIGHRES, &at);
	at.tv_sec += interval->tv_sec;
	at.tv_nsec += interval->tv_nsec;
	if (at.tv_nsec >= 1000000000)
		at.tv_sec++, at.tv_nsec -= 1000000000;
	return at;
}

static struct timespec until(int clock, const struct timespec *when)
{
	struct timespec now, left;
	clock_gettime(clock, &now);
	left.tv_sec = when->tv_sec - now.tv_sec;
	left.tv_nsec = when->tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0)
		left.tv_sec--, left.tv_nsec += 1000000000;
	if (left.tv_sec < 0)
		left.tv_sec = left.tv_nsec = 0;
	return later(&left);
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	attr->type = 0;
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
	attr->type = type;
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	memset(mutex, 0, sizeof *mutex);
	mutex->type = (unsigned short)(attr ? attr->type : 0);
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	return mutex->count ? EBUSY : 0;
}

static int lock_mutex(pthread_mutex_t *mutex, int wait, const struct timespec *deadline)
{
	int self = curthread()->ul_lwpid, error = 0;
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
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return lock_mutex(mutex, 1, &deadline);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	take(&mutex->guard);
	int free = mutex->count == 0 || --mutex->count == 0;
	give(&mutex->guard);
	if (free)
		wake(mutex, 1);
	return 0;
}

int pthread_cond_init(pthread_cond_t *cond, const void *attr)
{
	(void)attr;
	memset(cond, 0, sizeof *cond);
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	(void)cond;
	return 0;
}

static int wait_cond(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline)
{
	int count = mutex->count;
	take(&cond->guard);
	mutex->count = 1;
	pthread_mutex_unlock(mutex);
	int error = sleep_on(cond, &cond->guard, deadline);
	pthread_mutex_lock(mutex);
	mutex->count = count;
	return error;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return wait_cond(cond, mutex, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *when)
{
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return wait_cond(cond, mutex, &deadline);
}

int pthread_cond_reltimedwait_np(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *interval)
{
	struct timespec deadline = later(interval);
	return wait_cond(cond, mutex, &deadline);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	take(&cond->guard);
	give(&cond->guard);
	wake(cond, 1);
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	take(&cond->guard);
	give(&cond->guard);
	wake(cond, 1 << 20);
	return 0;
}

int sem_init(sem_t *sem, int shared, unsigned value)
{
	(void)shared;
	memset(sem, 0, sizeof *sem);
	sem->count = value;
	return 0;
}

int sem_destroy(sem_t *sem)
{
	(void)sem;
	return 0;
}

static int take_sem(sem_t *sem, int wait, const struct timespec *deadline)
{
	int error = 0;
	take(&sem->guard);
	while (sem->count == 0 && !error) {
		if (!wait) {
			error = EAGAIN;
		} else {
			error = sleep_on(sem, &sem->guard, deadline);
			take(&sem->guard);
			if (sem->count)
				error = 0;
		}
	}
	if (!error)
		sem->count--;
	give(&sem->guard);
	if (error) {
		errno = error;
		return -1;
	}
	return 0;
}

int sem_wait(sem_t *sem)
{
	return take_sem(sem, 1, NULL);
}

int sem_trywait(sem_t *sem)
{
	return take_sem(sem, 0, NULL);
}

int sem_timedwait(sem_t *sem, const struct timespec *when)
{
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return take_sem(sem, 1, &deadline);
}

int sem_reltimedwait_np(sem_t *sem, const struct timespec *interval)
{
	struct timespec deadline = later(interval);
	return take_sem(sem, 1, &deadline);
}

int sem_post(sem_t *sem)
{
	take(&sem->guard);
	sem->count++;
	give(&sem->guard);
	wake(sem, 1);
	return 0;
}

int sem_getvalue(sem_t *sem, int *value)
{
	*value = (int)sem->count;
	return 0;
}

int pthread_once(pthread_once_t *once, void (*routine)(void))
{
	static struct lock lock;
	take(&lock);
	while (once->done[3] == 1) {
		sleep_on(once, &lock, NULL);
		take(&lock);
	}
	int first = once->done[3] == 0;
	if (first)
		once->done[3] = 1;
	give(&lock);
	if (first) {
		routine();
		once->done[3] = 2;
		wake(once, 1 << 20);
	}
	return 0;
}

int pthread_key_create(unsigned *key, void (*destructor)(void *))
{
	static struct lock lock;
	static unsigned next;
	take(&lock);
	unsigned made = next < THREAD_KEYS ? next++ : THREAD_KEYS;
	give(&lock);
	if (made == THREAD_KEYS)
		return EAGAIN;
	destructors[made] = destructor;
	*key = made;
	return 0;
}

int pthread_setspecific(unsigned key, const void *value)
{
	if (key >= THREAD_KEYS)
		return EINVAL;
	curthread()->ul_keys[key] = (void *)value;
	return 0;
}

void *pthread_getspecific(unsigned key)
{
	return key < THREAD_KEYS ? curthread()->ul_keys[key] : NULL;
}
