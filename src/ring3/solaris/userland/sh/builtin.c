/* Commands of the shell itself (POSIX, Shell Command Language, 2.14, and cd(1), read(1), wait(1) and their like). */

#include "sh.h"

static int do_nothing(int argc, char **argv)
{
	return (void)argc, (void)argv, 0;
}

static int do_false(int argc, char **argv)
{
	return (void)argc, (void)argv, 1;
}

static int do_break(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	if (count < 1) {
		complain("%s: %s: bad number", argv[0], argv[1]);
		return 1;
	}
	left_loops = count < loops ? count : loops;
	leaving = *argv[0] == 'b' ? 1 : 2;
	return 0;
}

static int do_dot(int argc, char **argv)
{
	if (argc < 2)
		return complain(".: argument expected");
	char *path = find_program(argv[1]);
	int fd = open(path ? path : argv[1], O_RDONLY), at_end = 0;
	if (fd < 0) {
		complain("%s: not found", argv[1]);
		leave(1);
	}
	struct input own = { "", 0, 0, fd, 0, input };
	input = &own;
	status = 0;
	while (!at_end && !returning) {
		struct node *node = parse_command(&at_end);
		if (failed_syntax)
			status = 2;
		else
			run(node);
	}
	input = own.outer;
	returning = 0;
	close(fd);
	return status;
}

static int do_eval(int argc, char **argv)
{
	size_t size = 1;
	for (int n = 1; n < argc; n++)
		size += strlen(argv[n]) + 1;
	char *text = need(size);
	*text = '\0';
	for (int n = 1; n < argc; n++) {
		strcat(text, argv[n]);
		strcat(text, n + 1 < argc ? " " : "");
	}
	status = 0;
	run_text(text);
	free(text);
	return status;
}

static int do_exec(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	char *path = find_program(argv[1]);
	if (!path) {
		complain("%s: not found", argv[1]);
		leave(127);
	}
	fflush(stdout);
	execve(path, argv + 1, environ);
	complain("%s: cannot execute [%s]", argv[1], strerror(errno));
	leave(126);
}

static int do_exit(int argc, char **argv)
{
	leave(argc > 1 ? atoi(argv[1]) & 0xff : status);
}

static int do_return(int argc, char **argv)
{
	returning = 1;
	return argc > 1 ? atoi(argv[1]) & 0xff : status;
}

/* export and readonly: each name, with a value or without. */
static int do_attribute(int argc, char **argv)
{
	void (*set)(const char *) = *argv[0] == 'e' ? export_variable : freeze_variable;
	if (argc < 2 || (argc == 2 && strcmp(argv[1], "-p") == 0))
		show_variables(1);
	for (int n = 1; n < argc; n++) {
		char *equals = strchr(argv[n], '=');
		if (equals) {
			*equals = '\0';
			set_variable(argv[n], equals + 1);
		}
		if (is_name(argv[n], strlen(argv[n])))
			set(argv[n]);
		else if (strcmp(argv[n], "-p") != 0)
			return complain("%s: is not an identifier", argv[n]);
	}
	return 0;
}

static int do_unset(int argc, char **argv)
{
	int of_functions = argc > 1 && strcmp(argv[1], "-f") == 0;
	for (int n = 1; n < argc; n++) {
		if (*argv[n] == '-')
			continue;
		if (!of_functions)
			unset_variable(argv[n]);
		for (struct function **at = &functions; of_functions && *at;)
			if (strcmp((*at)->name, argv[n]) == 0)
				*at = (*at)->next;
			else
				at = &(*at)->next;
	}
	return 0;
}

static int set_option(const char *letters, int value)
{
	for (; *letters; letters++) {
		if (!strchr("aefnuvx", *letters))
			return complain("set: bad option: -%c", *letters);
		options[(int)*letters] = (char)value;
	}
	return 0;
}

static int do_set(int argc, char **argv)
{
	static const char *const names[] = { "allexport", "errexit", "noglob", "noexec", "nounset", "verbose", "xtrace" };
	int n = 1;
	if (argc == 1)
		show_variables(0);
	for (; n < argc && (*argv[n] == '-' || *argv[n] == '+') && argv[n][1]; n++) {
		int value = *argv[n] == '-';
		if (strcmp(argv[n], "--") == 0) {
			n++;
			break;
		}
		if (strcmp(argv[n] + 1, "o") == 0 && n + 1 < argc) {
			const char *name = argv[++n];
			int which = 0;
			while (which < 7 && strcmp(names[which], name) != 0)
				which++;
			if (which == 7)
				return complain("set: bad option: %s", name);
			options[(int)"aefnuvx"[which]] = (char)value;
		} else if (set_option(argv[n] + 1, value)) {
			return 2;
		}
	}
	if (n < argc || (n > 1 && strcmp(argv[n - 1], "--") == 0)) {
		char **made = need((size_t)(argc - n + 1) * sizeof *made);
		parameter_count = argc - n;
		for (int k = 0; k < parameter_count; k++)
			made[k] = strdup(argv[n + k]);
		parameters = made;
	}
	return 0;
}

static int do_shift(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	if (count < 0 || count > parameter_count)
		return complain("shift: cannot shift");
	parameters += count;
	parameter_count -= count;
	return 0;
}

/* Waits for some children, or all; a trapped signal ends that. */
static int do_wait(int argc, char **argv)
{
	int found, result = 0;
	for (int n = 1; n < (argc > 1 ? argc : 2); n++) {
		pid_t pid = argc > 1 ? atoi(argv[n]) : -1, got;
		do {
			got = waitpid(pid, &found, 0);
			run_traps();
		} while (pid < 0 && got > 0);
		if (pid > 0)
			result = got < 0 ? 127 : found & 0x7f ? 128 + (found & 0x7f) : found >> 8 & 0xff;
	}
	return result;
}

/* command and type: what a name stands for, or running it past functions. */
static int do_command(int argc, char **argv)
{
	int shows = *argv[0] == 't' || (argc > 1 && (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "-V") == 0)), result = 0;
	int says = *argv[0] == 't' || (shows && argv[1][1] == 'V');
	for (int n = *argv[0] == 't' ? 1 : 2; shows && n < argc; n++) {
		const struct function *function = functions;
		while (function && strcmp(function->name, argv[n]) != 0)
			function = function->next;
		const char *path = find_program(argv[n]);
		if (function || find_builtin(argv[n]))
			printf(says ? "%s is a %s\n" : "%s\n", argv[n], function ? "function" : "shell builtin");
		else if (path)
			says ? printf("%s is %s\n", argv[n], path) : printf("%s\n", path);
		else
			result = says ? complain("%s: not found", argv[n]) : 1;
	}
	if (shows || argc < 2)
		return result;
	const struct command *found = find_builtin(argv[1]);
	if (found)
		return found->run(argc - 1, argv + 1);
	return run_program(argv + 1);
}

static const struct command commands[] = {
	{ ":", do_nothing, 1 }, { ".", do_dot, 1 }, { "break", do_break, 1 }, { "continue", do_break, 1 }, { "eval", do_eval, 1 }, { "exec", do_exec, 1 },
	{ "exit", do_exit, 1 }, { "export", do_attribute, 1 }, { "readonly", do_attribute, 1 }, { "return", do_return, 1 }, { "set", do_set, 1 },
	{ "shift", do_shift, 1 }, { "trap", trap_command, 1 }, { "unset", do_unset, 1 }, { "[", test_command, 0 }, { "cd", do_cd, 0 },
	{ "command", do_command, 0 }, { "echo", do_echo, 0 }, { "false", do_false, 0 }, { "kill", do_kill, 0 }, { "pwd", do_pwd, 0 },
	{ "read", do_read, 0 }, { "test", test_command, 0 }, { "true", do_nothing, 0 }, { "type", do_command, 0 }, { "umask", do_umask, 0 },
	{ "wait", do_wait, 0 },
};

const struct command *find_builtin(const char *name)
{
	for (unsigned n = 0; n < sizeof commands / sizeof *commands; n++)
		if (strcmp(commands[n].name, name) == 0)
			return &commands[n];
	return NULL;
}
