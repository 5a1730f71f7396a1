/* Files: the older calls are made of those that take a directory (openat and its like). */

#include "solaris.h"

#define F_GETFL 3
#define F_ACCESS_EFFECTIVE 4

int open(const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	int mode = va_arg(list, int);
	va_end(list);
	return __openat(AT_FDCWD, path, flags, mode);
}

int openat(int fd, const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	int mode = va_arg(list, int);
	va_end(list);
	return __openat(fd, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
	return __openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, (int)mode);
}

int stat(const char *path, struct stat *status)
{
	return __fstatat(AT_FDCWD, path, status, 0);
}

int lstat(const char *path, struct stat *status)
{
	return __fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

int fstat(int fd, struct stat *status)
{
	return __fstatat(fd, NULL, status, 0);
}

int fstatat(int fd, const char *path, struct stat *status, int flags)
{
	return __fstatat(fd, path, status, flags);
}

int access(const char *path, int mode)
{
	extern int faccessat(int, const char *, int, int);
	return faccessat(AT_FDCWD, path, mode, 0);
}

int chmod(const char *path, mode_t mode)
{
	extern int fchmodat(int, const char *, mode_t, int);
	return fchmodat(AT_FDCWD, path, mode, 0);
}

extern int fchownat(int, const char *, uid_t, gid_t, int);

int chown(const char *path, uid_t uid, gid_t gid)
{
	return fchownat(AT_FDCWD, path, uid, gid, 0);
}

int lchown(const char *path, uid_t uid, gid_t gid)
{
	return fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int mkdir(const char *path, mode_t mode)
{
	return __mkdirat(AT_FDCWD, path, (int)mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	return __mkdirat(fd, path, (int)mode);
}

int rmdir(const char *path)
{
	return __unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int unlink(const char *path)
{
	return __unlinkat(AT_FDCWD, path, 0);
}

int unlinkat(int fd, const char *path, int flags)
{
	return __unlinkat(fd, path, flags);
}

int remove(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR ? rmdir(path) : unlink(path);
}

int rename(const char *from, const char *to)
{
	extern int renameat(int, const char *, int, const char *);
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
	extern int linkat(int, const char *, int, const char *, int);
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int symlink(const char *target, const char *name)
{
	extern int symlinkat(const char *, int, const char *);
	return symlinkat(target, AT_FDCWD, name);
}

ssize_t readlink(const char *path, char *buffer, size_t size)
{
	return __readlinkat(AT_FDCWD, path, buffer, size);
}

ssize_t readlinkat(int fd, const char *path, char *buffer, size_t size)
{
	return __readlinkat(fd, path, buffer, size);
}

int mkfifo(const char *path, mode_t mode)
{
	extern int mknodat(int, const char *, mode_t, dev_t);
	return mknodat(AT_FDCWD, path, mode | S_IFIFO, 0);
}

int mknod(const char *path, mode_t mode, dev_t dev)
{
	extern int mknodat(int, const char *, mode_t, dev_t);
	return mknodat(AT_FDCWD, path, mode, dev);
}

int dup(int fd)
{
	return fcntl(fd, F_DUPFD, 0);
}

int dup2(int fd, int to)
{
	return fcntl(fd, F_DUP2FD, to);
}

int dup3(int fd, int to, int flags)
{
	if (fd == to) {
		errno = EINVAL;
		return -1;
	}
	return fcntl(fd, flags & O_CLOEXEC ? F_DUP2FD_CLOEXEC : F_DUP2FD, to);
}

int pipe2(int fds[2], int flags)
{
	return __pipe(fds, flags);
}

int pipe(int fds[2])
{
	return __pipe(fds, 0);
}

int ftruncate(int fd, off_t size)
{
	struct {
		short type, whence;
		off_t start, length;
		int sysid, pid;
		long pad[4];
	} lock = { .start = size };
	return fcntl(fd, F_FREESP, &lock);
}

int truncate(const char *path, off_t size)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	int result = ftruncate(fd, size), error = errno;
	close(fd);
	errno = error;
	return result;
}

int fsync(int fd)
{
	extern int __fdsync(int, int);
	return __fdsync(fd, 0x10);
}

int fdatasync(int fd)
{
	extern int __fdsync(int, int);
	return __fdsync(fd, 0x40);
}

int futimens(int fd, const struct timespec times[2])
{
	extern int __utimesys(int, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
	return __utimesys(0, (uintptr_t)fd, (uintptr_t)times, 0, 0);
}

int utimensat(int fd, const char *path, const struct timespec times[2], int flags)
{
	extern int __utimesys(int, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
	return __utimesys(1, (uintptr_t)fd, (uintptr_t)path, (uintptr_t)times, (uintptr_t)flags);
}

int utimes(const char *path, const struct timeval times[2])
{
	struct timespec exact[2];
	for (int n = 0; times && n < 2; n++)
		exact[n] = (struct timespec) { times[n].tv_sec, times[n].tv_usec * 1000 };
	return utimensat(AT_FDCWD, path, times ? exact : NULL, 0);
}

char *getcwd(char *buffer, size_t size)
{
	char *own = NULL;
	if (buffer == NULL && (buffer = own = malloc(size)) == NULL)
		return NULL;
	if (__getcwd(buffer, size) == 0)
		return buffer;
	free(own);
	return NULL;
}

char *realpath(const char *path, char *resolved)
{
	extern int resolvepath(const char *, char *, size_t);
	char full[1024], found[1024];
	if (*path != '/') {
		if (getcwd(full, sizeof full) == NULL)
			return NULL;
		size_t n = strlen(full);
		snprintf(full + n, sizeof full - n, "/%s", path);
		path = full;
	}
	int n = resolvepath(path, found, sizeof found - 1);
	if (n < 0)
		return NULL;
	found[n] = '\0';
	return resolved ? strcpy(resolved, found) : strdup(found);
}

int getdents(int fd, void *entries, size_t size)
{
	return __getdents(fd, entries, size);
}

int futimesat(int fd, const char *path, const struct timeval times[2])
{
	struct timespec exact[2];
	for (int n = 0; times && n < 2; n++)
		exact[n] = (struct timespec) { times[n].tv_sec, times[n].tv_usec * 1000 };
	return path ? utimensat(fd, path, times ? exact : NULL, 0) : futimens(fd, times ? exact : NULL);
}

int utime(const char *path, const time_t times[2])
{
	struct timeval exact[2] = { { times ? times[0] : 0, 0 }, { times ? times[1] : 0, 0 } };
	return utimes(path, times ? exact : NULL);
}

int mkfifoat(int fd, const char *path, mode_t mode)
{
	extern int mknodat(int, const char *, mode_t, dev_t);
	return mknodat(fd, path, mode | S_IFIFO, 0);
}

int lchmod(const char *path, mode_t mode)
{
	extern int fchmodat(int, const char *, mode_t, int);
	return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

int eaccess(const char *path, int mode)
{
	extern int faccessat(int, const char *, int, int);
	return faccessat(AT_FDCWD, path, mode, F_ACCESS_EFFECTIVE);
}

int posix_fallocate(int fd, off_t start, off_t size)
{
	struct stat status;
	if (start < 0 || size <= 0)
		return EINVAL;
	if (fstat(fd, &status) < 0)
		return errno;
	return status.st_size >= start + size || ftruncate(fd, start + size) == 0 ? 0 : errno;
}

int posix_fadvise(int fd, off_t start, off_t size, int advice)
{
	(void)start;
	(void)size;
	return fcntl(fd, 1 /* F_GETFD */) < 0 ? EBADF : advice < 0 || advice > 5 ? EINVAL : 0;
}

char *getwd(char *path)
{
	return getcwd(path, 1024);
}
