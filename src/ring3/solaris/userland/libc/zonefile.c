/*
 * The database of time zones (zoneinfo(5)): what a zone's clocks were set to until the last change that the file knows, and
 * from then on the rule at its end, as TZ would have it (RFC 8536, of version 2 on).
 */

#include "calendar.h"

#define FOLDER "/usr/share/lib/zoneinfo/"

static unsigned char data[16384];
static const unsigned char *times, *indices, *types;
static const char *texts;
static long changes;
static char rule[64];

static long big(const unsigned char *at, int size)
{
	long long value = at[0] & 0x80 ? -1 : 0;
	for (int n = 0; n < size; n++)
		value = (long long)((unsigned long long)value << 8 | at[n]);
	return (long)value;
}

/* The length of what stands behind a header, with times of a size. */
static long block(const unsigned char *header, int size)
{
	long utc = big(header + 20, 4), standard = big(header + 24, 4), leaps = big(header + 28, 4);
	return big(header + 32, 4) * (size + 1) + big(header + 36, 4) * 6 + big(header + 40, 4) + leaps * (size + 4) + standard + utc;
}

/* Reads a zone's file; the rule at its end, or NULL if there is no such file. */
__attribute__((visibility("hidden"))) const char *load_zone(const char *name)
{
	char path[160];
	changes = 0;
	if (*name == '\0' || *name == '/' || strlen(name) > 100 || strchr(name, '.'))
		return NULL;
	strcpy(path, FOLDER);
	strcat(path, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	ssize_t size = read(fd, data, sizeof data);
	close(fd);
	if (size < 88 || size == sizeof data || memcmp(data, "TZif", 4) != 0 || data[4] < '2')
		return NULL;
	long first = 44 + block(data, 4);
	if (first < 44 || first + 44 > size)
		return NULL;
	const unsigned char *header = data + first;
	long end = first + 44 + block(header, 8), count = big(header + 32, 4);
	if (end < first || end >= size || data[end] != '\n')
		return NULL;
	times = header + 44;
	indices = times + 8 * count;
	types = indices + count;
	texts = (const char *)types + 6 * big(header + 36, 4);
	changes = count;
	size_t length = 0;
	for (end++; end < size && data[end] != '\n' && length < sizeof rule - 1; end++)
		rule[length++] = (char)data[end];
	rule[length] = '\0';
	return rule;
}

/* What clocks showed before the last change of the file: seconds east of Greenwich, summer, name; 0 if the rule says it. */
__attribute__((visibility("hidden"))) int zone_at(time_t when, long *east, int *summer, const char **name)
{
	if (changes == 0 || when >= big(times + 8 * (changes - 1), 8))
		return 0;
	long low = 0, high = changes - 1;	/* the first change that is later */
	while (low < high) {
		long middle = (low + high) / 2;
		if (big(times + 8 * middle, 8) <= when)
			low = middle + 1;
		else
			high = middle;
	}
	const unsigned char *type = types + 6 * (low ? indices[low - 1] : 0);
	*east = big(type, 4);
	*summer = type[4];
	*name = texts + type[5];
	return 1;
}
