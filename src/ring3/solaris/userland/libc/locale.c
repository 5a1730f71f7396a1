/* Locales (setlocale(3C)): C, which is POSIX too, and C.UTF-8, which has other characters and nothing else. */

#include "locale.h"

#define LC_ALL 6
#define CATEGORIES 6

static int utf8[CATEGORIES + 1];

static const char *name_of(int category)
{
	return utf8[category] ? "C.UTF-8" : "C";
}

/* 1 for UTF-8, 0 for C, -1 for what is not there. */
static int known(const char *name)
{
	if (strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0)
		return 0;
	return strcmp(name, "C.UTF-8") == 0 ? 1 : -1;
}

static const char *of_environment(int category)
{
	static const char *const names[] = { "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES" };
	const char *found = getenv("LC_ALL");
	if (found == NULL || *found == '\0')
		found = getenv(names[category]);
	if (found == NULL || *found == '\0')
		found = getenv("LANG");
	return found && *found ? found : "C";
}

char *setlocale(int category, const char *name)
{
	int wanted[CATEGORIES];
	if (category < 0 || category > LC_ALL)
		return NULL;
	int first = category == LC_ALL ? 0 : category, last = category == LC_ALL ? CATEGORIES - 1 : category;
	for (int n = first; name && n <= last; n++)
		if ((wanted[n] = known(*name ? name : of_environment(n))) < 0)
			return NULL;
	for (int n = first; name && n <= last; n++)
		utf8[n] = wanted[n];
	return (char *)(uintptr_t)name_of(first);
}

__attribute__((visibility("hidden"))) int characters_are_utf8(void)
{
	return utf8[0];
}

struct lconv {
	const char *texts[10];
	char numbers[14];
};

struct lconv *localeconv(void)
{
	static struct lconv of_c = {
		{ ".", "", "", "", "", "", "", "", "", "" },
		{ 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127 },
	};
	return &of_c;
}

/* nl_langinfo(3C): <langinfo.h> counts days, months, formats. */
char *nl_langinfo(int item)
{
	static const char *const texts[] = {
		"", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		".", "", "yes", "no", "%a %b %e %T %Y", "%m/%d/%y", "%H:%M:%S", "AM", "PM", "", "646", "%I:%M:%S %p",
		"", "", "", "", "", "^[yY]", "^[nN]", "%a %b %e %H:%M:%S %Z %Y",
	};
	if (item == 49 && characters_are_utf8())
		return "UTF-8";
	return (char *)(uintptr_t)(item > 0 && item < (int)(sizeof texts / sizeof *texts) ? texts[item] : "");
}

int strcoll(const char *a, const char *b)
{
	return strcmp(a, b);
}

size_t strxfrm(char *to, const char *from, size_t size)
{
	return strlcpy(to, from, size);
}

/* A locale as an object (newlocale(3C)): which one it is. */
static int objects[2] = { 0, 1 };

void *newlocale(int mask, const char *name, void *base)
{
	int wanted = known(*name ? name : of_environment(0));
	(void)mask;
	(void)base;
	if (wanted < 0) {
		errno = ENOENT;
		return NULL;
	}
	return &objects[wanted];
}

void *duplocale(void *locale)
{
	return locale;
}

void freelocale(void *locale)
{
	(void)locale;
}

void *uselocale(void *locale)
{
	void *old = &objects[utf8[0]];
	if (locale)
		utf8[0] = *(int *)locale;
	return old;
}

/* Messages (gettext(3C)): there are no catalogues. */
char *gettext(const char *text)
{
	return (char *)(uintptr_t)text;
}

char *dgettext(const char *domain, const char *text)
{
	(void)domain;
	return (char *)(uintptr_t)text;
}

char *dcgettext(const char *domain, const char *text, int category)
{
	(void)domain;
	(void)category;
	return (char *)(uintptr_t)text;
}

char *ngettext(const char *one, const char *many, unsigned long count)
{
	return (char *)(uintptr_t)(count == 1 ? one : many);
}

char *textdomain(const char *domain)
{
	static char current[256] = "messages";
	if (domain)
		strlcpy(current, *domain ? domain : "messages", sizeof current);
	return current;
}

char *bindtextdomain(const char *domain, const char *folder)
{
	return (char *)(uintptr_t)(domain && *domain ? folder ? folder : "/usr/lib/locale" : NULL);
}

char *bind_textdomain_codeset(const char *domain, const char *codeset)
{
	(void)domain;
	return (char *)(uintptr_t)codeset;
}
