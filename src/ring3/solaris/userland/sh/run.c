/* Running a tree (POSIX, Shell Command Language, 2.9). */

#include "sh.h"

int status, loops, leaving, left_loops, returning, tested, is_child, last_substitution;
pid_t shell_pid, last_async;
struct function *functions;

enum { BREAKS = 1, CONTINUES };
static int no_return;			/* this process is there for one simple command alone */

/* All that a child is there for. */
static void run_alone(struct node *node) __attribute__((noreturn));
static void run_alone(struct node *node)
{
	no_return = node && node->kind == SIMPLE;
	leave(run(node));
}

/* What a variable was before a command that has it for itself. */
struct before {
	struct before *next;
	char *name, *value;
	int exported;
};

static struct before *assign(const struct word *words, int keep, int export)
{
	struct before *all = NULL;
	for (; words; words = words->next) {
		char *name = strdup(words->text), *equals = strchr(name, '='), *value = expand_one(equals + 1, 0);
		*equals = '\0';
		if (!keep) {
			struct before *one = need(sizeof *one);
			char *old = get_variable(name);
			one->next = all;
			one->name = strdup(name);
			one->value = old ? strdup(old) : NULL;
			one->exported = getenv(name) != NULL;
			all = one;
		}
		set_variable(name, value);
		if (export)
			export_variable(name);
		free(name);
		free(value);
	}
	return all;
}

static void take_back(struct before *all)
{
	while (all) {
		struct before *next = all->next;
		unset_variable(all->name);
		if (all->value)
			set_variable(all->name, all->value);
		if (all->exported)
			export_variable(all->name);
		free(all->name);
		free(all->value);
		free(all);
		all = next;
	}
}

static void call(const struct function *function, int argc, char **argv)
{
	char **outer = parameters;
	int count = parameter_count, outer_loops = loops;
	parameters = argv + 1;
	parameter_count = argc - 1;
	loops = 0;
	run(function->body);
	returning = 0;
	loops = outer_loops;
	parameters = outer;
	parameter_count = count;
}

static void trace(char **argv)
{
	const char *prompt = get_variable("PS4");
	fputs(prompt ? prompt : "+ ", stderr);
	for (char **at = argv; *at; at++)
		fprintf(stderr, at[1] ? "%s " : "%s", *at);
	fputs("\n", stderr);
	fflush(stderr);
}

/* A command of the shell itself: exec keeps its redirections. */
static void run_builtin(const struct node *node, const struct command *command, const struct function *function, int argc, char **argv)
{
	struct saved *saved = NULL;
	int for_good = command && strcmp(command->name, "exec") == 0;
	struct before *before = assign(node->assignments, command && command->special, function != NULL);
	if (redirect(node->redirects, for_good ? NULL : &saved)) {
		status = 1;
		if (command && command->special && !options['i'])
			leave(1);
	} else if (function) {
		call(function, argc, argv);
	} else {
		status = command->run(argc, argv);
	}
	restore(saved);
	take_back(before);
}

static void run_simple(const struct node *node)
{
	int argc, alone = no_return;
	last_substitution = no_return = 0;
	char **argv = expand_words(node->words, &argc);
	if (options['x'] && argc)
		trace(argv);
	if (argc == 0) {
		struct saved *saved = NULL;
		assign(node->assignments, 1, 0);
		status = redirect(node->redirects, &saved) ? 1 : last_substitution;
		restore(saved);
		free_words(argv);
		return;
	}
	const struct function *function = functions;
	while (function && strcmp(function->name, argv[0]) != 0)
		function = function->next;
	const struct command *command = function ? NULL : find_builtin(argv[0]);
	if (function || command) {
		run_builtin(node, command, function, argc, argv);
	} else {
		pid_t pid = alone ? 0 : child_of();
		if (pid == 0) {
			assign(node->assignments, 1, 1);
			if (redirect(node->redirects, NULL))
				leave(1);
			execute(argv);
		}
		status = wait_for(pid);
	}
	free_words(argv);
}

/* The stages of a pipeline, the last of which says what became of it. */
static void run_pipeline(struct node *node)
{
	pid_t pids[64];
	struct node *stages[64];
	int count = 0, before = -1;
	for (; node->kind == PIPELINE && count < 63; node = node->left)
		stages[count++] = node->right;
	stages[count++] = node;
	for (int n = count - 1; n >= 0; n--) {
		int ends[2] = { -1, -1 };
		if (n && pipe(ends) < 0) {
			complain("cannot make pipe");
			leave(1);
		}
		if ((pids[n] = child_of()) == 0) {
			if (before >= 0)
				dup2(before, 0);
			if (n)
				dup2(ends[1], 1);
			for (int k = 0; k < 3; k++) {
				int fd = k == 0 ? before : ends[k - 1];
				if (fd > 1)
					close(fd);
			}
			run_alone(stages[n]);
		}
		if (before >= 0)
			close(before);
		if (n)
			close(ends[1]);
		before = ends[0];
	}
	for (int n = count - 1; n >= 0; n--)
		status = wait_for(pids[n]);
}

/* Whether a loop goes on after a round. */
static int goes_on(void)
{
	if (left_loops > 0) {
		left_loops--;
		if (left_loops > 0 || leaving == BREAKS)
			return 0;
		leaving = 0;
	}
	return !returning;
}

static void run_loop(const struct node *node)
{
	int result = 0;
	loops++;
	for (;;) {
		tested++;
		int found = run(node->left);
		tested--;
		if (!goes_on() || (found == 0) == (node->kind == UNTIL))
			break;
		result = run(node->right);
		if (!goes_on())
			break;
	}
	loops--;
	if (!returning)
		status = result;
}

static void run_for(const struct node *node)
{
	int count = parameter_count;
	char **words = node->all ? NULL : expand_words(node->words, &count), **values = node->all ? parameters : words;
	status = 0;
	loops++;
	for (int n = 0; n < count; n++) {
		set_variable(node->name, values[n]);
		run(node->right);
		if (!goes_on())
			break;
	}
	loops--;
	if (words)
		free_words(words);
}

static void run_case(const struct node *node)
{
	char *value = expand_one(node->name, 0);
	struct node *body = NULL;
	int found = 0;
	for (const struct arm *arm = node->arms; arm && !found; arm = arm->next)
		for (const struct word *at = arm->patterns; at && !found; at = at->next) {
			char *pattern = expand_one(at->text, TO_PATTERN);
			found = fnmatch(pattern, value, 0) == 0;
			body = found ? arm->body : NULL;
			free(pattern);
		}
	free(value);
	status = 0;
	run(body);
}

static void define(const struct node *node)
{
	struct function *function = functions;
	while (function && strcmp(function->name, node->name) != 0)
		function = function->next;
	if (!function) {
		function = need(sizeof *function);
		function->next = functions;
		function->name = node->name;
		functions = function;
	}
	function->body = node->left;
	status = 0;
}

static void run_async(const struct node *node)
{
	pid_t pid = child_of();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		dup2(null, 0);
		close(null);
		run_alone(node->left);
	}
	last_async = pid;
	if (options['i'])
		fprintf(stderr, "%d\n", pid);
	status = 0;
}

/* What is in a list stops where a loop is left, a function returns, or a text could not be read. */
static int stopped(void)
{
	return left_loops > 0 || returning;
}

static void run_one(struct node *node)
{
	switch (node->kind) {
	case SIMPLE:
		run_simple(node);
		break;
	case PIPELINE:
		run_pipeline(node);
		break;
	case AND:
	case OR:
		tested++;
		run(node->left);
		tested--;
		if (!stopped() && (status == 0) == (node->kind == AND))
			run(node->right);
		break;
	case LIST:
		run(node->left);
		if (!stopped())
			run(node->right);
		break;
	case ASYNC:
		run_async(node);
		break;
	case NOT:
		tested++;
		run(node->left);
		tested--;
		status = !status;
		break;
	case SUBSHELL: {
		pid_t pid = child_of();
		if (pid == 0)
			run_alone(node->left);
		status = wait_for(pid);
		break;
	}
	case GROUP:
		run(node->left);
		break;
	case IF:
		tested++;
		run(node->left);
		tested--;
		if (stopped())
			break;
		if (status == 0) {
			run(node->right);
		} else {
			status = 0;
			run(node->other);
		}
		break;
	case WHILE:
	case UNTIL:
		run_loop(node);
		break;
	case FOR:
		run_for(node);
		break;
	case CASE:
		run_case(node);
		break;
	case FUNCTION:
		define(node);
		break;
	}
}

int run(struct node *node)
{
	struct saved *saved = NULL;
	if (!node)
		return status;
	run_traps();
	if (options['n'])
		return status;
	if (node->redirects && node->kind != SIMPLE) {
		if (redirect(node->redirects, &saved))
			status = 1;
		else
			run_one(node);
		restore(saved);
	} else {
		run_one(node);
	}
	run_traps();
	if (status && options['e'] && !tested && (node->kind == SIMPLE || node->kind == PIPELINE || node->kind == SUBSHELL))
		leave(status);
	return status;
}

int run_text(const char *text)
{
	struct input own = { strdup(text), 0, strlen(text), -1, 0, input };
	int at_end = 0;
	input = &own;
	while (!at_end && !stopped()) {
		struct node *node = parse_command(&at_end);
		if (failed_syntax) {
			status = 2;
			break;
		}
		run(node);
	}
	input = own.outer;
	return status;
}
