/* libuutil: names and numbers from text, and errors as messages, as the commands of the system use it (libuutil.h). */

#include "solaris.h"

enum { UU_ERROR_NONE, UU_ERROR_INVALID_ARGUMENT = 1, UU_ERROR_NO_MEMORY = 4, UU_ERROR_OVERFLOW = 6, UU_ERROR_UNDERFLOW, UU_ERROR_EMPTY = 9 };

static const char *name = "";
static unsigned error;
int uu_exit_fatal_value = 1, uu_exit_usage_value = 2;

const char *uu_setpname(const char *path)
{
	const char *slash = strrchr(path, '/');
	return name = slash ? slash + 1 : path;
}

const char *uu_getpname(void)
{
	return name;
}

unsigned uu_error(void)
{
	return error;
}

int *uu_exit_fatal(void)
{
	return &uu_exit_fatal_value;
}

int *uu_exit_usage(void)
{
	return &uu_exit_usage_value;
}

static void say(const char *format, va_list list)
{
	int number = errno;
	fflush(stdout);
	fprintf(stderr, "%s: ", name);
	vfprintf(stderr, format, list);
	size_t n = strlen(format);
	if (n == 0 || format[n - 1] != '\n')
		fprintf(stderr, ": %s\n", strerror(number));
}

void uu_warn(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(format, list);
	va_end(list);
}

void uu_die(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(format, list);
	va_end(list);
	exit(uu_exit_fatal_value);
}

/* A whole number in a range; -1 and uu_error, if the text is none or it lies outside. */
int uu_strtoint(const char *text, void *value, size_t size, int base, int64_t low, int64_t high)
{
	char *end;
	long found;
	if (*text == '\0') {
		error = UU_ERROR_EMPTY;
		return -1;
	}
	found = strtol(text, &end, base);
	if (*end || end == text) {
		error = UU_ERROR_INVALID_ARGUMENT;
		return -1;
	}
	if ((low || high) && (found < low || found > high)) {
		error = found < low ? UU_ERROR_UNDERFLOW : UU_ERROR_OVERFLOW;
		return -1;
	}
	error = UU_ERROR_NONE;
	memcpy(value, &found, size);
	return 0;
}

void *uu_zalloc(size_t size)
{
	void *made = calloc(1, size);
	error = made ? UU_ERROR_NONE : UU_ERROR_NO_MEMORY;
	return made;
}

void uu_free(void *memory)
{
	free(memory);
}

char *uu_strdup(const char *text)
{
	return strdup(text);
}
