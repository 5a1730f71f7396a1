/* Redirections: what a descriptor leads to while a command runs, or from now on (POSIX, Shell Command Language, 2.7). */

#include "sh.h"

extern int unlink(const char *);

#define F_DUPFD_CLOEXEC 37
#define OURS 10				/* descriptors from here on are the shell's */

struct saved {
	struct saved *next;
	int fd, kept;			/* kept: -1, it was closed */
};

/* A file with the lines of a here-document. */
static int document(const struct redirect *at)
{
	static int number;
	char path[64], *text = at->literal ? strdup(at->text) : expand_document(at->text);
	snprintf(path, sizeof path, "/tmp/sh%ld.%d", (long)getpid(), number++);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0) {
		complain("%s: cannot create", path);
	} else {
		size_t size = strlen(text), done = 0;
		while (done < size) {
			ssize_t n = write(fd, text + done, size - done);
			if (n <= 0)
				break;
			done += (size_t)n;
		}
		lseek(fd, 0, 0);
		unlink(path);
	}
	free(text);
	return fd;
}

/* What a redirection opens: a descriptor; -2 to close; -1 if it cannot be had, which has been said. */
static int opened(const struct redirect *at)
{
	static const int flags[] = { O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_CREAT };
	if (at->direction == DOCUMENT)
		return document(at);
	char *name = expand_one(at->text, 0);
	int fd = -1;
	if (at->direction == COPY) {
		if (strcmp(name, "-") == 0)
			fd = -2;
		else if (*name && name[strspn(name, "0123456789")] == '\0')
			fd = fcntl(atoi(name), F_DUPFD_CLOEXEC, OURS);
		if (fd == -1)
			complain("%s: bad file unit number", name);
	} else {
		fd = open(name, flags[at->direction], 0666);
		if (fd < 0)
			complain("%s: cannot %s [%s]", name, at->direction == INPUT ? "open" : "create", strerror(errno));
	}
	free(name);
	return fd;
}

int redirect(const struct redirect *redirects, struct saved **saved)
{
	fflush(stdout);
	for (; redirects; redirects = redirects->next) {
		int fd = opened(redirects);
		if (fd == -1)
			return 1;
		if (saved) {
			struct saved *one = need(sizeof *one);
			one->next = *saved;
			one->fd = redirects->fd;
			one->kept = fcntl(redirects->fd, F_DUPFD_CLOEXEC, OURS);
			*saved = one;
		}
		if (fd == -2) {
			close(redirects->fd);
		} else if (fd != redirects->fd) {
			dup2(fd, redirects->fd);
			close(fd);
		}
	}
	return 0;
}

void restore(struct saved *saved)
{
	fflush(stdout);
	while (saved) {
		struct saved *next = saved->next;
		if (saved->kept < 0) {
			close(saved->fd);
		} else {
			dup2(saved->kept, saved->fd);
			close(saved->kept);
		}
		free(saved);
		saved = next;
	}
}
