/* Reading directories (readdir(3C), scandir(3C)). */

#include "solaris.h"

#define ENTRIES 8192

DIR *fdopendir(int fd)
{
	DIR *dir = malloc(sizeof *dir);
	char *buffer = malloc(ENTRIES);
	if (dir == NULL || buffer == NULL) {
		free(dir);
		free(buffer);
		return NULL;
	}
	*dir = (DIR) { fd, 0, 0, buffer };
	return dir;
}

DIR *opendir(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR)
		return fdopendir(fd);
	close(fd);
	errno = ENOTDIR;
	return NULL;
}

int dirfd(DIR *dir)
{
	return dir->dd_fd;
}

struct dirent *readdir(DIR *dir)
{
	if (dir->dd_loc >= dir->dd_size) {
		dir->dd_size = __getdents(dir->dd_fd, dir->dd_buf, ENTRIES);
		dir->dd_loc = 0;
		if (dir->dd_size <= 0)
			return NULL;
	}
	struct dirent *entry = (struct dirent *)(dir->dd_buf + dir->dd_loc);
	dir->dd_loc += entry->d_reclen;
	return entry;
}

int closedir(DIR *dir)
{
	int fd = dir->dd_fd;
	free(dir->dd_buf);
	free(dir);
	return close(fd);
}

int readdir_r(DIR *dir, struct dirent *to, struct dirent **found)
{
	int saved = errno;
	errno = 0;
	struct dirent *entry = readdir(dir);
	int error = entry ? 0 : errno;
	errno = saved;
	if (entry)
		memcpy(to, entry, entry->d_reclen);
	*found = entry ? to : NULL;
	return error;
}

int __posix_readdir_r(DIR *dir, struct dirent *to, struct dirent **found)
{
	return readdir_r(dir, to, found);
}

/* Where the next entry is: what the kernel says of the one before. */
long telldir(DIR *dir)
{
	off_t before = lseek(dir->dd_fd, 0, 1);
	long at = 0;
	int n = 0;
	if (dir->dd_loc >= dir->dd_size)
		return before;
	while (n < dir->dd_loc) {
		struct dirent *entry = (struct dirent *)(dir->dd_buf + n);
		at = entry->d_off;
		n += entry->d_reclen;
	}
	return at;
}

void seekdir(DIR *dir, long at)
{
	lseek(dir->dd_fd, at, 0);
	dir->dd_loc = dir->dd_size = 0;
}

void rewinddir(DIR *dir)
{
	seekdir(dir, 0);
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int scandirat(int fd, const char *path, struct dirent ***list, int (*wanted)(const struct dirent *), int (*order)(const struct dirent **, const struct dirent **))
{
	int folder = __openat(fd, path, O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0);
	DIR *dir = folder < 0 ? NULL : fdopendir(folder);
	struct dirent **made = NULL;
	size_t count = 0, room = 0;
	if (dir == NULL)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (wanted && !wanted(entry))
			continue;
		if (count == room) {
			struct dirent **more = realloc(made, (room = room ? 2 * room : 16) * sizeof *made);
			if (more == NULL)
				break;
			made = more;
		}
		if ((made[count] = malloc(entry->d_reclen)) == NULL)
			break;
		memcpy(made[count++], entry, entry->d_reclen);
	}
	closedir(dir);
	if (order && count)
		qsort(made, count, sizeof *made, (int (*)(const void *, const void *))(uintptr_t)order);
	*list = made;
	return (int)count;
}

int scandir(const char *path, struct dirent ***list, int (*wanted)(const struct dirent *), int (*order)(const struct dirent **, const struct dirent **))
{
	return scandirat(AT_FDCWD, path, list, wanted, order);
}
