/*
 * Calendar time (ctime(3C), mktime(3C), strftime(3C), strptime(3C)) and time zones: TZ as POSIX writes it, with rules for
 * the summer, or the name of a zone (environ(7)). A name that nobody knows stands for UTC.
 */

#include "calendar.h"

static char names[2][16] = { "UTC", "UTC" };
char *tzname[2] = { names[0], names[1] };
long timezone, altzone;
int daylight;

/* When summer time begins or ends: a day of a kind, and the second of it. */
struct rule {
	int kind, month, week, day;	/* M, J (never 29 February) or 0 (from 0) */
	long second;
};
static struct rule to_summer, to_winter;
static char zone_set[128];
static int zone_known;

static int is_leap(long year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to a date; years begin in March here, so that the leap day is the last one. */
static long days_to(long year, int month, int day)
{
	year += month / 12 - (month % 12 < 0);
	month = (month % 12 + 12) % 12;
	year -= month < 2;
	long era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
	long of_year = (153 * (month + (month < 2 ? 10 : -2)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static const char *zone_name(const char *at, char *name)
{
	int n = 0, quoted = *at == '<';
	for (at += quoted; *at && (quoted ? *at != '>' : ((*at | 32) >= 'a' && (*at | 32) <= 'z')); at++)
		if (n < 15)
			name[n++] = *at;
	name[n] = '\0';
	return n < 3 ? NULL : at + (quoted && *at == '>');
}

static const char *clock_time(const char *at, long *seconds)
{
	int sign = *at == '-' ? -1 : 1;
	long parts[3] = { 0, 0, 0 };
	at += *at == '-' || *at == '+';
	if (*at < '0' || *at > '9')
		return NULL;
	for (int n = 0; n < 3; n++) {
		while (*at >= '0' && *at <= '9' && parts[n] < 1000)
			parts[n] = parts[n] * 10 + *at++ - '0';
		if (*at != ':')
			break;
		at++;
	}
	*seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return at;
}

static const char *read_rule(const char *at, struct rule *rule)
{
	char *end;
	*rule = (struct rule) { .kind = *at == 'M' || *at == 'J' ? *at : 0, .second = 7200 };
	at += rule->kind != 0;
	rule->day = (int)strtol(at, &end, 10);
	if (end == at)
		return NULL;
	if (rule->kind == 'M') {
		rule->month = rule->day - 1;
		if (*end != '.')
			return NULL;
		rule->week = (int)strtol(end + 1, &end, 10);
		if (*end != '.')
			return NULL;
		rule->day = (int)strtol(end + 1, &end, 10);
	}
	return *end == '/' ? clock_time(end + 1, &rule->second) : end;
}

static int read_zone(const char *text)
{
	const char *at = zone_name(text, names[0]);
	if (at == NULL || (at = clock_time(at, &timezone)) == NULL)
		return 0;
	altzone = timezone;
	strcpy(names[1], names[0]);
	if (*at == '\0')
		return 1;
	if ((at = zone_name(at, names[1])) == NULL)
		return 0;
	daylight = 1;
	altzone = timezone - 3600;
	if (*at && *at != ',' && (at = clock_time(at, &altzone)) == NULL)
		return 0;
	if (*at == '\0')
		at = ",M3.2.0,M11.1.0";
	if (*at != ',' || (at = read_rule(at + 1, &to_summer)) == NULL || *at != ',')
		return 0;
	return read_rule(at + 1, &to_winter) != NULL;
}

void tzset(void)
{
	const char *zone = getenv("TZ");
	zone = zone ? zone : "";
	if (zone_known && strcmp(zone, zone_set) == 0)
		return;
	strlcpy(zone_set, zone, sizeof zone_set);
	zone_known = 1;
	daylight = 0;
	zone += *zone == ':';
	const char *rule = load_zone(zone);
	if (!read_zone(rule ? rule : zone)) {
		timezone = altzone = 0;
		daylight = 0;
		strcpy(names[0], "UTC");
		strcpy(names[1], "UTC");
	}
}

/* The second of a year at which a rule applies, by a clock that shows the time before it. */
static long when_in_year(const struct rule *rule, long year)
{
	long first = days_to(year, 0, 1), day;
	if (rule->kind == 'J') {
		day = rule->day - 1 + (is_leap(year) && rule->day > 59);
	} else if (rule->kind == 'M') {
		long month = days_to(year, rule->month, 1), next = days_to(year, rule->month + 1, 1);
		day = month + ((rule->day - (month + 4)) % 7 + 7) % 7 + 7l * (rule->week - 1);
		while (day >= next)
			day -= 7;
		day -= first;
	} else {
		day = rule->day;
	}
	return day * 86400 + rule->second;
}

static int is_summer(time_t when, long year)
{
	long start = days_to(year, 0, 1) * 86400;
	long begins = start + when_in_year(&to_summer, year) + timezone, ends = start + when_in_year(&to_winter, year) + altzone;
	return begins < ends ? when >= begins && when < ends : when >= begins || when < ends;
}

struct tm *gmtime_r(const time_t *when, struct tm *tm)
{
	long days = *when / 86400, rest = *when % 86400;
	if (rest < 0)
		days--, rest += 86400;
	tm->tm_hour = (int)(rest / 3600);
	tm->tm_min = (int)(rest / 60 % 60);
	tm->tm_sec = (int)(rest % 60);
	tm->tm_wday = (int)(((days + 4) % 7 + 7) % 7);
	long shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097, of_era = shifted - era * 146097;
	long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	long of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	tm->tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1);
	tm->tm_mon = (int)(month < 10 ? month + 2 : month - 10);
	year += era * 400 + (tm->tm_mon < 2);
	tm->tm_year = (int)(year - 1900);
	tm->tm_yday = (int)(days - days_to(year, 0, 1));
	tm->tm_isdst = 0;
	return tm;
}

struct tm *localtime_r(const time_t *when, struct tm *tm)
{
	long east;
	int summer;
	const char *name;
	tzset();
	if (zone_at(*when, &east, &summer, &name)) {
		time_t local = *when + east;
		gmtime_r(&local, tm);
		tm->tm_isdst = summer;
		*(summer ? &altzone : &timezone) = -east;
		strlcpy(names[summer != 0], name, sizeof names[0]);
		return tm;
	}
	time_t shown = *when - timezone;
	gmtime_r(&shown, tm);
	if (daylight && is_summer(*when, 1900l + tm->tm_year)) {
		shown = *when - altzone;
		gmtime_r(&shown, tm);
		tm->tm_isdst = 1;
	}
	return tm;
}

struct tm *gmtime(const time_t *when)
{
	static struct tm tm;
	return gmtime_r(when, &tm);
}

struct tm *localtime(const time_t *when)
{
	static struct tm tm;
	return localtime_r(when, &tm);
}

static time_t seconds_of(const struct tm *tm)
{
	return days_to(1900l + tm->tm_year, tm->tm_mon, 1) * 86400 + (tm->tm_mday - 1) * 86400l + tm->tm_hour * 3600l + tm->tm_min * 60l + tm->tm_sec;
}

time_t timegm(struct tm *tm)
{
	time_t when = seconds_of(tm);
	gmtime_r(&when, tm);
	return when;
}

time_t mktime(struct tm *tm)
{
	struct tm found;
	tzset();
	time_t shown = seconds_of(tm), when = shown + (tm->tm_isdst > 0 && daylight ? altzone : timezone);
	localtime_r(&when, &found);
	if (tm->tm_isdst < 0 && found.tm_isdst) {
		when = shown + altzone;
		localtime_r(&when, &found);
		if (!found.tm_isdst) {		/* in the hour that there is not */
			when = shown + timezone;
			localtime_r(&when, &found);
		}
	}
	time_t known = when;		/* by what clocks showed then, where a zone's file says so */
	long east;
	int summer;
	const char *name;
	for (int n = 0; n < 2 && zone_at(known, &east, &summer, &name); n++)
		known = shown - east;
	if (known != when) {
		when = known;
		localtime_r(&when, &found);
	}
	*tm = found;
	return when;
}

double difftime(time_t later, time_t earlier)
{
	return (double)(later - earlier);
}

char *asctime_r(const struct tm *tm, char *text)
{
	extern size_t strftime(char *, size_t, const char *, const struct tm *);
	strftime(text, 26, "%a %b %e %H:%M:%S %Y\n", tm);
	return text;
}

char *asctime(const struct tm *tm)
{
	static char text[26];
	return asctime_r(tm, text);
}

char *ctime_r(const time_t *when, char *text)
{
	struct tm tm;
	return asctime_r(localtime_r(when, &tm), text);
}

char *ctime(const time_t *when)
{
	static char text[26];
	return ctime_r(when, text);
}

/* The forms with the size of the buffer, which programs not of POSIX's threads get. */
char *__posix_asctime_r(const struct tm *tm, char *text)
{
	return asctime_r(tm, text);
}

char *__posix_ctime_r(const time_t *when, char *text)
{
	return ctime_r(when, text);
}
