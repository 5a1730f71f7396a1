/* egrep: lines that hold a pattern (egrep(1)), an extended regular expression. -c -e -h -i -l -n -q -v. */

#include "../libc/regex.h"

extern FILE *fopen(const char *, const char *);
extern ssize_t getline(char **, size_t *, FILE *);
extern int fclose(FILE *), getopt(int, char *const *, const char *), optind;
extern char *optarg;
extern int regcomp(regex_t *, const char *, int), regexec(const regex_t *, const char *, size_t, regmatch_t *, int);
extern size_t regerror(int, const regex_t *, char *, size_t);

enum { COUNT = 1, NUMBERS = 2, INVERTED = 4, QUIET = 8, NAMES_ONLY = 16, NO_NAMES = 32 };

/* How many lines of a file match; prints them. */
static long search(const regex_t *regex, FILE *file, const char *name, int flags)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	long count = 0;
	for (long number = 1; (size = getline(&line, &room, file)) >= 0; number++) {
		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		if ((regexec(regex, line, 0, NULL, 0) == 0) == !!(flags & INVERTED))
			continue;
		count++;
		if (flags & (QUIET | NAMES_ONLY))
			break;
		if (flags & COUNT)
			continue;
		if (name)
			printf("%s:", name);
		if (flags & NUMBERS)
			printf("%ld:", number);
		printf("%s\n", line);
	}
	free(line);
	return count;
}

int main(int argc, char **argv)
{
	static const char letters[] = "ce:hilnqv";
	static const int meaning[] = { COUNT, 0, 0, NO_NAMES, 0, NAMES_ONLY, NUMBERS, QUIET, INVERTED };
	const char *pattern = NULL;
	char text[128];
	regex_t regex;
	int flags = 0, how = 1 /* REG_EXTENDED */, letter, error, any = 0, failed = 0;
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (letter == 'e')
			pattern = optarg;
		else if (letter == 'i')
			how |= REG_ICASE;
		else if (letter != '?')
			flags |= meaning[strchr(letters, letter) - letters];
		else
			pattern = NULL, optind = argc;
	}
	if (pattern == NULL && optind < argc)
		pattern = argv[optind++];
	if (pattern == NULL) {
		fprintf(stderr, "usage: egrep [-chilnqv] [-e] pattern [file ...]\n");
		return 2;
	}
	if ((error = regcomp(&regex, pattern, how | REG_NOSUB)) != 0) {
		regerror(error, &regex, text, sizeof text);
		fprintf(stderr, "egrep: %s: %s\n", pattern, text);
		return 2;
	}
	int files = argc - optind;
	for (int n = 0; n < (files ? files : 1); n++) {
		const char *name = files ? argv[optind + n] : "(standard input)", *shown = files > 1 && !(flags & NO_NAMES) ? name : NULL;
		FILE *file = files ? fopen(name, "r") : stdin;
		if (file == NULL) {
			fprintf(stderr, "egrep: can't open %s\n", name);
			failed = 1;
			continue;
		}
		long count = search(&regex, file, shown, flags);
		any |= count > 0;
		if (count && flags & QUIET)
			return 0;
		if (count && flags & NAMES_ONLY)
			printf("%s\n", name);
		else if (flags & COUNT)
			printf(shown ? "%s:%ld\n" : "%.0s%ld\n", name, count);
		if (file != stdin)
			fclose(file);
	}
	return failed ? 2 : !any;
}
