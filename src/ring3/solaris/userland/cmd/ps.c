/* ps: the processes there are, by /proc/PID/psinfo (ps(1)): -e all, -f full, -p PID. */

#include "solaris.h"

#define PRNODEV ((dev_t)-1)

static void show(const psinfo_t *info, int full)
{
	char terminal[16] = "?";
	if (info->pr_ttydev != PRNODEV)
		snprintf(terminal, sizeof terminal, "pts/%u", (unsigned)info->pr_ttydev);	/* the minor number */
	long seconds = info->pr_time.tv_sec;
	if (full) {
		struct passwd *user = getpwuid(info->pr_euid);
		if (user)
			printf("%8.8s", user->pw_name);
		else
			printf("%8u", info->pr_euid);
		printf(" %5d %5d   0", info->pr_pid, info->pr_ppid);
		printf(" %-9s", terminal);
		printf("%5ld:%02ld %s\n", seconds / 60, seconds % 60, info->pr_psargs);
	} else {
		printf("%6d %-9s%4ld:%02ld %s\n", info->pr_pid, terminal, seconds / 60, seconds % 60, info->pr_fname);
	}
}

static int number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int main(int argc, char **argv)
{
	int every = 0, full = 0, one = -1, pids[4096], count = 0;
	for (int n = 1; n < argc; n++) {
		if (argv[n][0] != '-') {
			fprintf(stderr, "usage: ps [-ef] [-p pid]\n");
			return 1;
		}
		for (const char *at = argv[n] + 1; *at; at++) {
			if (*at == 'e' || *at == 'A')
				every = 1;
			else if (*at == 'f')
				full = 1;
			else if (*at == 'p' && n + 1 < argc) {
				one = atoi(argv[++n]);
				break;
			} else {
				fprintf(stderr, "ps: illegal option -- %c\nusage: ps [-ef] [-p pid]\n", *at);
				return 1;
			}
		}
	}
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	while (proc && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && count < 4096)
			pids[count++] = atoi(entry->d_name);
	qsort(pids, (size_t)count, sizeof *pids, number);
	printf(full ? "     UID   PID  PPID   C TTY         TIME CMD\n" : "   PID TTY         TIME CMD\n");
	for (int n = 0; n < count; n++) {
		char path[64];
		psinfo_t info;
		snprintf(path, sizeof path, "/proc/%d/psinfo", pids[n]);
		int fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		ssize_t got = read(fd, &info, sizeof info);
		close(fd);
		if (got == (ssize_t)sizeof info && (one < 0 ? every || info.pr_euid == geteuid() : info.pr_pid == one))
			show(&info, full);
	}
	return 0;
}
