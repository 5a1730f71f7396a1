/* Strings and memory (string(3C)). */

#include "solaris.h"

size_t strlen(const char *s)
{
	const char *at = s;
	while (*at)
		at++;
	return (size_t)(at - s);
}

size_t strnlen(const char *s, size_t most)
{
	size_t n = 0;
	while (n < most && s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || *a == '\0')
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (lower((unsigned char)*a) != lower((unsigned char)*b) || *a == '\0')
			return lower((unsigned char)*a) - lower((unsigned char)*b);
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, SIZE_MAX);
}

char *strcpy(char *to, const char *from)
{
	char *at = to;
	while ((*at++ = *from++))
		;
	return to;
}

char *strncpy(char *to, const char *from, size_t n)
{
	size_t k = 0;
	for (; k < n && from[k]; k++)
		to[k] = from[k];
	for (; k < n; k++)
		to[k] = '\0';
	return to;
}

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

char *strncat(char *to, const char *from, size_t n)
{
	char *at = to + strlen(to);
	while (n-- && *from)
		*at++ = *from++;
	*at = '\0';
	return to;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t n = strlen(from);
	if (size) {
		size_t kept = n < size ? n : size - 1;
		memcpy(to, from, kept);
		to[kept] = '\0';
	}
	return n;
}

size_t strlcat(char *to, const char *from, size_t size)
{
	size_t n = strnlen(to, size);
	return n + (n < size ? strlcpy(to + n, from, size - n) : strlen(from));
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (*s == '\0')
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;
	do
		if (*s == (char)c)
			last = s;
	while (*s++);
	return (char *)last;
}

char *strstr(const char *s, const char *part)
{
	size_t n = strlen(part);
	for (;; s++) {
		if (strncmp(s, part, n) == 0)
			return (char *)s;
		if (*s == '\0')
			return NULL;
	}
}

size_t strspn(const char *s, const char *set)
{
	size_t n = 0;
	while (s[n] && strchr(set, s[n]))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *set)
{
	size_t n = 0;
	while (s[n] && !strchr(set, s[n]))
		n++;
	return n;
}

char *strpbrk(const char *s, const char *set)
{
	s += strcspn(s, set);
	return *s ? (char *)s : NULL;
}

char *strtok_r(char *s, const char *set, char **next)
{
	s = s ? s : *next;
	s += strspn(s, set);
	if (*s == '\0')
		return NULL;
	*next = s + strcspn(s, set);
	if (**next)
		*(*next)++ = '\0';
	return s;
}

char *strtok(char *s, const char *set)
{
	static char *next;
	return strtok_r(s, set, &next);
}

char *strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *made = malloc(n);
	return made ? memcpy(made, s, n) : NULL;
}

void *memset(void *at, int value, size_t n)
{
	void *result = at;
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(value) : "memory");
	return result;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *result = to;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return result;
}

void *memmove(void *to, const void *from, size_t n)
{
	if ((uintptr_t)to - (uintptr_t)from >= n)
		return memcpy(to, from, n);
	char *out = (char *)to + n;
	const char *in = (const char *)from + n;
	while (n--)
		*--out = *--in;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *at, int c, size_t n)
{
	const unsigned char *p = at;
	for (; n; n--, p++)
		if (*p == (unsigned char)c)
			return (void *)p;
	return NULL;
}

void bzero(void *at, size_t n)
{
	memset(at, 0, n);
}

void bcopy(const void *from, void *to, size_t n)
{
	memmove(to, from, n);
}

char *stpcpy(char *to, const char *from)
{
	size_t n = strlen(from);
	memcpy(to, from, n + 1);
	return to + n;
}

char *stpncpy(char *to, const char *from, size_t n)
{
	size_t kept = strnlen(from, n);
	memcpy(to, from, kept);
	memset(to + kept, 0, n - kept);
	return to + kept;
}

char *strndup(const char *s, size_t most)
{
	size_t n = strnlen(s, most);
	char *made = malloc(n + 1);
	if (made) {
		memcpy(made, s, n);
		made[n] = '\0';
	}
	return made;
}

char *strnstr(const char *s, const char *part, size_t most)
{
	size_t n = strlen(part);
	for (; most >= n; s++, most--) {
		if (strncmp(s, part, n) == 0)
			return (char *)(uintptr_t)s;
		if (*s == '\0')
			break;
	}
	return NULL;
}

char *strcasestr(const char *s, const char *part)
{
	size_t n = strlen(part);
	for (;; s++) {
		if (strncasecmp(s, part, n) == 0)
			return (char *)(uintptr_t)s;
		if (*s == '\0')
			return NULL;
	}
}

char *strsep(char **at, const char *set)
{
	char *s = *at;
	if (s == NULL)
		return NULL;
	*at = s + strcspn(s, set);
	if (**at)
		*(*at)++ = '\0';
	else
		*at = NULL;
	return s;
}

char *strchrnul(const char *s, int c)
{
	while (*s && *s != (char)c)
		s++;
	return (char *)(uintptr_t)s;
}

char *strrstr(const char *s, const char *part)
{
	char *last = NULL;
	for (char *at = strstr(s, part); at; at = *at ? strstr(at + 1, part) : NULL)
		last = at;
	return last;
}

void *memccpy(void *to, const void *from, int c, size_t n)
{
	const void *found = memchr(from, c, n);
	size_t kept = found ? (size_t)((const char *)found - (const char *)from) + 1 : n;
	memcpy(to, from, kept);
	return found ? (char *)to + kept : NULL;
}

void *memmem(const void *in, size_t size, const void *part, size_t length)
{
	const char *at = in;
	for (; size >= length; at++, size--)
		if (memcmp(at, part, length) == 0)
			return (void *)(uintptr_t)at;
	return NULL;
}

void *memrchr(const void *at, int c, size_t n)
{
	const unsigned char *bytes = at;
	while (n-- > 0)
		if (bytes[n] == (unsigned char)c)
			return (void *)(uintptr_t)(bytes + n);
	return NULL;
}

void explicit_bzero(void *at, size_t n)
{
	memset(at, 0, n);
	__asm__ volatile("" : : "r"(at) : "memory");
}

int bcmp(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n);
}

char *index(const char *s, int c)
{
	return strchr(s, c);
}

char *rindex(const char *s, int c)
{
	return strrchr(s, c);
}

int ffs(int value)
{
	return value ? __builtin_ctz((unsigned)value) + 1 : 0;
}

void swab(const void *from, void *to, ssize_t n)
{
	const char *in = from;
	char *out = to;
	for (ssize_t k = 0; k + 1 < n; k += 2) {
		char first = in[k];
		out[k] = in[k + 1];
		out[k + 1] = first;
	}
}

int strerror_r(int number, char *to, size_t size)
{
	return strlcpy(to, strerror(number), size) < size ? 0 : ERANGE;
}
