/*
 * Rounds, each of which does something of every kind that a probe can see, and begins with umask(2). Between the first and
 * the second the process waits; between the second and the third it waits and is interrupted by a signal; a child of it makes
 * the fourth, and the program that the child becomes the fifth; the sixth and the seventh are the first process's again.
 */

#ifndef __linux__
#include "solaris.h"
extern pid_t fork(void), waitpid(pid_t, int *, int);
extern mode_t umask(mode_t);
extern int pipe(int[2]), socket(int, int, int), bind(int, const void *, socklen_t);
extern int getsockname(int, void *, socklen_t *);
extern ssize_t sendto(int, const void *, size_t, int, const void *, socklen_t), recv(int, void *, size_t, int);
extern ssize_t getrandom(void *, size_t, unsigned);
extern int execv(const char *, char *const[]);
#define SIGUSR1 16
#define SIGILL 4
#define AF_INET 2
#define SOCK_DGRAM 1
#define PROT_EXEC 4
#define MAP_ANONYMOUS MAP_ANON
#define REALTIME() ({ struct timespec now; clock_gettime(3, &now); })
struct sockaddr { unsigned short family; char data[14]; };
struct sockaddr_in { unsigned short sin_family, sin_port; unsigned char sin_addr[4]; char rest[8]; };
#else
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define REALTIME() ({ struct timespec now; syscall(SYS_clock_gettime, 0, &now); })
#endif

volatile int watched;
static char *self;
static int ends[2];

__attribute__((noinline)) void mark(int value)
{
	watched = value;
	__asm__ volatile("" ::: "memory");
}

static void on_signal(int number)
{
	(void)number;
}

/* Comes back from an instruction that is none, behind it. */
static void *behind[5];

static void on_fault(int number)
{
	(void)number;
	__builtin_longjmp(behind, 1);
}

static void become(const char *what)
{
	char *arguments[] = {self, (char *)what, NULL};
	execv(self, arguments);
	_exit(9);
}

static void end(pid_t child)
{
	while (waitpid(child, NULL, 0) != child)
		;
}

static void rest(int nanoseconds)
{
	struct timespec time = {0, nanoseconds};
	nanosleep(&time, NULL);
}

static void message_to_itself(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	char got;
	int one = socket(AF_INET, SOCK_DGRAM, 0);
	((unsigned char *)&address.sin_addr)[0] = 127;
	((unsigned char *)&address.sin_addr)[3] = 1;
	bind(one, (struct sockaddr *)&address, size);
	getsockname(one, (struct sockaddr *)&address, &size);
	sendto(one, "m", 1, 0, (struct sockaddr *)&address, size);
	recv(one, &got, 1, 0);
	close(one);
}

static void make_round(int number)
{
	char bytes[8];
	pid_t child;
	umask(022);
	getpid();
	REALTIME();
	getrandom(bytes, sizeof bytes, 0);
	mark(number);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page[1] = 1;
	munmap(page, 4096);
	int file = open(self, O_RDONLY);
	munmap(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0), 4096);
	close(file);
	kill(getpid(), SIGUSR1);
	if (!__builtin_setjmp(behind))
		__asm__ volatile("ud2");
	message_to_itself();
	if (!(child = fork()))
		become("nothing");
	end(child);
	rest(1);
	write(1, ".", 1);
}

/* Waits in read until a child has done something about it. */
static void wait_for(int by_signal)
{
	char byte;
	pid_t child = fork();
	if (!child) {
		rest(1000000);
		if (by_signal)
			kill(getppid(), SIGUSR1);
		else
			write(ends[1], "x", 1);
		_exit(0);
	}
	read(ends[0], &byte, 1);
	end(child);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal}, fault = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
	self = argv[0];
	if (argc > 1 && argv[1][0] == 'n')
		return 0;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGILL, &fault, NULL);
	if (argc > 1) {
		make_round(5);
		return 0;
	}
	pipe(ends);
	make_round(1);
	wait_for(0);
	make_round(2);
	wait_for(1);
	make_round(3);
	pid_t child = fork();
	if (!child) {
		make_round(4);
		become("again");
	}
	end(child);
	make_round(6);
	make_round(7);
	return 0;
}
