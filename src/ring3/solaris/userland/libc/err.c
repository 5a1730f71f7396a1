/* Messages of errors (err(3C)), of signals (psignal(3C)), of failed assertions, and to the system's log (syslog(3C)). */

#include "solaris.h"

extern const char *getprogname(void);
static const char *name_set;

const char *getprogname(void)
{
	extern const char *_rtld_program_name(void);
	if (name_set)
		return name_set;
	const char *path = _rtld_program_name(), *slash = path ? strrchr(path, '/') : NULL;
	return slash ? slash + 1 : path ? path : "";
}

void setprogname(const char *path)
{
	const char *slash = strrchr(path, '/');
	name_set = slash ? slash + 1 : path;
}

static void say(int error, const char *format, va_list list)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", getprogname());
	if (format)
		vfprintf(stderr, format, list);
	if (error)
		fprintf(stderr, "%s%s", format ? ": " : "", strerror(error));
	fprintf(stderr, "\n");
}

void vwarn(const char *format, va_list list)
{
	say(errno, format, list);
}

void vwarnx(const char *format, va_list list)
{
	say(0, format, list);
}

void verr(int status, const char *format, va_list list)
{
	say(errno, format, list);
	exit(status);
}

void verrx(int status, const char *format, va_list list)
{
	say(0, format, list);
	exit(status);
}

#define MESSAGE(name, parameters, call) \
	void name parameters \
	{ \
		va_list list; \
		va_start(list, format); \
		call; \
		va_end(list); \
	}

MESSAGE(warn, (const char *format, ...), vwarn(format, list))
MESSAGE(warnx, (const char *format, ...), vwarnx(format, list))
MESSAGE(err, (int status, const char *format, ...), verr(status, format, list))
MESSAGE(errx, (int status, const char *format, ...), verrx(status, format, list))

void psignal(int signal, const char *text)
{
	const char *meaning = strsignal(signal);
	fprintf(stderr, "%s%s%s\n", text && *text ? text : "", text && *text ? ": " : "", meaning ? meaning : "Unknown Signal");
}

void psiginfo(const siginfo_t *info, const char *text)
{
	psignal(info->si_signo, text);
}

void __assert_c99(const char *what, const char *file, int line, const char *function)
{
	fprintf(stderr, "Assertion failed: %s, file %s, line %d, function %s\n", what, file, line, function);
	abort();
}

void __assert(const char *what, const char *file, int line)
{
	fprintf(stderr, "Assertion failed: %s, file %s, line %d\n", what, file, line);
	abort();
}

void _assert(const char *what, const char *file, int line)
{
	__assert(what, file, line);
}

/* The log has nobody who reads it: messages go to standard error where the program asks for that, and to nowhere else. */
static int log_options, log_mask = 0xff;
static const char *log_name;

void openlog(const char *name, int options, int facility)
{
	(void)facility;
	log_name = name;
	log_options = options;
}

void closelog(void)
{
	log_name = NULL;
}

int setlogmask(int mask)
{
	int old = log_mask;
	log_mask = mask ? mask : old;
	return old;
}

void vsyslog(int priority, const char *format, va_list list)
{
	char text[1024], *error = strerror(errno);
	size_t n = 0;
	if (!(log_mask >> (priority & 7) & 1) || !(log_options & 0x20))
		return;
	for (; *format && n < sizeof text - 1; format++) {
		if (format[0] == '%' && format[1] == 'm') {
			n += strlcpy(text + n, error, sizeof text - n);
			n = n < sizeof text ? n : sizeof text - 1;
			format++;
		} else {
			text[n++] = *format;
		}
	}
	text[n] = '\0';
	fprintf(stderr, "%s: ", log_name ? log_name : getprogname());
	vfprintf(stderr, text, list);
	fprintf(stderr, "\n");
}

void syslog(int priority, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsyslog(priority, format, list);
	va_end(list);
}
