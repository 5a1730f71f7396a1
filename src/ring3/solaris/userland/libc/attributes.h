/* pthread_attr_t, and what makes threads of it. */

#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

#include "thread.h"

#define DEFAULT_STACK (1ul << 20)

struct attributes {
	size_t stack_size;
	void *stack;
	int detached, scope, priority, policy;
	size_t guard;
	int inherit;
};

typedef struct {
	struct attributes *of;
} pthread_attr_t;

int make_thread(const struct attributes *, int suspended, void *(*start)(void *), void *argument, pthread_t *id);
int join_thread(pthread_t id, pthread_t *which, void **value);

#endif
