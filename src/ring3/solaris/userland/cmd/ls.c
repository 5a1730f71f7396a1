/* ls: what is in directories (ls(1)): -a, -d, -i, -l, -n, -1; one name a line, in the order of their bytes. */

#include "solaris.h"

extern struct tm *gmtime(const time_t *);
struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
};

static int all, directories, numbers, inodes, longs, status;

static void show_mode(mode_t mode)
{
	static const char kinds[] = "?pc?d?b?-?l?s?D?", bits[] = "rwxrwxrwx";
	char text[11];
	text[0] = kinds[mode >> 12 & 15];
	for (int n = 0; n < 9; n++)
		text[n + 1] = mode >> (8 - n) & 1 ? bits[n] : '-';
	if (mode & 04000)
		text[3] = mode & 0100 ? 's' : 'S';
	if (mode & 02000)
		text[6] = mode & 010 ? 's' : 'l';
	if (mode & 01000)
		text[9] = mode & 1 ? 't' : 'T';
	text[10] = '\0';
	printf("%s ", text);
}

static void show(const char *path, const char *name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct stat found;
	if (lstat(path, &found) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		status = 2;
		return;
	}
	if (inodes)
		printf("%10lu ", found.st_ino);
	if (longs) {
		struct passwd *user = numbers ? NULL : getpwuid(found.st_uid);
		struct group *group = numbers ? NULL : getgrgid(found.st_gid);
		struct tm *when = gmtime(&found.st_mtim.tv_sec);
		show_mode(found.st_mode);
		printf("%3u ", found.st_nlink);
		if (user)
			printf("%-8s ", user->pw_name);
		else
			printf("%-8u ", found.st_uid);
		if (group)
			printf("%-8s ", group->gr_name);
		else
			printf("%-8u ", found.st_gid);
		printf("%7ld %.3s %2d %4d ", found.st_size, months + 3 * when->tm_mon, when->tm_mday, when->tm_year + 1900);
	}
	printf("%s", name);
	char target[1024];
	ssize_t n;
	if (longs && (found.st_mode & S_IFMT) == S_IFLNK && (n = readlink(path, target, sizeof target - 1)) >= 0)
		printf(" -> %.*s", (int)n, target);
	printf("\n");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
	char **names = NULL, full[2048];
	size_t count = 0, room = 0;
	DIR *dir = opendir(path);
	struct dirent *entry;
	if (dir == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		status = 2;
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' && !all)
			continue;
		if (count == room) {
			room = room ? room * 2 : 64;
			names = realloc(names, room * sizeof *names);
		}
		names[count++] = strdup(entry->d_name);
	}
	closedir(dir);
	qsort(names, count, sizeof *names, compare);
	for (size_t n = 0; n < count; n++) {
		snprintf(full, sizeof full, "%s/%s", path, names[n]);
		show(full, names[n]);
	}
}

int main(int argc, char **argv)
{
	int first = 1;
	for (; first < argc && argv[first][0] == '-' && argv[first][1]; first++)
		for (const char *at = argv[first] + 1; *at; at++)
			switch (*at) {
			case 'a': all = 1; break;
			case 'd': directories = 1; break;
			case 'i': inodes = 1; break;
			case 'n': numbers = longs = 1; break;
			case 'l': longs = 1; break;
			case '1': break;
			default:
				fprintf(stderr, "ls: illegal option -- %c\nusage: ls -1adiln [files]\n", *at);
				return 2;
			}
	static char *here[] = { "." };
	char **names = first < argc ? argv + first : here;
	int count = first < argc ? argc - first : 1, titles = count > 1;
	for (int n = 0; n < count; n++) {
		struct stat found;
		if (stat(names[n], &found) < 0 && lstat(names[n], &found) < 0) {
			fprintf(stderr, "%s: %s\n", names[n], strerror(errno));
			status = 2;
		} else if ((found.st_mode & S_IFMT) == S_IFDIR && !directories) {
			if (titles)
				printf("%s%s:\n", n ? "\n" : "", names[n]);
			list(names[n]);
		} else {
			show(names[n], names[n]);
		}
	}
	return status;
}
