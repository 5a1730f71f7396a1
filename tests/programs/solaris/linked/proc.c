/* Reads /proc as ps, pfiles, pmap and their like do, and prints what does not change from run to run; argv[1] says what. */

#include "solaris.h"

extern ssize_t pwrite(int, const void *, size_t, off_t);
extern int pipe(int[2]);
extern pid_t fork(void), waitpid(pid_t, int *, int);

static char raw[65536] __attribute__((aligned(8)));

static int get(const char *name)
{
	int fd = open(name, O_RDONLY);
	if (fd < 0) {
		printf("%s: %d\n", name, errno);
		return -1;
	}
	int size = (int)read(fd, raw, sizeof raw);
	close(fd);
	return size;
}

static int word(int at)
{
	int value;
	memcpy(&value, raw + at, sizeof value);
	return value;
}

static uintptr_t pointer(int at)
{
	uintptr_t value;
	memcpy(&value, raw + at, sizeof value);
	return value;
}

static void sizes(void)
{
	static const char *const names[] = {
		"psinfo", "status", "cred", "usage", "lstatus", "lpsinfo", "lusage", "sigact", "lwp/1/lwpstatus", "lwp/1/lwpsinfo",
		"lwp/1/lwpusage",
	};
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/self/%s", names[n]);
		printf("%s %d\n", names[n], get(path));
	}
}

static void psinfo(void)
{
	psinfo_t *info = (psinfo_t *)raw;
	get("/proc/self/psinfo");
	printf("pid %d lwps %d name %.16s args %.80s argc %d model %d state %c\n", info->pr_pid == getpid(), info->pr_nlwp,
	    info->pr_fname, strrchr(info->pr_psargs, '/') + 1, info->pr_argc, info->pr_dmodel, info->pr_lwp.pr_sname);
}

static void status(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	int at = 32 + 16;
	get("/proc/self/status");
	uintptr_t stack = pointer(at + 2 * (int)sizeof(void *)), size = pointer(at + 3 * (int)sizeof(void *));
	printf("pid %d stack holds us %d\n", word(8) == getpid(), here >= stack && here < stack + size);
}

/* the mapping that an address is in: its name and its flags */
static void where(const char *what, uintptr_t address)
{
	int entry = sizeof(void *) == 8 ? 104 : 96, size = get("/proc/self/map"), longs = 2 * (int)sizeof(void *);
	for (int at = 0; at < size; at += entry) {
		uintptr_t start = pointer(at);
		if (address >= start && address - start < pointer(at + (int)sizeof(void *)))
			printf("%s %s flags %x\n", what, strncmp(raw + at + longs, "zfs.", 4) == 0 ? "zfs" : raw + at + longs,
			    (unsigned)word(at + longs + 64 + 8));
	}
}

static void map(void)
{
	int local;
	where("text", (uintptr_t)map);
	where("data", (uintptr_t)raw);
	where("stack", (uintptr_t)&local);
	where("libc", (uintptr_t)getpid);
}

static void names(void)
{
	char text[256];
	int fd = open("/etc/passwd", O_RDONLY), got;
	snprintf(text, sizeof text, "/proc/self/path/%d", fd);
	got = (int)readlink(text, raw, sizeof raw);
	printf("path %.*s\n", got, raw);
	snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
	int again = open(text, O_RDONLY);
	printf("fd %d\n", (int)read(again, raw, 5));
	got = (int)readlink("/proc/self/path/a.out", raw, sizeof raw);
	printf("a.out %s\n", strrchr(raw, '/') ? "absolute" : "");
	printf("auxv %d\n", get("/proc/self/auxv") > 0 && pointer(0) == 2008);
}

static volatile int secret = 0x5ec2e7;

static void memory(void)
{
	int fd = open("/proc/self/as", O_RDWR), found = 0, other = 7;
	printf("read %d", (int)pread(fd, &found, sizeof found, (off_t)(uintptr_t)&secret));
	printf(" %x", (unsigned)found);
	printf(" write %d", (int)pwrite(fd, &other, sizeof other, (off_t)(uintptr_t)&secret));
	printf(" %d", secret);
	printf(" nowhere %d %d\n", (int)pread(fd, &found, sizeof found, 64), errno);
}

static void other(void)
{
	int fds[2], child;
	char text[64], byte;
	psinfo_t *info = (psinfo_t *)raw;
	pipe(fds);
	child = fork();
	if (child == 0) {
		read(fds[0], &byte, 1);
		_exit(0);
	}
	snprintf(text, sizeof text, "/proc/%d/psinfo", child);
	do
		sched_yield(), get(text);
	while (info->pr_lwp.pr_sname != 'S');
	snprintf(text, sizeof text, "/proc/%d/status", child);
	get(text);
	int lwp = sizeof(void *) == 8 ? 384 : 336, reg = sizeof(void *) == 8 ? 544 + 8 * 20 : 336 + 4 * 17;
	uintptr_t sp = pointer(lwp + reg), stack = pointer(48 + 2 * (int)sizeof(void *));
	printf("asleep flags %x call %d stack pointer %d", (unsigned)word(lwp) & 0x10, *(short *)(void *)(raw + lwp + (sizeof(void *) == 8 ? 368 : 216)),
	    sp >= stack && sp < stack + pointer(48 + 3 * (int)sizeof(void *)));
	kill(child, SIGKILL);
	snprintf(text, sizeof text, "/proc/%d/psinfo", child);
	do
		sched_yield(), get(text);
	while (info->pr_lwp.pr_sname != 'Z');
	printf(" dead %x lwps %d\n", (unsigned)info->pr_wstat, info->pr_nlwp);
	waitpid(child, NULL, 0);
}

static const struct {
	const char *name;
	void (*deed)(void);
} deeds[] = {
	{ "sizes", sizes }, { "psinfo", psinfo }, { "status", status }, { "map", map }, { "names", names }, { "memory", memory },
	{ "other", other },
};

int main(int argc, char **argv)
{
	for (size_t n = 0; argc > 1 && n < sizeof deeds / sizeof *deeds; n++)
		if (strcmp(deeds[n].name, argv[1]) == 0) {
			deeds[n].deed();
			return 0;
		}
	return 2;
}
