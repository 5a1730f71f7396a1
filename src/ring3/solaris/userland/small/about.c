/* What there is and who one is: date(1), env(1), id(1), pwd(1), sleep(1), tty(1), true(1) and false(1). */

#include "small.h"

extern char **environ, *getcwd(char *, size_t), *ttyname(int);
extern int setenv(const char *, const char *, int), execvp(const char *, char *const *), getgroups(int, gid_t *);
extern unsigned sleep(unsigned);
extern time_t time(time_t *);
extern void *localtime(const time_t *), *gmtime(const time_t *);
extern size_t strftime(char *, size_t, const char *, const void *);

int do_true(int argc, char **argv)
{
	return (void)argc, (void)argv, 0;
}

int do_false(int argc, char **argv)
{
	return (void)argc, (void)argv, 255;
}

int do_pwd(int argc, char **argv)
{
	char where[1024];
	(void)argc, (void)argv;
	if (!getcwd(where, sizeof where))
		return complain("cannot determine current directory");
	puts(where);
	return 0;
}

int do_sleep(int argc, char **argv)
{
	char *end;
	unsigned long seconds = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
	if (argc != 2 || *end || end == argv[1])
		return misused("sleep time");
	sleep((unsigned)seconds);
	return 0;
}

int do_tty(int argc, char **argv)
{
	char *path = ttyname(0);
	if (argc < 2 || strcmp(argv[1], "-s") != 0)
		puts(path ? path : "not a tty");
	return path == NULL;
}

int do_env(int argc, char **argv)
{
	int n = 1;
	static char *none;
	if (n < argc && (strcmp(argv[n], "-i") == 0 || strcmp(argv[n], "-") == 0)) {
		environ = &none;
		n++;
	}
	for (; n < argc && strchr(argv[n], '='); n++) {
		char *equals = strchr(argv[n], '=');
		*equals = '\0';
		setenv(argv[n], equals + 1, 1);
	}
	if (n < argc) {
		execvp(argv[n], argv + n);
		complain(argv[n]);
		return errno == ENOENT ? 127 : 126;
	}
	for (char **at = environ; *at; at++)
		puts(*at);
	return 0;
}

int do_date(int argc, char **argv)
{
	char text[256];
	int n = 1, universal = argc > 1 && strcmp(argv[1], "-u") == 0;
	time_t now = time(NULL);
	n += universal;
	if (n < argc && *argv[n] != '+')
		return misused("date [-u] [+format]");
	strftime(text, sizeof text, n < argc ? argv[n] + 1 : "%a %b %e %H:%M:%S %Z %Y", universal ? gmtime(&now) : localtime(&now));
	puts(text);
	return 0;
}

static void show(const char *what, unsigned number, const char *called)
{
	printf("%s=%u", what, number);
	if (called)
		printf("(%s)", called);
}

int do_id(int argc, char **argv)
{
	uid_t real = getuid(), user = geteuid();
	gid_t group = getgid();
	struct passwd *entry = getpwuid(real);
	if (argc > 1 && (strcmp(argv[1], "-u") == 0 || strcmp(argv[1], "-g") == 0)) {
		printf("%u\n", argv[1][1] == 'u' ? user : getegid());
		return 0;
	}
	if (argc > 1)
		return misused("id [-u | -g]");
	show("uid", real, entry ? entry->pw_name : NULL);
	struct group *found = getgrgid(group);
	show(" gid", group, found ? found->gr_name : NULL);
	if (user != real)
		show(" euid", user, NULL);
	puts("");
	return 0;
}
