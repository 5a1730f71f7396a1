/* Walking a tree of files (ftw(3C), nftw(3C)). */

#include "solaris.h"

enum { FTW_F, FTW_D, FTW_DNR, FTW_NS, FTW_SL, FTW_DP = 6, FTW_SLN };
enum { FTW_PHYS = 1, FTW_MOUNT = 2, FTW_CHDIR = 4, FTW_DEPTH = 8 };

struct FTW {
	int quit, base, level;
};
struct walk {
	int (*visit)(const char *, const struct stat *, int, struct FTW *);
	int flags;
	dev_t device;
};
extern int fchdir(int);

static int walk_folder(const struct walk *walk, char *path, struct FTW *at);

static int look(const struct walk *walk, const char *path, struct stat *status)
{
	if (walk->flags & FTW_PHYS ? lstat(path, status) == 0 : stat(path, status) == 0)
		return (status->st_mode & S_IFMT) == S_IFDIR ? FTW_D : (status->st_mode & S_IFMT) == S_IFLNK ? FTW_SL : FTW_F;
	return !(walk->flags & FTW_PHYS) && lstat(path, status) == 0 && (status->st_mode & S_IFMT) == S_IFLNK ? FTW_SLN : FTW_NS;
}

static int walk_from(const struct walk *walk, char *path, struct FTW *at)
{
	struct stat status;
	memset(&status, 0, sizeof status);
	const char *slash = strrchr(path, '/');
	at->base = slash && slash[1] ? (int)(slash - path) + 1 : 0;
	int what = look(walk, walk->flags & FTW_CHDIR && at->level ? path + at->base : path, &status), result;
	if (walk->flags & FTW_MOUNT && what != FTW_NS && status.st_dev != walk->device)
		return 0;
	if (what != FTW_D)
		return walk->visit(path, &status, what, at);
	struct FTW here = *at;
	if (!(walk->flags & FTW_DEPTH) && (result = walk->visit(path, &status, FTW_D, &here)) != 0)
		return result;
	if ((result = walk_folder(walk, path, &here)) < -1)
		return walk->flags & FTW_DEPTH ? walk->visit(path, &status, FTW_DNR, &here) : 0;
	if (result == 0 && walk->flags & FTW_DEPTH)
		result = walk->visit(path, &status, FTW_DP, &here);
	return result;
}

/* What is in a folder; -2 if it cannot be read. */
static int walk_folder(const struct walk *walk, char *path, struct FTW *at)
{
	DIR *dir = opendir(walk->flags & FTW_CHDIR && at->level ? path + at->base : path);
	size_t length = strlen(path);
	int before = -1, result = 0;
	if (dir == NULL)
		return -2;
	if (walk->flags & FTW_CHDIR) {
		before = open(".", O_RDONLY | O_CLOEXEC);
		fchdir(dir->dd_fd);
	}
	for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || length + strlen(entry->d_name) + 2 > 4096)
			continue;
		snprintf(path + length, 4096 - length, "%s%s", path[length - 1] == '/' ? "" : "/", entry->d_name);
		struct FTW inside = { .level = at->level + 1 };
		result = walk_from(walk, path, &inside);
		path[length] = '\0';
	}
	closedir(dir);
	if (before >= 0) {
		fchdir(before);
		close(before);
	}
	return result;
}

int nftw(const char *path, int (*visit)(const char *, const struct stat *, int, struct FTW *), int depth, int flags)
{
	struct walk walk = { visit, flags, 0 };
	struct FTW at = { .level = 0 };
	struct stat status;
	(void)depth;
	if (strlen(path) >= 4096) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (lstat(path, &status) < 0)
		return -1;
	walk.device = status.st_dev;
	char *whole = malloc(4096);
	if (whole == NULL)
		return -1;
	int result = walk_from(&walk, strcpy(whole, path), &at);
	free(whole);
	return result;
}

int ftw(const char *path, int (*visit)(const char *, const struct stat *, int), int depth)
{
	return nftw(path, (int (*)(const char *, const struct stat *, int, struct FTW *))(uintptr_t)visit, depth, 0);
}

/* What ftw's macro calls. */
int _xftw(int version, const char *path, int (*visit)(const char *, const struct stat *, int), int depth)
{
	(void)version;
	return ftw(path, visit, depth);
}
