/* Processes: children, what they print, other programs (POSIX, Shell Command Language, 2.9.1.1 and 2.12). */

#include "sh.h"

/* The file of a command: of a name without a slash the first one in PATH; NULL if there is none. */
char *find_program(const char *name)
{
	static char path[1024];
	struct stat found;
	const char *at = get_variable("PATH");
	if (strchr(name, '/')) {
		strlcpy(path, name, sizeof path);
		return lstat(path, &found) == 0 ? path : NULL;
	}
	for (at = at ? at : "/usr/bin:/usr/sbin"; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		int size = (int)strcspn(at, ":");
		snprintf(path, sizeof path, "%.*s%s%s", size, at, size ? "/" : "./", name);
		if (stat(path, &found) == 0 && (found.st_mode & S_IFMT) != S_IFDIR && access(path, 1) == 0)
			return path;
	}
	return NULL;
}

/* A child that runs a tree or a text; in the child it does not return. */
pid_t child_of(void)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0) {
		complain("cannot fork: %s", strerror(errno));
		leave(254);
	}
	if (pid == 0) {
		is_child = 1;
		options['i'] = 0;
		reset_traps();
	}
	return pid;
}

int wait_for(pid_t pid)
{
	int found;
	while (waitpid(pid, &found, 0) < 0)
		if (errno != EINTR)
			return 127;
	int signal = found & 0x7f;
	if (!signal)
		return found >> 8 & 0xff;
	if (signal != 2 && signal != 13 && !is_child)
		complain("%d: %s", pid, strsignal(signal));
	return 128 + signal;
}

char *output_of(const char *text)
{
	int ends[2];
	size_t used = 0, room = 256;
	char *made = need(room);
	ssize_t got;
	if (pipe(ends) < 0) {
		complain("cannot make pipe");
		leave(1);
	}
	pid_t pid = child_of();
	if (pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		run_text(text);
		leave(status);
	}
	close(ends[1]);
	while ((got = read(ends[0], made + used, room - used - 1)) > 0 || (got < 0 && errno == EINTR)) {
		used += got > 0 ? (size_t)got : 0;
		if (used + 1 == room) {
			made = realloc(made, room *= 2);
			if (!made)
				leave(complain("no memory"));
		}
	}
	close(ends[0]);
	last_substitution = wait_for(pid);
	while (used && made[used - 1] == '\n')
		used--;
	made[used] = '\0';
	return made;
}

void execute(char **argv)
{
	char *path = find_program(argv[0]);
	if (path == NULL) {
		complain("%s: not found", argv[0]);
		leave(127);
	}
	execve(path, argv, environ);
	if (errno == ENOEXEC) {			/* a script that names no interpreter */
		int count = 0;
		while (argv[count])
			count++;
		char **again = need((size_t)(count + 2) * sizeof *again);
		again[0] = "sh";
		again[1] = path;
		memcpy(again + 2, argv + 1, (size_t)count * sizeof *again);
		execve("/bin/sh", again, environ);
	}
	complain("%s: cannot execute [%s]", argv[0], strerror(errno));
	leave(126);
}

int run_program(char **argv)
{
	pid_t pid = child_of();
	if (pid == 0)
		execute(argv);
	return wait_for(pid);
}
