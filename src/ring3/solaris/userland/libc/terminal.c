/* Terminals (termios(3C), ttyname(3C)): the calls are ioctls (termio(4I)). */

#include "solaris.h"

#define TIOC ('T' << 8)
#define tIOC ('t' << 8)
enum { TCSBRK = TIOC | 5, TCXONC = TIOC | 6, TCFLSH = TIOC | 7, TCGETS = TIOC | 13, TCSETS = TIOC | 14, TIOCGPGRP = tIOC | 20, TIOCSPGRP, TIOCGSID };

struct termios {
	unsigned c_iflag, c_oflag, c_cflag, c_lflag;
	unsigned char c_cc[19];
};

int tcgetattr(int fd, struct termios *settings)
{
	return ioctl(fd, TCGETS, settings);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
	if (when < TCSETS || when > TCSETS + 2) {
		errno = EINVAL;
		return -1;
	}
	return ioctl(fd, when, settings);
}

int tcsendbreak(int fd, int duration)
{
	return ioctl(fd, TCSBRK, duration);
}

int tcdrain(int fd)
{
	return ioctl(fd, TCSBRK, 1);
}

int tcflush(int fd, int which)
{
	return ioctl(fd, TCFLSH, which);
}

int tcflow(int fd, int action)
{
	return ioctl(fd, TCXONC, action);
}

pid_t tcgetpgrp(int fd)
{
	pid_t group;
	return ioctl(fd, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int tcsetpgrp(int fd, pid_t group)
{
	return ioctl(fd, TIOCSPGRP, &group);
}

pid_t tcgetsid(int fd)
{
	pid_t session;
	return ioctl(fd, TIOCGSID, &session) < 0 ? -1 : session;
}

/* The speed is 4 bits of the control modes and one more (CBAUDEXT); that of input has its own. */
#define CBAUD 0xf
#define CBAUDEXT 010000000
#define CIBAUD 03600000
#define CIBAUDEXT 020000000

unsigned cfgetospeed(const struct termios *settings)
{
	return (settings->c_cflag & CBAUD) + (settings->c_cflag & CBAUDEXT ? CBAUD + 1 : 0);
}

unsigned cfgetispeed(const struct termios *settings)
{
	unsigned speed = (settings->c_cflag & CIBAUD) >> 16;
	return settings->c_cflag & CIBAUDEXT ? speed + CBAUD + 1 : speed ? speed : cfgetospeed(settings);
}

int cfsetospeed(struct termios *settings, unsigned speed)
{
	if (speed > 31) {
		errno = EINVAL;
		return -1;
	}
	settings->c_cflag = (settings->c_cflag & ~(unsigned)(CBAUD | CBAUDEXT)) | (speed & CBAUD) | (speed > CBAUD ? CBAUDEXT : 0);
	return 0;
}

int cfsetispeed(struct termios *settings, unsigned speed)
{
	if (speed > 31) {
		errno = EINVAL;
		return -1;
	}
	settings->c_cflag = (settings->c_cflag & ~(unsigned)(CIBAUD | CIBAUDEXT)) | (speed & CBAUD) << 16 | (speed > CBAUD ? CIBAUDEXT : 0);
	return 0;
}

void cfmakeraw(struct termios *settings)
{
	settings->c_iflag &= ~(unsigned)(0002 | 0010 | 0040 | 0100 | 0200 | 0400 | 02000);	/* BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON */
	settings->c_oflag &= ~1u;								/* OPOST */
	settings->c_lflag &= ~(unsigned)(0010 | 0100 | 0002 | 0001 | 0100000);			/* ECHO ECHONL ICANON ISIG IEXTEN */
	settings->c_cflag = (settings->c_cflag & ~(unsigned)(0060 | 0400)) | 0060;		/* CSIZE PARENB; CS8 */
	settings->c_cc[4] = 1;
	settings->c_cc[5] = 0;
}

int isatty(int fd)
{
	struct termios settings;
	return tcgetattr(fd, &settings) == 0;
}

int ttyname_r(int fd, char *name, size_t size)
{
	char link[64];
	if (!isatty(fd))
		return errno;
	snprintf(link, sizeof link, "/proc/self/path/%d", fd);
	ssize_t n = readlink(link, name, size - 1);
	if (n < 0)
		return ENOENT;
	name[n] = '\0';
	return 0;
}

int __posix_ttyname_r(int fd, char *name, size_t size)
{
	return ttyname_r(fd, name, size);
}

char *ttyname(int fd)
{
	static char name[256];
	int error = ttyname_r(fd, name, sizeof name);
	errno = error ? error : errno;
	return error ? NULL : name;
}

char *ctermid(char *name)
{
	static char own[9];
	return strcpy(name ? name : own, "/dev/tty");
}
