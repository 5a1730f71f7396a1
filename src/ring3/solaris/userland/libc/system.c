/* What a program asks the system about itself and the machine (getrlimit(2), getpriority(3C), confstr(3C) and their like). */

#include "solaris.h"

int gethostname(char *name, size_t size)
{
	return sysinfo(2, name, (long)size) < 0 ? -1 : 0;
}

int sethostname(const char *name, int size)
{
	char own[257];
	strlcpy(own, name, size < 256 ? (size_t)size + 1 : sizeof own);
	return sysinfo(258, own, (long)strlen(own)) < 0 ? -1 : 0;
}

int getdomainname(char *name, int size)
{
	return sysinfo(9, name, size) < 0 ? -1 : 0;
}

long gethostid(void)
{
	char text[16];
	return sysinfo(7, text, sizeof text) < 0 ? -1 : (long)strtoul(text, NULL, 10);
}

int getpagesize(void)
{
	return 4096;
}

int getdtablesize(void)
{
	struct rlimit limit;
	return getrlimit(5, &limit) < 0 ? -1 : (int)limit.rlim_cur;
}

int getloadavg(double averages[], int count)
{
	extern int getloadavg_kernel(int *, int);
	int raw[3];
	count = count > 3 ? 3 : count;
	if (getloadavg_kernel(raw, count) < 0)
		return -1;
	for (int n = 0; n < count; n++)
		averages[n] = raw[n] / 256.0;
	return count;
}

/* Nice values are 20 more in the kernel (nice(2)). */
int getpriority(int which, id_t who)
{
	extern int nice(int);
	if (which < 0 || which > 2 || (who && which == 0 && kill(who, 0) < 0)) {
		errno = which < 0 || which > 2 ? EINVAL : errno;
		return -1;
	}
	return nice(0);
}

int setpriority(int which, id_t who, int value)
{
	extern int nice(int);
	if (which != 0 || (who && who != getpid())) {
		errno = which < 0 || which > 2 ? EINVAL : ESRCH;
		return -1;
	}
	errno = 0;
	return nice(value - nice(0)) == -1 && errno ? -1 : 0;
}

long ulimit(int command, ...)
{
	struct rlimit limit;
	va_list list;
	va_start(list, command);
	long value = va_arg(list, long);
	va_end(list);
	switch (command) {
	case 1: return getrlimit(1, &limit) < 0 ? -1 : (long)(limit.rlim_cur / 512);
	case 2:
		if (getrlimit(1, &limit) < 0)
			return -1;
		limit.rlim_cur = (unsigned long)value * 512;
		limit.rlim_max = limit.rlim_max < limit.rlim_cur ? limit.rlim_cur : limit.rlim_max;
		return setrlimit(1, &limit) < 0 ? -1 : value;
	case 4: return getdtablesize();
	default: errno = EINVAL; return -1;
	}
}

size_t confstr(int name, char *to, size_t size)
{
	const char *text;
	switch (name) {
	case 65: text = "/usr/bin:/usr/sbin"; break;
	case 68:
	case 69:
	case 70:
	case 71: text = sizeof(long) == 4 && name == 68 ? "-D_LARGEFILE_SOURCE -D_FILE_OFFSET_BITS=64" : ""; break;
	default: errno = EINVAL; return 0;
	}
	return strlcpy(to ? to : (char[1]){ 0 }, text, to ? size : 0) + 1;
}

clock_t clock(void)
{
	struct timespec used;
	return clock_gettime(5, &used) < 0 ? -1 : used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

char *getpass(const char *prompt)
{
	extern FILE *fopen(const char *, const char *);
	extern char *fgets(char *, int, FILE *);
	static char line[257];
	unsigned settings[9], quiet[9];
	int is_terminal = ioctl(0, ('T' << 8) | 13, settings) == 0;
	fputs(prompt, stderr);
	fflush(stderr);
	if (is_terminal) {
		memcpy(quiet, settings, sizeof quiet);
		quiet[3] &= ~010u;			/* ECHO */
		ioctl(0, ('T' << 8) | 16, quiet);
	}
	char *got = fgets(line, sizeof line, stdin);
	if (is_terminal) {
		ioctl(0, ('T' << 8) | 16, settings);
		fputs("\n", stderr);
	}
	if (got)
		got[strlen(got) - (*got && got[strlen(got) - 1] == '\n')] = '\0';
	return got ? got : strcpy(line, "");
}

key_t ftok(const char *path, int id)
{
	struct stat status;
	if (stat(path, &status) < 0)
		return -1;
	return (key_t)((unsigned)id << 24 | ((unsigned)status.st_dev & 0xfff) << 12 | ((unsigned)status.st_ino & 0xfff));
}
