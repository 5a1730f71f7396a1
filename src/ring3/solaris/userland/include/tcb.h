/*
 * What fs:0, in 32-bit programs gs:0, points to: a thread as the run-time linker and libc share it. Thread-local storage of the program and of what
 * it was started with lies right below (variant II of "ELF Handling For Thread-Local Storage"); __cerror stores errno at
 * TCB_ERRNO.
 */

#ifndef TCB_H
#define TCB_H

#ifdef __i386__
#define TCB_ERRNO 0x8
#else
#define TCB_ERRNO 0x10
#endif

#ifndef __ASSEMBLER__

#define TLS_MODULES 64
#define THREAD_KEYS 1024

struct ulwp {
	struct ulwp *ul_self;
	void **ul_dtv;			/* where each module's storage is; made when it is first asked for */
	int ul_errno;
	int ul_lwpid;
	struct ulwp *ul_next;		/* of all threads */
	struct ulwp *ul_sleep_next;	/* of who sleeps */
	void *ul_wchan;			/* what for; NULL awake */
	void *(*ul_startpc)(void *);
	void *ul_startarg;
	void *ul_rval;
	void *ul_stack;			/* what was mapped for it, to be given back */
	unsigned long ul_stack_size;
	int ul_detached;
	int ul_dead;
	char ul_name[32];
	int ul_holds;			/* how often signals are put off */
	int ul_cancelled;		/* pthread_cancel was called for it */
	int ul_cancel_off, ul_cancel_async;
	int ul_cancel_point;		/* it is in a call that ends when it is cancelled */
	void *ul_cleanup;		/* what runs when it ends early */
	char *ul_door_base;		/* where the calls of doors that it serves are on its stack */
	int ul_cursig;			/* the one that was, with what came with it and the mask before */
	char ul_siginfo[256];
	unsigned ul_sigmask[4];
	void *ul_keys[THREAD_KEYS];
	void *ul_tls[TLS_MODULES];
};

static inline struct ulwp *curthread(void)
{
	struct ulwp *self;
#ifdef __i386__
	__asm__("movl %%gs:0, %0" : "=r"(self));
#else
	__asm__("movq %%fs:0, %0" : "=r"(self));
#endif
	return self;
}

/* the run-time linker's part: bytes of static storage below a thread, and their first contents */
unsigned long _rtld_tls_size(void);
void _rtld_tls_init(struct ulwp *);

#endif
#endif
