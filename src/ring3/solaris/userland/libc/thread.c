/* Threads (threads(7)): each is an lwp. */

#include "attributes.h"
#include "thread.h"

#define LWP_SUSPENDED 0x80
#define LWP_DETACHED 0x40

static struct ulwp *threads;
static struct ulwp *left_behind;	/* who has ended: nobody can give back the stack that he stands on */
static struct lock list_lock;
static struct lock *const list = &list_lock;
void (*destructors[THREAD_KEYS])(void *);

pthread_t pthread_self(void)
{
	return (pthread_t)curthread()->ul_lwpid;
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
	left_behind = NULL;
	list_lock.held = 0;
	forget_sleepers();
}

/* A key is deleted: nobody has a value for it any more. */
__attribute__((visibility("hidden"))) void forget_key(unsigned key)
{
	take(list);
	for (struct ulwp *at = threads; at; at = at->ul_next)
		at->ul_keys[key] = NULL;
	give(list);
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
	self->ul_cancel_off = 1;
	run_cleanup(self);
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
	wake(&left_behind, 1 << 20);
	if (last)
		exit(0);
	__lwp_exit();
}

__attribute__((visibility("hidden"))) void __thread_main(void)
{
	struct ulwp *self = curthread();
	exit_thread(self->ul_startpc(self->ul_startarg));
}

int make_thread(const struct attributes *of, int suspended, void *(*start)(void *), void *argument, pthread_t *id)
{
	extern void __thread_start(void);
	size_t size = of && of->stack_size ? of->stack_size : DEFAULT_STACK, guard = of && !of->stack ? of->guard : 0;
	size_t extra = (_rtld_tls_size() + sizeof(struct ulwp) + 64 + 0xfff) & ~0xffful;
	ucontext_t context;
	free_stacks();
	guard = (guard + 0xfff) & ~0xffful;
	size = ((size + 0xfff) & ~0xffful) + guard;
	int own = of && of->stack;
	size_t mapped = own ? extra : size + extra;
	char *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return EAGAIN;
	if (guard)
		mprotect(memory, guard, 0);
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
	if (!suspended)
		__lwp_continue(thread->ul_lwpid);
	return 0;
}

int pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *), void *argument)
{
	return make_thread(attr ? attr->of : NULL, 0, start, argument, id);
}

void pthread_exit(void *value)
{
	exit_thread(value);
}

/* Who can be waited for: a thread by number, or with 0 any that has ended. */
static struct ulwp *candidate(pthread_t id, int *error)
{
	struct ulwp *found = NULL;
	int others = 0;
	if (id) {
		found = find(id);
		*error = found == NULL ? ESRCH : found == curthread() ? EDEADLK : found->ul_detached ? EINVAL : 0;
		return found && found->ul_dead ? found : NULL;
	}
	for (struct ulwp *at = threads; at; at = at->ul_next) {
		if (at == curthread() || at->ul_detached)
			continue;
		others = 1;
		if (at->ul_dead)
			found = at;
	}
	*error = others ? 0 : EDEADLK;
	return found;
}

int join_thread(pthread_t id, pthread_t *which, void **value)
{
	int error;
	struct ulwp *thread;
	take(list);
	while ((thread = candidate(id, &error)) == NULL && !error) {
		if (sleep_at_point(&left_behind, list, NULL) == ECANCELED)
			cancel_thread();
		take(list);
	}
	if (!error) {
		unlink_thread(thread);
		if (which)
			*which = (pthread_t)thread->ul_lwpid;
		if (value)
			*value = thread->ul_rval;
		thread->ul_next = left_behind;
		left_behind = thread->ul_stack ? thread : left_behind;
	}
	give(list);
	return error;
}

int pthread_join(pthread_t id, void **value)
{
	return id ? join_thread(id, NULL, value) : ESRCH;
}

int pthread_detach(pthread_t id)
{
	take(list);
	struct ulwp *thread = find(id);
	int error = thread == NULL ? ESRCH : thread->ul_detached ? EINVAL : 0, dead = thread && thread->ul_dead;
	if (!error) {
		thread->ul_detached = 1;
		if (dead) {
			unlink_thread(thread);
			thread->ul_next = left_behind;
			left_behind = thread->ul_stack ? thread : left_behind;
		}
	}
	give(list);
	if (!error)
		__lwp_detach((int)id);
	return error;
}

/* Runs something for a thread that is there; ESRCH if it is not. */
int with_thread(pthread_t id, int (*what)(struct ulwp *, void *), void *argument)
{
	take(list);
	struct ulwp *thread = find(id);
	int error = thread && !thread->ul_dead ? what(thread, argument) : ESRCH;
	give(list);
	return error;
}

int pthread_kill(pthread_t id, int signal)
{
	return __lwp_kill((int)id, signal) == 0 ? 0 : errno;
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

