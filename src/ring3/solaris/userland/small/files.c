/* Names of files: chmod(1), cp(1), ln(1), mkdir(1), mv(1), rm(1), rmdir(1), touch(1), basename(1), dirname(1). */

#include "small.h"

extern int chmod(const char *, mode_t), link(const char *, const char *), symlink(const char *, const char *), mkdir(const char *, mode_t);
extern int rename(const char *, const char *), unlink(const char *), rmdir(const char *), utimensat(int, const char *, const struct timespec *, int);
extern mode_t umask(mode_t);

#define S_IFDIR 0x4000

static int is_directory(const char *path)
{
	struct stat found;
	return stat(path, &found) == 0 && (found.st_mode & S_IFMT) == S_IFDIR;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

int do_basename(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		return misused("basename string [suffix]");
	char *text = argv[1];
	size_t size = strlen(text), end = argc > 2 ? strlen(argv[2]) : 0;
	while (size > 1 && text[size - 1] == '/')
		text[--size] = '\0';
	if (size > 1 && strrchr(text, '/'))
		text = strrchr(text, '/') + 1;
	size = strlen(text);
	if (end && size > end && strcmp(text + size - end, argv[2]) == 0)
		text[size - end] = '\0';
	puts(text);
	return 0;
}

int do_dirname(int argc, char **argv)
{
	if (argc != 2)
		return misused("dirname string");
	char *text = argv[1];
	size_t size = strlen(text);
	while (size > 1 && text[size - 1] == '/')
		size--;
	while (size && text[size - 1] != '/')
		size--;
	while (size > 1 && text[size - 1] == '/')
		size--;
	printf("%.*s\n", size ? (int)size : 1, size ? text : ".");
	return 0;
}

/* A mode in letters, who, what, which: u+x,go-w and their like; returns -1 if it is none. */
static int changed(const char *text, mode_t before)
{
	mode_t mode = before;
	while (*text) {
		mode_t who = 0, bits = 0;
		for (; *text && strchr("ugoa", *text); text++)
			who |= *text == 'u' ? 04700 : *text == 'g' ? 02070 : *text == 'o' ? 01007 : 07777;
		char how = *text;
		if (!how || !strchr("+-=", how))
			return -1;
		for (text++; *text && strchr("rwxXst", *text); text++)
			bits |= *text == 'r' ? 0444 : *text == 'w' ? 0222 : *text == 's' ? 06000 : *text == 't' ? 01000
				: *text == 'x' || before & 0111 || (before & S_IFMT) == S_IFDIR ? 0111 : 0;
		if (!who) {
			mode_t mask = umask(0);
			umask(mask);
			who = 07777 & ~mask;
		}
		mode = how == '+' ? mode | (bits & who) : how == '-' ? mode & ~(bits & who) : (mode & ~(who & 0777)) | (bits & who);
		if (*text == ',')
			text++;
		else if (*text)
			return -1;
	}
	return (int)(mode & 07777);
}

int do_chmod(int argc, char **argv)
{
	int status = 0;
	char *end;
	if (argc < 3)
		return misused("chmod mode file ...");
	unsigned long octal = strtoul(argv[1], &end, 8);
	for (int n = 2; n < argc; n++) {
		struct stat found;
		if (stat(argv[n], &found) < 0) {
			status = complain(argv[n]);
			continue;
		}
		int mode = *end ? changed(argv[1], found.st_mode) : (int)octal;
		if (mode < 0)
			return misused("chmod mode file ...");
		if (chmod(argv[n], (mode_t)mode) < 0)
			status = complain(argv[n]);
	}
	return status;
}

static int copy(const char *from, const char *to, int whole);

/* What is in a folder, by a function of the two paths that each entry has. */
static int within(const char *from, const char *to, int whole, int (*act)(const char *, const char *, int))
{
	DIR *folder = opendir(from);
	struct dirent *entry;
	int status = 0;
	if (!folder)
		return complain(from);
	while ((entry = readdir(folder)) != NULL) {
		char source[1024], target[1024];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
		snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
		status |= act(source, target, whole);
	}
	closedir(folder);
	return status;
}

static int copy(const char *from, const char *to, int whole)
{
	static char buffer[65536];
	struct stat found, there;
	if (stat(from, &found) < 0)
		return complain(from);
	if ((found.st_mode & S_IFMT) == S_IFDIR) {
		if (!whole) {
			fprintf(stderr, "cp: %s: is a directory\n", from);
			return 1;
		}
		if (mkdir(to, found.st_mode & 0777) < 0 && errno != EEXIST)
			return complain(to);
		return within(from, to, whole, copy);
	}
	if (stat(to, &there) == 0 && there.st_dev == found.st_dev && there.st_ino == found.st_ino) {
		fprintf(stderr, "cp: %s and %s are identical\n", from, to);
		return 1;
	}
	int in = open(from, O_RDONLY);
	if (in < 0)
		return complain(from);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, found.st_mode & 0777), status = 0;
	if (out < 0) {
		status = complain(to);
		close(in);
		return status;
	}
	ssize_t got;
	while (status == 0 && (got = read(in, buffer, sizeof buffer)) != 0) {
		if (got < 0)
			status = complain(from);
		for (ssize_t done = 0, n; status == 0 && done < got; done += n)
			if ((n = write(out, buffer + done, (size_t)(got - done))) < 0)
				status = complain(to);
	}
	close(in);
	close(out);
	return status;
}

static int move(const char *from, const char *to, int whole)
{
	(void)whole;
	return rename(from, to) < 0 ? complain(from) : 0;
}

static int (*linker)(const char *, const char *);

static int make_link(const char *from, const char *to, int force)
{
	if (force)
		unlink(to);
	return linker(from, to) < 0 ? complain(to) : 0;
}

/* The last operand is where all others go: a folder, or the new name of the only one. */
static int to_last(int argc, char **argv, int flag, int (*act)(const char *, const char *, int), const char *usage)
{
	int status = 0;
	if (argc < 2)
		return misused(usage);
	const char *target = argv[argc - 1];
	if (!is_directory(target)) {
		if (argc > 2) {
			fprintf(stderr, "%s: %s not found\n", name, target);
			return 2;
		}
		return act(argv[0], target, flag);
	}
	for (int n = 0; n + 1 < argc; n++) {
		char path[1024];
		snprintf(path, sizeof path, "%s/%s", target, last_part(argv[n]));
		status |= act(argv[n], path, flag);
	}
	return status;
}

/* Options that are letters alone, as bits in the order of `letters`; -1 for another one. */
static int letters_of(int argc, char **argv, const char *letters)
{
	int found = 0, letter;
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (letter == '?')
			return -1;
		found |= 1 << (strchr(letters, letter) - letters);
	}
	return found;
}

int do_cp(int argc, char **argv)
{
	int flags = letters_of(argc, argv, "rRfp");
	return flags < 0 ? misused("cp [-rR] file ... target") : to_last(argc - optind, argv + optind, flags & 3, copy, "cp [-rR] file ... target");
}

int do_mv(int argc, char **argv)
{
	int flags = letters_of(argc, argv, "fi");
	return flags < 0 ? misused("mv [-f] file ... target") : to_last(argc - optind, argv + optind, 0, move, "mv [-f] file ... target");
}

int do_ln(int argc, char **argv)
{
	int flags = letters_of(argc, argv, "sf");
	linker = flags & 1 ? symlink : link;
	return flags < 0 ? misused("ln [-fs] file ... target") : to_last(argc - optind, argv + optind, flags & 2, make_link, "ln [-fs] file ... target");
}

int do_mkdir(int argc, char **argv)
{
	int flags = letters_of(argc, argv, "p"), status = 0;
	if (flags < 0 || optind == argc)
		return misused("mkdir [-p] dirname ...");
	for (int n = optind; n < argc; n++) {
		for (char *at = argv[n] + 1; flags && *at; at++)
			if (*at == '/') {
				*at = '\0';
				mkdir(argv[n], 0777);
				*at = '/';
			}
		if (mkdir(argv[n], 0777) < 0 && !(flags && errno == EEXIST && is_directory(argv[n])))
			status = complain(argv[n]);
	}
	return status;
}

enum { RECURSIVE = 3, FORCED = 4 };

static int remove_one(const char *path, const char *again, int flags)
{
	struct stat found;
	(void)again;
	if (lstat(path, &found) < 0)
		return flags & FORCED && errno == ENOENT ? 0 : complain(path);
	if ((found.st_mode & S_IFMT) != S_IFDIR)
		return unlink(path) < 0 ? complain(path) : 0;
	if (!(flags & RECURSIVE)) {
		fprintf(stderr, "rm: %s is a directory\n", path);
		return 1;
	}
	int status = within(path, path, flags, remove_one);
	return status || rmdir(path) == 0 ? status : complain(path);
}

int do_rm(int argc, char **argv)
{
	int flags = letters_of(argc, argv, "rRf"), status = 0;
	if (flags < 0 || (optind == argc && !(flags & FORCED)))
		return misused("rm [-fRr] file ...");
	for (int n = optind; n < argc; n++)
		status |= remove_one(argv[n], argv[n], flags);
	return status;
}

int do_rmdir(int argc, char **argv)
{
	int status = 0;
	if (argc < 2)
		return misused("rmdir dirname ...");
	for (int n = 1; n < argc; n++)
		if (rmdir(argv[n]) < 0)
			status = complain(argv[n]);
	return status;
}

int do_touch(int argc, char **argv)
{
	int status = 0, flags = letters_of(argc, argv, "c");
	if (flags < 0 || optind == argc)
		return misused("touch [-c] file ...");
	for (int n = optind; n < argc; n++) {
		if (utimensat(AT_FDCWD, argv[n], NULL, 0) == 0 || (flags && errno == ENOENT))
			continue;
		int fd = errno == ENOENT ? open(argv[n], O_WRONLY | O_CREAT, 0666) : -1;
		if (fd < 0)
			status = complain(argv[n]);
		else
			close(fd);
	}
	return status;
}
