/*
 * Names of hosts, services and protocols (getaddrinfo(3SOCKET), gethostbyname(3NSL)): by /etc/hosts, and a table of the
 * best known services and protocols. There is no name service: what is not there is not known.
 */

#include "solaris.h"

#define AF_INET 2
#define AF_INET6 26
#define SOCK_STREAM 2
#define SOCK_DGRAM 1
enum { AI_V4MAPPED = 1, AI_PASSIVE = 8, AI_CANONNAME = 16, AI_NUMERICHOST = 32, AI_NUMERICSERV = 64 };
enum { EAI_BADFLAGS = 3, EAI_FAMILY = 5, EAI_MEMORY = 6, EAI_NONAME = 8, EAI_SERVICE = 9, EAI_SOCKTYPE = 10, EAI_OVERFLOW = 12 };
enum { NI_NUMERICHOST = 2, NI_NAMEREQD = 4, NI_NUMERICSERV = 8, NI_DGRAM = 16 };

extern int inet_pton(int, const char *, void *);
extern const char *inet_ntop(int, const void *, char *, socklen_t);
extern FILE *fopen(const char *, const char *);
extern char *fgets(char *, int, FILE *), *strtok_r(char *, const char *, char **);
extern int fclose(FILE *);
extern uint16_t htons(uint16_t);

struct hostent {
	char *h_name, **h_aliases;
	int h_addrtype, h_length;
	char **h_addr_list;
};
struct servent {
	char *s_name, **s_aliases;
	int s_port;
	char *s_proto;
};
struct protoent {
	char *p_name, **p_aliases;
	int p_proto;
};
struct addrinfo {
	int ai_flags, ai_family, ai_socktype, ai_protocol;
	socklen_t ai_addrlen;
	char *ai_canonname;
	void *ai_addr;
	struct addrinfo *ai_next;
};
struct address {
	int family;
	unsigned char bytes[16];
};

int h_errno;

int *__h_errno(void)
{
	return &h_errno;
}

static int length_of(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* The line of /etc/hosts that has a name or an address: its words; 0 if there is none. */
static int find_host(const char *name, const struct address *wanted, int family, struct address *found, char *line, int size, char *words[], int room)
{
	FILE *file = fopen("/etc/hosts", "r");
	int count = 0;
	while (file && count == 0 && fgets(line, size, file)) {
		char *next = line, *word;
		line[strcspn(line, "#\n")] = '\0';
		while (count < room && (word = strtok_r(count ? NULL : line, " \t", &next)) != NULL)
			words[count++] = word;
		if (count < 2)
			count = 0;
		found->family = count && strchr(words[0], ':') ? AF_INET6 : AF_INET;
		if (count && (!inet_pton(found->family, words[0], found->bytes) || (family && found->family != family)))
			count = 0;
		if (count && wanted && memcmp(found->bytes, wanted->bytes, (size_t)length_of(found->family)) != 0)
			count = 0;
		int same = name == NULL;
		for (int n = 1; n < count && !same; n++)
			same = strcmp(words[n], name) == 0;
		count = same ? count : 0;
	}
	if (file)
		fclose(file);
	return count;
}

static char host_line[512], *host_words[16], *host_aliases[16], *host_addresses[2];
static struct address host_address;

static struct hostent *as_hostent(char *name, int words)
{
	static struct hostent host;
	int count = 0;
	for (int n = 2; n < words; n++)
		host_aliases[count++] = host_words[n];
	host_aliases[count] = NULL;
	host_addresses[0] = (char *)host_address.bytes;
	host_addresses[1] = NULL;
	host = (struct hostent) { name, host_aliases, host_address.family, length_of(host_address.family), host_addresses };
	return &host;
}

struct hostent *gethostbyname2(const char *name, int family)
{
	if (inet_pton(family, name, host_address.bytes) == 1) {
		host_address.family = family;
		return as_hostent(strncpy(host_line, name, sizeof host_line - 1), 0);
	}
	int words = find_host(name, NULL, family, &host_address, host_line, sizeof host_line, host_words, 15);
	h_errno = words ? 0 : 1;		/* HOST_NOT_FOUND */
	return words ? as_hostent(host_words[1], words) : NULL;
}

struct hostent *gethostbyname(const char *name)
{
	return gethostbyname2(name, AF_INET);
}

struct hostent *gethostbyaddr(const void *from, socklen_t size, int family)
{
	struct address wanted = { .family = family };
	memcpy(wanted.bytes, from, size < 16 ? size : 16);
	int words = find_host(NULL, &wanted, family, &host_address, host_line, sizeof host_line, host_words, 15);
	h_errno = words ? 0 : 1;
	return words ? as_hostent(host_words[1], words) : NULL;
}

const char *hstrerror(int error)
{
	static const char *const texts[] = { "Error 0", "Unknown host", "Host name lookup failure", "Unknown server error", "No address associated with name" };
	return error >= 0 && error < 5 ? texts[error] : "Unknown error";
}

static const struct {
	const char *name;
	int port;
	const char *protocol;
} services[] = {
	{ "echo", 7, "tcp" }, { "echo", 7, "udp" }, { "discard", 9, "tcp" }, { "daytime", 13, "tcp" }, { "ftp", 21, "tcp" }, { "ssh", 22, "tcp" },
	{ "telnet", 23, "tcp" }, { "smtp", 25, "tcp" }, { "domain", 53, "tcp" }, { "domain", 53, "udp" }, { "tftp", 69, "udp" }, { "http", 80, "tcp" },
	{ "pop3", 110, "tcp" }, { "sunrpc", 111, "tcp" }, { "sunrpc", 111, "udp" }, { "ntp", 123, "udp" }, { "imap", 143, "tcp" }, { "snmp", 161, "udp" },
	{ "ldap", 389, "tcp" }, { "https", 443, "tcp" }, { "syslog", 514, "udp" }, { "nfsd", 2049, "tcp" }, { "nfsd", 2049, "udp" },
};
static const struct {
	const char *name;
	int number;
} protocols[] = { { "ip", 0 }, { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "ipv6", 41 }, { "ipv6-icmp", 58 }, { "sctp", 132 } };
static char *no_aliases[1];

static struct servent *service(const char *name, int port, const char *protocol)
{
	static struct servent found;
	for (size_t n = 0; n < sizeof services / sizeof *services; n++)
		if ((name ? strcmp(services[n].name, name) == 0 : services[n].port == port) && (!protocol || strcmp(services[n].protocol, protocol) == 0)) {
			found = (struct servent) { (char *)(uintptr_t)services[n].name, no_aliases, htons((uint16_t)services[n].port), (char *)(uintptr_t)services[n].protocol };
			return &found;
		}
	return NULL;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
	return service(name, 0, protocol);
}

struct servent *getservbyport(int port, const char *protocol)
{
	return service(NULL, htons((uint16_t)port), protocol);
}

static struct protoent *protocol(const char *name, int number)
{
	static struct protoent found;
	for (size_t n = 0; n < sizeof protocols / sizeof *protocols; n++)
		if (name ? strcmp(protocols[n].name, name) == 0 : protocols[n].number == number) {
			found = (struct protoent) { (char *)(uintptr_t)protocols[n].name, no_aliases, protocols[n].number };
			return &found;
		}
	return NULL;
}

struct protoent *getprotobyname(const char *name)
{
	return protocol(name, 0);
}

struct protoent *getprotobynumber(int number)
{
	return protocol(NULL, number);
}

/* sockaddr_in and sockaddr_in6, which end with a source's number that others have not. */
static socklen_t put_address(unsigned char *to, const struct address *from, int port)
{
	socklen_t size = from->family == AF_INET ? 16 : 32;
	uint16_t family = (uint16_t)from->family, number = htons((uint16_t)port);
	memset(to, 0, size);
	memcpy(to, &family, 2);
	memcpy(to + 2, &number, 2);
	memcpy(to + (from->family == AF_INET ? 4 : 8), from->bytes, (size_t)length_of(from->family));
	return size;
}

void freeaddrinfo(struct addrinfo *list)
{
	for (struct addrinfo *next; list; list = next) {
		next = list->ai_next;
		free(list->ai_canonname);
		free(list);
	}
}

static int add(struct addrinfo ***end, const struct address *address, int port, int type, int protocol, const char *name)
{
	struct addrinfo *made = calloc(1, sizeof *made + 32);
	if (made == NULL)
		return EAI_MEMORY;
	*made = (struct addrinfo) { 0, address->family, type, protocol, 0, name ? strdup(name) : NULL, made + 1, NULL };
	made->ai_addrlen = put_address(made->ai_addr, address, port);
	**end = made;
	*end = &made->ai_next;
	return 0;
}

/* The addresses that a name stands for; how many. */
static int addresses_of(const char *name, int flags, int family, struct address found[4], const char **canonical, char *line, int size)
{
	static const int families[] = { AF_INET6, AF_INET };
	char *words[16];
	int count = 0;
	*canonical = name;
	for (int n = 0; n < 2; n++) {
		struct address one = { .family = families[n] };
		if (family && family != families[n])
			continue;
		if (name == NULL) {
			one.bytes[families[n] == AF_INET ? 0 : 15] = flags & AI_PASSIVE ? 0 : families[n] == AF_INET ? 127 : 1;
			one.bytes[families[n] == AF_INET ? 3 : 15] |= flags & AI_PASSIVE ? 0 : 1;
			found[count++] = one;
		} else if (inet_pton(families[n], name, one.bytes) == 1) {
			found[count++] = one;
		} else if (!(flags & AI_NUMERICHOST) && find_host(name, NULL, families[n], &one, line, size, words, 16)) {
			*canonical = words[1];
			found[count++] = one;
		}
	}
	return count;
}

int getaddrinfo(const char *name, const char *service_name, const struct addrinfo *hints, struct addrinfo **list)
{
	static const struct addrinfo nothing;
	static const struct {
		int type, protocol;
		const char *name;
	} kinds[] = { { SOCK_STREAM, 6, "tcp" }, { SOCK_DGRAM, 17, "udp" } };
	struct address found[4];
	char line[512], *end;
	const char *canonical;
	int error = 0, port = 0, known = service_name == NULL;
	struct addrinfo **at = list;
	hints = hints ? hints : &nothing;
	*list = NULL;
	if (name == NULL && service_name == NULL)
		return EAI_NONAME;
	if (hints->ai_flags & ~0x7f || (hints->ai_flags & AI_CANONNAME && name == NULL))
		return EAI_BADFLAGS;
	if (hints->ai_family && hints->ai_family != AF_INET && hints->ai_family != AF_INET6)
		return EAI_FAMILY;
	if (hints->ai_socktype && hints->ai_socktype != SOCK_STREAM && hints->ai_socktype != SOCK_DGRAM)
		return EAI_SOCKTYPE;
	int count = addresses_of(name, hints->ai_flags, hints->ai_family, found, &canonical, line, sizeof line);
	if (count == 0)
		return EAI_NONAME;
	long number = service_name ? strtol(service_name, &end, 10) : 0;
	int numeric = service_name && *service_name && *end == '\0';
	for (int n = 0; n < count && !error; n++)
		for (int k = 0; k < 2 && !error; k++) {
			if ((hints->ai_socktype && hints->ai_socktype != kinds[k].type) || (hints->ai_protocol && hints->ai_protocol != kinds[k].protocol))
				continue;
			port = (int)number;
			if (service_name && !numeric) {
				struct servent *entry = hints->ai_flags & AI_NUMERICSERV ? NULL : service(service_name, 0, kinds[k].name);
				if (entry == NULL)
					continue;
				port = htons((uint16_t)entry->s_port);
			}
			known = 1;
			error = add(&at, &found[n], port, kinds[k].type, kinds[k].protocol, hints->ai_flags & AI_CANONNAME && at == list ? canonical : NULL);
		}
	if (!error && (!known || *list == NULL))
		error = hints->ai_flags & AI_NUMERICSERV ? EAI_NONAME : EAI_SERVICE;
	if (error) {
		freeaddrinfo(*list);
		*list = NULL;
	}
	return error;
}

int __xnet_getaddrinfo(const char *name, const char *service_name, const struct addrinfo *hints, struct addrinfo **list)
{
	return getaddrinfo(name, service_name, hints, list);
}

const char *gai_strerror(int error)
{
	static const char *const texts[] = {
		"name translation error 0", "address family for host not supported", "temporary name resolution failure", "invalid flags",
		"non-recoverable name resolution failure", "specified address family not supported", "memory allocation failure",
		"no address for the specified node name", "node name or service name not known", "service name not available for the specified socket type",
		"specified socket type not supported", "system error", "argument buffer overflow",
	};
	return error >= 0 && error <= EAI_OVERFLOW ? texts[error] : "unknown error";
}

int getnameinfo(const void *address, socklen_t size, char *host, socklen_t host_size, char *service_name, socklen_t service_size, int flags)
{
	uint16_t family, port;
	struct address wanted, found;
	char line[512], *words[16], text[64];
	if (size < 16)
		return EAI_FAMILY;
	memcpy(&family, address, 2);
	memcpy(&port, (const char *)address + 2, 2);
	if ((family != AF_INET && family != AF_INET6) || (family == AF_INET6 && size < 28))
		return EAI_FAMILY;
	wanted.family = family;
	memcpy(wanted.bytes, (const char *)address + (family == AF_INET ? 4 : 8), (size_t)length_of(family));
	if (host && host_size) {
		const char *name = !(flags & NI_NUMERICHOST) && find_host(NULL, &wanted, family, &found, line, sizeof line, words, 16) ? words[1] : NULL;
		if (name == NULL && flags & NI_NAMEREQD)
			return EAI_NONAME;
		if (name == NULL)
			name = inet_ntop(family, wanted.bytes, text, sizeof text);
		if (strlcpy(host, name, host_size) >= host_size)
			return EAI_OVERFLOW;
	}
	if (service_name && service_size) {
		struct servent *entry = flags & NI_NUMERICSERV ? NULL : service(NULL, htons(port), flags & NI_DGRAM ? "udp" : "tcp");
		snprintf(text, sizeof text, "%d", htons(port));
		if (strlcpy(service_name, entry ? entry->s_name : text, service_size) >= service_size)
			return EAI_OVERFLOW;
	}
	return 0;
}
