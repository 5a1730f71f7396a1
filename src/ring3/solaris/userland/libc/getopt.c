/* Options of a command line (getopt(3C), getopt_long(3C), getsubopt(3C)). */

#include "solaris.h"

char *optarg;
int optind = 1, opterr = 1, optopt, optreset;
static int within;		/* where in a word of several letters; 0 at its start */

struct option {
	const char *name;
	int has_arg, *flag, val;
};

static int complain(char *const argv[], const char *text, int letter)
{
	if (opterr)
		fprintf(stderr, text, argv[0], letter);
	return '?';
}

int getopt(int argc, char *const argv[], const char *letters)
{
	int quiet = letters[0] == ':' || (letters[0] == '+' && letters[1] == ':');
	if (optreset || optind == 0) {
		optreset = within = 0;
		optind = optind ? optind : 1;
	}
	optarg = NULL;
	if (within == 0) {
		const char *word = optind < argc ? argv[optind] : NULL;
		if (word == NULL || word[0] != '-' || word[1] == '\0')
			return -1;
		if (strcmp(word, "--") == 0) {
			optind++;
			return -1;
		}
		within = 1;
	}
	int letter = optopt = (unsigned char)argv[optind][within++];
	const char *found = letter == ':' ? NULL : strchr(letters, letter);
	int last = argv[optind][within] == '\0';
	if (found == NULL || found[1] != ':') {
		if (last)
			optind++, within = 0;
		if (found)
			return letter;
		return quiet ? '?' : complain(argv, "%s: illegal option -- %c\n", letter);
	}
	if (!last) {
		optarg = argv[optind++] + within;
	} else if (found[2] == ':') {
		optind++;
	} else if (++optind < argc) {
		optarg = argv[optind++];
	} else {
		within = 0;
		return quiet ? ':' : complain(argv, "%s: option requires an argument -- %c\n", letter);
	}
	within = 0;
	return letter;
}

/* Moves the word at `from` before the words from `to` on: options come before operands. */
static void move_word(char **argv, int from, int to)
{
	char *word = argv[from];
	for (; from > to; from--)
		argv[from] = argv[from - 1];
	argv[to] = word;
}

/* A long option, or a beginning that only one has: its place, -1 none, -2 several. */
static int find_long(const char *name, size_t length, const struct option *options)
{
	int found = -1;
	for (int n = 0; options[n].name; n++) {
		if (strncmp(options[n].name, name, length) != 0)
			continue;
		if (options[n].name[length] == '\0')
			return n;
		found = found == -1 ? n : -2;
	}
	return found;
}

static int long_option(int argc, char **argv, const char *name, int quiet, const struct option *options, int *index)
{
	const char *equals = strchr(name, '=');
	int n = find_long(name, equals ? (size_t)(equals - name) : strlen(name), options);
	optind++;
	optopt = 0;
	if (n < 0) {
		if (opterr && !quiet)
			fprintf(stderr, n == -1 ? "%s: unrecognized option `--%s'\n" : "%s: option `--%s' is ambiguous\n", argv[0], name);
		return '?';
	}
	if (index)
		*index = n;
	if (equals && options[n].has_arg == 0) {
		optopt = options[n].val;
		if (opterr && !quiet)
			fprintf(stderr, "%s: option `--%s' doesn't allow an argument\n", argv[0], options[n].name);
		return '?';
	}
	optarg = (char *)(uintptr_t)(equals ? equals + 1 : NULL);
	if (options[n].has_arg == 1 && !equals) {
		if (optind >= argc) {
			optopt = options[n].val;
			if (opterr && !quiet)
				fprintf(stderr, "%s: option `--%s' requires an argument\n", argv[0], options[n].name);
			return quiet ? ':' : '?';
		}
		optarg = argv[optind++];
	}
	if (options[n].flag == NULL)
		return options[n].val;
	*options[n].flag = options[n].val;
	return 0;
}

static int getopt_either(int argc, char *const argv[], const char *letters, const struct option *options, int *index, int one_dash)
{
	char **words = (char **)(uintptr_t)argv;
	int in_order = letters[0] == '+' || getenv("POSIXLY_CORRECT") != NULL, as_options = letters[0] == '-';
	if (letters[0] == '+' || letters[0] == '-')
		letters++;
	int quiet = letters[0] == ':', operands;
	if (optind == 0)
		optind = 1, within = 0;
	operands = optind;
	if (within == 0) {
		while (!in_order && !as_options && optind < argc && (argv[optind][0] != '-' || argv[optind][1] == '\0'))
			optind++;
		if (optind >= argc) {
			optind = operands;
			return -1;
		}
		if (as_options && (argv[optind][0] != '-' || argv[optind][1] == '\0')) {
			optarg = argv[optind++];
			return 1;
		}
	}
	int first = optind, result;
	const char *word = argv[optind];
	if (within == 0 && word[0] == '-' && word[1] == '-' && word[2]) {
		optarg = NULL;
		result = long_option(argc, words, word + 2, quiet, options, index);
	} else if (within == 0 && one_dash && word[0] == '-' && word[1] && word[1] != '-' &&
	    (word[2] || !strchr(letters, word[1])) && find_long(word + 1, strcspn(word + 1, "="), options) >= 0) {
		optarg = NULL;
		result = long_option(argc, words, word + 1, quiet, options, index);
	} else {
		result = getopt(argc, argv, letters);
	}
	if (operands < first) {
		int moved = optind - first;
		for (int n = 0; n < moved; n++)
			move_word(words, first + n, operands + n);
		if (moved || result == -1)
			optind = operands + moved;
		else		/* in the middle of a word: it moves now, and is gone on with there */
			move_word(words, first, operands), optind = operands;
	}
	return result;
}

int getopt_long(int argc, char *const argv[], const char *letters, const struct option *options, int *index)
{
	return getopt_either(argc, argv, letters, options, index, 0);
}

int getopt_long_only(int argc, char *const argv[], const char *letters, const struct option *options, int *index)
{
	return getopt_either(argc, argv, letters, options, index, 1);
}

int getsubopt(char **options, char *const *names, char **value)
{
	char *at = *options, *comma = strchr(at, ','), *equals;
	*value = NULL;
	if (*at == '\0')
		return -1;
	if (comma)
		*comma = '\0';
	*options = comma ? comma + 1 : at + strlen(at);
	if ((equals = strchr(at, '=')) != NULL) {
		*equals = '\0';
		*value = equals + 1;
	}
	for (int n = 0; names[n]; n++)
		if (strcmp(names[n], at) == 0)
			return n;
	if (equals)
		*equals = '=';
	*value = at;
	return -1;
}
