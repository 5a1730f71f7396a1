/* What processes of Solaris do with each other: a deed of each family by its name, which prints what came of it. */

#include "solaris.h"

extern pid_t fork(void), waitpid(pid_t, int *, int), setsid(void);
extern int waitid(int, id_t, siginfo_t *, int), setpgid(pid_t, pid_t), raise(int), pause(void);
extern int pipe(int[2]), socketpair(int, int, int, int[2]);
extern ssize_t __xnet_sendmsg(int, const void *, int), __xnet_recvmsg(int, void *, int), sendmsg(int, const void *, int), recvmsg(int, void *, int);

enum { WUNTRACED = 4, WCONTINUED = 8, WNOHANG = 0x40, P_PID = 0, SIGTERM = 15, SIGSTOP = 23, SIGTSTP = 24, SIGCONT = 25 };

static volatile int noted;

static void note(int signal, siginfo_t *info)
{
	(void)signal;
	noted = info->si_code;
}

static void continued(int signal)
{
	noted = signal;
}

static int status_of(pid_t child, int options)
{
	int status = -1;
	return waitpid(child, &status, options) == child ? status : -1;
}

/* A child stops, is continued and killed; another one catches what stops and continues. */
static void jobs(void)
{
	struct sigaction action = { SA_SIGINFO | SA_RESTART, (void (*)(int))(uintptr_t)note, { { 0 } } };
	siginfo_t info;
	int status, fds[2];
	char text[8] = "";
	sigaction(SIGCLD, &action, NULL);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		_exit(7);
	}
	printf("stopped %x code %d\n", status_of(child, WUNTRACED), noted);
	printf("again %d\n", waitpid(child, &status, WUNTRACED | WNOHANG));
	kill(child, SIGCONT);
	printf("continued %x code %d\n", status_of(child, WCONTINUED), noted);
	printf("ended %x\n", status_of(child, 0));
	pipe(fds);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		read(fds[0], text, sizeof text);	/* which goes on after the stop as if nothing had been */
		_exit(text[0] == 'x' ? 0 : 1);
	}
	sched_yield();
	kill(child, SIGSTOP);
	memset(&info, 0, sizeof info);
	waitid(P_PID, child, &info, WUNTRACED);
	int signal;
	memcpy(&signal, info.si_data + SI_STATUS_AT, sizeof signal);
	printf("waitid %d %d %d\n", info.si_signo, info.si_code, signal);
	write(fds[1], "x", 1);
	kill(child, SIGCONT);
	printf("read through %x\n", status_of(child, 0));
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		action.sa_flags = 0;
		action.sa_handler = continued;
		sigaction(SIGCONT, &action, NULL);
		raise(SIGTSTP);
		_exit(noted == SIGCONT ? 3 : 4);
	}
	printf("terminal stop %x", status_of(child, WUNTRACED));
	kill(child, SIGCONT);
	printf(" handler %x\n", status_of(child, 0));
	child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		_exit(1);
	}
	status_of(child, WUNTRACED);
	kill(child, SIGTERM);
	printf("terminated %d", waitpid(child, &status, WNOHANG));
	kill(child, SIGKILL);
	printf(" killed %x\n", status_of(child, 0));
	child = fork();
	if (child == 0) {
		setsid();
		raise(SIGTSTP);		/* nobody of its session could continue it: nothing happens */
		_exit(5);
	}
	printf("orphaned %x\n", status_of(child, WUNTRACED));
}

struct msghdr {
	void *name;
	socklen_t name_size;
	struct {
		void *base;
		size_t size;
	} *vector;
	int count;
	void *control;
	socklen_t control_size;
	int flags;
};
struct rights {
	socklen_t size;
	int level, type, fd;
};

/* Descriptors go from socket to socket: in control messages, and as programs before XPG4 did it. */
static void passing(void)
{
	int pair[2], fds[2];
	char text[8] = "";
	struct rights rights = { sizeof rights, 0xffff, 0x1010, 0 };
	struct msghdr message = { NULL, 0, NULL, 1, &rights, sizeof rights, 0 };
	struct {
		void *base;
		size_t size;
	} vector = { text, 1 };
	message.vector = (void *)&vector;
	socketpair(1, 2, 0, pair);
	pipe(fds);
	rights.fd = fds[1];
	text[0] = 'm';
	printf("sent %ld", (long)__xnet_sendmsg(pair[0], &message, 0));
	close(fds[1]);
	memset(&rights, 0, sizeof rights);
	text[0] = 0;
	printf(" got %ld %s size %u flags %d:", (long)__xnet_recvmsg(pair[1], &message, 0), text, message.control_size, message.flags);
	printf(" %u %x %x\n", rights.size, rights.level, rights.type);
	write(rights.fd, "passed", 6);
	printf("%.*s\n", (int)read(fds[0], text, sizeof text), text);
	int fd = rights.fd, got = -1;
	message.control = &fd;
	message.control_size = sizeof fd;
	vector.size = 1;
	printf("rights %ld", (long)sendmsg(pair[0], &message, 0));
	message.control = &got;
	printf(" %ld size %u fd %d\n", (long)recvmsg(pair[1], &message, 0), message.control_size, got > fd);
	message.control = &fd;
	sendmsg(pair[0], &message, 0);
	message.control_size = 8;
	message.control = &rights;
	__xnet_recvmsg(pair[1], &message, 0);
	printf("no room: size %u flags %x\n", message.control_size, message.flags);
	rights.type = 77;
	rights.size = sizeof rights;
	message.control_size = sizeof rights;
	printf("other %ld %d", (long)__xnet_sendmsg(pair[0], &message, 0), errno);
	rights.type = 0x1010;
	rights.fd = 99;
	printf(" closed %ld %d\n", (long)__xnet_sendmsg(pair[0], &message, 0), errno);
}

static const struct {
	const char *name;
	void (*deed)(void);
} deeds[] = { { "jobs", jobs }, { "passing", passing } };

int main(int argc, char **argv)
{
	for (size_t n = 0; argc > 1 && n < sizeof deeds / sizeof *deeds; n++)
		if (strcmp(deeds[n].name, argv[1]) == 0) {
			deeds[n].deed();
			return 0;
		}
	return 2;
}
