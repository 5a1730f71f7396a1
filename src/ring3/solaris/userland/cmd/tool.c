/*
 * dtrace, mdb, truss: Ring3's own tool of this program's name, on the machine that the program runs on.
 *
 * The device /dev/ring3 runs the tool; this program is its terminal, its files and its processes. What it reads from
 * the device is one message a read, a letter and what belongs to it; what it writes there is an answer, or that it was
 * interrupted. The same source is built for Solaris and for Linux (scripts/build-userland).
 */

#if __has_include("solaris.h")
#include "solaris.h"
int pipe(int[2]), dup2(int, int), execvp(const char *, char *const *), execv(const char *, char *const *);
pid_t fork(void), waitpid(pid_t, int *, int);
int isatty(int);
extern char **environ;
#define FD_CLOEXEC 1
#define F_SETFD 2
#define SIGINT 2
#define SIGTERM 15
#else
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define DEVICE "/dev/ring3"
/* What dtrace(1M) asks its device for each time that it looks at its buffers (DTRACEIOC_STATUS). */
#define LOOK (('d' << 24) | ('t' << 16) | ('r' << 8) | 11)

static int device, output = 1;
static const char *name;
static char message[65537], request[65536];

static void put(int fd, const char *data, ssize_t size)
{
	for (ssize_t n; size > 0; data += n, size -= n)
		if ((n = write(fd, data, (size_t)size)) < 0) {
			if (errno != EINTR)
				break;
			n = 0;
		}
}

static void interrupted(int number)
{
	(void)number;
	int saved = errno;
	write(device, "i", 1);
	errno = saved;
}

/* Words with a NUL behind each, as a vector. */
static char **words(char *text, ssize_t size, char **vector, int room)
{
	int count = 0;
	for (char *at = text; at < text + size && count < room - 1; at += strlen(at) + 1)
		vector[count++] = at;
	vector[count] = NULL;
	return vector;
}

/* A program in a process of its own; answers its number, or why it could not be executed. */
static void run(char *text, ssize_t size)
{
	char *vector[512], answer[32];
	int told[2], failure = 0;
	words(text, size, vector, 512);
	pid_t child = pipe(told) ? -1 : fork();
	if (child == 0) {
		close(told[0]);
		fcntl(told[1], F_SETFD, FD_CLOEXEC);
		execvp(vector[0], vector);
		failure = errno;
		write(told[1], &failure, sizeof failure);
		_exit(127);
	}
	close(told[1]);
	while (read(told[0], &failure, sizeof failure) < 0 && errno == EINTR)
		;
	close(told[0]);
	snprintf(answer, sizeof answer, failure ? "e%d" : "p%d", failure ? failure : (int)child);
	put(device, answer, (ssize_t)strlen(answer));
}

/* NAME=VALUE is in the environment from now on, in place of what was there of that name; NAME is no more. */
static void change(const char *text)
{
	static char *changed[1024];
	char **old = environ, *copy = strdup(text), *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);
	int count = 0;
	for (; old && *old && count < 1022; old++)
		if (strncmp(*old, text, length) || (*old)[length] != '=')
			changed[count++] = *old;
	if (text[length] && copy)
		changed[count++] = copy;
	changed[count] = NULL;
	environ = changed;
}

/* A command, by the shell if there is one. */
static void command(char *text)
{
	pid_t child = fork();
	if (child == 0) {
		char *shell[] = { "sh", "-c", text, NULL }, *vector[64];
		int count = 0;
		execv("/bin/sh", shell);
		for (char *at = text; *at && count < 63;) {
			while (*at == ' ' || *at == '\n')
				*at++ = 0;
			if (*at)
				vector[count++] = at;
			while (*at && *at != ' ' && *at != '\n')
				at++;
		}
		vector[count] = NULL;
		if (count)
			execvp(vector[0], vector);
		_exit(127);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* A file's contents, a piece an answer, and an empty piece at the end. */
static void contents(const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY) : 0;
	ssize_t got = -1;
	request[0] = 'd';
	while (fd >= 0 && (got = read(fd, request + 1, sizeof request - 1)) > 0)
		put(device, request, got + 1);
	if (got < 0)
		snprintf(request, sizeof request, "e%d", errno);
	put(device, request, got < 0 ? (ssize_t)strlen(request) : 1);
	if (fd > 0)
		close(fd);
}

/* A line of standard input, with a prompt for who types it. */
static void line(const char *prompt, ssize_t size)
{
	ssize_t used = 1;
	if (isatty(0) && isatty(1))
		put(1, prompt, size);
	request[0] = 'd';
	while (used < (ssize_t)sizeof request && read(0, request + used, 1) == 1)
		if (request[used++] == '\n')
			break;
	put(device, request, used);
}

/* Sends further output to a file, or to standard output again. */
static void redirect(const char *path, int flags)
{
	if (output != 1)
		close(output);
	output = *path ? open(path, O_WRONLY | O_CREAT | flags, 0666) : 1;
	if (output < 0) {
		fprintf(stderr, "%s: could not open %s: %s\n", name, path, strerror(errno));
		fflush(stderr);
		output = 1;
	}
}

int main(int argc, char **argv)
{
	size_t used = 0;
	struct sigaction action;
	ssize_t got;

	name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	device = open(DEVICE, O_RDWR);
	if (device < 0) {
		fprintf(stderr, "%s: failed to initialize %s: %s\n", name, name, strerror(errno));
		return 1;
	}
	fcntl(device, F_SETFD, FD_CLOEXEC);
	for (int n = 0; n < argc; n++) {
		const char *word = n ? argv[n] : name;
		size_t length = strlen(word) + 1;
		if (used + length > sizeof request) {
			fprintf(stderr, "%s: too many arguments\n", name);
			return 2;
		}
		memcpy(request + used, word, length);
		used += length;
	}
	memset(&action, 0, sizeof action);
	action.sa_handler = interrupted;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	put(device, request, (ssize_t)used);
	for (;;) {
		got = read(device, message, sizeof message - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 1;
		message[got] = 0;
		switch (message[0]) {
		case 'o':
			put(output, message + 1, got - 1);
			break;
		case 'e':
			put(2, message + 1, got - 1);
			break;
		case 'w':
			ioctl(device, LOOK, 0);
			put(device, "w", 1);
			break;
		case 'l':
			line(message + 1, got - 1);
			break;
		case 'k':
			kill(atoi(message + 1), SIGKILL);
			put(device, "w", 1);
			break;
		case 'v':
			change(message + 1);
			break;
		case 'r':
			run(message + 1, got - 1);
			break;
		case 's':
			command(message + 1);
			break;
		case 'i':
			contents(message + 1);
			break;
		case 'f':
			redirect(message + 1, O_TRUNC);
			break;
		case 'a':
			redirect(message + 1, O_APPEND);
			break;
		case 'x':
			return atoi(message + 1);
		}
	}
}
