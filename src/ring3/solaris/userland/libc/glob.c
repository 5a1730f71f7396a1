/* File names that a pattern stands for (glob(3C)). */

#include "match.h"

enum { GLOB_ERR = 1, GLOB_MARK = 2, GLOB_NOSORT = 4, GLOB_NOCHECK = 8, GLOB_DOOFFS = 16, GLOB_APPEND = 32, GLOB_NOESCAPE = 64, GLOB_BRACE = 128, GLOB_TILDE = 0x800 };
enum { GLOB_NOMATCH = -3, GLOB_NOSPACE = -2, GLOB_ABORTED = -1 };

typedef struct {
	size_t gl_pathc;
	char **gl_pathv;
	size_t gl_offs;
	char **gl_pathp;
	int gl_pathn, gl_matchc, gl_flags;
	void *rest[6];
} glob_t;

struct search {
	glob_t *found;
	int flags, error;
	int (*on_error)(const char *, int);
};

static void add(struct search *search, const char *path)
{
	glob_t *found = search->found;
	size_t before = found->gl_flags & GLOB_DOOFFS ? found->gl_offs : 0;
	char **made = realloc(found->gl_pathv, (before + found->gl_pathc + 2) * sizeof *made), *copy = strdup(path);
	if (made)
		found->gl_pathv = made;
	if (made == NULL || copy == NULL) {
		free(copy);
		search->error = GLOB_NOSPACE;
		return;
	}
	if (found->gl_pathc == 0)
		memset(made, 0, before * sizeof *made);
	made[before + found->gl_pathc++] = copy;
	made[before + found->gl_pathc] = NULL;
}

static int has_pattern(const char *text, size_t n)
{
	for (; n; n--, text++)
		if (*text == '*' || *text == '?' || *text == '[')
			return 1;
	return 0;
}

static void unescape(char *text, int flags)
{
	char *to = text;
	for (; *text; text++) {
		if (*text == '\\' && !(flags & GLOB_NOESCAPE) && text[1])
			text++;
		*to++ = *text;
	}
	*to = '\0';
}

/* Goes on with the part of a pattern behind a folder that was found. */
static void descend(struct search *search, const char *folder, const char *pattern)
{
	char path[1024], part[1024];
	struct stat status;
	size_t length = strlen(folder);
	while (*pattern == '/' && length < sizeof path - 2)
		pattern++;
	size_t n = strcspn(pattern, "/");
	const char *rest = pattern + n + strspn(pattern + n, "/");
	if (n == 0 || n >= sizeof part || length + n + 2 >= sizeof path)
		return;
	memcpy(part, pattern, n);
	part[n] = '\0';
	const char *between = length && folder[length - 1] != '/' ? "/" : "";
	if (!has_pattern(part, n)) {
		unescape(part, search->flags);
		snprintf(path, sizeof path, "%s%s%s", folder, between, part);
		if (lstat(path, &status) < 0)
			return;
		if (*rest || pattern[n] == '/') {
			int is_folder = stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR;
			if (is_folder && *rest)
				descend(search, path, rest);
			else if (is_folder) {
				strcat(path, "/");
				add(search, path);
			}
			return;
		}
		if (search->flags & GLOB_MARK && stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR)
			strcat(path, "/");
		add(search, path);
		return;
	}
	DIR *dir = opendir(*folder ? folder : ".");
	if (dir == NULL) {
		if ((search->on_error && search->on_error(folder, errno)) || search->flags & GLOB_ERR)
			search->error = GLOB_ABORTED;
		return;
	}
	for (struct dirent *entry; !search->error && (entry = readdir(dir)) != NULL;) {
		if (fnmatch(part, entry->d_name, FNM_PERIOD | (search->flags & GLOB_NOESCAPE ? FNM_NOESCAPE : 0)) != 0)
			continue;
		snprintf(path, sizeof path, "%s%s%s", folder, between, entry->d_name);
		int is_folder = (*rest || pattern[n] == '/' || search->flags & GLOB_MARK) && stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR;
		if (*rest) {
			if (is_folder)
				descend(search, path, rest);
			continue;
		}
		if (pattern[n] == '/' && !is_folder)
			continue;
		if (is_folder)
			strcat(path, "/");
		add(search, path);
	}
	closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void search_one(struct search *search, const char *pattern)
{
	glob_t *found = search->found;
	size_t had = found->gl_pathc, before = found->gl_flags & GLOB_DOOFFS ? found->gl_offs : 0;
	char home[1024];
	if (search->flags & GLOB_TILDE && *pattern == '~' && (pattern[1] == '/' || pattern[1] == '\0') && getenv("HOME")) {
		snprintf(home, sizeof home, "%s%s", getenv("HOME"), pattern + 1);
		pattern = home;
	}
	if (strcmp(pattern, "/") == 0)
		add(search, "/");
	else
		descend(search, *pattern == '/' ? "/" : "", pattern);
	if (!(search->flags & GLOB_NOSORT) && found->gl_pathc > had)
		qsort(found->gl_pathv + before + had, found->gl_pathc - had, sizeof(char *), by_name);
}

/* a{b,c}d stands for abd and acd. */
static void search_braces(struct search *search, const char *pattern)
{
	const char *open = search->flags & GLOB_BRACE ? strchr(pattern, '{') : NULL;
	if (open == NULL || open[1] == '}') {
		search_one(search, pattern);
		return;
	}
	const char *close = open + 1, *start = open + 1;
	for (int depth = 1; *close; close++) {
		depth += (*close == '{') - (*close == '}');
		if (depth == 0)
			break;
	}
	if (*close == '\0') {
		search_one(search, pattern);
		return;
	}
	int depth = 0;
	for (const char *at = start; at <= close; at++) {
		depth += (*at == '{') - (*at == '}' && at < close);
		if (at == close || (*at == ',' && depth == 0)) {
			char made[1024];
			snprintf(made, sizeof made, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)(at - start), start, close + 1);
			search_braces(search, made);
			start = at + 1;
		}
	}
}

int glob(const char *pattern, int flags, int (*on_error)(const char *, int), glob_t *found)
{
	struct search search = { found, flags, 0, on_error };
	if (!(flags & GLOB_APPEND)) {
		found->gl_pathc = 0;
		found->gl_pathv = NULL;
	}
	found->gl_flags = flags;
	size_t had = found->gl_pathc;
	search_braces(&search, pattern);
	if (!search.error && found->gl_pathc == had) {
		if (!(flags & GLOB_NOCHECK))
			return GLOB_NOMATCH;
		add(&search, pattern);
	}
	return search.error;
}

void globfree(glob_t *found)
{
	size_t before = found->gl_flags & GLOB_DOOFFS ? found->gl_offs : 0;
	for (size_t n = 0; found->gl_pathv && n < found->gl_pathc; n++)
		free(found->gl_pathv[before + n]);
	free(found->gl_pathv);
	found->gl_pathv = NULL;
	found->gl_pathc = 0;
}

int _glob_ext(const char *pattern, int flags, int (*on_error)(const char *, int), glob_t *found)
{
	return glob(pattern, flags, on_error, found);
}

void _globfree_ext(glob_t *found)
{
	globfree(found);
}

int _glob_ext64(const char *pattern, int flags, int (*on_error)(const char *, int), glob_t *found)
{
	return glob(pattern, flags, on_error, found);
}

void _globfree_ext64(glob_t *found)
{
	globfree(found);
}
