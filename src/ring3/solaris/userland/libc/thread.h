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

int sleep_on(void *wchan, struct lock *, const struct timespec *deadline);
int wake(void *wchan, int most);
void exit_thread(void *value) __attribute__((noreturn));

#endif
