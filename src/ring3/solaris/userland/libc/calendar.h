/* struct tm, and the zone. */

#ifndef CALENDAR_H
#define CALENDAR_H

#include "solaris.h"

struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
};
extern long timezone, altzone;
extern int daylight;
extern char *tzname[2];
struct tm *gmtime_r(const time_t *, struct tm *), *localtime_r(const time_t *, struct tm *);
time_t mktime(struct tm *);
const char *load_zone(const char *name);
int zone_at(time_t when, long *east, int *summer, const char **name);
char *nl_langinfo(int);
enum { DAY_1 = 1, ABDAY_1 = 8, MON_1 = 15, ABMON_1 = 27 };

#endif
