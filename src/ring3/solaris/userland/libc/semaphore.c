/* Counting semaphores (sem_wait(3C)). */

#include "thread.h"

#define CLOCK_REALTIME 3
#define SEMA_MAGIC 0x534d
#define SEM_VALUE_MAX 0x7fffffff

typedef struct {
	unsigned count;
	unsigned short type, magic;
	unsigned long unused[3];
	struct lock guard;
	int rest[3];
} sem_t;

int sem_init(sem_t *sem, int shared, unsigned value)
{
	if (value > SEM_VALUE_MAX) {
		errno = EINVAL;
		return -1;
	}
	memset(sem, 0, sizeof *sem);
	sem->count = value;
	sem->type = shared != 0;
	sem->magic = SEMA_MAGIC;
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
	if (sem->type & USYNC_PROCESS)
		return take_shared_sem(sem, wait, deadline);
	take(&sem->guard);
	while (sem->count == 0 && !error) {
		if (!wait) {
			error = EAGAIN;
		} else {
			error = sleep_at_point_or_signal(sem, &sem->guard, deadline);
			if (error == ECANCELED)
				cancel_thread();
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
	if (when->tv_nsec < 0 || when->tv_nsec >= 1000000000) {
		if (take_sem(sem, 0, NULL) == 0)
			return 0;
		errno = EINVAL;
		return -1;
	}
	struct timespec deadline = until(CLOCK_REALTIME, when);
	return take_sem(sem, 1, &deadline);
}

int sem_reltimedwait_np(sem_t *sem, const struct timespec *interval)
{
	struct timespec deadline = after(interval);
	return take_sem(sem, 1, &deadline);
}

int sem_post(sem_t *sem)
{
	if (sem->type & USYNC_PROCESS)
		return give_shared_sem(sem);
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
