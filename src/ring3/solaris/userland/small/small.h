/*
 * The small commands, which are one program: what it does is said by the name it is called by (main.c). Each does what POSIX
 * says of it, with the options that are named beside it there.
 */

#ifndef SMALL_H
#define SMALL_H

#include "solaris.h"

typedef int command(int argc, char **argv);
command do_basename, do_chmod, do_cp, do_cut, do_date, do_dirname, do_env, do_false, do_head, do_id, do_ln, do_mkdir, do_mv, do_pwd, do_rm,
	do_rmdir, do_sleep, do_sort, do_tail, do_tee, do_touch, do_tr, do_true, do_tty, do_uniq, do_wc;

extern const char *name;		/* what it was called by */
int complain(const char *what);		/* with the reason, errno's; returns 1 */
int misused(const char *usage);		/* returns 2 */

/* The files that are named, or standard input, one after the other; returns 1 if one could not be opened. */
int each_file(int argc, char **argv, int (*act)(FILE *file, const char *path));

extern FILE *fopen(const char *, const char *);
extern int fclose(FILE *), getopt(int, char *const *, const char *), optind, fgetc(FILE *);
extern char *optarg;
extern ssize_t getline(char **, size_t *, FILE *);

#endif
