/* Commands that other programs could be as well: cd(1), echo(1), read(1), umask(1), kill(1). */

#include "sh.h"

extern unsigned umask(unsigned);

int do_cd(int argc, char **argv)
{
	char where[1024];
	const char *to = argc > 1 ? argv[1] : get_variable("HOME");
	int back = to && strcmp(to, "-") == 0;
	to = back ? get_variable("OLDPWD") : to;
	if (!to)
		return complain(back ? "cd: bad directory" : "cd: no home directory");
	if (chdir(to) < 0)
		return complain("cd: %s: [%s]", to, strerror(errno));
	const char *from = get_variable("PWD");
	set_variable("OLDPWD", from ? from : "");
	if (getcwd(where, sizeof where))
		set_variable("PWD", where);
	if (back)
		puts(where);
	return 0;
}

int do_pwd(int argc, char **argv)
{
	char where[1024];
	(void)argc, (void)argv;
	if (!getcwd(where, sizeof where))
		return complain("pwd: %s", strerror(errno));
	puts(where);
	return 0;
}

/* As /usr/bin/echo: sequences of a backslash stand for characters. */
int do_echo(int argc, char **argv)
{
	static const char from[] = "bfnrtv\\", to[] = "\b\f\n\r\t\v\\";
	for (int n = 1; n < argc; n++) {
		for (const char *at = argv[n]; *at; at++) {
			const char *found = *at == '\\' && at[1] ? strchr(from, at[1]) : NULL;
			if (*at == '\\' && at[1] == 'c')
				return 0;
			if (found) {
				putchar(to[found - from]);
				at++;
			} else if (*at == '\\' && at[1] == '0') {
				int value = 0, digits = 0;
				for (at++; digits < 3 && at[1] >= '0' && at[1] <= '7'; digits++)
					value = value * 8 + *++at - '0';
				putchar(value);
			} else {
				putchar(*at);
			}
		}
		if (n + 1 < argc)
			putchar(' ');
	}
	putchar('\n');
	return 0;
}

/* A line without its end; backslashes join lines and quote, unless raw. Returns 0 at the end of the input. */
static int read_line(char *line, size_t room, int raw)
{
	size_t used = 0;
	char c;
	ssize_t got;
	while ((got = read(0, &c, 1)) == 1 && c != '\n') {
		if (c == '\\' && !raw) {
			if (read(0, &c, 1) != 1 || c == '\n')
				continue;
		}
		if (used + 1 < room)
			line[used++] = c;
	}
	line[used] = '\0';
	return got == 1;
}

int do_read(int argc, char **argv)
{
	static char line[65536];
	const char *ifs = get_variable("IFS");
	int n = 1, raw = 0;
	if (argc > 1 && strcmp(argv[1], "-r") == 0)
		raw = n++;
	if (n == argc)
		return complain("read: missing arguments");
	int found = read_line(line, sizeof line, raw);
	char *at = line;
	ifs = ifs ? ifs : " \t\n";
	for (; n < argc; n++) {
		at += strspn(at, " \t\n") && strspn(at, ifs) ? strspn(at, " \t") : 0;
		char *end = n + 1 < argc ? at + strcspn(at, ifs) : at + strlen(at), *next = *end ? end + 1 : end;
		while (n + 1 == argc && end > at && strchr(" \t\n", end[-1]) && strchr(ifs, end[-1]))
			end--;
		*end = '\0';
		set_variable(argv[n], at);
		at = next;
	}
	return !found;
}

int do_umask(int argc, char **argv)
{
	char *end;
	if (argc < 2) {
		unsigned mask = umask(0);
		umask(mask);
		printf("%04o\n", mask);
		return 0;
	}
	unsigned long mask = strtoul(argv[1], &end, 8);
	if (*end)
		return complain("umask: bad number");
	umask((unsigned)mask);
	return 0;
}

int do_kill(int argc, char **argv)
{
	int n = 1, signal = 15, result = 0;
	if (argc > 1 && *argv[1] == '-' && argv[1][1]) {
		const char *name = strcmp(argv[1], "-s") == 0 && argc > 2 ? argv[++n] : argv[1] + 1;
		if ((signal = signal_number(name)) < 0)
			return complain("kill: %s: unknown signal name", name);
		n++;
	}
	if (n == argc)
		return complain("kill: usage: kill [-signal] pid ...");
	for (; n < argc; n++)
		if (kill(atoi(argv[n]), signal) < 0)
			result = complain("kill: %s: %s", argv[n], strerror(errno));
	return result;
}
