/*
 * Mutexes, conditions and semaphores that processes share (PTHREAD_PROCESS_SHARED): each operation is a call, by which the
 * kernel works on the words (lwp_sobj.c of illumos). What a lock of its kind needs beyond that is in the mutex's last words:
 * which thread of its process has it, and how often.
 */

#include "thread.h"

#define PTHREAD_MUTEX_RECURSIVE 4
#define PTHREAD_MUTEX_ERRORCHECK 2
#define EOWNERDEAD 58

extern int __lwp_mutex_timedlock(void *, const struct timespec *, uintptr_t), __lwp_mutex_trylock(void *, uintptr_t), __lwp_mutex_unlock(void *);
extern int __lwp_cond_wait(void *, void *, const struct timespec *, int), __lwp_cond_signal(void *), __lwp_cond_broadcast(void *);
extern int __lwp_sema_timedwait(void *, const struct timespec *, int), __lwp_sema_trywait(void *), __lwp_sema_post(void *);

struct held {
	int thread, count;
};

static struct held *held_by(pthread_mutex_t *mutex)
{
	return (struct held *)&mutex->rest;
}

static int is_mine(pthread_mutex_t *mutex)
{
	return ((unsigned char *)mutex)[15] && mutex->owner == getpid() && held_by(mutex)->thread == curthread()->ul_lwpid;
}

/* What is left until a deadline (CLOCK_HIGHRES). */
static const struct timespec *left_until(const struct timespec *deadline, struct timespec *left)
{
	if (deadline == NULL)
		return NULL;
	clock_gettime(4, left);
	left->tv_sec = deadline->tv_sec - left->tv_sec;
	left->tv_nsec = deadline->tv_nsec - left->tv_nsec;
	if (left->tv_nsec < 0)
		left->tv_sec--, left->tv_nsec += 1000000000;
	if (left->tv_sec < 0)
		left->tv_sec = left->tv_nsec = 0;
	return left;
}

/* The error of a call, as pthreads return it; errno stays. */
#define ERROR_OF(call) \
	({ \
		int saved = errno, error_of_call = (call) < 0 ? errno : 0; \
		errno = saved; \
		error_of_call; \
	})

__attribute__((visibility("hidden"))) int lock_shared(pthread_mutex_t *mutex, int wait, const struct timespec *deadline)
{
	struct timespec left;
	int error;
	if (is_mine(mutex) && mutex->type & PTHREAD_MUTEX_RECURSIVE) {
		held_by(mutex)->count++;
		return 0;
	}
	if (is_mine(mutex) && mutex->type & PTHREAD_MUTEX_ERRORCHECK && wait)
		return EDEADLK;
	do {
		if (wait)
			error = ERROR_OF(__lwp_mutex_timedlock(mutex, left_until(deadline, &left), 0));
		else
			error = ERROR_OF(__lwp_mutex_trylock(mutex, 0));
	} while (error == EINTR);
	if (error == 0 || error == EOWNERDEAD)
		*held_by(mutex) = (struct held) { curthread()->ul_lwpid, 1 };
	return error == ETIME ? ETIMEDOUT : error;
}

__attribute__((visibility("hidden"))) int unlock_shared(pthread_mutex_t *mutex)
{
	if (!is_mine(mutex))
		return EPERM;
	if (--held_by(mutex)->count)
		return 0;
	return ERROR_OF(__lwp_mutex_unlock(mutex));
}

__attribute__((visibility("hidden"))) int wait_shared(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline)
{
	struct timespec left;
	if (!is_mine(mutex))
		return EPERM;
	int count = held_by(mutex)->count;
	begin_point();
	int error = ERROR_OF(__lwp_cond_wait(cond, mutex, left_until(deadline, &left), 0));
	end_point();
	int locked = lock_shared(mutex, 1, NULL);
	held_by(mutex)->count = count;
	if (locked)
		return locked;
	return error == ETIME ? ETIMEDOUT : error == EINTR ? 0 : error;
}

__attribute__((visibility("hidden"))) int wake_shared(pthread_cond_t *cond, int all)
{
	return all ? ERROR_OF(__lwp_cond_broadcast(cond)) : ERROR_OF(__lwp_cond_signal(cond));
}

__attribute__((visibility("hidden"))) int take_shared_sem(void *sem, int wait, const struct timespec *deadline)
{
	struct timespec left;
	if (!wait) {
		if (__lwp_sema_trywait(sem) == 0)
			return 0;
		errno = errno == EBUSY ? EAGAIN : errno;
		return -1;
	}
	if (POINT(int, __lwp_sema_timedwait(sem, left_until(deadline, &left), 0)) == 0)
		return 0;
	errno = errno == ETIME ? ETIMEDOUT : errno;
	return -1;
}

__attribute__((visibility("hidden"))) int give_shared_sem(void *sem)
{
	return __lwp_sema_post(sem);
}
