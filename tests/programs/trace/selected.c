/* Makes a few calls of many classes, some of which fail, and takes a signal. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void taken(int number)
{
	(void)number;
}

int main(void)
{
	char bytes[64];
	int ends[2];
	struct stat about;
	struct sigaction action = {.sa_handler = taken};

	sigaction(SIGUSR1, &action, 0);
	for (int i = 0; i < 6; i++)
		syscall(SYS_getuid);
	open("/nonexistent/x", O_RDONLY);
	access("/dev/null", R_OK);
	pipe(ends);
	write(ends[1], "hello", 5);
	read(ends[0], bytes, sizeof bytes);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	read(ends[0], bytes, 4);
	write(1, "out\n", 4);
	write(-1, "x", 1);
	kill(getpid(), SIGUSR1);
	umask(022);
	chdir("/dev");
	stat("/dev/null", &about);
	_exit(3);
}
