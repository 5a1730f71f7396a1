/* Locks of files (lockf(3C), flock(3C)), and all descriptors at once (closefrom(3C)). */

#include "solaris.h"

/* Locks of a part of a file, from where its descriptor stands (lockf(3C)). */
int lockf(int fd, int command, off_t size)
{
	struct {
		short type, whence;
		off_t start, length;
		int sysid, pid;
		long pad[4];
	} lock = { .type = command == 0 ? 3 : 2, .whence = 1, .length = size };
	if (command < 0 || command > 3) {
		errno = EINVAL;
		return -1;
	}
	if (command != 3)
		return fcntl(fd, command == 1 ? F_SETLKW : 6, &lock);
	if (fcntl(fd, 14 /* F_GETLK */, &lock) < 0)
		return -1;
	if (lock.type == 3)
		return 0;
	errno = EACCES;
	return -1;
}

/* The whole of a file, for sharing or alone, as BSD has it (flock(3C)): locks of the open file. */
int flock(int fd, int operation)
{
	struct {
		short type, whence;
		off_t start, length;
		int sysid, pid;
		long pad[4];
	} lock = { .type = operation & 8 ? 3 : operation & 1 ? 1 : 2 };
	return fcntl(fd, operation & 4 ? 48 : 49, &lock);	/* F_OFD_SETLK or F_OFD_SETLKW */
}

static int close_from(void *limit, int fd)
{
	if (fd >= *(int *)limit)
		close(fd);
	return 0;
}

/* Calls something for each descriptor that is open. */
int fdwalk(int (*visit)(void *, int), void *argument)
{
	DIR *dir = opendir("/proc/self/fd");
	int result = 0;
	if (dir == NULL)
		return -1;
	for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dir->dd_fd)
			result = visit(argument, fd);
	}
	closedir(dir);
	return result;
}

void closefrom(int limit)
{
	fdwalk(close_from, &limit);
}
