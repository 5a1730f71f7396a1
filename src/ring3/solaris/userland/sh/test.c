/* test and [ (test(1)). */

#include "sh.h"

static char **at;
static int left, bad;

static int either(void);

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);
	if (end == text || *end) {
		complain("test: %s: bad number", text);
		bad = 1;
	}
	return value;
}

static int about_file(char what, const char *name)
{
	struct stat found;
	static const struct {
		char letter;
		mode_t kind;
	} kinds[] = { { 'f', 0x8000 }, { 'd', 0x4000 }, { 'c', 0x2000 }, { 'b', 0x6000 }, { 'p', 0x1000 }, { 'h', 0xa000 }, { 'L', 0xa000 }, { 'S', 0xc000 } };
	if (what == 't')
		return isatty((int)number(name));
	if (what == 'r' || what == 'w' || what == 'x')
		return access(name, what == 'r' ? 4 : what == 'w' ? 2 : 1) == 0;
	if ((what == 'h' || what == 'L' ? lstat : stat)(name, &found) < 0)
		return 0;
	if (what == 'e')
		return 1;
	if (what == 's')
		return found.st_size > 0;
	if (strchr("ugk", what))
		return (found.st_mode & (what == 'u' ? 04000 : what == 'g' ? 02000 : 01000)) != 0;
	for (unsigned n = 0; n < sizeof kinds / sizeof *kinds; n++)
		if (kinds[n].letter == what)
			return (found.st_mode & S_IFMT) == kinds[n].kind;
	return 0;
}

static int compared(const char *a, const char *how, const char *b)
{
	static const char *const numbers[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };
	if (strcmp(how, "=") == 0)
		return strcmp(a, b) == 0;
	if (strcmp(how, "!=") == 0)
		return strcmp(a, b) != 0;
	for (int n = 0; n < 6; n++)
		if (strcmp(how, numbers[n]) == 0) {
			long x = number(a), y = number(b);
			return n == 0 ? x == y : n == 1 ? x != y : n == 2 ? x < y : n == 3 ? x <= y : n == 4 ? x > y : x >= y;
		}
	return -1;
}

static int newer(const char *a, const char *how, const char *b)
{
	struct stat one, other;
	int has_one = stat(a, &one) == 0, has_other = stat(b, &other) == 0;
	if (strcmp(how, "-ef") == 0)
		return has_one && has_other && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
	if (strcmp(how, "-ot") == 0)
		return newer(b, "-nt", a);
	if (strcmp(how, "-nt") != 0)
		return -1;
	if (!has_one || !has_other)
		return has_one;
	return one.st_mtim.tv_sec != other.st_mtim.tv_sec ? one.st_mtim.tv_sec > other.st_mtim.tv_sec : one.st_mtim.tv_nsec > other.st_mtim.tv_nsec;
}

static int primary(void)
{
	if (left >= 3) {
		int found = compared(at[0], at[1], at[2]);
		if (found < 0)
			found = newer(at[0], at[1], at[2]);
		if (found >= 0) {
			at += 3;
			left -= 3;
			return found;
		}
	}
	if (left == 0) {
		bad |= complain("test: argument expected");
		return 0;
	}
	if (strcmp(*at, "!") == 0 && left > 1) {
		at++, left--;
		return !primary();
	}
	if (strcmp(*at, "(") == 0 && left > 1) {
		at++, left--;
		int found = either();
		if (left && strcmp(*at, ")") == 0)
			at++, left--;
		else
			bad |= complain("test: ) expected");
		return found;
	}
	if (left > 1 && at[0][0] == '-' && at[0][1] && !at[0][2] && strchr("bcdefghkLnprsStuwxz", at[0][1])) {
		char what = at[0][1];
		const char *of = at[1];
		at += 2, left -= 2;
		return what == 'n' ? *of != '\0' : what == 'z' ? *of == '\0' : about_file(what, of);
	}
	left--;
	return **at++ != '\0';
}

static int both(void)
{
	int found = primary();
	while (left && strcmp(*at, "-a") == 0) {
		at++, left--;
		int other = primary();
		found = found && other;
	}
	return found;
}

static int either(void)
{
	int found = both();
	while (left && strcmp(*at, "-o") == 0) {
		at++, left--;
		int other = both();
		found = found || other;
	}
	return found;
}

int test_command(int argc, char **argv)
{
	if (*argv[0] == '[' && strcmp(argv[--argc], "]") != 0) {
		complain("[: ] missing");
		return 2;
	}
	at = argv + 1;
	left = argc - 1;
	bad = 0;
	if (left == 0)
		return 1;
	int found = either();
	if (left && !bad)
		bad |= complain("test: unknown operator %s", *at);
	return bad ? 2 : !found;
}
