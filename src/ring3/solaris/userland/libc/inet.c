/* Addresses of the Internet as text (inet(3SOCKET)), and the order of bytes. */

#include "solaris.h"

#define AF_INET 2
#define AF_INET6 26

uint16_t htons(uint16_t value)
{
	return (uint16_t)(value << 8 | value >> 8);
}

uint16_t ntohs(uint16_t value)
{
	return htons(value);
}

uint32_t htonl(uint32_t value)
{
	return __builtin_bswap32(value);
}

uint32_t ntohl(uint32_t value)
{
	return __builtin_bswap32(value);
}

const unsigned char in6addr_any[16], in6addr_loopback[16] = { [15] = 1 };

/* One to four numbers with dots between, in any base; the last fills what is left. */
int inet_aton(const char *text, uint32_t *address)
{
	unsigned long parts[4];
	int count = 0;
	for (;;) {
		char *end;
		if (*text < '0' || *text > '9' || count == 4)
			return 0;
		parts[count++] = strtoul(text, &end, 0);
		text = end;
		if (*text != '.')
			break;
		text++;
	}
	if (*text && *text != ' ' && *text != '\n' && *text != '\t')
		return 0;
	uint32_t value = 0;
	for (int n = 0; n < count; n++) {
		int bits = n < count - 1 ? 8 : 8 * (5 - count);
		if (bits < 32 && parts[n] >> bits)
			return 0;
		value |= (uint32_t)(n < count - 1 ? parts[n] << (24 - 8 * n) : parts[n]);
	}
	*address = htonl(value);
	return 1;
}

uint32_t inet_addr(const char *text)
{
	uint32_t address;
	return inet_aton(text, &address) ? address : ~0u;
}

char *inet_ntoa_r(uint32_t address, char *to)
{
	const unsigned char *bytes = (const unsigned char *)&address;
	snprintf(to, 18, "%d.%d.%d.%d", bytes[0], bytes[1], bytes[2], bytes[3]);
	return to;
}

char *inet_ntoa(uint32_t address)
{
	static char text[18];
	return inet_ntoa_r(address, text);
}

static int parse4(const char *text, unsigned char to[4])
{
	for (int n = 0; n < 4; n++) {
		int value = 0, digits = 0;
		for (; *text >= '0' && *text <= '9' && digits < 4; digits++)
			value = value * 10 + *text++ - '0';
		if (digits == 0 || digits > 3 || value > 255 || *text != (n < 3 ? '.' : '\0'))
			return 0;
		to[n] = (unsigned char)value;
		text++;
	}
	return 1;
}

static int parse6(const char *text, unsigned char to[16])
{
	int at = 0, gap = -1;
	memset(to, 0, 16);
	if (text[0] == ':' && text[1] == ':')
		gap = 0, text += 2;
	else if (text[0] == ':')
		return 0;
	while (*text && at < 16) {
		char *end;
		unsigned long value = strtoul(text, &end, 16);
		if (*end == '.' && at <= 12) {
			if (!parse4(text, to + at))
				return 0;
			at += 4;
			text = "";
			break;
		}
		if (end == text || end - text > 4 || *text == '+' || *text == '-')
			return 0;
		to[at++] = (unsigned char)(value >> 8);
		to[at++] = (unsigned char)value;
		text = end;
		if (*text != ':')
			break;
		text++;
		if (*text == ':') {
			if (gap >= 0)
				return 0;
			gap = at;
			text++;
		} else if (*text == '\0') {
			return 0;
		}
	}
	if (*text || (gap < 0 && at < 16) || (gap >= 0 && at == 16))
		return 0;
	if (gap >= 0) {
		memmove(to + 16 - (at - gap), to + gap, (size_t)(at - gap));
		memset(to + gap, 0, (size_t)(16 - at));
	}
	return 1;
}

int inet_pton(int family, const char *text, void *to)
{
	unsigned char made[16];
	int good;
	if (family != AF_INET && family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	good = family == AF_INET ? parse4(text, made) : parse6(text, made);
	if (good)
		memcpy(to, made, family == AF_INET ? 4 : 16);
	return good;
}

static void print6(const unsigned char from[16], char *to)
{
	unsigned words[8];
	int best = -1, size = 1;
	for (int n = 0; n < 8; n++)
		words[n] = (unsigned)from[2 * n] << 8 | from[2 * n + 1];
	for (int n = 0, run; n < 8; n += run ? run : 1) {
		for (run = 0; n + run < 8 && words[n + run] == 0; run++)
			;
		if (run > size)
			best = n, size = run;
	}
	int mapped = best == 0 && (size == 6 || (size == 5 && words[5] == 0xffff));
	for (int n = 0; n < 8; n++) {
		if (n == best) {
			to = strcpy(to, "::") + 2;
			n += size - 1;
			continue;
		}
		if (mapped && n == 6) {
			snprintf(to, 17, "%d.%d.%d.%d", from[12], from[13], from[14], from[15]);
			return;
		}
		to += snprintf(to, 6, "%x", words[n]);
		if (n < 7 && n + 1 != best)
			*to++ = ':';
	}
	*to = '\0';
}

const char *inet_ntop(int family, const void *from, char *to, socklen_t size)
{
	char text[48];
	if (family == AF_INET6) {
		print6(from, text);
	} else if (family == AF_INET) {
		uint32_t address;
		memcpy(&address, from, 4);
		inet_ntoa_r(address, text);
	} else {
		errno = EAFNOSUPPORT;
		return NULL;
	}
	if (strlen(text) >= size) {
		errno = ENOSPC;
		return NULL;
	}
	return strcpy(to, text);
}

uint32_t inet_network(const char *text)
{
	uint32_t address;
	return inet_aton(text, &address) ? ntohl(address) : ~0u;
}

/* Interfaces by name: there is the loopback alone. */
unsigned if_nametoindex(const char *name)
{
	if (strcmp(name, "lo0") == 0)
		return 1;
	errno = 6;				/* ENXIO */
	return 0;
}

char *if_indextoname(unsigned index, char *name)
{
	if (index == 1)
		return strcpy(name, "lo0");
	errno = 6;
	return NULL;
}
