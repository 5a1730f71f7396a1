/* Dates as text and text as dates (strftime(3C), strptime(3C)), with the C locale's names. */

#include "calendar.h"

struct text {
	char *at, *end;
	int full;
};

static void put(struct text *to, const char *text)
{
	for (; *text; text++)
		if (to->at < to->end)
			*to->at++ = *text;
		else
			to->full = 1;
}

static void put_number(struct text *to, long value, int digits, char filled)
{
	char text[24], format[8] = { '%', filled, (char)('0' + digits), 'l', 'd', '\0' };
	if (filled == ' ')
		snprintf(text, sizeof text, "%*ld", digits, value);
	else
		snprintf(text, sizeof text, format, value);
	put(to, text);
}

/* The week by ISO 8601: it begins on a Monday and belongs to the year that has its Thursday. */
static int iso_week(const struct tm *tm, long *year)
{
	int monday_based = (tm->tm_wday + 6) % 7, week = (tm->tm_yday - monday_based + 10) / 7;
	*year = 1900l + tm->tm_year;
	long last = *year - (week < 1);
	int leap = (last % 4 == 0 && last % 100 != 0) || last % 400 == 0;
	if (week < 1) {
		--*year;
		int day = tm->tm_yday + 365 + leap;
		return (day - monday_based + 10) / 7;
	}
	if (week == 53 && tm->tm_yday - monday_based + 3 >= 365 + leap) {
		++*year;
		return 1;
	}
	return week;
}

static void expand(struct text *to, const char *format, const struct tm *tm)
{
	long year = 1900l + tm->tm_year, week_year;
	int hour12 = tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
	for (; *format; format++) {
		char one[2] = { *format, '\0' };
		if (*format != '%') {
			put(to, one);
			continue;
		}
		format++;
		while (*format == 'E' || *format == 'O')
			format++;
		switch (*format) {
		case '\0': return;
		case '%': put(to, "%"); break;
		case 'a': put(to, nl_langinfo(ABDAY_1 + (tm->tm_wday % 7 + 7) % 7)); break;
		case 'A': put(to, nl_langinfo(DAY_1 + (tm->tm_wday % 7 + 7) % 7)); break;
		case 'b':
		case 'h': put(to, nl_langinfo(ABMON_1 + (tm->tm_mon % 12 + 12) % 12)); break;
		case 'B': put(to, nl_langinfo(MON_1 + (tm->tm_mon % 12 + 12) % 12)); break;
		case 'c': expand(to, "%a %b %e %H:%M:%S %Y", tm); break;
		case 'C': put_number(to, year / 100, 2, '0'); break;
		case 'd': put_number(to, tm->tm_mday, 2, '0'); break;
		case 'D':
		case 'x': expand(to, "%m/%d/%y", tm); break;
		case 'e': put_number(to, tm->tm_mday, 2, ' '); break;
		case 'F': expand(to, "%Y-%m-%d", tm); break;
		case 'g': iso_week(tm, &week_year); put_number(to, week_year % 100, 2, '0'); break;
		case 'G': iso_week(tm, &week_year); put_number(to, week_year, 4, '0'); break;
		case 'H': put_number(to, tm->tm_hour, 2, '0'); break;
		case 'I': put_number(to, hour12, 2, '0'); break;
		case 'j': put_number(to, tm->tm_yday + 1, 3, '0'); break;
		case 'k': put_number(to, tm->tm_hour, 2, ' '); break;
		case 'l': put_number(to, hour12, 2, ' '); break;
		case 'm': put_number(to, tm->tm_mon + 1, 2, '0'); break;
		case 'M': put_number(to, tm->tm_min, 2, '0'); break;
		case 'n': put(to, "\n"); break;
		case 'p': put(to, tm->tm_hour < 12 ? "AM" : "PM"); break;
		case 'r': expand(to, "%I:%M:%S %p", tm); break;
		case 'R': expand(to, "%H:%M", tm); break;
		case 's': {
			struct tm copy = *tm;
			put_number(to, mktime(&copy), 1, '0');
			break;
		}
		case 'S': put_number(to, tm->tm_sec, 2, '0'); break;
		case 't': put(to, "\t"); break;
		case 'T':
		case 'X': expand(to, "%H:%M:%S", tm); break;
		case 'u': put_number(to, tm->tm_wday ? tm->tm_wday : 7, 1, '0'); break;
		case 'U': put_number(to, (tm->tm_yday + 7 - tm->tm_wday) / 7, 2, '0'); break;
		case 'v': expand(to, "%e-%b-%Y", tm); break;
		case 'V': put_number(to, iso_week(tm, &week_year), 2, '0'); break;
		case 'w': put_number(to, tm->tm_wday, 1, '0'); break;
		case 'W': put_number(to, (tm->tm_yday + 7 - (tm->tm_wday + 6) % 7) / 7, 2, '0'); break;
		case 'y': put_number(to, year % 100, 2, '0'); break;
		case 'Y': put_number(to, year, 4, '0'); break;
		case 'z': {
			long east = -(tm->tm_isdst > 0 ? altzone : timezone), size = east < 0 ? -east : east;
			put(to, east < 0 ? "-" : "+");
			put_number(to, size / 3600 * 100 + size / 60 % 60, 4, '0');
			break;
		}
		case 'Z': put(to, tm->tm_isdst < 0 ? "" : tzname[tm->tm_isdst > 0]); break;
		default: put(to, "%"); one[0] = *format; put(to, one);
		}
	}
}

size_t strftime(char *to, size_t size, const char *format, const struct tm *tm)
{
	extern void tzset(void);
	struct text text = { to, to + (size ? size - 1 : 0), size == 0 };
	tzset();
	expand(&text, format, tm);
	if (size)
		*text.at = '\0';
	return text.full ? 0 : (size_t)(text.at - to);
}

size_t wcsftime(wchar_t *to, size_t size, const wchar_t *format, const struct tm *tm)
{
	char narrow[512], text[512];
	size_t n = 0;
	for (; format[n] && n < sizeof narrow - 1; n++)
		narrow[n] = (char)format[n];
	narrow[n] = '\0';
	n = strftime(text, sizeof text, narrow, tm);
	if (n >= size)
		return 0;
	for (size_t k = 0; k <= n; k++)
		to[k] = (unsigned char)text[k];
	return n;
}

static const char *number(const char *at, int digits, int low, int high, int *value)
{
	int found = 0, n = 0;
	while (*at == ' ')
		at++;
	for (; n < digits && *at >= '0' && *at <= '9'; n++)
		found = found * 10 + *at++ - '0';
	if (n == 0 || found < low || found > high)
		return NULL;
	*value = found;
	return at;
}

/* One of the locale's names, long or short, whatever its case. */
static const char *a_name(const char *at, int full, int brief, int count, int *value)
{
	extern int strncasecmp(const char *, const char *, size_t);
	for (int form = 0; form < 2; form++)
		for (int n = 0; n < count; n++) {
			const char *name = nl_langinfo((form ? brief : full) + n);
			if (strncasecmp(at, name, strlen(name)) == 0) {
				*value = n;
				return at + strlen(name);
			}
		}
	return NULL;
}

struct parsed {
	int century, short_year, afternoon, hour12, has_date;
};

static const char *parse(const char *at, const char *format, struct tm *tm, struct parsed *parsed)
{
	extern int strncasecmp(const char *, const char *, size_t);
	int ignored;
	for (; *format && at; format++) {
		if (*format == ' ' || (*format >= '\t' && *format <= '\r')) {
			while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
				at++;
			continue;
		}
		if (*format != '%') {
			at = *at == *format ? at + 1 : NULL;
			continue;
		}
		format++;
		while (*format == 'E' || *format == 'O')
			format++;
		switch (*format) {
		case '%': at = *at == '%' ? at + 1 : NULL; break;
		case 'a':
		case 'A': at = a_name(at, DAY_1, ABDAY_1, 7, &tm->tm_wday); break;
		case 'b':
		case 'B':
		case 'h': at = a_name(at, MON_1, ABMON_1, 12, &tm->tm_mon); parsed->has_date = 1; break;
		case 'c': at = parse(at, "%a %b %e %H:%M:%S %Y", tm, parsed); break;
		case 'C': at = number(at, 2, 0, 99, &parsed->century); break;
		case 'd':
		case 'e': at = number(at, 2, 1, 31, &tm->tm_mday); parsed->has_date = 1; break;
		case 'D':
		case 'x': at = parse(at, "%m/%d/%y", tm, parsed); break;
		case 'F': at = parse(at, "%Y-%m-%d", tm, parsed); break;
		case 'H':
		case 'k': at = number(at, 2, 0, 23, &tm->tm_hour); break;
		case 'I':
		case 'l': at = number(at, 2, 1, 12, &parsed->hour12); break;
		case 'j': if ((at = number(at, 3, 1, 366, &tm->tm_yday)) != NULL) tm->tm_yday--; break;
		case 'm': if ((at = number(at, 2, 1, 12, &tm->tm_mon)) != NULL) tm->tm_mon--, parsed->has_date = 1; break;
		case 'M': at = number(at, 2, 0, 59, &tm->tm_min); break;
		case 'n':
		case 't': while (*at == ' ' || (*at >= '\t' && *at <= '\r')) at++; break;
		case 'p':
			parsed->afternoon = strncasecmp(at, "PM", 2) == 0;
			at = parsed->afternoon || strncasecmp(at, "AM", 2) == 0 ? at + 2 : NULL;
			break;
		case 'r': at = parse(at, "%I:%M:%S %p", tm, parsed); break;
		case 'R': at = parse(at, "%H:%M", tm, parsed); break;
		case 's': {
			char *end;
			time_t when = strtol(at, &end, 10);
			localtime_r(&when, tm);
			at = end == at ? NULL : end;
			break;
		}
		case 'S': at = number(at, 2, 0, 61, &tm->tm_sec); break;
		case 'T':
		case 'X': at = parse(at, "%H:%M:%S", tm, parsed); break;
		case 'u': if ((at = number(at, 1, 1, 7, &tm->tm_wday)) != NULL) tm->tm_wday %= 7; break;
		case 'U':
		case 'V':
		case 'W': at = number(at, 2, 0, 53, &ignored); break;
		case 'w': at = number(at, 1, 0, 6, &tm->tm_wday); break;
		case 'y': at = number(at, 2, 0, 99, &parsed->short_year); break;
		case 'Y':
			if ((at = number(at, 4, 0, 9999, &tm->tm_year)) != NULL)
				tm->tm_year -= 1900, parsed->has_date = 1;
			break;
		case 'Z': while ((*at | 32) >= 'a' && (*at | 32) <= 'z') at++; break;
		case 'z':
			if (*at == 'Z') {
				at++;
				break;
			}
			at = *at == '+' || *at == '-' ? number(at + 1, 4, 0, 2400, &ignored) : NULL;
			break;
		default: return NULL;
		}
	}
	return at;
}

char *strptime(const char *text, const char *format, struct tm *tm)
{
	struct parsed parsed = { -1, -1, -1, -1, 0 };
	const char *behind = parse(text, format, tm, &parsed);
	if (behind == NULL)
		return NULL;
	if (parsed.hour12 >= 0)
		tm->tm_hour = parsed.hour12 % 12 + (parsed.afternoon == 1 ? 12 : 0);
	if (parsed.short_year >= 0) {
		tm->tm_year = parsed.century >= 0 ? parsed.century * 100 + parsed.short_year - 1900 : parsed.short_year + (parsed.short_year < 69 ? 100 : 0);
		parsed.has_date = 1;
	}
	if (parsed.has_date && tm->tm_mday > 0) {
		struct tm date = { .tm_mday = tm->tm_mday, .tm_mon = tm->tm_mon, .tm_year = tm->tm_year };
		extern time_t timegm(struct tm *);
		timegm(&date);
		tm->tm_wday = date.tm_wday;
		tm->tm_yday = date.tm_yday;
	}
	return (char *)(uintptr_t)behind;
}
