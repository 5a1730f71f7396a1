/*
 * sh: the shell command language of POSIX (sh(1)), small. A command line becomes a tree (lex.c, parse.c), whose words are
 * expanded (expand.c, fields.c, arithmetic.c) when it is run (run.c, process.c, redirect.c; builtin.c, ordinary.c, test.c, trap.c).
 *
 * Not there: job control and its commands, aliases, history, getopts, here-documents in command substitutions that go on behind
 * their parenthesis.
 */

#ifndef SH_H
#define SH_H

#include "solaris.h"

enum kind { SIMPLE, PIPELINE, AND, OR, LIST, ASYNC, NOT, SUBSHELL, GROUP, IF, WHILE, UNTIL, FOR, CASE, FUNCTION };

struct word {
	struct word *next;
	char *text;			/* as it was written, with its quotes */
};
enum direction { INPUT, OUTPUT, APPEND, BOTH, COPY, DOCUMENT };
struct redirect {
	struct redirect *next;
	int fd;
	enum direction direction;
	char *text;			/* a word; of a here-document its lines */
	int literal;			/* of a here-document: nothing in it is expanded */
};
struct arm {
	struct arm *next;
	struct word *patterns;
	struct node *body;
};
struct node {
	enum kind kind;
	struct word *assignments, *words;
	struct redirect *redirects;
	struct node *left, *right, *other;
	struct arm *arms;
	char *name;
	int all;			/* for without in: the positional parameters */
};

/* Where commands come from: a text, and a descriptor with more of it. */
struct input {
	char *text;
	size_t at, size;
	int fd, prompts;
	struct input *outer;
};
extern struct input *input;

extern volatile int at_prompt;		/* a new command is waited for */

struct node *parse_command(int *at_end);	/* the next complete command; NULL for an empty line */
const char *skip_quoted(const char *at, int inside_quotes);	/* behind what a quote, $ or ` begins */

extern int status, failed_syntax, loops, leaving, left_loops, returning, tested, is_child;
extern pid_t shell_pid, last_async;
extern char *shell_name, **parameters;
extern int parameter_count, last_substitution;
extern char options[128];		/* by their letters */

/* expand.c */
enum { TO_FIELDS = 1, TO_PATTERN = 2 };
char *expand_one(const char *text, int how);	/* to one string; TO_PATTERN: quoted characters are escaped in it */
char **expand_words(const struct word *words, int *count);
char *expand_document(const char *text);
void free_words(char **words);
long arithmetic(const char *text);
int is_name(const char *text, size_t length);
size_t name_length(const char *text);

/* variables.c */
char *get_variable(const char *name);
void set_variable(const char *name, const char *value);
void export_variable(const char *name), freeze_variable(const char *name);
void unset_variable(const char *name);
void show_variables(int exported);

/* run.c */
int run(struct node *node);
int run_text(const char *text);
void run_traps(void);
void leave(int code) __attribute__((noreturn));
struct function {
	struct function *next;
	char *name;
	struct node *body;
};
extern struct function *functions;

/* process.c */
pid_t child_of(void);			/* fork; in the child traps are as in a subshell */
int wait_for(pid_t pid);		/* returns what $? becomes */
char *output_of(const char *text);	/* of commands, without the newlines at its end */
void execute(char **argv);		/* becomes another program, or ends */
int run_program(char **argv);

/* redirect.c */
struct saved;
int redirect(const struct redirect *redirects, struct saved **saved);	/* saved NULL: for good */
void restore(struct saved *saved);

/* builtin.c */
typedef int builtin(int argc, char **argv);
struct command {
	const char *name;
	builtin *run;
	int special;			/* its assignments stay, and an error ends the shell */
};
const struct command *find_builtin(const char *name);
char *find_program(const char *name);
builtin test_command, trap_command, do_cd, do_pwd, do_echo, do_read, do_umask, do_kill;
int signal_number(const char *name);
void reset_traps(void);
void run_exit_trap(void);

int complain(const char *format, ...);	/* on standard error; returns 1 */
void *need(size_t size);		/* memory; without it the shell ends */

extern pid_t fork(void), waitpid(pid_t, int *, int);
extern int pipe(int[2]), dup2(int, int), isatty(int), access(const char *, int), fnmatch(const char *, const char *, int);
extern char **environ, *strstr(const char *, const char *), *getcwd(char *, size_t), *strpbrk(const char *, const char *);

#endif
