/* Something of each kind that a probe can see; the first argument says what. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef SYS_clock_gettime
#define CLOCK_GETTIME SYS_clock_gettime
#else
#define CLOCK_GETTIME SYS_clock_gettime64
#endif

volatile int watched;

__attribute__((noinline)) void mark(int value)
{
	watched = value;
	__asm__ volatile("" ::: "memory");
}

static void on_signal(int number)
{
	(void)number;
}

/* The parent waits in read until its child, which first asks for its parent's pid, does what ``wake`` says. */
static int waits(int (*wake)(int writing))
{
	int ends[2];
	char byte;
	if (pipe(ends))
		return 1;
	pid_t child = fork();
	if (!child) {
		struct timespec time = {0, 1000000};
		nanosleep(&time, NULL);
		syscall(SYS_getppid);
		_exit(wake(ends[1]));
	}
	int got = read(ends[0], &byte, 1);
	int status;
	while (waitpid(child, &status, 0) != child)
		;
	printf("read %d, child %d\n", got, WEXITSTATUS(status));
	return 0;
}

static int wake_by_byte(int writing)
{
	return write(writing, "x", 1) == 1 ? 7 : 8;
}

static int wake_by_signal(int writing)
{
	(void)writing;
	return kill(getppid(), SIGUSR1) ? 8 : 7;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "calls";
	if (!strcmp(what, "calls")) {
		for (int i = 0; i < 3; i++)
			printf("%d\n", (int)syscall(SYS_getpid) > 0);
		return 3;
	}
	if (!strcmp(what, "wait"))
		return waits(wake_by_byte);
	if (!strcmp(what, "signal")) {
		struct sigaction action = {.sa_handler = on_signal};
		sigaction(SIGUSR1, &action, NULL);
		signal(SIGUSR2, SIG_IGN);
		kill(getpid(), SIGUSR2);
		return waits(wake_by_signal);
	}
	if (!strcmp(what, "exec")) {
		execl(argv[0], argv[0], "calls", (char *)NULL);
		return 1;
	}
	if (!strcmp(what, "marks")) {
		for (int i = 1; i <= 3; i++)
			mark(i);
		if (!fork()) {
			mark(4);
			_exit(0);
		}
		wait(NULL);
		return watched;
	}
	if (!strcmp(what, "memory")) {
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		page[1] = 1;
		mprotect(page, 4096, PROT_READ);
		munmap(page, 4096);
		return 0;
	}
	if (!strcmp(what, "host")) {
		char bytes[8];
		struct timespec now;
		ssize_t got = read(0, bytes, 5);
		syscall(SYS_getrandom, bytes, 8, 0);
		syscall(CLOCK_GETTIME, CLOCK_REALTIME, &now);
		return write(1, "hello", 5) + got;
	}
	if (!strcmp(what, "spin")) {
		for (volatile int i = 0; i < 3000000; i++)
			;
		return 0;
	}
	return 2;
}
