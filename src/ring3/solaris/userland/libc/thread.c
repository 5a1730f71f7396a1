/*
 * Threads (threads(7)): each is an lwp. Who waits sleeps in one list by the address that it waits for, and parks in the
 * kernel until it is taken off the list; a thread that was woken before it parks does not sleep.
 */

#include "thread.h"

#define LWP_SUSPENDED 0x80
#define LWP_DETACHED 0x40
#define PTHREAD_CREATE_DETACHED 0x40
#define DEFAULT_STACK (1ul << 20)

struct attributes {
	size_t stack_size;
	void *stack;
	int detached, scope, priority, policy;
	size_t guard;
};

typedef struct {
	struct attributes *of;
} pthread_attr_t;

static struct ulwp *threads, *sleepers;
static struct ulwp *left_behind;	/* who has ended: nobody can give back the stack that he stands on */
static struct lock sleep_lock, list_lock;
static struct lock *const list = &list_lock;
void (*destructors[THREAD_KEYS])(void *);

pthread_t pthread_self(void)
{
	return (pthread_t)curthread()->ul_lwpid;
}

/* Parks this thread, or unparks another: 0, or the error's number. */
static int park(int which, uintptr_t address, int id)
{
	extern int __lwp_park_call(int, uintptr_t, int);
	int saved = errno, error = __lwp_park_call(which, address, id) < 0 ? errno : 0;
	errno = saved;
	return error;
}

/* Sleeps until somebody wakes what waits for an address; ETIMEDOUT if the deadline (CLOCK_HIGHRES) passes first. */
int sleep_on(void *wchan, struct lock *release, const struct timespec *deadline)
{
	struct ulwp *self = curthread(), **at;
	int result = 0;
	take(&sleep_lock);
	self->ul_wchan = wchan;
	self->ul_sleep_next = NULL;
	for (at = &sleepers; *at; at = &(*at)->ul_sleep_next)
		;
	*at = self;
	give(&sleep_lock);
	if (release)
		give(release);
	while (__atomic_load_n(&self->ul_wchan, __ATOMIC_SEQ_CST) && result != ETIMEDOUT) {
		struct timespec left, *limit = NULL;
		if (deadline) {
			clock_gettime(4, &left);
			left.tv_sec = deadline->tv_sec - left.tv_sec;
			left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
			if (left.tv_nsec < 0)
				left.tv_sec--, left.tv_nsec += 1000000000;
			if (left.tv_sec < 0)
				left.tv_sec = left.tv_nsec = 0;
			limit = &left;
		}
		if (park(0, (uintptr_t)limit, 0) == ETIME)
			result = ETIMEDOUT;
	}
	if (result) {
		take(&sleep_lock);
		if (self->ul_wchan == NULL)
			result = 0;		/* woken at the last moment */
		for (at = &sleepers; *at && *at != self; at = &(*at)->ul_sleep_next)
			;
		if (*at)
			*at = self->ul_sleep_next;
		self->ul_wchan = NULL;
		give(&sleep_lock);
	}
	return result;
}

/* Wakes who has waited longest for an address; returns how many were woken. */
int wake(void *wchan, int most)
{
	int woken[64], count = 0, all = 0;
	do {
		take(&sleep_lock);
		for (struct ulwp **at = &sleepers; *at && count < 64 && all + count < most;) {
			struct ulwp *found = *at;
			if (found->ul_wchan != wchan) {
				at = &found->ul_sleep_next;
				continue;
			}
			*at = found->ul_sleep_next;
			woken[count++] = found->ul_lwpid;
			__atomic_store_n(&found->ul_wchan, NULL, __ATOMIC_SEQ_CST);
		}
		give(&sleep_lock);
		for (int n = 0; n < count; n++)
			park(1, (uintptr_t)woken[n], 0);
		all += count;
		if (count < 64)
			break;
		count = 0;
	} while (1);
	return all;
}

/* Called once, by the first thread, before anything else of libc. */
__attribute__((constructor)) static void first_thread(void)
{
	threads = curthread();
}

/* In a child of fork, which has the thread alone that called it. */
__attribute__((visibility("hidden"))) void child_of_fork(void)
{
	struct ulwp *self = curthread();
	threads = self;
	self->ul_next = NULL;
	self->ul_lwpid = _lwp_self();
	sleepers = left_behind = NULL;
	sleep_lock.held = list_lock.held = 0;
}

static struct ulwp *find(pthread_t id)
{
	struct ulwp *found = threads;
	while (found && found->ul_lwpid != (int)id)
		found = found->ul_next;
	return found;
}

static void unlink_thread(struct ulwp *thread)
{
	struct ulwp **at = &threads;
	while (*at && *at != thread)
		at = &(*at)->ul_next;
	if (*at)
		*at = thread->ul_next;
}

static void run_destructors(struct ulwp *self)
{
	for (int round = 0, again = 1; round < 4 && again; round++) {
		again = 0;
		for (int key = 0; key < THREAD_KEYS; key++) {
			void *value = self->ul_keys[key];
			if (value && destructors[key]) {
				self->ul_keys[key] = NULL;
				destructors[key](value);
				again = 1;
			}
		}
	}
}

static void free_stacks(void)
{
	take(list);
	struct ulwp *first = left_behind;
	left_behind = NULL;
	give(list);
	while (first) {
		struct ulwp *next = first->ul_next;
		if (__lwp_kill(first->ul_lwpid, 0) == 0) {
			take(list);
			first->ul_next = left_behind;
			left_behind = first;
			give(list);
		} else {
			munmap(first->ul_stack, first->ul_stack_size);
		}
		first = next;
	}
}

void exit_thread(void *value)
{
	struct ulwp *self = curthread();
	run_destructors(self);
	take(list);
	self->ul_rval = value;
	self->ul_dead = 1;
	int last = threads == self && self->ul_next == NULL;
	if (self->ul_detached) {
		unlink_thread(self);
		self->ul_next = left_behind;
		left_behind = self->ul_stack ? self : left_behind;
	}
	give(list);
	wake(&self->ul_dead, 1 << 20);
	if (last)
		exit(0);
	__lwp_exit();
}

__attribute__((visibility("hidden"))) void __thread_main(void)
{
	struct ulwp *self = curthread();
	exit_thread(self->ul_startpc(self->ul_startarg));
}

static int make(struct attributes *of, void *(*start)(void *), void *argument, pthread_t *id)
{
	extern void __thread_start(void);
	size_t size = of && of->stack_size ? of->stack_size : DEFAULT_STACK;
	size_t extra = (_rtld_tls_size() + sizeof(struct ulwp) + 64 + 0xfff) & ~0xffful;
	ucontext_t context;
	free_stacks();
	size = (size + 0xfff) & ~0xffful;
	int own = of && of->stack;
	size_t mapped = own ? extra : size + extra;
	char *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return EAGAIN;
	struct ulwp *thread = (struct ulwp *)((uintptr_t)(memory + mapped - sizeof(struct ulwp)) & ~63ul);
	char *top = own ? (char *)of->stack + of->stack_size : memory + size;
	_rtld_tls_init(thread);
	thread->ul_startpc = start;
	thread->ul_startarg = argument;
	thread->ul_stack = memory;
	thread->ul_stack_size = mapped;
	thread->ul_detached = of && of->detached;
	__getcontext(&context);
	context.gregs[REG_PC] = (long)__thread_start;
	context.gregs[REG_SP] = (long)top & ~15l;
	context.gregs[REG_FP] = 0;
	context.gregs[REG_THREAD] = (long)thread;
	context.uc_stack = (stack_t) { top - size, size, 0 };
	context.uc_flags = UC_SIGMASK | UC_STACK | UC_CPU;
	take(list);
	int error = __lwp_create(&context, LWP_SUSPENDED | (thread->ul_detached ? LWP_DETACHED : 0), &thread->ul_lwpid);
	if (error == 0) {
		thread->ul_next = threads;
		threads = thread;
		if (id)
			*id = (pthread_t)thread->ul_lwpid;
	}
	give(list);
	if (error) {
		error = errno;
		munmap(memory, mapped);
		return error;
	}
	extern int __lwp_continue(int);
	__lwp_continue(thread->ul_lwpid);
	return 0;
}

int pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *), void *argument)
{
	return make(attr ? attr->of : NULL, start, argument, id);
}

int thr_create(void *stack, size_t size, void *(*start)(void *), void *argument, long flags, pthread_t *id)
{
	struct attributes of = { .stack_size = size, .stack = stack, .detached = (flags & 0x40) != 0 };
	return make(&of, start, argument, id);
}

void pthread_exit(void *value)
{
	exit_thread(value);
}

int pthread_join(pthread_t id, void **value)
{
	take(list);
	struct ulwp *thread = find(id);
	int error = thread == NULL ? ESRCH : thread == curthread() ? EDEADLK : thread->ul_detached ? EINVAL : 0;
	while (!error && !thread->ul_dead) {
		sleep_on(&thread->ul_dead, list, NULL);
		take(list);
	}
	if (!error) {
		unlink_thread(thread);
		if (value)
			*value = thread->ul_rval;
		thread->ul_next = left_behind;
		left_behind = thread;
	}
	give(list);
	return error;
}

int pthread_detach(pthread_t id)
{
	take(list);
	struct ulwp *thread = find(id);
	if (thread)
		thread->ul_detached = 1;
	give(list);
	if (thread)
		__lwp_detach((int)id);
	return thread ? 0 : ESRCH;
}

int pthread_kill(pthread_t id, int signal)
{
	return __lwp_kill((int)id, signal) == 0 ? 0 : errno;
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

int pthread_attr_init(pthread_attr_t *attr)
{
	attr->of = calloc(1, sizeof *attr->of);
	return attr->of ? 0 : ENOMEM;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
	free(attr->of);
	attr->of = NULL;
	return 0;
}

int pthread_attr_setstack(pthread_attr_t *attr, void *stack, size_t size)
{
	if (size < 0x1000)
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
	attr->of->stack_size = size;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->of->stack_size;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	attr->of->detached = state == PTHREAD_CREATE_DETACHED;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *state)
{
	*state = attr->of->detached ? PTHREAD_CREATE_DETACHED : 0;
	return 0;
}
