/* Threads as Solaris has them (threads(7), mutex(3C), cond(3C), semaphore(3C), rwlock(3C)): by other names the same. */

#include "attributes.h"

#define THR_SUSPENDED 0x80
#define THR_DETACHED 0x40
#define PTHREAD_MUTEX_TYPES 0x77

typedef struct sem sem_t;
typedef struct rwlock pthread_rwlock_t;
extern int pthread_mutex_timedlock(pthread_mutex_t *, const struct timespec *), pthread_mutex_destroy(pthread_mutex_t *);
extern int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *), pthread_cond_signal(pthread_cond_t *);
extern int pthread_cond_timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
extern int pthread_cond_reltimedwait_np(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
extern int pthread_cond_broadcast(pthread_cond_t *), pthread_cond_destroy(pthread_cond_t *);
extern int pthread_key_create(unsigned *, void (*)(void *)), pthread_kill(pthread_t, int);
extern int pthread_sigmask(int, const sigset_t *, sigset_t *), pthread_cond_init(pthread_cond_t *, const void *);
extern int sem_init(sem_t *, int, unsigned), sem_wait(sem_t *), sem_trywait(sem_t *), sem_post(sem_t *), sem_destroy(sem_t *);
extern int sem_timedwait(sem_t *, const struct timespec *), sem_reltimedwait_np(sem_t *, const struct timespec *);
extern int pthread_rwlock_init(pthread_rwlock_t *, const void *), pthread_rwlock_unlock(pthread_rwlock_t *);
extern int pthread_rwlock_rdlock(pthread_rwlock_t *), pthread_rwlock_wrlock(pthread_rwlock_t *);
extern int pthread_rwlock_tryrdlock(pthread_rwlock_t *), pthread_rwlock_trywrlock(pthread_rwlock_t *);
extern int pthread_rwlock_destroy(pthread_rwlock_t *);

size_t thr_min_stack(void)
{
	return 0x1000;
}

int thr_create(void *stack, size_t size, void *(*start)(void *), void *argument, long flags, pthread_t *id)
{
	struct attributes of = { .stack_size = size, .stack = stack, .detached = (flags & THR_DETACHED) != 0, .guard = 0x1000 };
	if (stack && size < thr_min_stack())
		return EINVAL;
	return make_thread(&of, (flags & THR_SUSPENDED) != 0, start, argument, id);
}

int thr_join(pthread_t id, pthread_t *which, void **value)
{
	return join_thread(id, which, value);
}

void thr_exit(void *value)
{
	exit_thread(value);
}

pthread_t thr_self(void)
{
	return (pthread_t)curthread()->ul_lwpid;
}

void thr_yield(void)
{
	sched_yield();
}

int thr_kill(pthread_t id, int signal)
{
	return pthread_kill(id, signal);
}

int thr_sigsetmask(int how, const sigset_t *set, sigset_t *old)
{
	return pthread_sigmask(how, set, old);
}

int thr_main(void)
{
	return curthread()->ul_lwpid == 1;
}

extern int __lwp_suspend(int), __lwp_continue(int);

int thr_suspend(pthread_t id)
{
	return __lwp_suspend((int)id) == 0 ? 0 : errno;
}

int thr_continue(pthread_t id)
{
	return __lwp_continue((int)id) == 0 ? 0 : errno;
}

int thr_keycreate(unsigned *key, void (*destructor)(void *))
{
	return pthread_key_create(key, destructor);
}

int thr_setspecific(unsigned key, void *value)
{
	return pthread_setspecific(key, value);
}

int thr_getspecific(unsigned key, void **value)
{
	*value = pthread_getspecific(key);
	return 0;
}

int thr_setconcurrency(int level)
{
	return level < 0 ? EINVAL : 0;
}

int thr_getconcurrency(void)
{
	return 0;
}

int mutex_init(pthread_mutex_t *mutex, int type, void *argument)
{
	(void)argument;
	if (type & ~PTHREAD_MUTEX_TYPES)
		return EINVAL;
	memset(mutex, 0, sizeof *mutex);
	mutex->type = (unsigned short)type;
	mutex->magic = 0x4d58;
	return 0;
}

int _mutex_held(pthread_mutex_t *mutex)
{
	return mutex->count && mutex->owner == curthread()->ul_lwpid;
}

int cond_init(pthread_cond_t *cond, int type, void *argument)
{
	(void)argument;
	pthread_cond_init(cond, NULL);
	cond->type = (unsigned short)type;
	return 0;
}

/* Semaphores say an error by its number here, and a time that passed is another one. */
static int number(int result)
{
	return result == 0 ? 0 : errno == EAGAIN ? EBUSY : errno == ETIMEDOUT ? ETIME : errno;
}

static int time_passed(int error)
{
	return error == ETIMEDOUT ? ETIME : error;
}

#define SAME(name, theirs, type) \
	int name(type *thing) \
	{ \
		return theirs(thing); \
	}
#define SEMA(name, theirs) \
	int name(sem_t *sema) \
	{ \
		return number(theirs(sema)); \
	}

SAME(mutex_lock, pthread_mutex_lock, pthread_mutex_t)
SAME(mutex_trylock, pthread_mutex_trylock, pthread_mutex_t)
SAME(mutex_unlock, pthread_mutex_unlock, pthread_mutex_t)
SAME(mutex_destroy, pthread_mutex_destroy, pthread_mutex_t)
SAME(cond_signal, pthread_cond_signal, pthread_cond_t)
SAME(cond_broadcast, pthread_cond_broadcast, pthread_cond_t)
SAME(cond_destroy, pthread_cond_destroy, pthread_cond_t)
SAME(rw_rdlock, pthread_rwlock_rdlock, pthread_rwlock_t)
SAME(rw_wrlock, pthread_rwlock_wrlock, pthread_rwlock_t)
SAME(rw_tryrdlock, pthread_rwlock_tryrdlock, pthread_rwlock_t)
SAME(rw_trywrlock, pthread_rwlock_trywrlock, pthread_rwlock_t)
SAME(rw_unlock, pthread_rwlock_unlock, pthread_rwlock_t)
SAME(rwlock_destroy, pthread_rwlock_destroy, pthread_rwlock_t)
SEMA(sema_wait, sem_wait)
SEMA(sema_trywait, sem_trywait)
SEMA(sema_post, sem_post)
SEMA(sema_destroy, sem_destroy)

int cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return pthread_cond_wait(cond, mutex);
}

int cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *when)
{
	return time_passed(pthread_cond_timedwait(cond, mutex, when));
}

int cond_reltimedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *interval)
{
	return time_passed(pthread_cond_reltimedwait_np(cond, mutex, interval));
}

int rwlock_init(pthread_rwlock_t *lock, int type, void *argument)
{
	(void)argument;
	int shared = type, *const attr = &shared;
	return pthread_rwlock_init(lock, &attr);
}

int sema_init(sem_t *sema, unsigned count, int type, void *argument)
{
	(void)argument;
	return number(sem_init(sema, type, count));
}

int sema_timedwait(sem_t *sema, const struct timespec *when)
{
	return number(sem_timedwait(sema, when));
}

int sema_reltimedwait(sem_t *sema, const struct timespec *interval)
{
	return number(sem_reltimedwait_np(sema, interval));
}
