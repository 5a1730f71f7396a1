/* The program's memory: the break, and advice about mappings (sbrk(2), memcntl(2)). */

#include "solaris.h"

extern int memcntl(void *, size_t, int, void *, int, int);

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
	return memcntl(at, size, 4, (void *)(intptr_t)advice, 0, 0);
}

int posix_madvise(void *at, size_t size, int advice)
{
	return madvise(at, size, advice) == 0 ? 0 : errno;
}

int msync(void *at, size_t size, int flags)
{
	return memcntl(at, size, 1, (void *)(intptr_t)(flags ? flags : 4), 0, 0);
}

int mlock(void *at, size_t size)
{
	return memcntl(at, size, 2, NULL, 0, 0);
}

int munlock(void *at, size_t size)
{
	return memcntl(at, size, 3, NULL, 0, 0);
}

int mlockall(int flags)
{
	return memcntl(NULL, 0, 5, (void *)(intptr_t)flags, 0, 0);
}

int munlockall(void)
{
	return memcntl(NULL, 0, 6, NULL, 0, 0);
}
