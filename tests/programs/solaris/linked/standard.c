/*
 * What C and POSIX say of a C library: a deed of each family by its name, which prints what came of it. It is built for
 * Linux as well, where it runs natively: what it prints is to be the same.
 */

#define _GNU_SOURCE
#if __has_include(<stdio.h>)
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <regex.h>
#include <search.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#else
#include "standard.h"
#endif

static void printing(void)
{
	char *made, *line = NULL;
	int count;
	printf("%d|%5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|%.0d|%i\n", 1, 2, 3, 4, 5, 6, 7, 8, 0, INT_MIN);
	printf("%x|%#X|%o|%#o|%#.3o|%u|%hhd|%hd|%ld|%lld|%zu|%jd\n", 255, 255, 8, 8, 8, UINT_MAX, 300, 70000, 1l, LLONG_MIN, (size_t)3, (intmax_t)-4);
	printf("%s|%10s|%-10s|%.2s|%*s|%-*s|%c|%5c|%%\n", "text", "text", "text", "text", 6, "ab", 6, "ab", 'x', 'y');
	printf("%2$s %1$s %3$.1f %2$s\n", "one", "two", 1.5);
	printf("%3$d %1$*2$d|\n", 5, 4, 7);
	printf("%f|%.0f|%#.0f|%e|%g|%G|%10.3f|%-10.2e|%+.1f|%010.3f\n", 1.5, 2.5, 2.0, 12345.678, 1e-5, 1e20, 3.14159, 0.00123, 9.95, -3.14159);
	printf("%a|%A|%.2a|%a\n", 1.0, 0.1, 1.999, 0.0);
	printf("%s %d%n\n", "abc", 42, &count);
	printf("%d %d\n", count, snprintf(NULL, 0, "%s", "measured"));
	if (asprintf(&made, "%s-%d", "made", 7) >= 0)
		puts(made);
	free(made);
	char small[5];
	count = snprintf(small, sizeof small, "%s", "truncated");
	printf("%d %s\n", count, small);
	size_t size;
	FILE *memory = open_memstream(&line, &size);
	fprintf(memory, "in %s %d", "memory", 5);
	fclose(memory);
	printf("%s %zu\n", line, size);
	free(line);
}

static void scanning(void)
{
	int a = 0, b = 0, c = 0, n;
	unsigned u;
	long l;
	long long ll;
	short s;
	float f;
	double d;
	char word[32], set[32], ch[4] = "";
	n = sscanf("12 -7 0x1f", "%d %d %i", &a, &b, &c);
	printf("%d: %d %d %d\n", n, a, b, c);
	n = sscanf("  hello,world 99", " %[a-z],%s %ld", word, set, &l);
	printf("%d: %s %s %ld\n", n, word, set, l);
	n = sscanf("3.25 -1e3 077 ff", "%f %lf %o %x", &f, &d, &u, (unsigned *)&a);
	printf("%d: %g %g %u %d\n", n, f, d, u, a);
	n = sscanf("abc", "%2c%n", ch, &a);
	printf("%d: %.2s %d\n", n, ch, a);
	n = sscanf("12345", "%2d%*1d%hd", &a, &s);
	printf("%d: %d %d\n", n, a, s);
	n = sscanf("9223372036854775807 x", "%lld %d", &ll, &a);
	printf("%d: %lld\n", n, ll);
	printf("%d %d %d\n", sscanf("", "%d", &a), sscanf("x", "%d", &a), sscanf("5 ", "%d %d", &a, &b));
	n = sscanf("10%20", "%d%%%d", &a, &b);
	printf("%d: %d %d\n", n, a, b);
	n = sscanf("key = value # c", "%31[^ =] = %31[^#\n]", word, set);
	printf("%d: [%s] [%s]\n", n, word, set);
	n = sscanf("[x]-]", "[%[]x-]", word);
	printf("%d\n", n);
	n = sscanf("1.5.2", "%d.%d.%d", &a, &b, &c);
	printf("%d: %d %d %d\n", n, a, b, c);
	n = sscanf("inf nan -infinity", "%lf %f", &d, &f);
	printf("%d: %d %d\n", n, d > 1e300, f != f);
}

static void numbers(void)
{
	static const char *const texts[] = {
		"0", "1", "-1.5", "0.1", "1e10", "1e-10", "123456789012345678901234567890", "1.7976931348623157e308", "1.7976931348623159e308",
		"2.4703282292062327e-324", "2.2250738585072011e-308", "0x1.8p3", "0x.1", "  12abc", "1e", "1e+", ".5", "5.", ".", "-", "+7",
		"9007199254740993", "9007199254740993.0000000000000000000000000001", "1e400", "1e-400", "-0", "8.5e-1x", "179769313486231580793e289", "infinityx", "nan(12)z",
	};
	for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
		char *end;
		errno = 0;
		double value = strtod(texts[n], &end);
		printf("%s: %.17g %d %s\n", texts[n], value == value ? value : 0, errno == ERANGE, end);
	}
	char *end;
	errno = 0;
	printf("%ld %s", strtol(" -0x1Fz", &end, 16), end);
	printf(" %ld %s", strtol("0777", &end, 0), end);
	printf(" %ld %s", strtol("zz9!", &end, 36), end);
	printf(" %lld %d", strtoll("-9223372036854775809", &end, 10), errno == ERANGE);
	errno = 0;
	printf(" %llu %d %llu\n", strtoull("18446744073709551616", &end, 10), errno == ERANGE, strtoull("-1", &end, 10));
	printf("%.9g %.9g %g\n", strtof("0.1", NULL), strtof("16777217", NULL), strtof("3.5e38", NULL));
}

static void text(void)
{
	char buffer[64] = "a,b;;c", *next, *rest = buffer;
	for (char *part = strtok_r(buffer, ",;", &next); part; part = strtok_r(NULL, ",;", &next))
		printf("[%s]", part);
	strcpy(buffer, "x::y");
	for (char *part; (part = strsep(&rest, ":")) != NULL;)
		printf("<%s>", part);
	printf("\n%s %s %s %zu %zu %s\n", strstr("haystack", "st"), strrchr("a/b/c", '/'), strpbrk("hello", "ol"), strspn("aab", "a"), strcspn("abc", "c"), strndup("duplicate", 3));
	printf("%d %d %d %s\n", strcasecmp("HeLLo", "hEllO"), strncasecmp("abc", "ABd", 2), memcmp("a", "b", 1) < 0, (char *)memmem("needle in hay", 13, "in", 2));
	*stpcpy(buffer, "step") = '!';
	strncat(strcpy(buffer, "ab"), "cdef", 2);
	printf("%s %s\n", buffer, strerror(ENOENT));
	for (int c = 0; c < 128; c += 7)
		printf("%d%d%d%d%d ", !!isalpha(c), !!isspace(c), !!ispunct(c), !!isxdigit(c), !!iscntrl(c));
	printf("%c%c\n", toupper('q'), tolower('Q'));
	char one[] = "/usr/lib/", two[] = "/usr/lib", three[] = "file";
	printf("%s ", basename(one));
	printf("%s %s ", dirname(two), dirname(three));
	setenv("NAME", "value", 1);
	setenv("NAME", "other", 0);
	printf("%s ", getenv("NAME"));
	unsetenv("NAME");
	printf("%d\n", getenv("NAME") == NULL);
	wchar_t wide[16];
	size_t count = mbstowcs(wide, "plain", 16);
	printf("%zu %zu %d ", count, wcslen(wide), wcscmp(wide, L"plain"));
	if (setlocale(LC_ALL, "C.UTF-8"))
		count = mbstowcs(wide, "h\xc3\xa9\xe2\x82\xac", 16);
	printf("%zu %x %d %ls\n", count, (unsigned)wide[2], mblen("\xc3\xa9", 2), wide);
}

static void pattern(const char *text, const char *expression, int flags)
{
	regex_t regex;
	regmatch_t found[4];
	if (regcomp(&regex, expression, flags)) {
		printf("%s is none\n", expression);
		return;
	}
	int result = regexec(&regex, text, 4, found, 0);
	printf("%s %s: %d", expression, text, result);
	for (int n = 0; result == 0 && n < 4; n++)
		printf(" %d-%d", (int)found[n].rm_so, (int)found[n].rm_eo);
	printf("\n");
	regfree(&regex);
}

static void patterns(void)
{
	pattern("xabcabcy", "(abc)+", REG_EXTENDED);
	pattern("foobar", "foo|foobar", REG_EXTENDED);
	pattern("aaa", "a{2}", REG_EXTENDED);
	pattern("aaaa", "^a{2,3}$", REG_EXTENDED);
	pattern("key=value", "^([a-z]+)=(.*)$", REG_EXTENDED);
	pattern("Hello World", "world", REG_EXTENDED | REG_ICASE);
	pattern("abab", "\\(ab\\)\\1", 0);
	pattern("a.b", "a\\.b", 0);
	pattern("one\ntwo", "^two$", REG_EXTENDED | REG_NEWLINE);
	pattern("x12y", "[[:digit:]]+", REG_EXTENDED);
	pattern("a]b", "[]]", REG_EXTENDED);
	pattern("abc", "[^a]+", REG_EXTENDED);
	pattern("", "a*", REG_EXTENDED);
	pattern("ab", "(a)|(b)", REG_EXTENDED);
	pattern("x", "(", REG_EXTENDED);
	pattern("x", "[", REG_EXTENDED);
	pattern("xyz", "a?x(y|z)*", REG_EXTENDED);
	pattern("192.168.1.1", "^([0-9]{1,3}\\.){3}[0-9]{1,3}$", REG_EXTENDED);
	pattern("aaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "(a*)*b", REG_EXTENDED);
	printf("%d %d %d %d %d %d %d\n", fnmatch("*.c", "main.c", 0), !!fnmatch("*", ".hidden", FNM_PERIOD), !!fnmatch("a/*", "a/b/c", FNM_PATHNAME), fnmatch("[a-c]?", "bz", 0),
	    !!fnmatch("[!a]", "a", 0), fnmatch("\\*", "*", 0), fnmatch("[[:upper:]]*", "Xyz", 0));
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void print_leaf(const void *node, int order, int level)
{
	(void)level;
	if (order == 1 || order == 3)
		printf("%s ", *(char *const *)node);
}

static void tables(void)
{
	int values[] = { 5, 3, 9, -1, 7, 3 }, key = 7;
	qsort(values, 6, sizeof *values, by_value);
	for (int n = 0; n < 6; n++)
		printf("%d ", values[n]);
	printf("at %d\n", (int)((int *)bsearch(&key, values, 6, sizeof *values, by_value) - values));
	void *root = NULL;
	static char *const words[] = { "pear", "apple", "fig", "date", "lime" };
	for (int n = 0; n < 5; n++)
		tsearch(words[n], &root, by_text);
	tdelete("fig", &root, by_text);
	twalk(root, (void *)print_leaf);
	printf("%d\n", tfind("fig", &root, by_text) == NULL);
	hcreate(16);
	for (int n = 0; n < 5; n++)
		hsearch((ENTRY) { words[n], words[4 - n] }, ENTER);
	printf("%s %d\n", (char *)hsearch((ENTRY) { "apple", NULL }, FIND)->data, hsearch((ENTRY) { "none", NULL }, FIND) == NULL);
	hdestroy();
	srand48(42);
	printf("%ld %ld %.6f\n", lrand48(), lrand48(), drand48());
	char *words2[] = { "program", "-a", "-bvalue", "-c", "arg", "--", "rest", NULL };
	opterr = 0;
	for (int c; (c = getopt(7, words2, "ab:c:")) != -1;)
		printf("%c%s ", c, c == 'a' ? "" : optarg);
	printf("%d\n", optind);
	int flag = 0;
	const struct option options[] = { { "alpha", no_argument, &flag, 5 }, { "beta", required_argument, NULL, 'b' }, { "gamma", optional_argument, NULL, 'g' }, { 0 } };
	char *words3[] = { "program", "operand", "--alpha", "--beta=1", "--beta", "2", "--gamma", "--ga=3", "-b4", "--nothing", "last", NULL };
	optind = 1;
	for (int c; (c = getopt_long(11, words3, "b:", options, NULL)) != -1;)
		printf("%c%s ", c ? c : '0', optarg ? optarg : "");
	printf("flag %d rest %s %s\n", flag, words3[optind], words3[optind + 1]);
	char line[] = "ro,size=10,bad", *at = line, *value;
	char *const names[] = { "ro", "size", NULL };
	while (*at) {
		int which = getsubopt(&at, names, &value);
		printf("%d%s ", which, value && which >= 0 ? value : "");
	}
	printf("\n");
}

static void dates(void)
{
	static const time_t times[] = { 0, 951782400, 1000000000, 1709164800, -86400, 1711846799, 1711846800, 1729990800 };
	static const char *const zones[] = { "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "<+0530>-5:30" };
	char out[128];
	struct tm tm;
	for (int z = 0; z < 4; z++) {
		setenv("TZ", zones[z], 1);
		tzset();
		for (size_t n = 0; n < sizeof times / sizeof *times; n++) {
			localtime_r(&times[n], &tm);
			strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S %Z %z %a %A %b %B %j %U %W %V %G %u %w %y %C %e %I %p %D %R", &tm);
			printf("%s %d %d\n", out, tm.tm_isdst, (int)(mktime(&tm) - times[n]));
		}
	}
	struct tm overflow = { .tm_year = 123, .tm_mon = 14, .tm_mday = 35, .tm_hour = 30, .tm_isdst = 0 };
	setenv("TZ", "UTC0", 1);
	mktime(&overflow);
	printf("%s", asctime(&overflow));
	memset(&tm, 0, sizeof tm);
	char *end = strptime("2024-02-29 13:05:09 rest", "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s %d %d %d %d\n", end, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_year);
	printf("%d\n", strptime("31/13", "%d/%m", &tm) == NULL);
}

/* Zones by their names, before and behind the last change that their files know. */
static void zones(void)
{
	static const time_t times[] = { 0, 202003200, 323823599, 323823600, 951782400, 1000000000, 1711846799, 1711846800, 1729990800, 2140000000 };
	static const char *const named[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC" };
	char out[64];
	struct tm tm;
	for (int z = 0; z < 5; z++) {
		setenv("TZ", named[z], 1);
		tzset();
		for (size_t n = 0; n < sizeof times / sizeof *times; n++) {
			localtime_r(&times[n], &tm);
			strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S %Z", &tm);
			printf("%s %s %d\n", named[z], out, tm.tm_isdst);
		}
		struct tm noon = { .tm_year = 80, .tm_mon = 6, .tm_mday = 1, .tm_hour = 12, .tm_isdst = -1 };
		printf("%ld\n", (long)mktime(&noon));
	}
}

static void streams(void)
{
	char name[] = "/tmp/streamXXXXXX", line[32], *text = NULL;
	size_t room = 0;
	int fd = mkstemp(name);
	close(fd);
	FILE *file = fopen(name, "w+");
	for (int n = 0; n < 2000; n++)
		fprintf(file, "line %d\n", n);
	printf("%ld ", ftell(file));
	fseek(file, 7 * 5, SEEK_SET);
	printf("%s", fgets(line, sizeof line, file));
	ungetc('Z', file);
	printf("%c ", fgetc(file));
	printf("%ld\n", ftell(file));
	fseek(file, -10, SEEK_END);
	while (getline(&text, &room, file) > 0)
		printf("[%s]", text);
	printf("%d %d\n", feof(file) != 0, ferror(file));
	rewind(file);
	fputs("LINE", file);
	fseek(file, 0, SEEK_CUR);
	printf("%s", fgets(line, sizeof line, file));
	fclose(file);
	file = fopen(name, "a");
	fputs("more", file);
	fclose(file);
	file = fopen(name, "r");
	fseek(file, -4, SEEK_END);
	size_t got = fread(line, 1, 10, file);
	printf("%zu %.4s %d\n", got, line, fputc('x', file));
	clearerr(file);
	fclose(file);
	FILE *none = fopen("/nothing/there", "r");
	printf("%d %d ", none == NULL, errno == ENOENT);
	none = fopen(name, "q");
	printf("%d %d\n", none == NULL, errno == EINVAL);
	char buffer[16] = "";
	file = fmemopen(buffer, sizeof buffer, "w");
	fprintf(file, "mem %d", 9);
	fclose(file);
	printf("%s\n", buffer);
	file = fmemopen("a b\nc", 5, "r");
	printf("%s", fgets(line, sizeof line, file));
	printf("%s ", fgets(line, sizeof line, file));
	printf("%d\n", fgetc(file));
	fclose(file);
	file = tmpfile();
	setvbuf(file, NULL, _IONBF, 0);
	fwrite("12345678", 4, 2, file);
	rewind(file);
	int a, b;
	int count = fscanf(file, "%4d%4d", &a, &b);
	printf("%d %d %d\n", count, a, b);
	fclose(file);
	unlink(name);
	free(text);
	fprintf(stdout, "%s", "");
	freopen("/dev/null", "w", stderr);
	fputs("nobody sees this\n", stderr);
}

static void folders(void)
{
	char path[] = "/tmp/folderXXXXXX", name[64];
	static const char *const files[] = { "b.c", "a.c", "x.h", ".hidden", "sub" };
	struct dirent **list;
	glob_t found;
	if (!mkdtemp(path))
		return;
	for (int n = 0; n < 5; n++) {
		snprintf(name, sizeof name, "%s/%s", path, files[n]);
		if (n == 4)
			mkdir(name, 0755);
		else
			close(creat(name, 0644));
	}
	int count = scandir(path, &list, NULL, alphasort);
	for (int n = 0; n < count; n++)
		printf("%s ", list[n]->d_name);
	printf("%d\n", count);
	snprintf(name, sizeof name, "%s/*", path);
	glob(name, GLOB_MARK, NULL, &found);
	for (size_t n = 0; n < found.gl_pathc; n++)
		printf("%s ", found.gl_pathv[n] + strlen(path));
	globfree(&found);
	snprintf(name, sizeof name, "%s/[ax].?", path);
	count = glob(name, 0, NULL, &found);
	printf("%d %zu ", count, found.gl_pathc);
	globfree(&found);
	snprintf(name, sizeof name, "%s/*.none", path);
	printf("%d\n", glob(name, 0, NULL, &found) == GLOB_NOMATCH);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t sem;
static int shared, destroyed, cleaned, serial, begun;

static void destroy(void *value)
{
	destroyed += *(int *)value;
}

static void begin(void)
{
	begun++;
}

static void clean(void *value)
{
	cleaned += *(int *)value;
}

static void *work(void *argument)
{
	static int one = 1;
	pthread_once(&once, begin);
	pthread_setspecific(key, &one);
	for (int n = 0; n < 50; n++) {
		pthread_rwlock_wrlock(&rwlock);
		shared++;
		pthread_rwlock_unlock(&rwlock);
	}
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		__sync_fetch_and_add(&serial, 1);
	return argument;
}

static void *wait_for_ever(void *argument)
{
	static int five = 5;
	pthread_cleanup_push(clean, &five);
	pthread_mutex_lock(&mutex);
	sem_post(&sem);
	for (;;)
		pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(0);
	return argument;
}

static void *read_for_ever(void *argument)
{
	char one;
	sem_post(&sem);
	while (read(*(int *)argument, &one, 1) >= 0)
		;
	return NULL;
}

static void threads(void)
{
	pthread_t ids[6];
	void *value;
	pthread_mutexattr_t attr;
	pthread_mutex_t kind;
	int ends[2], count, total = 0;
	pthread_key_create(&key, destroy);
	pthread_barrier_init(&barrier, NULL, 6);
	sem_init(&sem, 0, 0);
	for (long n = 0; n < 6; n++)
		pthread_create(&ids[n], NULL, work, (void *)n);
	for (int n = 0; n < 6; n++) {
		pthread_join(ids[n], &value);
		total += (int)(long)value;
	}
	printf("%d %d %d %d %d\n", shared, total, destroyed, serial, begun);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&kind, &attr);
	printf("%d ", pthread_mutex_unlock(&kind) == EPERM);
	printf("%d ", pthread_mutex_lock(&kind));
	printf("%d ", pthread_mutex_lock(&kind) == EDEADLK);
	printf("%d ", pthread_mutex_unlock(&kind));
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&kind, &attr);
	printf("%d ", pthread_mutex_lock(&kind));
	printf("%d ", pthread_mutex_trylock(&kind));
	printf("%d ", pthread_mutex_unlock(&kind));
	printf("%d ", pthread_mutex_unlock(&kind));
	printf("%d\n", pthread_mutex_unlock(&kind) == EPERM);
	pthread_create(&ids[0], NULL, wait_for_ever, NULL);
	sem_wait(&sem);
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	pthread_cancel(ids[0]);
	pthread_join(ids[0], &value);
	printf("%d %d %d\n", value == PTHREAD_CANCELED, cleaned, pthread_mutex_trylock(&mutex) == EBUSY);
	if (pipe(ends) == 0)
		pthread_create(&ids[0], NULL, read_for_ever, &ends[0]);
	sem_wait(&sem);
	usleep(1000);
	pthread_cancel(ids[0]);
	pthread_join(ids[0], &value);
	printf("%d\n", value == PTHREAD_CANCELED);
	struct timespec past = { 1, 0 };
	count = sem_trywait(&sem);
	printf("%d %d ", count, errno == EAGAIN);
	count = sem_timedwait(&sem, &past);
	printf("%d %d ", count, errno == ETIMEDOUT);
	sem_post(&sem);
	sem_getvalue(&sem, &count);
	printf("%d %d ", count, pthread_rwlock_rdlock(&rwlock));
	printf("%d\n", pthread_rwlock_trywrlock(&rwlock) == EBUSY);
	pthread_mutex_init(&kind, NULL);
	pthread_mutex_lock(&kind);
	printf("%d\n", pthread_cond_timedwait(&condition, &kind, &past) == ETIMEDOUT);
}

static sigjmp_buf back;
static volatile int came, handled;

static void jump(int number)
{
	came = number == SIGUSR1;
	siglongjmp(back, 3);
}

static void handle(int number)
{
	(void)number;
	handled++;
}

static void in_prepare(void) { write(1, "prepare ", 8); }
static void in_parent(void) { handled += 100; }
static void in_child(void) { write(1, "child ", 6); }

static void jumps(void)
{
	jmp_buf plain;
	sigset_t one, mask;
	int status;
	volatile int count = 0;
	int got = setjmp(plain);
	if (count++ < 3)
		longjmp(plain, count == 3 ? 0 : count);
	printf("%d %d\n", got, count);
	signal(SIGUSR1, jump);
	if ((got = sigsetjmp(back, 1)) == 0)
		raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("%d %d %d\n", got, came, sigismember(&mask, SIGUSR1));
	signal(SIGUSR2, handle);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR2);
	sigprocmask(SIG_BLOCK, &one, NULL);
	raise(SIGUSR2);
	sigpending(&mask);
	printf("%d %d ", handled, sigismember(&mask, SIGUSR2));
	sigemptyset(&mask);
	sigsuspend(&mask);
	printf("%d\n", handled);
	raise(SIGUSR2);
	sigwait(&one, &got);
	printf("%d %d\n", got == SIGUSR2, handled);
	fflush(stdout);
	pthread_atfork(in_prepare, in_parent, in_child);
	pid_t pid = fork();
	if (pid == 0)
		_exit(7);
	waitpid(pid, &status, 0);
	printf("%d %d\n", WEXITSTATUS(status), handled);
}

static void functions(void)
{
	static const double at[] = { 0.5, 1, 2, 0.1, 3.7, 10, 100.25, 1e-8 };
	double whole;
	int power;
	for (size_t n = 0; n < sizeof at / sizeof *at; n++) {
		double x = at[n];
		printf("%.12g %.12g %.12g %.12g %.12g %.12g %.12g %.12g\n", sin(x), cos(x), tan(x), exp(x / 10), log(x), log10(x), sqrt(x), cbrt(x));
		printf("%.12g %.12g %.12g %.12g %.12g %.12g %.12g\n", sinh(x / 10), cosh(x / 10), tanh(x), asinh(x), atan2(x, 2), pow(x, 1.5), pow(x, -2));
		printf("%.12g %.12g %.12g %.12g %.12g %.12g %.12g\n", expm1(x / 10), log1p(x), log2(x), exp2(x / 10), erf(x), lgamma(x + 2.5), tgamma(x / 20 + 1));
		printf("%g %g %g %g %g %ld %g %g\n", floor(-x), ceil(x), round(x), rint(x), trunc(x), lround(x), fmod(x, 0.3) < 0.3 ? 1.0 : 0.0, hypot(x, 3 * x) > x ? 1.0 : 0.0);
		double part = frexp(x, &power), rest = modf(x, &whole);
		printf("%g %d %g %g %.17g\n", part, power, rest, whole, nextafter(x, 1000));
	}
	printf("%g %g %g %g %d %d\n", pow(2, 10), pow(10, 15), pow(-2, 3), asin(1) * 2 - M_PI, isnan(sqrt(-1)), isnan(log(-1)));
	printf("%g %g %g %g %g\n", fmod(7, 3), fmod(-7, 3), remainder(7, 4), copysign(3, -0.0), ldexp(0.75, 4));
}

static void addresses(void)
{
	static const char *const texts[] = { "1.2.3.4", "::1", "fe80::1:2", "::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1.2.3", "1::2::3", "256.1.1.1", "12345::", "1:2:3:4:5:6:7::" };
	for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
		unsigned char raw[16];
		char out[64] = "none";
		int family = strchr(texts[n], ':') ? AF_INET6 : AF_INET, good = inet_pton(family, texts[n], raw);
		if (good == 1)
			inet_ntop(family, raw, out, sizeof out);
		printf("%s %d %s\n", texts[n], good, out);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} deeds[] = {
		{ "printing", printing }, { "scanning", scanning }, { "numbers", numbers }, { "text", text }, { "patterns", patterns }, { "tables", tables },
		{ "dates", dates }, { "zones", zones }, { "streams", streams }, { "folders", folders }, { "threads", threads }, { "jumps", jumps }, { "functions", functions },
		{ "addresses", addresses },
	};
	for (size_t n = 0; argc > 1 && n < sizeof deeds / sizeof *deeds; n++)
		if (strcmp(deeds[n].name, argv[1]) == 0) {
			deeds[n].run();
			return 0;
		}
	return 2;
}
