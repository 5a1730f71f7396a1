/* By which name which command runs. */

#include "small.h"

const char *name;

static const struct {
	const char *name;
	command *run;
} commands[] = {
	{ "basename", do_basename }, { "chmod", do_chmod }, { "cp", do_cp }, { "cut", do_cut }, { "date", do_date }, { "dirname", do_dirname },
	{ "env", do_env }, { "false", do_false }, { "head", do_head }, { "id", do_id }, { "ln", do_ln }, { "mkdir", do_mkdir }, { "mv", do_mv },
	{ "pwd", do_pwd }, { "rm", do_rm }, { "rmdir", do_rmdir }, { "sleep", do_sleep }, { "sort", do_sort }, { "tail", do_tail }, { "tee", do_tee },
	{ "touch", do_touch }, { "tr", do_tr }, { "true", do_true }, { "tty", do_tty }, { "uniq", do_uniq }, { "wc", do_wc },
};

int complain(const char *what)
{
	int why = errno;
	fflush(stdout);
	fprintf(stderr, "%s: %s: %s\n", name, what, strerror(why));
	fflush(stderr);
	return 1;
}

int misused(const char *usage)
{
	fprintf(stderr, "usage: %s\n", usage);
	return 2;
}

int each_file(int argc, char **argv, int (*act)(FILE *file, const char *path))
{
	int status = 0;
	if (argc == 0)
		return act(stdin, NULL);
	for (int n = 0; n < argc; n++) {
		FILE *file = strcmp(argv[n], "-") ? fopen(argv[n], "r") : stdin;
		status |= file ? act(file, argv[n]) : complain(argv[n]);
		if (file && file != stdin)
			fclose(file);
	}
	return status;
}

int main(int argc, char **argv)
{
	name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	for (unsigned n = 0; n < sizeof commands / sizeof *commands; n++)
		if (strcmp(commands[n].name, name) == 0) {
			int status = commands[n].run(argc, argv);
			if (fflush(stdout) == EOF) {
				complain("standard output");
				return 1;
			}
			return status;
		}
	fprintf(stderr, "%s: there is no such command in this program\n", name);
	return 127;
}
