/* The end of a program, its environment, numbers, sorting (stdlib.h). */

#include "thread.h"

char **_environ;
extern char **environ __attribute__((weak, alias("_environ")));
static void (*exits[64])(void);
static int exit_count;
static struct lock exit_lock;

int *___errno(void)
{
	return &curthread()->ul_errno;
}

int atexit(void (*function)(void))
{
	int done = -1;
	take(&exit_lock);
	if (function == NULL) {
		done = 0;			/* what a _start registers that was started without a linker */
	} else if (exit_count < 64) {
		exits[exit_count++] = function;
		done = 0;
	}
	give(&exit_lock);
	return done;
}

void exit(int status)
{
	extern void flush_at_exit(void);
	while (exit_count > 0)
		exits[--exit_count]();
	flush_at_exit();
	for (;;)
		_exit(status);
}

char *getenv(const char *name)
{
	size_t n = strlen(name);
	for (char **at = _environ; at && *at; at++)
		if (strncmp(*at, name, n) == 0 && (*at)[n] == '=')
			return *at + n + 1;
	return NULL;
}

int putenv(char *text)
{
	static char **own;
	char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) + 1 : strlen(text), count = 0;
	for (; _environ && _environ[count]; count++)
		if (strncmp(_environ[count], text, n) == 0) {
			_environ[count] = text;
			return 0;
		}
	char **made = malloc((count + 2) * sizeof *made);
	if (made == NULL)
		return -1;
	memcpy(made, _environ, count * sizeof *made);
	made[count] = text;
	made[count + 1] = NULL;
	if (own == _environ)
		free(own);
	_environ = own = made;
	return 0;
}

int setenv(const char *name, const char *value, int replace)
{
	if (!replace && getenv(name))
		return 0;
	size_t n = strlen(name), m = strlen(value);
	char *text = malloc(n + m + 2);
	if (text == NULL)
		return -1;
	memcpy(text, name, n);
	text[n] = '=';
	memcpy(text + n + 1, value, m + 1);
	return putenv(text);
}

int unsetenv(const char *name)
{
	size_t n = strlen(name);
	char **to = _environ;
	for (char **at = _environ; at && *at; at++)
		if (strncmp(*at, name, n) != 0 || (*at)[n] != '=')
			*to++ = *at;
	if (to)
		*to = NULL;
	return 0;
}

static int digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

static unsigned long long number(const char *s, char **end, int base, int *negative, int *over)
{
	const char *at = s;
	unsigned long long value = 0;
	int any = 0;
	if (base < 0 || base == 1 || base > 36) {
		errno = EINVAL;
		if (end)
			*end = (char *)s;
		return *negative = 0;
	}
	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	*negative = *at == '-';
	at += *at == '-' || *at == '+';
	if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 32) == 'x' && digit(at[2]) < 16)
		at += 2, base = 16;
	else if (base == 0)
		base = *at == '0' ? 8 : 10;
	for (; digit(*at) < base; at++, any = 1) {
		*over |= (int)__builtin_mul_overflow(value, (unsigned long long)base, &value);
		*over |= (int)__builtin_add_overflow(value, (unsigned long long)digit(*at), &value);
	}
	if (end)
		*end = (char *)(any ? at : s);
	return value;
}

/* Within -limit and limit - 1. */
static long long signed_number(const char *s, char **end, int base, unsigned long long limit)
{
	int negative, over = 0;
	unsigned long long value = number(s, end, base, &negative, &over);
	if (over || value > limit - !negative) {
		errno = ERANGE;
		return negative ? (long long)(0 - limit) : (long long)(limit - 1);
	}
	return negative ? (long long)(0 - value) : (long long)value;
}

static unsigned long long unsigned_number(const char *s, char **end, int base, unsigned long long most)
{
	int negative, over = 0;
	unsigned long long value = number(s, end, base, &negative, &over);
	if (over || value > most) {
		errno = ERANGE;
		return most;
	}
	return negative ? 0 - value : value;
}

long strtol(const char *s, char **end, int base)
{
	return (long)signed_number(s, end, base, 1ull << (8 * sizeof(long) - 1));
}

unsigned long strtoul(const char *s, char **end, int base)
{
	return (unsigned long)unsigned_number(s, end, base, ~0ul);
}

long long strtoll(const char *s, char **end, int base)
{
	return signed_number(s, end, base, 1ull << 63);
}

unsigned long long strtoull(const char *s, char **end, int base)
{
	return unsigned_number(s, end, base, ~0ull);
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

long atol(const char *s)
{
	return strtol(s, NULL, 10);
}

long long atoll(const char *s)
{
	return strtoll(s, NULL, 10);
}

intmax_t strtoimax(const char *s, char **end, int base)
{
	return strtoll(s, end, base);
}

uintmax_t strtoumax(const char *s, char **end, int base)
{
	return strtoull(s, end, base);
}

long labs(long value)
{
	return value < 0 ? -value : value;
}

long long llabs(long long value)
{
	return value < 0 ? -value : value;
}

int abs(int value)
{
	return value < 0 ? -value : value;
}

static void swap(char *a, char *b, size_t size)
{
	for (; size; size--, a++, b++) {
		char kept = *a;
		*a = *b;
		*b = kept;
	}
}

static void sift(char *base, size_t at, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (compare(base + at * size, base + child * size) >= 0)
			return;
		swap(base + at * size, base + child * size, size);
	}
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t n = count / 2; n-- > 0;)
		sift(base, n, count, size, compare);
	for (size_t n = count; n-- > 1;) {
		swap(base, (char *)base + n * size, size);
		sift(base, 0, n, size, compare);
	}
}

void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	while (count) {
		const char *middle = (const char *)base + count / 2 * size;
		int order = compare(key, middle);
		if (order == 0)
			return (void *)middle;
		if (order > 0) {
			base = middle + size;
			count -= count / 2 + 1;
		} else {
			count /= 2;
		}
	}
	return NULL;
}

typedef struct {
	int quot, rem;
} div_t;
typedef struct {
	long quot, rem;
} ldiv_t;
typedef struct {
	long long quot, rem;
} lldiv_t;

div_t div(int value, int by)
{
	return (div_t) { value / by, value % by };
}

ldiv_t ldiv(long value, long by)
{
	return (ldiv_t) { value / by, value % by };
}

lldiv_t lldiv(long long value, long long by)
{
	return (lldiv_t) { value / by, value % by };
}
