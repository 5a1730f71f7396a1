/* Other programs: posix_spawn(3C), system(3C), popen(3C). */

#include "stream.h"

extern pid_t vfork(void), waitpid(pid_t, int *, int);
extern int execvp(const char *, char *const *), execv(const char *, char *const *), dup2(int, int), setpgid(pid_t, pid_t), pipe2(int *, int);
extern int sigaddset(sigset_t *, int), seteuid(uid_t), setegid(gid_t), access(const char *, int), fchdir(int);
extern char **_environ;

enum { RESETIDS = 1, SETPGROUP = 2, SETSIGDEF = 4, SETSIGMASK = 8, SETSID = 0x40 };

struct attributes {
	short flags;
	pid_t group;
	sigset_t defaults, mask;
	int policy, priority;
};
typedef struct {
	struct attributes *of;
} posix_spawnattr_t;

struct action {
	struct action *next;
	enum { OPEN, CLOSE, DUP2, CHDIR, FCHDIR } what;
	int fd, other, flags;
	mode_t mode;
	char path[];
};
typedef struct {
	struct action *first;
} posix_spawn_file_actions_t;

int posix_spawnattr_init(posix_spawnattr_t *attr)
{
	attr->of = calloc(1, sizeof *attr->of);
	return attr->of ? 0 : ENOMEM;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attr)
{
	free(attr->of);
	attr->of = NULL;
	return 0;
}

#define ATTRIBUTE(name, type, field) \
	int posix_spawnattr_set##name(posix_spawnattr_t *attr, type value) \
	{ \
		attr->of->field = value; \
		return 0; \
	} \
	int posix_spawnattr_get##name(const posix_spawnattr_t *attr, type *value) \
	{ \
		*value = attr->of->field; \
		return 0; \
	}
#define ATTRIBUTE_SET(name, field) \
	int posix_spawnattr_set##name(posix_spawnattr_t *attr, const sigset_t *value) \
	{ \
		attr->of->field = *value; \
		return 0; \
	} \
	int posix_spawnattr_get##name(const posix_spawnattr_t *attr, sigset_t *value) \
	{ \
		*value = attr->of->field; \
		return 0; \
	}

ATTRIBUTE(flags, short, flags)
ATTRIBUTE(pgroup, pid_t, group)
ATTRIBUTE(schedpolicy, int, policy)
ATTRIBUTE_SET(sigdefault, defaults)
ATTRIBUTE_SET(sigmask, mask)

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
	actions->first = NULL;
	return 0;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
	for (struct action *at = actions->first, *next; at; at = next) {
		next = at->next;
		free(at);
	}
	actions->first = NULL;
	return 0;
}

static int add(posix_spawn_file_actions_t *actions, struct action one, const char *path)
{
	size_t size = path ? strlen(path) + 1 : 0;
	struct action *made = malloc(sizeof *made + size), **at = &actions->first;
	if (made == NULL)
		return ENOMEM;
	*made = one;
	if (path)
		memcpy(made->path, path, size);
	while (*at)
		at = &(*at)->next;
	*at = made;
	return 0;
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd, const char *path, int flags, mode_t mode)
{
	return fd < 0 ? EBADF : add(actions, (struct action) { NULL, OPEN, fd, 0, flags, mode }, path);
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
	return fd < 0 ? EBADF : add(actions, (struct action) { .what = CLOSE, .fd = fd }, NULL);
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to)
{
	return fd < 0 || to < 0 ? EBADF : add(actions, (struct action) { .what = DUP2, .fd = fd, .other = to }, NULL);
}

int posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t *actions, const char *path)
{
	return add(actions, (struct action) { .what = CHDIR }, path);
}

int posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *actions, int fd)
{
	return fd < 0 ? EBADF : add(actions, (struct action) { .what = FCHDIR, .fd = fd }, NULL);
}

static int perform(const struct action *at)
{
	int fd;
	switch (at->what) {
	case OPEN:
		if ((fd = open(at->path, at->flags, at->mode)) < 0)
			return -1;
		if (fd == at->fd)
			return 0;
		if (dup2(fd, at->fd) < 0)
			return -1;
		return close(fd);
	case CLOSE: close(at->fd); return 0;
	case DUP2: return at->fd == at->other ? fcntl(at->fd, 2 /* F_SETFD */, 0) : dup2(at->fd, at->other);
	case CHDIR: return chdir(at->path);
	default: return fchdir(at->fd);
	}
}

static int prepare(const posix_spawn_file_actions_t *actions, const struct attributes *of)
{
	extern pid_t setsid(void);
	extern int sigismember(const sigset_t *, int);
	if (of && of->flags & SETSIGDEF)
		for (int signal = 1; signal < NSIG; signal++)
			if (sigismember(&of->defaults, signal)) {
				struct sigaction standard = { 0, SIG_DFL, { { 0 } } };
				sigaction(signal, &standard, NULL);
			}
	if (of && of->flags & SETSIGMASK)
		sigprocmask(SIG_SETMASK, &of->mask, NULL);
	if (of && of->flags & SETPGROUP && setpgid(0, of->group) < 0)
		return -1;
	if (of && of->flags & SETSID && setsid() < 0)
		return -1;
	if (of && of->flags & RESETIDS && (setegid(getgid()) < 0 || seteuid(getuid()) < 0))
		return -1;
	for (const struct action *at = actions ? actions->first : NULL; at; at = at->next)
		if (perform(at) < 0)
			return -1;
	return 0;
}

/* The child tells its error through a pipe that exec closes. */
static int spawn(pid_t *made, const char *path, int search, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	int ends[2], error = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	pid_t pid = vfork();
	if (pid < 0) {
		error = errno;
		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (pid == 0) {
		if (prepare(actions, attr ? attr->of : NULL) == 0) {
			_environ = (char **)(uintptr_t)(envp ? envp : _environ);
			if (search)
				execvp(path, argv);
			else
				execv(path, argv);
		}
		error = errno;
		write(ends[1], &error, sizeof error);
		_exit(127);
	}
	close(ends[1]);
	while (read(ends[0], &error, sizeof error) < 0 && errno == EINTR)
		;
	close(ends[0]);
	if (error)
		waitpid(pid, NULL, 0);
	else if (made)
		*made = pid;
	return error;
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	return spawn(pid, path, 0, actions, attr, argv, envp);
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	return spawn(pid, file, strchr(file, '/') == NULL, actions, attr, argv, envp);
}

#define SHELL "/bin/sh"

int system(const char *command)
{
	char *const argv[] = { "sh", "-c", (char *)(uintptr_t)command, NULL };
	struct sigaction ignored = { 0, SIG_IGN, { { 0 } } }, interrupt, quit;
	sigset_t child, before;
	posix_spawnattr_t attr;
	pid_t pid;
	int status = -1;
	if (command == NULL)
		return access(SHELL, 1) == 0;
	sigaction(2 /* SIGINT */, &ignored, &interrupt);
	sigaction(3 /* SIGQUIT */, &ignored, &quit);
	sigemptyset(&child);
	sigaddset(&child, SIGCLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	if (posix_spawnattr_init(&attr) == 0) {
		attr.of->flags = SETSIGDEF | SETSIGMASK;
		attr.of->mask = before;
		if (interrupt.sa_handler != SIG_IGN)
			sigaddset(&attr.of->defaults, 2);
		if (quit.sa_handler != SIG_IGN)
			sigaddset(&attr.of->defaults, 3);
		int error = posix_spawn(&pid, SHELL, NULL, &attr, argv, _environ);
		if (error) {
			status = error == EAGAIN || error == ENOMEM ? -1 : 127 << 8;
			errno = error;
		} else {
			while (waitpid(pid, &status, 0) < 0)
				if (errno != EINTR) {
					status = -1;
					break;
				}
		}
		posix_spawnattr_destroy(&attr);
	}
	sigaction(2, &interrupt, NULL);
	sigaction(3, &quit, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

FILE *popen(const char *command, const char *mode)
{
	extern FILE *fdopen(int, const char *);
	char *const argv[] = { "sh", "-c", (char *)(uintptr_t)command, NULL };
	int ends[2], reads = *mode == 'r', mine = !reads, error;
	posix_spawn_file_actions_t actions;
	pid_t pid;
	if (*mode != 'r' && *mode != 'w') {
		errno = EINVAL;
		return NULL;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	FILE *file = fdopen(ends[mine], mode);
	posix_spawn_file_actions_init(&actions);
	error = file ? posix_spawn_file_actions_adddup2(&actions, ends[!mine], reads) : errno;
	if (!error)
		error = posix_spawn(&pid, SHELL, &actions, NULL, argv, _environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[!mine]);
	if (error) {
		extern int fclose(FILE *);
		if (file)
			fclose(file);
		else
			close(ends[mine]);
		errno = error;
		return NULL;
	}
	stream_of(file)->child = pid;
	return file;
}

int pclose(FILE *file)
{
	extern int fclose(FILE *);
	pid_t pid = stream_of(file)->child;
	int status = -1;
	fclose(file);
	if (pid == 0) {
		errno = 10;			/* ECHILD */
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}
