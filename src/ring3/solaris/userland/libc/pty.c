/* Pseudoterminals (ptm(4D), pts(4D)): finding the slave of a master, and making a terminal of it. */

#include "solaris.h"

extern int setsid(void), dup2(int, int);
extern pid_t fork(void);
extern int tcsetattr(int, int, const void *), access(const char *, int);

#define I_STR ('S' << 8 | 8)
#define I_FIND ('S' << 8 | 11)
#define I_CANPUT ('S' << 8 | 34)
#define I_PUSH_NOCTTY ('S' << 8 | 39)
#define TIOCSWINSZ ('T' << 8 | 103)
#define TIOCSCTTY ('t' << 8 | 132)
#define TCSETS ('T' << 8 | 14)
#define O_NOCTTY 0x800
#define NODEV (~0u)
#define TTY_GROUP 7
enum { ISPTM = 'P' << 8 | 1, UNLKPT, PTSSTTY, ZONEPT, OWNERPT };

struct strioctl {
	int cmd, timeout, length;
	void *data;
};

static int ask(int fd, int cmd, void *data, int length)
{
	struct strioctl request = { cmd, 0, length, data };
	return ioctl(fd, I_STR, &request);
}

/* The number of a master's slave. */
static unsigned slave_of(int fd)
{
	struct stat found;
	if (ask(fd, ISPTM, NULL, 0) < 0 || fstat(fd, &found) < 0)
		return NODEV;
#ifdef __i386__
	return (unsigned)found.st_rdev & 0x3ffff;
#else
	return (unsigned)found.st_rdev;
#endif
}

int ptsname_r(int fd, char *name, size_t size)
{
	unsigned number;
	if (!name)
		return EINVAL;
	if ((number = slave_of(fd)) == NODEV)
		return errno;
	if ((size_t)snprintf(name, size, "/dev/pts/%u", number) >= size)
		return ERANGE;
	return access(name, 0) ? errno : 0;
}

char *ptsname(int fd)
{
	static char name[32];
	int error = ptsname_r(fd, name, sizeof name);
	errno = error ? error : errno;
	return error ? NULL : name;
}

int posix_openpt(int flags)
{
	return open("/dev/ptmx", flags);
}

int grantpt(int fd)
{
	unsigned owner[2] = { getuid(), TTY_GROUP };
	if (slave_of(fd) == NODEV)
		return -1;
	if (ask(fd, OWNERPT, owner, sizeof owner) == 0)
		return 0;
	errno = EACCES;
	return -1;
}

int unlockpt(int fd)
{
	return ask(fd, UNLKPT, NULL, 0);
}

/* What programs of the standards mean: the slave is a terminal as soon as it is opened. */
int __unlockpt_xpg4(int fd)
{
	return unlockpt(fd) < 0 ? -1 : ask(fd, PTSSTTY, NULL, 0);
}

int zonept(int fd, int zone)
{
	return ask(fd, ZONEPT, &zone, sizeof zone);
}

int login_tty(int fd)
{
	setsid();
	if (ioctl(fd, TIOCSCTTY, 0) < 0)
		return -1;
	for (int n = 0; n < 3; n++)
		if (dup2(fd, n) < 0)
			return -1;
	return fd > 2 ? close(fd) : 0;
}

/* The modules that a slave needs to be a terminal, unless it has them. */
static int make_terminal(int slave)
{
	static const char *const modules[] = { "ptem", "ldterm", "ttcompat" };
	int found = ioctl(slave, I_FIND, "ldterm");
	if (found != 0)
		return found < 0 ? -1 : 0;
	for (unsigned n = 0; n < 3; n++)
		if (ioctl(slave, I_PUSH_NOCTTY, modules[n]) < 0)
			return -1;
	return 0;
}

int openpty(int *master, int *slave, char *name, const void *settings, const void *window)
{
	char path[32];
	int ours = posix_openpt(O_RDWR | O_NOCTTY), theirs = -1;
	if (ours < 0)
		return -1;
	int error = grantpt(ours) || unlockpt(ours) ? errno : ptsname_r(ours, path, sizeof path);
	if (!error && (theirs = open(path, O_RDWR | O_NOCTTY)) < 0)
		error = errno;
	if (!error && (make_terminal(theirs) || (settings && tcsetattr(theirs, TCSETS, settings)) || (window && ioctl(theirs, TIOCSWINSZ, window))))
		error = errno;
	if (error) {
		close(ours);
		if (theirs >= 0)
			close(theirs);
		errno = error;
		return -1;
	}
	*master = ours;
	*slave = theirs;
	if (name)
		strcpy(name, path);
	return 0;
}

pid_t forkpty(int *master, char *name, const void *settings, const void *window)
{
	int ours, theirs;
	if (openpty(&ours, &theirs, name, settings, window) < 0)
		return -1;
	pid_t child = fork();
	if (child < 0) {
		close(ours);
		close(theirs);
		return -1;
	}
	if (child == 0) {
		close(ours);
		if (login_tty(theirs) < 0)
			_exit(1);
		return 0;
	}
	close(theirs);
	*master = ours;
	return child;
}

/* Whether a descriptor is that of a stream: its head can be asked if it takes more. */
int isastream(int fd)
{
	if (ioctl(fd, I_CANPUT, 0) >= 0)
		return 1;
	return errno == ENOTTY ? 0 : -1;
}
