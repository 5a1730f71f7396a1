/* Calls in which a thread can be cancelled (cancellation(7)), made of the system's. */

#include "thread.h"

struct pollfd;
extern ssize_t __read(int, void *, size_t), __write(int, const void *, size_t), __pread(int, void *, size_t, off_t);
extern ssize_t __pwrite(int, const void *, size_t, off_t), __readv(int, const void *, int), __writev(int, const void *, int);
extern int __close(int), __fcntl(int, int, ...), __pause(void), __sigsuspend(const sigset_t *);
extern int __pollsys(struct pollfd *, unsigned long, const struct timespec *, const sigset_t *);

ssize_t read(int fd, void *to, size_t size)
{
	return POINT(ssize_t, __read(fd, to, size));
}

ssize_t write(int fd, const void *from, size_t size)
{
	return POINT(ssize_t, __write(fd, from, size));
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
	return POINT(ssize_t, __pread(fd, to, size, at));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
	return POINT(ssize_t, __pwrite(fd, from, size, at));
}

ssize_t readv(int fd, const void *vectors, int count)
{
	return POINT(ssize_t, __readv(fd, vectors, count));
}

ssize_t writev(int fd, const void *vectors, int count)
{
	return POINT(ssize_t, __writev(fd, vectors, count));
}

int close(int fd)
{
	return POINT(int, __close(fd));
}

int fcntl(int fd, int command, ...)
{
	va_list list;
	va_start(list, command);
	void *argument = va_arg(list, void *);
	va_end(list);
	if (command == F_SETLKW)
		return POINT(int, __fcntl(fd, command, argument));
	return __fcntl(fd, command, argument);
}

int pause(void)
{
	return POINT(int, __pause());
}

int sigsuspend(const sigset_t *mask)
{
	return POINT(int, __sigsuspend(mask));
}

int nanosleep(const struct timespec *interval, struct timespec *left)
{
	return POINT(int, __nanosleep(interval, left));
}

int ppoll(struct pollfd *fds, unsigned long count, const struct timespec *limit, const sigset_t *mask)
{
	return POINT(int, __pollsys(fds, count, limit, mask));
}

int poll(struct pollfd *fds, unsigned long count, int timeout)
{
	struct timespec limit = { timeout / 1000, timeout % 1000 * 1000000l };
	return ppoll(fds, count, timeout < 0 ? NULL : &limit, NULL);
}
