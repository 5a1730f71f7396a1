/* fork, exec, wait, vfork, job control: prints what happened, the same on every Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int shared = 1;
static volatile int hits;

static void report(const char *what, int status)
{
	if (WIFEXITED(status))
		printf("%s: exited %d\n", what, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		printf("%s: killed by %d core %d\n", what, WTERMSIG(status), !!WCOREDUMP(status));
	else if (WIFSTOPPED(status))
		printf("%s: stopped by %d\n", what, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		printf("%s: continued\n", what);
}

static void waiting_for(const char *what, pid_t pid, int options)
{
	int status = -1;
	pid_t found = waitpid(pid, &status, options);
	if (found == pid)
		report(what, status);
	else
		printf("%s: %s\n", what, found ? strerror(errno) : "nothing yet");
}

static void handled(int signal)
{
	(void)signal;
	hits++;
}

/* The parent of vfork goes on when the child has left its memory, whatever signals say; only a deadly one ends it. */
static void while_vfork_waits(void)
{
	struct timespec moment = {0, 1000000};
	signal(SIGUSR1, handled);
	pid_t pid = vfork();
	if (!pid) {
		kill(getppid(), SIGUSR1);
		nanosleep(&moment, NULL);
		_exit(hits);
	}
	waiting_for("handlers run during vfork", pid, 0);
	printf("and after it: %d\n", hits);
	int pipes[2];
	char byte;
	if (pipe(pipes))
		return;
	pid = fork();
	if (!pid) {
		pid_t parent = getpid();
		if (!vfork()) {
			kill(parent, SIGTERM);
			while (getppid() == parent)
				nanosleep(&moment, NULL);
		}
		_exit(1);
	}
	close(pipes[1]);
	waiting_for("vfork waits", pid, 0);
	printf("its child ends too: %zd\n", read(pipes[0], &byte, 1));
	close(pipes[0]);
}

static void execveat_of_closed(void)
{
	char *none[] = {NULL};
	long result = syscall(SYS_execveat, 99, "sh", none, none, 0);
	printf("execveat in a closed directory: %ld %s\n", result, strerror(errno));
	result = syscall(SYS_execveat, AT_FDCWD, "", none, none, AT_EMPTY_PATH);
	printf("execveat of the working directory: %ld %s\n", result, strerror(errno));
	result = syscall(SYS_execveat, 99, "", none, none, AT_EMPTY_PATH);
	printf("execveat of a closed file: %ld %s\n", result, strerror(errno));
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		printf("executed %s, environment %s\n", argv[1], getenv("MARK") ? getenv("MARK") : "none");
		return 7;
	}
	pid_t pid = fork();
	if (!pid) {
		shared = 2;
		_exit(getppid() > 1 ? 3 : 4);
	}
	waiting_for("child", pid, 0);
	printf("copied on write: %d\n", shared);
	waiting_for("again", pid, 0);

	pid = fork();
	if (!pid) {
		char *arguments[] = {argv[0], "child", NULL}, *environment[] = {"MARK=1", NULL};
		execve(argv[0], arguments, environment);
		_exit(99);
	}
	waiting_for("exec", pid, 0);
	char *none[] = {NULL};
	printf("exec of nothing: %d %s\n", execve("/no/such/file", none, none), strerror(errno));
	printf("exec of a directory: %d %s\n", execve("/", none, none), strerror(errno));

	pid = vfork();
	if (!pid) {
		shared = 5;
		_exit(6);
	}
	waiting_for("vfork", pid, 0);
	printf("vfork shares memory: %d\n", shared);

	while_vfork_waits();
	execveat_of_closed();

	pid = fork();
	if (!pid)
		for (;;)
			pause();
	waiting_for("not yet", pid, WNOHANG);
	kill(pid, SIGSTOP);
	waiting_for("stop", pid, WUNTRACED);
	kill(pid, SIGCONT);
	waiting_for("continue", pid, WCONTINUED);
	kill(pid, SIGTERM);
	siginfo_t info;
	memset(&info, 0, sizeof info);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	printf("waitid: signo %d code %d status %d pid %d\n", info.si_signo, info.si_code, info.si_status, info.si_pid == pid);
	waiting_for("terminate", pid, 0);
	kill(getpid(), 0);
	printf("kill of a dead process: %d %s\n", kill(pid, 0), strerror(errno));

	int pipes[2];
	if (pipe(pipes) == 0) {
		pid = fork();
		if (!pid) {
			setpgid(0, 0);
			pid_t grandchild = fork();
			if (!grandchild) {
				while (getppid() != 1)
					;
				char byte = getpgrp() == getpid() ? 'b' : 'o';
				if (write(pipes[1], &byte, 1) != 1)
					_exit(1);
				_exit(0);
			}
			_exit(0);
		}
		waiting_for("orphaner", pid, 0);
		char byte = 0;
		close(pipes[1]);
		printf("orphan says %zd %c\n", read(pipes[0], &byte, 1), byte);
		printf("end of file: %zd\n", read(pipes[0], &byte, 1));
	}
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(0);
	waiting_for("no zombies", pid, 0);
	printf("session %d group %d\n", getsid(0) == getsid(getpid()), getpgrp() == getpgid(0));
	return 0;
}
