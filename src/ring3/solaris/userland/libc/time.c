/* Time (time(2), sleep(3C)), select, event ports and their like. */

#include "solaris.h"

#define CLOCK_REALTIME 3

time_t time(time_t *result)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (result)
		*result = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone)
{
	struct timespec exact;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &exact);
	*now = (struct timeval) { exact.tv_sec, exact.tv_nsec / 1000 };
	return 0;
}

unsigned sleep(unsigned seconds)
{
	struct timespec interval = { (time_t)seconds, 0 }, left = { 0, 0 };
	return nanosleep(&interval, &left) == 0 ? 0 : (unsigned)left.tv_sec + (left.tv_nsec >= 500000000);
}

int usleep(unsigned microseconds)
{
	struct timespec interval = { microseconds / 1000000, (long)(microseconds % 1000000) * 1000 };
	return nanosleep(&interval, NULL);
}

clock_t times(void *buffer)
{
	extern clock_t __times(void *);
	return __times(buffer);
}

struct pollfd {
	int fd;
	short events, revents;
};

extern int ppoll(struct pollfd *, unsigned long, const struct timespec *, const sigset_t *);

#define LONG_BITS ((int)(8 * sizeof(long)))
typedef struct {
	long fds_bits[1024];
} fd_set;
enum { POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32, POLLRDNORM = 0x40, POLLRDBAND = 0x80 };

static int in(const fd_set *set, int fd)
{
	return set && set->fds_bits[fd / LONG_BITS] >> fd % LONG_BITS & 1;
}

static int keep(fd_set *set, int fd, int is)
{
	if (set && !is)
		set->fds_bits[fd / LONG_BITS] &= ~(1l << fd % LONG_BITS);
	return set && is;
}

int pselect(int most, fd_set *reads, fd_set *writes, fd_set *excepts, const struct timespec *limit, const sigset_t *mask)
{
	struct pollfd *fds = malloc(((size_t)most + 1) * sizeof *fds);
	int count = 0, found = 0;
	for (int fd = 0; fd < most; fd++) {
		int events = (in(reads, fd) ? POLLRDNORM : 0) | (in(writes, fd) ? POLLOUT : 0) | (in(excepts, fd) ? POLLRDBAND : 0);
		if (events)
			fds[count++] = (struct pollfd) { fd, (short)events, 0 };
	}
	int ready = ppoll(fds, (unsigned long)count, limit, mask);
	for (int n = 0; ready >= 0 && n < count; n++) {
		int fd = fds[n].fd, got = fds[n].revents;
		int wants_read = in(reads, fd), wants_write = in(writes, fd);
		found += keep(reads, fd, wants_read && got & (POLLRDNORM | POLLIN | POLLHUP | POLLERR));
		found += keep(writes, fd, wants_write && got & (POLLOUT | POLLERR));
		found += keep(excepts, fd, in(excepts, fd) && got & (POLLRDBAND | POLLPRI));
	}
	free(fds);
	return ready < 0 ? -1 : found;
}

int select(int most, fd_set *reads, fd_set *writes, fd_set *excepts, struct timeval *timeout)
{
	struct timespec limit = { timeout ? timeout->tv_sec : 0, timeout ? timeout->tv_usec * 1000 : 0 };
	return pselect(most, reads, writes, excepts, timeout ? &limit : NULL, NULL);
}

/* Event ports: one system call, by number (sys/port_impl.h). */
enum { PORT_CREATE, PORT_ASSOCIATE, PORT_DISSOCIATE, PORT_SEND, PORT_SENDN, PORT_GET, PORT_GETN, PORT_ALERT };
#define PORT_SYS_NOPORT 0x100
#define PORT_SYS_NOSHARE 0x200

int port_create(void)
{
	return (int)__portfs(PORT_CREATE | PORT_SYS_NOPORT, 0, 0, 0, 0, 0);
}

int port_associate(int port, int source, uintptr_t object, int events, void *user)
{
	return (int)__portfs(PORT_ASSOCIATE, (uintptr_t)port, (uintptr_t)source, object, (uintptr_t)events, (uintptr_t)user);
}

int port_dissociate(int port, int source, uintptr_t object)
{
	return (int)__portfs(PORT_DISSOCIATE, (uintptr_t)port, (uintptr_t)source, object, 0, 0);
}

int port_send(int port, int events, void *user)
{
	return (int)__portfs(PORT_SEND, (uintptr_t)port, (uintptr_t)events, (uintptr_t)user, 0, 0);
}

int port_alert(int port, int flags, int events, void *user)
{
	return (int)__portfs(PORT_ALERT, (uintptr_t)port, (uintptr_t)flags, (uintptr_t)events, (uintptr_t)user, 0);
}

int port_getn(int port, void *list, unsigned most, unsigned *count, struct timespec *timeout)
{
	long got = __portfs(PORT_GETN, (uintptr_t)port, (uintptr_t)list, most, *count, (uintptr_t)timeout);
	if (got < 0)
		return -1;
	*count = (unsigned)got & 0x7fffffff;
	if ((unsigned long)got >> 31 & 1) {
		errno = ETIME;
		return -1;
	}
	return 0;
}

int port_get(int port, void *event, struct timespec *timeout)
{
	return (int)__portfs(PORT_GET, (uintptr_t)port, (uintptr_t)event, (uintptr_t)timeout, 0, 0);
}
