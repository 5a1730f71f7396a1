/* egrep: lines that hold a pattern (egrep(1)): characters, ., *, +, ?, [...], ^, $, and alternatives with |. -c -i -n -v -q. */

#include "solaris.h"

extern FILE *fopen(const char *, const char *);
extern char *fgets(char *, int, FILE *);
extern int fclose(FILE *);

static int ignore_case;

static int fold(int c)
{
	return ignore_case && c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Behind one element of a pattern: a character, an escaped one, a class. */
static const char *behind(const char *pattern)
{
	if (*pattern == '\\' && pattern[1])
		return pattern + 2;
	if (*pattern == '[') {
		pattern += 1 + (pattern[1] == '^');
		pattern += *pattern == ']';
		while (*pattern && *pattern != ']')
			pattern++;
	}
	return *pattern ? pattern + 1 : pattern;
}

static int one_matches(const char *pattern, int c)
{
	if (c == '\0')
		return 0;
	if (*pattern == '.')
		return 1;
	if (*pattern == '\\' && pattern[1])
		return fold(pattern[1]) == fold(c);
	if (*pattern != '[')
		return fold(*pattern) == fold(c);
	int negative = pattern[1] == '^', found = 0;
	for (const char *at = pattern + 1 + negative, *start = at; *at && (*at != ']' || at == start); at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found |= fold(c) >= fold(*at) && fold(c) <= fold(at[2]);
			at += 2;
		} else {
			found |= fold(*at) == fold(c);
		}
	}
	return found != negative;
}

/* Whether a pattern, up to its end or a |, matches at a place. */
static int matches(const char *pattern, const char *line)
{
	if (*pattern == '\0' || *pattern == '|')
		return 1;
	const char *next = behind(pattern);
	if (*pattern == '$' && (*next == '\0' || *next == '|'))
		return *line == '\0';
	if (*next == '*' || *next == '+') {
		const char *at = line;
		while (one_matches(pattern, *at))
			at++;
		for (const char *least = line + (*next == '+'); at >= least; at--)
			if (matches(next + 1, at))
				return 1;
		return 0;
	}
	if (*next == '?')
		return (one_matches(pattern, *line) && matches(next + 1, line + 1)) || matches(next + 1, line);
	return one_matches(pattern, *line) && matches(next, line + 1);
}

static int found(const char *pattern, const char *line)
{
	do {
		int anchored = *pattern == '^';
		for (const char *at = line;; at++) {
			if (matches(pattern + anchored, at))
				return 1;
			if (*at == '\0' || anchored)
				break;
		}
		while (*pattern && *pattern != '|')
			pattern = behind(pattern);
	} while (*pattern++ == '|');
	return 0;
}

int main(int argc, char **argv)
{
	int count_only = 0, numbers = 0, inverted = 0, quiet = 0, first = 1, any = 0, failed = 0;
	for (; first < argc && argv[first][0] == '-' && argv[first][1]; first++)
		for (const char *at = argv[first] + 1; *at; at++) {
			count_only |= *at == 'c';
			ignore_case |= *at == 'i';
			numbers |= *at == 'n';
			inverted |= *at == 'v';
			quiet |= *at == 'q';
			if (!strchr("cinvq", *at)) {
				fprintf(stderr, "egrep: illegal option -- %c\nusage: egrep [-cinqv] pattern [file ...]\n", *at);
				return 2;
			}
		}
	if (first == argc) {
		fprintf(stderr, "usage: egrep [-cinqv] pattern [file ...]\n");
		return 2;
	}
	const char *pattern = argv[first++];
	int files = argc - first;
	for (int n = 0; n < (files ? files : 1); n++) {
		char line[8192];
		long number = 0, count = 0;
		FILE *file = files ? fopen(argv[first + n], "r") : stdin;
		if (file == NULL) {
			fprintf(stderr, "egrep: can't open %s\n", argv[first + n]);
			failed = 1;
			continue;
		}
		while (fgets(line, sizeof line, file)) {
			size_t size = strlen(line);
			if (size && line[size - 1] == '\n')
				line[size - 1] = '\0';
			number++;
			if (found(pattern, line) == inverted)
				continue;
			count++;
			if (quiet)
				return 0;
			if (count_only)
				continue;
			if (files > 1)
				printf("%s:", argv[first + n]);
			if (numbers)
				printf("%ld:", number);
			printf("%s\n", line);
		}
		if (count_only)
			printf(files > 1 ? "%s:%ld\n" : "%.0s%ld\n", files ? argv[first + n] : "", count);
		any |= count > 0;
		if (file != stdin)
			fclose(file);
	}
	return failed ? 2 : !any;
}
