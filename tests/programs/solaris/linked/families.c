/* What programs of Solaris do with libc: a deed of each family by its name, which prints what came of it. */

#include "solaris.h"

extern int pthread_create(pthread_t *, const void *, void *(*)(void *), void *), pthread_join(pthread_t, void **);
extern int pthread_mutex_lock(void *), pthread_mutex_unlock(void *), pthread_cond_wait(void *, void *), pthread_cond_signal(void *);
extern pid_t fork(void), waitpid(pid_t, int *, int), getpgid(pid_t), setsid(void);
extern int pipe(int[2]), execv(const char *, char *const[]), raise(int), sigsuspend(const sigset_t *), sigaddset(sigset_t *, int);
extern int port_create(void), port_associate(int, int, uintptr_t, int, void *), port_get(int, void *, struct timespec *);
extern int port_getn(int, void *, unsigned, unsigned *, struct timespec *), port_alert(int, int, int, void *);
extern int socketpair(int, int, int, int[2]), socket(int, int, int), bind(int, const void *, socklen_t), listen(int, int);
extern int connect(int, const void *, socklen_t), accept(int, void *, socklen_t *), getsockname(int, void *, socklen_t *);
extern int getrlimit(int, struct rlimit *), setitimer(int, const void *, void *), poll(void *, unsigned long, int);
extern int mkdir(const char *, mode_t), rename(const char *, const char *), unlink(const char *), rmdir(const char *);
extern int symlink(const char *, const char *), dup2(int, int), sigismember(const sigset_t *, int), sigaltstack(const stack_t *, stack_t *);
extern char *getcwd(char *, size_t);
extern int setjmp(long[8]);
extern void longjmp(long[8], int) __attribute__((noreturn));
extern ssize_t readv(int, const void *, int);
extern int sem_init(void *, int, unsigned), sem_wait(void *), sem_post(void *), ftruncate(int, off_t);
extern ssize_t sendfile(int, int, off_t *, size_t);

static long mutex[8], condition[8], sem[8];
static int ready, sum, seen;
static __thread int own = 7;

static void *worker(void *argument)
{
	own += (int)(long)argument;
	for (int n = 0; n < 100; n++) {
		pthread_mutex_lock(mutex);
		sum++;
		pthread_mutex_unlock(mutex);
	}
	pthread_mutex_lock(mutex);
	ready++;
	pthread_cond_signal(condition);
	pthread_mutex_unlock(mutex);
	sem_post(sem);
	return (void *)(long)own;
}

static void threads(void)
{
	pthread_t ids[8];
	long total = 0;
	sem_init(sem, 0, 0);
	for (long n = 0; n < 8; n++)
		pthread_create(&ids[n], NULL, worker, (void *)n);
	pthread_mutex_lock(mutex);
	while (ready < 8)
		pthread_cond_wait(condition, mutex);
	pthread_mutex_unlock(mutex);
	for (int n = 0; n < 8; n++) {
		void *value;
		sem_wait(sem);
		pthread_join(ids[n], &value);
		total += (long)value;
	}
	printf("sum %d own %d joined %ld\n", sum, own, total);
}

static void note(int signal, siginfo_t *info, ucontext_t *context)
{
	int inside = 0;
	seen = signal * 1000 + info->si_code + 100 * (info != NULL && context != NULL);
	printf("handler %d code %d on stack %d\n", signal, info->si_code, (char *)&inside > (char *)context - 0x4000);
}

static void signals(void)
{
	struct sigaction action = { SA_SIGINFO, (void (*)(int))(uintptr_t)note, { { 0 } } };
	sigset_t block, before;
	sigaction(16, &action, NULL);
	raise(16);
	sigemptyset(&block);
	sigaddset(&block, 16);
	sigprocmask(SIG_BLOCK, &block, NULL);
	kill(getpid(), 16);
	printf("blocked %d\n", seen);
	seen = 0;
	sigemptyset(&before);
	printf("suspended %d errno %d\n", sigsuspend(&before), errno);
	sigprocmask(SIG_BLOCK, NULL, &before);
	printf("mask %d seen %d\n", sigismember(&before, 16), seen);
}

static long back[8];

static void leave(int signal)
{
	longjmp(back, signal);
}

static void fault(void)
{
	struct sigaction action = { SA_NODEFER, leave, { { 0 } } };
	sigaction(11, &action, NULL);
	int came = setjmp(back);
	if (came == 0)
		*(volatile int *)8 = 1;
	printf("came back with %d\n", came);
}

static void processes(void)
{
	int fds[2], status = 0;
	char text[64] = "";
	pipe(fds);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		static char *const argv[] = { "echo", "from", "exec", NULL };
		dup2(fds[1], 1);
		execv("/usr/bin/echo", argv);
		_exit(9);
	}
	close(fds[1]);
	ssize_t got = read(fds[0], text, sizeof text - 1);
	pid_t waited = waitpid(child, &status, 0);
	printf("%.*s%d %x\n", (int)got, text, waited == child, status);
	child = fork();
	if (child == 0) {
		kill(getpid(), SIGKILL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("killed %x\n", status);
	child = fork();
	if (child == 0)
		_exit(setsid() == getpid() && getpgid(0) == getpid() ? 3 : 4);
	waitpid(child, &status, 0);
	printf("session %x, then %d %d\n", status, waitpid(-1, &status, 0), errno);
}

struct event {
	int events;
	unsigned short source, pad;
	unsigned long object, user;
};

static void ports(void)
{
	int fds[2], port = port_create();
	struct event event;
	struct timespec now = { 0, 0 };
	unsigned count = 1;
	pipe(fds);
	printf("associate %d\n", port_associate(port, 4, (uintptr_t)fds[0], 1, &port));
	printf("none %d", port_getn(port, &event, 1, &count, &now));
	printf(" count %u\n", count);
	printf("late %d %d\n", port_get(port, &event, &now), errno);
	write(fds[1], "x", 1);
	printf("get %d", port_get(port, &event, NULL));
	printf(" events %d source %d fd %d user %d\n", event.events, event.source, event.object == (unsigned long)fds[0], event.user == (unsigned long)&port);
	printf("once %d %d\n", port_get(port, &event, &now), errno);
	port_alert(port, 2, 16, &port);
	port_get(port, &event, NULL);
	printf("alert %d %d\n", event.source, event.events);
}

static void sockets(void)
{
	unsigned char name[16] = { 2, 0, 0, 0, 127, 0, 0, 1 };
	char text[16] = "";
	socklen_t size = sizeof name;
	int pair[2], server = socket(2, 2, 0), client = socket(2, 2, 0);
	printf("bind %d", bind(server, name, sizeof name));
	printf(" listen %d", listen(server, 5));
	getsockname(server, name, &size);
	printf(" connect %d\n", connect(client, name, sizeof name));
	int made = accept(server, NULL, NULL);
	write(client, "tcp", 3);
	printf("%d %s\n", (int)read(made, text, sizeof text), text);
	printf("pair %d", socketpair(1, 2, 0, pair));
	write(pair[0], "unix", 4);
	printf(" %d %s\n", (int)read(pair[1], text, sizeof text), text);
	int closed = socket(2, 2, 0);
	name[2] = 0, name[3] = 1;
	printf("refused %d %d\n", connect(closed, name, sizeof name), errno);
}

static void files(void)
{
	struct stat status;
	char text[64];
	mkdir("/tmp/d", 0755);
	int fd = open("/tmp/d/a", O_RDWR | O_CREAT | O_EXCL, 0640);
	write(fd, "0123456789", 10);
	printf("lseek %ld", lseek(fd, 2, 0));
	printf(" read %d", (int)read(fd, text, 3));
	printf(" %.3s truncate %d", text, ftruncate(fd, 4));
	fstat(fd, &status);
	printf(" size %ld mode %o\n", status.st_size, status.st_mode);
	printf("again %d %d\n", open("/tmp/d/a", O_CREAT | O_EXCL | O_WRONLY, 0), errno);
	rename("/tmp/d/a", "/tmp/d/b");
	symlink("b", "/tmp/d/l");
	ssize_t n = readlink("/tmp/d/l", text, sizeof text);
	printf("link %.*s", (int)n, text);
	DIR *dir = opendir("/tmp/d");
	int count = 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	printf(" entries %d full %d %d\n", count, rmdir("/tmp/d"), errno);
	int fds[2];
	off_t from = 1;
	pipe(fds);
	printf("sendfile %d", (int)sendfile(fds[1], fd, &from, 9));
	printf(" %d %.3s offset %ld\n", (int)read(fds[0], text, sizeof text), text, from);
	unlink("/tmp/d/b");
	unlink("/tmp/d/l");
	printf("rmdir %d gone %d %d\n", rmdir("/tmp/d"), stat("/tmp/d", &status), errno);
}

static void ring(int signal)
{
	seen = signal;
}

static void timers(void)
{
	long timer[4] = { 0, 0, 0, 1000 };
	struct sigaction action = { SA_RESTART, ring, { { 0 } } };
	struct timespec interval = { 3600, 0 }, before, after;
	sigset_t block, none;
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, 14);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(14, &action, NULL);
	setitimer(0, timer, NULL);
	printf("suspended %d %d seen %d\n", sigsuspend(&none), errno, seen);
	clock_gettime(4, &before);
	nanosleep(&interval, NULL);
	clock_gettime(4, &after);
	printf("slept %d\n", after.tv_sec - before.tv_sec >= 3600);
	printf("poll %d\n", poll(NULL, 0, 1));
}

struct sigevent {
	int how, signal;
	void *value, *function, *attributes;
	int pad[2];
};

static void *came;

static void told(int signal, siginfo_t *info, void *context)
{
	(void)context;
	seen = signal * 100 - info->si_code;
	memcpy(&came, info->si_data + (sizeof(void *) == 8 ? 16 : 8), sizeof came);
}

static void posix_timers(void)
{
	extern int timer_create(int, struct sigevent *, int *), timer_delete(int), timer_getoverrun(int);
	extern int timer_settime(int, int, const struct timespec[2], struct timespec[2]), timer_gettime(int, struct timespec[2]);
	struct sigevent event = { 2, 16, (void *)0x1234, NULL, NULL, { 0, 0 } };
	struct timespec once[2] = { { 0, 0 }, { 5, 0 } }, often[2] = { { 1, 0 }, { 1, 0 } }, left[2], end;
	struct sigaction action = { SA_SIGINFO, (void (*)(int))(uintptr_t)told, { { 0 } } };
	sigset_t block, none;
	int timer = -1, again = -1;
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, 16);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(16, &action, NULL);
	printf("create %d", timer_create(4, &event, &timer));
	printf(" %d", timer);
	printf(" set %d", timer_settime(timer, 0, once, NULL));
	timer_gettime(timer, left);
	printf(" left %d", left[1].tv_sec == 4 || left[1].tv_sec == 5);
	sigsuspend(&none);
	printf(" signal %d value %d\n", seen, came == (void *)0x1234);
	timer_settime(timer, 0, often, NULL);
	nanosleep(&often[0], NULL);
	nanosleep(&(struct timespec) { 3, 500000000 }, NULL);
	sigsuspend(&none);
	printf("waited %d", seen);
	nanosleep(&often[0], NULL);
	sigsuspend(&none);
	printf(" overrun %d delete %d gone %d %d\n", timer_getoverrun(timer), timer_delete(timer), timer_delete(timer), errno);
	struct {
		int port;
		void *user;
	} notify = { port_create(), (void *)77 };
	struct event found = { 0 };
	event = (struct sigevent) { 4, 0, &notify, NULL, NULL, { 0, 0 } };
	clock_gettime(3, &end);
	once[1] = (struct timespec) { end.tv_sec + 2, end.tv_nsec };
	timer_create(3, &event, &again);
	timer_settime(again, 1, once, NULL);
	printf("port %d", port_get(notify.port, &found, NULL));
	printf(" source %d user %d\n", found.source, (int)(intptr_t)found.user);
	printf("bad %d %d", timer_create(99, NULL, &timer), errno);
	printf(" %d %d\n", timer_settime(31, 0, once, NULL), errno);
}

struct statvfs {
	unsigned long bsize, frsize, blocks, bfree, bavail, files, ffree, favail, fsid;
	char basetype[16];
	unsigned long flag, namemax;
	char fstr[32];
	unsigned long filler[16];
};

static void the_system(void)
{
	extern int statvfs(const char *, struct statvfs *), fstatvfs(int, struct statvfs *), fsync(int), setreuid(uid_t, uid_t);
	extern long pathconf(const char *, int), fpathconf(int, int);
	extern id_t getzoneid(void), getzoneidbyname(const char *);
	extern ssize_t getzonenamebyid(id_t, char *, size_t);
	struct statvfs volume = { 0 }, same = { 0 };
	char text[64] = "";
	int fd = open("/tmp/system", O_RDWR | O_CREAT, 0600), fds[2];
	printf("statvfs %d %s %lu", statvfs("/tmp", &volume), volume.basetype, volume.namemax);
	printf(" %d %d", fstatvfs(fd, &same), same.bsize == volume.bsize && same.fsid == volume.fsid);
	printf(" gone %d %d\n", statvfs("/nothing", &volume), errno);
	printf("pathconf %ld %ld", pathconf("/tmp", 4), fpathconf(fd, 5));
	printf(" bad %ld %d fsync %d", pathconf("/tmp", 999), errno, fsync(fd));
	pipe(fds);
	printf(" pipe %d %d\n", fsync(fds[0]), errno);
	printf("zone %d %d", (int)getzoneid(), (int)getzoneidbyname("global"));
	printf(" %d %s", (int)getzonenamebyid(0, text, sizeof text), text);
	printf(" other %d %d\n", (int)getzoneidbyname("elsewhere"), errno);
	unlink("/tmp/system");
	printf("door %ld %d", syscall(201, 0, 0, 0, 0, 0, 3), errno);
	short *shared = (short *)syscall(206);
	printf(" schedctl %d same %d\n", shared[0], shared == (short *)syscall(206));
}

static void numbers(void)
{
	static const double values[] = { 0, -0.0, 1, 0.1, 2.5, 3.5, 123456789, 1e22, 1e100, 1.7976931348623157e308, 5e-324, 0.000099995, 999999.5 };
	for (size_t n = 0; n < sizeof values / sizeof *values; n++)
		printf("%f|%.0f|%e|%.3E|%g|%#.4g|%G|%+012.2f|%-9.1e|%.17g\n", values[n], values[n], values[n], values[n], values[n],
		    values[n], values[n], values[n], values[n], values[n]);
}

static int rang_times;

static void count_ring(void *value)
{
	rang_times += (int)(long)value;
	sem_post(sem);
}

/* A timer that calls a function in a thread of its own. */
static void timer_threads(void)
{
	extern int timer_create(int, struct sigevent *, int *), timer_delete(int), timer_settime(int, int, const struct timespec[2], struct timespec[2]);
	struct {
		int notify, signal;
		void *value;
		void (*function)(void *);
		void *attributes;
		int rest;
	} event = { 3, 0, (void *)5, count_ring, NULL, 0 };
	struct timespec times[2] = { { 0, 1000000 }, { 0, 1000000 } };
	int timer;
	sem_init(sem, 0, 0);
	printf("create %d ", timer_create(3, (void *)&event, &timer));
	printf("set %d ", timer_settime(timer, 0, times, NULL));
	for (int n = 0; n < 3; n++)
		sem_wait(sem);
	printf("rang %d delete %d ", rang_times >= 15 && rang_times % 5 == 0, timer_delete(timer));
	printf("again %d\n", timer_delete(timer));
}

/* What runs the shell. */
static void shell(void)
{
	extern int system(const char *), pclose(FILE *);
	extern FILE *popen(const char *, const char *);
	extern char *fgets(char *, int, FILE *);
	char text[32] = "";
	int status = system("exit 3");
	printf("status %x first\n", status);
	FILE *pipe = popen("echo one two", "r");
	if (pipe)
		printf("read %s", fgets(text, sizeof text, pipe));
	pclose(pipe);
	fflush(stdout);
	pipe = popen("read x; echo written $x", "w");
	fputs("3\n", pipe);
	pclose(pipe);
}

static const struct {
	const char *name;
	void (*deed)(void);
} deeds[] = {
	{ "threads", threads }, { "signals", signals }, { "fault", fault }, { "processes", processes }, { "ports", ports },
	{ "sockets", sockets }, { "files", files }, { "timer_threads", timer_threads }, { "timers", timers }, { "system", the_system }, { "posix_timers", posix_timers }, { "numbers", numbers }, { "shell", shell },
};

int main(int argc, char **argv)
{
	for (size_t n = 0; argc > 1 && n < sizeof deeds / sizeof *deeds; n++)
		if (strcmp(deeds[n].name, argv[1]) == 0) {
			deeds[n].deed();
			return 0;
		}
	return 2;
}
