/* What libc's files share about threads. */

#ifndef THREAD_H
#define THREAD_H

#include "solaris.h"
#include "tcb.h"

/* A lock for a few instructions, whose holder never waits. */
struct lock {
	volatile int held;
};

static inline void take(struct lock *lock)
{
	curthread()->ul_holds++;
	while (__sync_lock_test_and_set(&lock->held, 1))
		sched_yield();
}

void run_held_signals(void);

static inline void give(struct lock *lock)
{
	__sync_lock_release(&lock->held);
	if (--curthread()->ul_holds == 0)
		run_held_signals();
}

/* pthread_mutex_t, pthread_cond_t and sem_t: where type and magic are and the sizes are the headers', the rest is ours */
typedef struct {
	struct lock guard;
	unsigned short type, magic;
	int owner, count;
	long long rest;
} pthread_mutex_t;
typedef struct {
	struct lock guard;
	unsigned short type, magic;
	int clock, rest;
} pthread_cond_t;
int pthread_mutex_lock(pthread_mutex_t *), pthread_mutex_trylock(pthread_mutex_t *), pthread_mutex_unlock(pthread_mutex_t *);
void *pthread_getspecific(unsigned);
int pthread_setspecific(unsigned, const void *);
/*
 * What processes share is the kernel's (USYNC_PROCESS in the type): it knows who waits, wherever each has it mapped. In such a
 * mutex the first word is the kernel's flags, the owner is a process, and the byte at 15 says that it is locked (lwp_mutex_t).
 */
#define USYNC_PROCESS 1
int lock_shared(pthread_mutex_t *, int wait, const struct timespec *deadline), unlock_shared(pthread_mutex_t *);
int wait_shared(pthread_cond_t *, pthread_mutex_t *, const struct timespec *deadline), wake_shared(pthread_cond_t *, int all);
int take_shared_sem(void *sem, int wait, const struct timespec *deadline), give_shared_sem(void *sem);

struct timespec after(const struct timespec *interval), until(int clock, const struct timespec *when);

/* A call that ends when its thread is cancelled (cancellation(7)): between the two, and once cancelled, it does not come back. */
void begin_point(void);
static inline void end_point(void)
{
	curthread()->ul_cancel_point = 0;
}
#define POINT(type, call) \
	({ \
		begin_point(); \
		type result_of_call = call; \
		end_point(); \
		result_of_call; \
	})
int cancelled(void);

int sleep_on(void *wchan, struct lock *, const struct timespec *deadline);
int sleep_at_point(void *wchan, struct lock *, const struct timespec *deadline);
int sleep_at_point_or_signal(void *wchan, struct lock *, const struct timespec *deadline);
void forget_key(unsigned key);
void forget_sleepers(void), run_cleanup(struct ulwp *);
int with_thread(pthread_t, int (*what)(struct ulwp *, void *), void *argument);
int wake(void *wchan, int most);
void exit_thread(void *value) __attribute__((noreturn)), cancel_thread(void) __attribute__((noreturn));

#endif
