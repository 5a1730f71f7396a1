/*
 * The end of a process whose tracer is not its parent: the tracer waits for it first, and the parent knows of nothing
 * until then, or until the tracer has ended.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int told;

static void count(int number)
{
	(void)number;
	told++;
}

static void say(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(90);
}

static void hear(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		_exit(91);
}

static void round_of(int waits)
{
	int to_child[2], to_tracer[2], from[2], status;
	pid_t child, tracer, found;
	struct pollfd end;

	if (pipe(to_child) || pipe(to_tracer) || pipe(from))
		exit(92);
	told = 0;
	child = fork();
	if (!child) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
		say(from[1]);
		hear(to_child[0]);
		_exit(3);
	}
	hear(from[0]);
	tracer = fork();
	if (!tracer) {
		if (ptrace(PTRACE_SEIZE, child, NULL, NULL))
			_exit(93);
		say(from[1]);
		hear(to_tracer[0]);
		if (waits) {
			printf("tracer: %d", waitpid(child, &status, __WALL) == child);
			printf(" %x\n", status);
			printf("again: %d\n", waitpid(child, &status, __WALL));
			say(from[1]);
		}
		_exit(4);
	}
	hear(from[0]);
	say(to_child[1]);
	end.fd = syscall(SYS_pidfd_open, child, 0);
	end.events = POLLIN;
	printf("it has ended: %d\n", poll(&end, 1, -1));
	printf("parent: %d, told %d\n", waitpid(child, &status, WNOHANG), told);
	say(to_tracer[1]);
	found = waitpid(child, &status, 0);
	if (waits)
		hear(from[0]);
	printf("parent: %d %x\n", found == child, status);
	printf("tracer ended: %d", waitpid(tracer, &status, 0) == tracer);
	printf(" %x, told %d\n", status, told > 0);
}

int main(void)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};

	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGCHLD, &action, NULL);
	round_of(1);
	round_of(0);
	return 0;
}
