/* The large-file interface of 32-bit programs (lf64(7)): the same functions with offsets and structs of 64 bits. */

#include "solaris.h"

#define F_FREESP64 27
#define ENTRIES 8192

extern int __openat64(int, const char *, int, int), __fstatat64(int, const char *, struct stat64 *, int);
extern int __getdents64(int, void *, size_t);

int open64(const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	int mode = va_arg(list, int);
	va_end(list);
	return __openat64(AT_FDCWD, path, flags, mode);
}

int openat64(int fd, const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	int mode = va_arg(list, int);
	va_end(list);
	return __openat64(fd, path, flags, mode);
}

int creat64(const char *path, mode_t mode)
{
	return __openat64(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, (int)mode);
}

int stat64(const char *path, struct stat64 *status)
{
	return __fstatat64(AT_FDCWD, path, status, 0);
}

int lstat64(const char *path, struct stat64 *status)
{
	return __fstatat64(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

int fstat64(int fd, struct stat64 *status)
{
	return __fstatat64(fd, NULL, status, 0);
}

int fstatat64(int fd, const char *path, struct stat64 *status, int flags)
{
	return __fstatat64(fd, path, status, flags);
}

int ftruncate64(int fd, off64_t size)
{
	struct {
		short type, whence;
		off64_t start, length;
		int sysid, pid;
		long pad[4];
	} lock = { .start = size };
	return fcntl(fd, F_FREESP64, &lock);
}

struct dirent64 *readdir64(DIR *dir)
{
	if (dir->dd_loc >= dir->dd_size) {
		dir->dd_size = __getdents64(dir->dd_fd, dir->dd_buf, ENTRIES);
		dir->dd_loc = 0;
		if (dir->dd_size <= 0)
			return NULL;
	}
	struct dirent64 *entry = (struct dirent64 *)(dir->dd_buf + dir->dd_loc);
	dir->dd_loc += entry->d_reclen;
	return entry;
}
