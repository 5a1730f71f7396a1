/* Files for a while (mkstemp(3C), tmpfile(3C), tmpnam(3C)). */

#include "solaris.h"

extern uint32_t arc4random_uniform(uint32_t);
extern FILE *fdopen(int, const char *);
extern int mkdir(const char *, mode_t), unlink(const char *), access(const char *, int);

/* Calls something with the Xs of a name replaced, until it does not find the name taken. */
static int with_names(char *name, int suffix, int flags, int (*make)(const char *, int))
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	int length = (int)strlen(name), end = length - suffix, start = end;
	while (start > 0 && name[start - 1] == 'X')
		start--;
	if (suffix < 0 || end < 0 || end - start < 6) {
		errno = EINVAL;
		return -1;
	}
	for (int tries = 0; tries < 1000; tries++) {
		for (int n = start; n < end; n++)
			name[n] = letters[arc4random_uniform(sizeof letters - 1)];
		int made = make(name, flags);
		if (made >= 0 || errno != EEXIST)
			return made;
	}
	return -1;
}

static int make_file(const char *name, int flags)
{
	return open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int make_folder(const char *name, int flags)
{
	(void)flags;
	return mkdir(name, 0700);
}

static int make_nothing(const char *name, int flags)
{
	(void)flags;
	int taken = access(name, 0) == 0;
	errno = EEXIST;
	return taken ? -1 : 0;
}

int mkostemps(char *name, int suffix, int flags)
{
	return with_names(name, suffix, flags, make_file);
}

int mkostemp(char *name, int flags)
{
	return mkostemps(name, 0, flags);
}

int mkstemps(char *name, int suffix)
{
	return mkostemps(name, suffix, 0);
}

int mkstemp(char *name)
{
	return mkostemps(name, 0, 0);
}

int mkstemp64(char *name)
{
	return mkostemps(name, 0, 0);
}

char *mkdtemp(char *name)
{
	return with_names(name, 0, 0, make_folder) < 0 ? NULL : name;
}

char *mktemp(char *name)
{
	if (with_names(name, 0, 0, make_nothing) < 0)
		*name = '\0';
	return name;
}

FILE *tmpfile(void)
{
	char name[] = "/var/tmp/tmpfXXXXXX";
	int fd = mkstemp(name);
	if (fd < 0)
		return NULL;
	unlink(name);
	return fdopen(fd, "w+");
}

FILE *tmpfile64(void)
{
	return tmpfile();
}

char *tmpnam(char *name)
{
	static char own[32];
	name = name ? name : own;
	return mktemp(strcpy(name, "/var/tmp/aaaXXXXXX"));
}

char *tmpnam_r(char *name)
{
	return name ? tmpnam(name) : NULL;
}

char *tempnam(const char *folder, const char *prefix)
{
	char name[1024];
	const char *wanted = getenv("TMPDIR");
	folder = wanted && *wanted ? wanted : folder ? folder : "/var/tmp";
	snprintf(name, sizeof name, "%s/%.5sXXXXXX", folder, prefix ? prefix : "");
	return *mktemp(name) ? strdup(name) : NULL;
}
