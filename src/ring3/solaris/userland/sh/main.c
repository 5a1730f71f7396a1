/* sh: what it was called with, and the commands that it reads. */

#include "sh.h"

char *shell_name, **parameters, options[128];
int parameter_count;

void leave(int code)
{
	status = code;
	returning = left_loops = 0;
	run_exit_trap();
	exit(code);
}

int complain(const char *format, ...)
{
	va_list list;
	fflush(stdout);
	fputs("sh: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\n", stderr);
	fflush(stderr);
	return 1;
}

void *need(size_t size)
{
	void *found = malloc(size ? size : 1);
	if (!found)
		leave(complain("no memory"));
	return found;
}

static void usage(void)
{
	fputs("usage: sh [-aefinuvx] [-c command [name] | file] [argument ...]\n", stderr);
	exit(2);
}

static void interrupted(int number)
{
	int kept = errno;
	const char *prompt = at_prompt ? get_variable("PS1") : NULL;
	(void)number;
	write(2, "\n", 1);
	if (prompt)
		write(2, prompt, strlen(prompt));
	errno = kept;
}

/* Commands one after the other; one that cannot be read ends a script. */
static void read_commands(void)
{
	int at_end = 0;
	while (!at_end) {
		struct node *node = parse_command(&at_end);
		if (failed_syntax) {
			status = 2;
			if (!options['i'])
				break;
			at_end = 0;
			continue;
		}
		run(node);
		returning = left_loops = 0;
	}
}

int main(int argc, char **argv)
{
	static struct input from = { "", 0, 0, 0, 0, NULL };
	char *command = NULL, where[1024];
	int n = 1, reads_command = 0;
	shell_name = argv[0];
	shell_pid = getpid();
	for (; n < argc && (*argv[n] == '-' || *argv[n] == '+') && argv[n][1]; n++) {
		if (strcmp(argv[n], "--") == 0) {
			n++;
			break;
		}
		for (const char *at = argv[n] + 1; *at; at++) {
			if (*at == 'c')
				reads_command = 1;
			else if (strchr("aefinuvx", *at))
				options[(int)*at] = *argv[n] == '-';
			else if (*at != 's')
				usage();
		}
	}
	if (reads_command) {
		if (n == argc)
			usage();
		command = argv[n++];
		from.text = command;
		from.size = strlen(command);
		from.fd = -1;
	}
	if (n < argc)
		shell_name = argv[n++];
	parameters = argv + n;
	parameter_count = argc - n;
	if (!command && n > 1 && shell_name != argv[0]) {
		int fd = open(shell_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			fprintf(stderr, "sh: %s: cannot open [%s]\n", shell_name, strerror(errno));
			return 127;
		}
		from.fd = fcntl(fd, 37 /* F_DUPFD_CLOEXEC */, 10);
		close(fd);
	} else if (!command && isatty(0) && isatty(2)) {
		options['i'] = 1;
	}
	set_variable("IFS", " \t\n");
	if (!get_variable("PS1"))
		set_variable("PS1", geteuid() ? "$ " : "# ");
	set_variable("PS2", "> ");
	if (getcwd(where, sizeof where))
		set_variable("PWD", where);
	if (options['i']) {
		struct sigaction action;
		memset(&action, 0, sizeof action);
		action.sa_handler = interrupted;
		sigaction(2, &action, NULL);
		from.prompts = from.fd == 0;
	}
	input = &from;
	read_commands();
	leave(status);
}
