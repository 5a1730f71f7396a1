/* Processes: fork, exec, wait, limits and what a program asks about the system (unistd.h, sys/wait.h). */

#include "thread.h"

#define P_PID 0
#define P_PGID 2
#define P_ALL 7
#define WEXITED 1
#define WTRAPPED 2
#define WNOHANG 0x40

/* Handlers around a fork (pthread_atfork(3C)): before it from the last to the first, behind it the other way. */
#define FORK_HANDLERS 64
static void (*before_fork[FORK_HANDLERS])(void), (*in_parent[FORK_HANDLERS])(void), (*in_child[FORK_HANDLERS])(void);
static int fork_handlers;
static struct lock fork_lock;

int pthread_atfork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
	take(&fork_lock);
	int made = fork_handlers < FORK_HANDLERS ? fork_handlers : -1;
	if (made >= 0) {
		before_fork[made] = before;
		in_parent[made] = parent;
		in_child[made] = child;
		fork_handlers++;
	}
	give(&fork_lock);
	return made < 0 ? ENOMEM : 0;
}

static void run_forward(void (*handlers[])(void))
{
	for (int n = 0; n < fork_handlers; n++)
		if (handlers[n])
			handlers[n]();
}

static pid_t forked(int subcode, int flags)
{
	extern void child_of_fork(void);
	for (int n = fork_handlers; n-- > 0;)
		if (before_fork[n])
			before_fork[n]();
	pid_t pid = __forksys(subcode, flags);
	if (pid == 0)
		child_of_fork();
	run_forward(pid == 0 ? in_child : in_parent);
	return pid;
}

pid_t fork(void)
{
	return forked(0, 0);
}

pid_t fork1(void)
{
	return forked(0, 0);
}

pid_t forkall(void)
{
	return forked(1, 0);
}

pid_t forkx(int flags)
{
	return forked(0, flags);
}

pid_t forkallx(int flags)
{
	return forked(1, flags);
}

/* A vfork that its caller may treat as a fork: the child has memory of its own. */
pid_t vfork(void)
{
	return forked(0, 0);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, _environ);
}

/* A file that the kernel does not know is a shell's. */
static int run_by_shell(const char *path, char *const argv[])
{
	size_t count = 0;
	while (argv[count])
		count++;
	char **made = malloc((count + 2) * sizeof *made);
	if (made == NULL)
		return -1;
	made[0] = "sh";
	made[1] = (char *)(uintptr_t)path;
	for (size_t n = 1; n <= count; n++)
		made[n + 1] = argv[n];
	execv("/bin/sh", made);
	free(made);
	return -1;
}

int execvp(const char *file, char *const argv[])
{
	const char *at = getenv("PATH");
	if (strchr(file, '/'))
		return execv(file, argv);
	for (at = at ? at : "/usr/bin:"; at; at = strchr(at, ':'), at += at != NULL) {
		char path[1024];
		const char *end = strchr(at, ':');
		int n = (int)(end ? end - at : (long)strlen(at));
		snprintf(path, sizeof path, "%.*s%s%s", n, at, n ? "/" : "", file);
		execv(path, argv);
		if (errno == ENOEXEC)
			return run_by_shell(path, argv);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return -1;
		if (end == NULL)
			break;
	}
	return -1;
}

/* The arguments of execl and its like, up to the NULL. */
static char **argument_vector(const char *first, va_list *list)
{
	va_list again;
	size_t count = 1;
	va_copy(again, *list);
	while (first && va_arg(again, char *))
		count++;
	va_end(again);
	char **argv = malloc((count + 1) * sizeof *argv);
	if (argv == NULL)
		return NULL;
	argv[0] = (char *)(uintptr_t)first;
	for (size_t n = 1; first && n <= count; n++)
		argv[n] = va_arg(*list, char *);
	return argv;
}

int execl(const char *path, const char *first, ...)
{
	va_list list;
	va_start(list, first);
	char **argv = argument_vector(first, &list);
	va_end(list);
	if (argv)
		execv(path, argv);
	free(argv);
	return -1;
}

int execlp(const char *file, const char *first, ...)
{
	va_list list;
	va_start(list, first);
	char **argv = argument_vector(first, &list);
	va_end(list);
	if (argv)
		execvp(file, argv);
	free(argv);
	return -1;
}

int execle(const char *path, const char *first, ...)
{
	va_list list;
	va_start(list, first);
	char **argv = argument_vector(first, &list);
	char *const *environment = va_arg(list, char *const *);
	va_end(list);
	if (argv)
		execve(path, argv, environment);
	free(argv);
	return -1;
}

/* What si_code and si_status say, as wait(2) encodes it. */
static int encode(const siginfo_t *info)
{
	int status;
	memcpy(&status, info->si_data + SI_STATUS_AT, sizeof status);
	switch (info->si_code) {
	case 1: return (status & 0xff) << 8;
	case 2: return status & 0x7f;
	case 3: return (status & 0x7f) | 0x80;
	case 6: return 0xffff;
	default: return (status & 0xff) << 8 | 0x7f;
	}
}

int waitid(int type, id_t id, siginfo_t *info, int options)
{
	siginfo_t own;
	return POINT(int, __waitid(type, id, info ? info : &own, options));
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	extern pid_t getpgrp(void);
	siginfo_t info;
	int type = pid > 0 ? P_PID : pid == -1 ? P_ALL : P_PGID;
	id_t id = pid > 0 ? pid : pid == 0 ? getpgrp() : -pid;
	memset(&info, 0, sizeof info);
	if (waitid(type, id, &info, options | WEXITED | WTRAPPED) < 0)
		return -1;
	if (options & WNOHANG && info.si_signo == 0)
		return 0;
	pid_t found;
	memcpy(&found, info.si_data, sizeof found);
	if (status)
		*status = encode(&info);
	return found;
}

pid_t wait(int *status)
{
	return waitpid(-1, status, 0);
}

int getrusage(int who, void *usage)
{
	return __rusagesys(who == 0 ? 0 : who == 1 ? 1 : 2, usage, NULL, NULL, NULL);
}

pid_t wait3(int *status, int options, void *usage)
{
	pid_t pid = waitpid(-1, status, options);
	if (pid > 0 && usage)
		getrusage(-1, usage);
	return pid;
}

pid_t wait4(pid_t pid, int *status, int options, void *usage)
{
	pid = waitpid(pid ? pid : -1, status, options);
	if (pid > 0 && usage)
		getrusage(-1, usage);
	return pid;
}

pid_t getpgrp(void)
{
	return __pgrpsys(0, 0, 0);
}

pid_t setpgrp(void)
{
	return __pgrpsys(1, 0, 0);
}

pid_t getsid(pid_t pid)
{
	return __pgrpsys(2, pid, 0);
}

pid_t setsid(void)
{
	return __pgrpsys(3, 0, 0);
}

pid_t getpgid(pid_t pid)
{
	return __pgrpsys(4, pid, 0);
}

int setpgid(pid_t pid, pid_t pgid)
{
	return __pgrpsys(5, pid, pgid);
}

int issetugid(void)
{
	extern long __privsys(int, int, int, void *, size_t, int);
	return (int)__privsys(5, 0, 0, NULL, 0, 0);
}

/* zone(2): its commands are in sys/zone.h */
static int zone(int command, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)
{
	extern int __zone(int, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
	return __zone(command, a, b, c, d);
}

id_t getzoneid(void)
{
	return zone(6, 0, 0, 0, 0);
}

id_t getzoneidbyname(const char *name)
{
	return zone(6, (uintptr_t)name, 0, 0, 0);
}

ssize_t getzonenamebyid(id_t id, char *name, size_t size)
{
	return zone(2, (uintptr_t)id, 2, (uintptr_t)name, size);
}
