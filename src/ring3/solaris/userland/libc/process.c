/* Processes: fork, exec, wait, limits and what a program asks about the system (unistd.h, sys/wait.h). */

#include "solaris.h"

#define P_PID 0
#define P_PGID 2
#define P_ALL 7
#define WEXITED 1
#define WTRAPPED 2
#define WNOHANG 0x40

static pid_t forked(int subcode, int flags)
{
	extern void child_of_fork(void);
	pid_t pid = __forksys(subcode, flags);
	if (pid == 0)
		child_of_fork();
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
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return -1;
		if (end == NULL)
			break;
	}
	return -1;
}

int execl(const char *path, const char *first, ...)
{
	char *argv[64] = { (char *)first };
	va_list list;
	va_start(list, first);
	for (int n = 1; n < 64 && argv[n - 1]; n++)
		argv[n] = va_arg(list, char *);
	va_end(list);
	return execv(path, argv);
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
	return __waitid(type, id, info ? info : &own, options);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	extern pid_t getpgrp(void);
	siginfo_t info;
	int type = pid > 0 ? P_PID : pid == -1 ? P_ALL : P_PGID;
	id_t id = pid > 0 ? pid : pid == 0 ? getpgrp() : -pid;
	memset(&info, 0, sizeof info);
	if (__waitid(type, id, &info, options | WEXITED | WTRAPPED) < 0)
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

int gethostname(char *name, size_t size)
{
	return sysinfo(2, name, (long)size) < 0 ? -1 : 0;
}

int getpagesize(void)
{
	return 4096;
}

/* Names of sysconf(3C) whose answer the kernel's sysconfig has, with the number there (sys/unistd.h). */
static const struct {
	short name, kernel;
} configs[] = {
	{ 2, 3 }, { 3, 7 }, { 4, 2 }, { 5, 4 }, { 8, 5 }, { 11, 6 }, { 12, 8 }, { 14, 11 }, { 15, 12 }, { 500, 26 }, { 501, 27 },
	{ 512, 42 }, { 516, 44 }, { 517, 45 },
};

/* Those that are always the same: ARG_MAX, JOB_CONTROL, SAVED_IDS, PASS_MAX, LOGNAME_MAX, STREAM_MAX. */
static const struct {
	short name;
	int value;
} constants[] = { { 1, 2096640 }, { 6, 1 }, { 7, 1 }, { 9, 256 }, { 10, 32 }, { 16, 256 } };

long sysconf(int name)
{
	for (size_t n = 0; n < sizeof configs / sizeof *configs; n++)
		if (configs[n].name == name)
			return __sysconfig(configs[n].kernel);
	for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
		if (constants[n].name == name)
			return constants[n].value;
	errno = EINVAL;
	return -1;
}

void *sbrk(intptr_t change)
{
	static char *end;
	if (end == NULL)
		end = (char *)syscall(17, 0);
	char *before = end;
	if (change && brk(end + change) < 0)
		return (void *)-1;
	end += change;
	return before;
}

int madvise(void *at, size_t size, int advice)
{
	extern int memcntl(void *, size_t, int, void *, int, int);
	return memcntl(at, size, 4, (void *)(intptr_t)advice, 0, 0);
}

int posix_madvise(void *at, size_t size, int advice)
{
	return madvise(at, size, advice) == 0 ? 0 : errno;
}

int msync(void *at, size_t size, int flags)
{
	extern int memcntl(void *, size_t, int, void *, int, int);
	return memcntl(at, size, 1, (void *)(intptr_t)(flags ? flags : 4), 0, 0);
}

int mlock(void *at, size_t size)
{
	extern int memcntl(void *, size_t, int, void *, int, int);
	return memcntl(at, size, 2, NULL, 0, 0);
}

int munlock(void *at, size_t size)
{
	extern int memcntl(void *, size_t, int, void *, int, int);
	return memcntl(at, size, 3, NULL, 0, 0);
}
