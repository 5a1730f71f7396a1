/* The part of the small libc that is C: strings, and printf as far as the test programs go. */

#include "libc.h"

#include <stdarg.h>

int errno;
char **environ;

void exit(int status)
{
	_exit(status);
	for (;;)
		;
}

size_t strlen(const char *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

void *memset(void *s, int c, size_t n)
{
	char *p = s;
	while (n--)
		*p++ = (char)c;
	return s;
}

void *memcpy(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;
	while (n--)
		*t++ = *f++;
	return to;
}

int atoi(const char *s)
{
	int sign = 1, n = 0;
	if (*s == '-')
		sign = -1, s++;
	while (*s >= '0' && *s <= '9')
		n = n * 10 + (*s++ - '0');
	return sign * n;
}

struct out {
	char *at, *end;
	int count;
};

static void put(struct out *out, char c)
{
	if (out->at < out->end)
		*out->at++ = c;
	out->count++;
}

static void put_padded(struct out *out, const char *text, size_t length, int width, int left)
{
	int pad = width > (int)length ? width - (int)length : 0;
	for (int i = 0; !left && i < pad; i++)
		put(out, ' ');
	for (size_t i = 0; i < length; i++)
		put(out, text[i]);
	for (int i = 0; left && i < pad; i++)
		put(out, ' ');
}

static char *digits(char *end, unsigned long value, unsigned base)
{
	do
		*--end = "0123456789abcdef"[value % base];
	while (value /= base);
	return end;
}

/* %d %u %x %s %c %%, with -, a width and l */
static int format(struct out *out, const char *f, va_list args)
{
	for (; *f; f++) {
		if (*f != '%') {
			put(out, *f);
			continue;
		}
		int left = 0, width = 0, wide = 0;
		char scratch[24], *end = scratch + sizeof scratch, *start;
		if (*++f == '-')
			left = 1, f++;
		for (; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + (*f - '0');
		for (; *f == 'l'; f++)
			wide = 1;
		if (*f == 'd') {
			long value = wide ? va_arg(args, long) : va_arg(args, int);
			start = digits(end, value < 0 ? -(unsigned long)value : (unsigned long)value, 10);
			if (value < 0)
				*--start = '-';
			put_padded(out, start, end - start, width, left);
		} else if (*f == 'u' || *f == 'x') {
			unsigned long value = wide ? va_arg(args, unsigned long) : va_arg(args, unsigned);
			start = digits(end, value, *f == 'u' ? 10 : 16);
			put_padded(out, start, end - start, width, left);
		} else if (*f == 's') {
			const char *text = va_arg(args, const char *);
			put_padded(out, text, strlen(text), width, left);
		} else if (*f == 'c') {
			char c = (char)va_arg(args, int);
			put_padded(out, &c, 1, width, left);
		} else {
			put(out, *f);
		}
	}
	return out->count;
}

int snprintf(char *buffer, size_t size, const char *f, ...)
{
	struct out out = {buffer, buffer + (size ? size - 1 : 0), 0};
	va_list args;
	va_start(args, f);
	int count = format(&out, f, args);
	va_end(args);
	if (size)
		*out.at = '\0';
	return count;
}

int printf(const char *f, ...)
{
	char buffer[1024];
	struct out out = {buffer, buffer + sizeof buffer, 0};
	va_list args;
	va_start(args, f);
	int count = format(&out, f, args);
	va_end(args);
	return write(1, buffer, out.at - buffer) < 0 ? -1 : count;
}
