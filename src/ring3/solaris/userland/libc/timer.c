/*
 * Timers that a program makes (timer_create(3C)). One that calls a function in a thread of its own (SIGEV_THREAD) is for
 * the kernel one that tells a port; the thread waits there.
 */

#include "attributes.h"

#define SIGEV_THREAD 3
#define SIGEV_PORT 4
#define PORT_SOURCE_TIMER 2
#define TIMERS 64

struct sigevent {
	int notify, signal;
	void *value;
	void (*function)(void *);
	pthread_attr_t *attributes;
	int rest;
};
struct port_notify {
	int port;
	void *user;
};
struct port_event {
	int events;
	unsigned short source, pad;
	uintptr_t object;
	void *user;
};
struct waiter {
	int port;
	void (*function)(void *);
	void *value;
};
extern int port_create(void), port_get(int, void *, struct timespec *), port_send(int, int, void *);
extern int __timer_create(int, const void *, int *), __timer_delete(int), pthread_detach(pthread_t);

static int ports[TIMERS];	/* 1 + the port of a timer whose thread waits */

static void *wait_at_port(void *argument)
{
	struct waiter waiter = *(struct waiter *)argument;
	struct port_event event;
	free(argument);
	for (;;) {
		if (port_get(waiter.port, &event, NULL) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (event.source != PORT_SOURCE_TIMER)
			break;		/* the timer is gone */
		waiter.function(waiter.value);
	}
	close(waiter.port);
	return NULL;
}

static int create_with_thread(int clock, const struct sigevent *event, int *timer)
{
	struct waiter *waiter = malloc(sizeof *waiter);
	int port = waiter ? port_create() : -1, error;
	struct port_notify notify = { port, NULL };
	struct sigevent at_port = { .notify = SIGEV_PORT, .value = &notify };
	pthread_t id;
	if (port < 0 || __timer_create(clock, &at_port, timer) < 0) {
		error = errno;
	} else {
		*waiter = (struct waiter) { port, event->function, event->value };
		error = make_thread(event->attributes ? event->attributes->of : NULL, 0, wait_at_port, waiter, &id);
		if (!error) {
			pthread_detach(id);
			if (*timer < TIMERS)
				ports[*timer] = 1 + port;
			return 0;
		}
		__timer_delete(*timer);
	}
	if (port >= 0)
		close(port);
	free(waiter);
	errno = error;
	return -1;
}

int timer_create(int clock, const struct sigevent *event, int *timer)
{
	if (event && event->notify == SIGEV_THREAD)
		return create_with_thread(clock, event, timer);
	return __timer_create(clock, event, timer);
}

int timer_delete(int timer)
{
	int port = timer >= 0 && timer < TIMERS ? ports[timer] - 1 : -1;
	if (__timer_delete(timer) < 0)
		return -1;
	if (port >= 0) {
		ports[timer] = 0;
		port_send(port, 0, NULL);
	}
	return 0;
}
