/* Pseudoterminals, their modules, settings and jobs: a deed by its name, which prints what came of it. */

#include "solaris.h"

extern int posix_openpt(int), grantpt(int), unlockpt(int), __unlockpt_xpg4(int), openpty(int *, int *, char *, const void *, const void *);
extern char *strstr(const char *, const char *), *ptsname(int), *ttyname(int);
extern int isatty(int), isastream(int), tcgetattr(int, void *), tcsetattr(int, int, const void *), tcsetpgrp(int, pid_t), tcflush(int, int);
extern pid_t fork(void), forkpty(int *, char *, const void *, const void *), setsid(void), tcgetpgrp(int), tcgetsid(int), waitpid(pid_t, int *, int);
extern int setpgid(pid_t, pid_t), pause(void), poll(void *, unsigned long, int), pipe(int[2]);

struct termios {
	unsigned c_iflag, c_oflag, c_cflag, c_lflag;
	unsigned char c_cc[19];
};
struct termio {
	unsigned short c_iflag, c_oflag, c_cflag, c_lflag;
	char c_line;
	unsigned char c_cc[8];
};
#define O_NOCTTY 0x800
#define TCGETA 0x5401
#define TCSETAF 0x5404
#define TCGETS 0x540d
#define TIOCGWINSZ 0x5468
#define TIOCSWINSZ 0x5467
#define TIOCSTI 0x7417
#define TIOCSCTTY 0x7484
#define I_NREAD 0x5301
#define I_PUSH 0x5302
#define I_POP 0x5303
#define I_LOOK 0x5304
#define I_FIND 0x530b
#define I_LIST 0x5315

static int why(int result)
{
	return result < 0 ? errno : 0;
}

static void streams(void)
{
	char name[9] = "";
	struct termios settings;
	struct termio old;
	struct { int count; char (*names)[9]; } list;
	char names[4][9];
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	printf("locked %d\n", why(open(ptsname(master), O_RDWR | O_NOCTTY)));
	printf("early write %d\n", why((int)write(posix_openpt(O_RDWR), "x", 1)));
	printf("grant %d unlock %d name %s\n", grantpt(master), unlockpt(master), ptsname(master));
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	printf("isatty %d %d stream %d %d\n", isatty(slave), errno, isastream(slave), isastream(0));
	printf("look %d find %d", why(ioctl(slave, I_LOOK, name)), ioctl(slave, I_FIND, "ldterm"));
	printf(" bad %d", why(ioctl(slave, I_PUSH, "nothing")));
	printf(" long %d pop %d\n", why(ioctl(slave, I_PUSH, "muchtoolong")), why(ioctl(slave, I_POP, 0)));
	ioctl(slave, I_PUSH, "ptem");
	printf("window %d isatty %d ", why(ioctl(slave, TIOCGWINSZ, &settings)), isatty(slave));
	ioctl(slave, I_PUSH, "ldterm");
	ioctl(slave, I_LOOK, name);
	printf("isatty %d look %s count %d\n", isatty(slave), name, ioctl(slave, I_LIST, NULL));
	list.count = 4;
	list.names = names;
	ioctl(slave, I_LIST, &list);
	printf("list %d %s %s %s\n", list.count, names[0], names[1], names[2]);
	tcgetattr(slave, &settings);
	printf("%x %x %x %x", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag);
	for (int n = 0; n < 19; n++)
		printf("%c%x", n ? ':' : ' ', settings.c_cc[n]);
	ioctl(slave, TCGETA, &old);
	printf("\nold %x %x %x %x %x %x\n", old.c_iflag, old.c_oflag, old.c_cflag, old.c_lflag, old.c_cc[0], old.c_cc[7]);
	old.c_lflag &= ~0xa;
	old.c_cc[4] = 1;
	ioctl(slave, TCSETAF, &old);
	tcgetattr(slave, &settings);
	printf("lflag %x min %d susp %x\n", settings.c_lflag, settings.c_cc[4], settings.c_cc[10]);
	printf("master %d tty %s\n", why(tcgetattr(master, &settings)), ttyname(slave));
	while (ioctl(slave, I_POP, 0) == 0)
		;
	printf("popped %d\n", isatty(slave));
}

static void lines(void)
{
	int master, slave, got, count;
	char text[64], name[32];
	unsigned short window[4] = { 24, 80, 0, 0 }, seen[4];
	printf("openpty %d\n", openpty(&master, &slave, name, NULL, window));
	ioctl(master, TIOCGWINSZ, seen);
	printf("%s %d x %d\n", name, seen[0], seen[1]);
	write(master, "hallx\177o\r", 8);
	ioctl(slave, I_NREAD, &count);
	got = (int)read(slave, text, sizeof text);
	printf("read %d of %d %.*s", got, count, got, text);
	got = (int)read(master, text, sizeof text);
	printf("echo %d\n", got);
	write(slave, "a\tb\n", 4);
	got = (int)read(master, text, sizeof text);
	printf("shown %d %x\n", got, text[got - 2]);
	write(master, "end\4", 4);
	printf("eof %d\n", (int)read(slave, text, sizeof text));
	write(master, "dropped\r", 8);
	tcflush(slave, 0);
	ioctl(slave, I_NREAD, &count);
	printf("flushed %d\n", count);
	tcflush(master, 2);
	close(slave);
	struct { int fd; short events, revents; } watched = { master, 1, 0 };
	printf("closed %d ready %x\n", poll(&watched, 1, 0), watched.revents);
	while ((got = (int)read(master, text, sizeof text)) > 0)
		;
	printf("end %d then %d\n", got, poll(&watched, 1, 0));
}

static volatile int caught;

static void handler(int number)
{
	caught = number;
}

static void jobs(void)
{
	int master, status;
	char text[256];
	struct sigaction action = { 0 };
	action.sa_handler = handler;
	printf("before %d\n", why(open("/dev/tty", O_RDWR)));
	fflush(stdout);
	pid_t child = forkpty(&master, NULL, NULL, NULL);
	if (child == 0) {
		int fd = open("/dev/tty", O_RDWR);
		printf("tty %d session %d group %d again %d\n", fd, tcgetsid(fd) == getpid(), tcgetpgrp(0) == getpid(), why(ioctl(0, TIOCSCTTY, 0)));
		psinfo_t info;
		struct stat found;
		fstat(0, &found);
		printf("ttydev %d\n", pread(open("/proc/self/psinfo", O_RDONLY), &info, sizeof info, 0) == sizeof info && info.pr_ttydev == found.st_rdev);
		printf("bad %d", why(tcsetpgrp(0, 77777)));
		printf(" %d\n", why(tcsetpgrp(0, -1)));
		fflush(stdout);
		pid_t reader = fork();
		if (reader == 0) {
			setpgid(0, 0);
			char line[8];
			int got = (int)read(0, line, sizeof line);
			printf("reader %d\n", got);
			fflush(stdout);
			_exit(got);
		}
		setpgid(reader, reader);
		waitpid(reader, &status, 4);
		printf("stopped %d by %d\n", (status & 0xff) == 0x7f, status >> 8 & 0xff);
		tcsetpgrp(0, reader);
		kill(reader, 25);
		fflush(stdout);
		waitpid(reader, &status, 0);
		sigaction(27, &action, NULL);
		printf("exit %d write %d", status >> 8, caught);
		printf(" set %d", why(tcsetpgrp(0, getpid())));
		printf(" told %d\n", caught);
		sigset_t set = { { 0 } };
		set.__sigbits[0] = 1u << (27 - 1);
		__sigprocmask(1, &set, NULL);
		printf("blocked %d group %d\n", why(tcsetpgrp(0, getpid())), tcgetpgrp(0) == getpid());
		sigaction(2, &action, NULL);
		printf("ready\n");
		fflush(stdout);
		pause();
		printf("caught %d\n", caught);
		fflush(stdout);
		pause();
		_exit(9);
	}
	int used = 0, typed = 0;
	for (;;) {
		int got = (int)read(master, text + used, sizeof text - 1 - (size_t)used);
		if (got <= 0)
			break;
		fwrite(text + used, 1, (size_t)got, stdout);
		used += got;
		text[used] = 0;
		if (typed == 0 && strstr(text, "stopped"))
			typed = (int)write(master, "line\r", 5);
		if (typed == 5 && strstr(text, "ready"))
			typed += (int)write(master, "\3", 1);
		if (strstr(text, "caught"))
			break;
		if (used > 200)
			memmove(text, text + 100, (size_t)(used -= 100) + 1);
	}
	close(master);
	waitpid(child, &status, 0);
	printf("hung up %x\n", status);
}

/* The terminal of the host, whose settings this changes and leaves changed. */
static void host(void)
{
	struct termios settings, again;
	unsigned short window[4];
	printf("get %d tty %d ", why(tcgetattr(0, &settings)), isatty(0));
	settings.c_lflag &= ~0xau;
	settings.c_cc[4] = 3;
	settings.c_cc[5] = 7;
	settings.c_cflag = (settings.c_cflag & ~0xfu) | 0x200002;
	printf("set %d ", why(tcsetattr(0, 0x540e, &settings)));
	tcgetattr(0, &again);
	printf("same %d window %d %d x %d ", memcmp(&settings, &again, sizeof settings) == 0, why(ioctl(0, TIOCGWINSZ, window)), window[0], window[1]);
	printf("group %d session %d none %d\n", tcgetpgrp(0), tcgetsid(0), why(ioctl(0, I_PUSH, "ptem")));
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "streams") == 0)
		streams();
	if (argc > 1 && strcmp(argv[1], "lines") == 0)
		lines();
	if (argc > 1 && strcmp(argv[1], "jobs") == 0)
		jobs();
	if (argc > 1 && strcmp(argv[1], "host") == 0)
		host();
	return 0;
}
