/* printf(3C) and its relatives: where the text goes that format.c makes. */

#include "stream.h"

int vfprintf(FILE *file, const char *format, va_list list)
{
	char line[1024], *text = line;
	va_list again;
	va_copy(again, list);
	int n = vsnprintf(line, sizeof line, format, list);
	if (n >= (int)sizeof line && (text = malloc((size_t)n + 1)) != NULL)
		vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	if (text == NULL)
		return -1;
	if (n > 0 && fwrite(text, 1, (size_t)n, file) != (size_t)n)
		n = -1;
	if (text != line)
		free(text);
	return n;
}

int vprintf(const char *format, va_list list)
{
	return vfprintf(stdout, format, list);
}

int vsprintf(char *to, const char *format, va_list list)
{
	return vsnprintf(to, SIZE_MAX >> 1, format, list);
}

int vasprintf(char **made, const char *format, va_list list)
{
	va_list again;
	va_copy(again, list);
	int n = vsnprintf(NULL, 0, format, list);
	*made = n < 0 ? NULL : malloc((size_t)n + 1);
	if (*made)
		vsnprintf(*made, (size_t)n + 1, format, again);
	else
		n = -1;
	va_end(again);
	return n;
}

int vdprintf(int fd, const char *format, va_list list)
{
	char *text;
	int n = vasprintf(&text, format, list);
	for (ssize_t at = 0, done; n > 0 && at < n; at += done)
		if ((done = write(fd, text + at, (size_t)(n - at))) < 0)
			n = -1;
	free(text);
	return n;
}

#define VARIADIC(name, parameters, last, call) \
	int name parameters \
	{ \
		va_list list; \
		va_start(list, last); \
		int n = call; \
		va_end(list); \
		return n; \
	}

VARIADIC(fprintf, (FILE *file, const char *format, ...), format, vfprintf(file, format, list))
VARIADIC(printf, (const char *format, ...), format, vfprintf(stdout, format, list))
VARIADIC(snprintf, (char *to, size_t size, const char *format, ...), format, vsnprintf(to, size, format, list))
VARIADIC(sprintf, (char *to, const char *format, ...), format, vsprintf(to, format, list))
VARIADIC(asprintf, (char **made, const char *format, ...), format, vasprintf(made, format, list))
VARIADIC(dprintf, (int fd, const char *format, ...), format, vdprintf(fd, format, list))
