/* What is done once, and the values that threads have of their own (pthread_once(3C), pthread_key_create(3C)). */

#include "thread.h"

extern void (*destructors[THREAD_KEYS])(void *);

typedef struct {
	unsigned long done[4];
} pthread_once_t;


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

static struct lock key_lock;
static char used[THREAD_KEYS];

int pthread_key_create(unsigned *key, void (*destructor)(void *))
{
	take(&key_lock);
	unsigned made = 1;
	while (made < THREAD_KEYS && used[made])
		made++;
	if (made < THREAD_KEYS)
		used[made] = 1;
	give(&key_lock);
	if (made == THREAD_KEYS)
		return EAGAIN;
	destructors[made] = destructor;
	*key = made;
	return 0;
}

int pthread_key_create_once_np(unsigned *key, void (*destructor)(void *))
{
	static struct lock once;
	int error = 0;
	take(&once);
	if (*key == ~0u)
		error = pthread_key_create(key, destructor);
	give(&once);
	return error;
}

int pthread_key_delete(unsigned key)
{
	if (key >= THREAD_KEYS || !used[key])
		return EINVAL;
	destructors[key] = NULL;
	forget_key(key);
	used[key] = 0;
	return 0;
}

int pthread_setspecific(unsigned key, const void *value)
{
	if (key >= THREAD_KEYS || !used[key])
		return EINVAL;
	curthread()->ul_keys[key] = (void *)value;
	return 0;
}

void *pthread_getspecific(unsigned key)
{
	return key < THREAD_KEYS ? curthread()->ul_keys[key] : NULL;
}
