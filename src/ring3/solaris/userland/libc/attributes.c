/* What a thread is made with (pthread_attr_init(3C)). */

#include "attributes.h"

#define PTHREAD_CREATE_DETACHED 0x40
#define PTHREAD_SCOPE_SYSTEM 1
#define PTHREAD_INHERIT_SCHED 1
#define GUARD 0x1000
#define SMALLEST_STACK 0x1000

int pthread_attr_init(pthread_attr_t *attr)
{
	attr->of = calloc(1, sizeof *attr->of);
	if (attr->of == NULL)
		return ENOMEM;
	attr->of->guard = GUARD;
	attr->of->inherit = PTHREAD_INHERIT_SCHED;
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
	free(attr->of);
	attr->of = NULL;
	return 0;
}

int pthread_attr_setstack(pthread_attr_t *attr, void *stack, size_t size)
{
	if (size < SMALLEST_STACK)
		return EINVAL;
	attr->of->stack = stack;
	attr->of->stack_size = size;
	return 0;
}

int pthread_attr_getstack(const pthread_attr_t *attr, void **stack, size_t *size)
{
	*stack = attr->of->stack;
	*size = attr->of->stack_size;
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
	if (size < SMALLEST_STACK)
		return EINVAL;
	attr->of->stack_size = size;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->of->stack_size ? attr->of->stack_size : DEFAULT_STACK;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	if (state & ~PTHREAD_CREATE_DETACHED)
		return EINVAL;
	attr->of->detached = state == PTHREAD_CREATE_DETACHED;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *state)
{
	*state = attr->of->detached ? PTHREAD_CREATE_DETACHED : 0;
	return 0;
}

int pthread_attr_setstackaddr(pthread_attr_t *attr, void *stack)
{
	attr->of->stack = stack;
	return 0;
}

int pthread_attr_getstackaddr(const pthread_attr_t *attr, void **stack)
{
	*stack = attr->of->stack;
	return 0;
}

int pthread_attr_setguardsize(pthread_attr_t *attr, size_t size)
{
	attr->of->guard = size;
	return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->of->guard;
	return 0;
}

int pthread_attr_setscope(pthread_attr_t *attr, int scope)
{
	if (scope & ~PTHREAD_SCOPE_SYSTEM)
		return EINVAL;
	attr->of->scope = scope;
	return 0;
}

int pthread_attr_getscope(const pthread_attr_t *attr, int *scope)
{
	*scope = attr->of->scope;
	return 0;
}

int pthread_attr_setinheritsched(pthread_attr_t *attr, int inherit)
{
	if (inherit & ~PTHREAD_INHERIT_SCHED)
		return EINVAL;
	attr->of->inherit = inherit;
	return 0;
}

int pthread_attr_getinheritsched(const pthread_attr_t *attr, int *inherit)
{
	*inherit = attr->of->inherit;
	return 0;
}

int pthread_attr_setschedpolicy(pthread_attr_t *attr, int policy)
{
	if (policy < 0 || policy > 6)
		return EINVAL;
	attr->of->policy = policy;
	return 0;
}

int pthread_attr_getschedpolicy(const pthread_attr_t *attr, int *policy)
{
	*policy = attr->of->policy;
	return 0;
}

int pthread_attr_setschedparam(pthread_attr_t *attr, const int *priority)
{
	attr->of->priority = *priority;
	return 0;
}

int pthread_attr_getschedparam(const pthread_attr_t *attr, int *priority)
{
	*priority = attr->of->priority;
	return 0;
}
