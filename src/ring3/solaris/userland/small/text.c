/* Text: cut(1), head(1), sort(1), tail(1), tee(1), tr(1), uniq(1), wc(1). */

#include "small.h"

static long wanted = 10;

static int head(FILE *file, const char *path)
{
	long lines = 0;
	int c;
	(void)path;
	while (lines < wanted && (c = fgetc(file)) != EOF) {
		putchar(c);
		lines += c == '\n';
	}
	return 0;
}

/* -n N, or -N as it was written before; returns where the files begin, -1 if there is another option. */
static int count_of(int argc, char **argv)
{
	int n = 1;
	if (n < argc && *argv[n] == '-' && argv[n][1]) {
		const char *text = argv[n][1] != 'n' ? argv[n] + 1 : argv[n][2] ? argv[n] + 2 : n + 1 < argc ? argv[++n] : "x";
		char *end;
		wanted = strtol(text, &end, 10);
		if (*end || end == text)
			return -1;
		n++;
	}
	return n;
}

int do_head(int argc, char **argv)
{
	int first = count_of(argc, argv);
	return first < 0 ? misused("head [-n number] [file ...]") : each_file(argc - first, argv + first, head);
}

struct lines {
	char **at;
	size_t count, room;
};
static struct lines all;

static int keep(FILE *file, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	(void)path;
	while ((size = getline(&line, &room, file)) >= 0) {
		if (size && line[size - 1] == '\n')
			line[size - 1] = '\0';
		if (all.count == all.room)
			all.at = realloc(all.at, (all.room = all.room ? all.room * 2 : 256) * sizeof *all.at);
		if (!all.at || !(all.at[all.count] = strdup(line)))
			return complain("memory");
		all.count++;
	}
	free(line);
	return 0;
}

int do_tail(int argc, char **argv)
{
	int from_start = argc > 1 && (*argv[1] == '+' || (argc > 2 && strcmp(argv[1], "-n") == 0 && *argv[2] == '+'));
	if (argc > 1 && *argv[1] == '+')
		*argv[1] = '-';
	int first = count_of(argc, argv);
	if (first < 0)
		return misused("tail [-n number] [file]");
	int status = each_file(argc - first, argv + first, keep);
	size_t number = (size_t)(wanted < 0 ? -wanted : wanted);
	for (size_t n = from_start ? number ? number - 1 : 0 : number < all.count ? all.count - number : 0; n < all.count; n++)
		puts(all.at[n]);
	return status;
}

static int numeric, reverse, field;
static char separator;

static const char *key(const char *line)
{
	for (int n = 1; n < field; n++) {
		if (separator) {
			line += strcspn(line, (char[]){ separator, 0 });
			line += *line != '\0';
		} else {
			line += strspn(line, " \t");
			line += strcspn(line, " \t");
		}
	}
	return line;
}

static int by_key(const void *a, const void *b)
{
	const char *one = key(*(char *const *)a), *other = key(*(char *const *)b);
	int found = 0;
	if (numeric) {
		long x = strtol(one, NULL, 10), y = strtol(other, NULL, 10);
		found = (x > y) - (x < y);
	} else if (field) {
		found = strcmp(one, other);
	}
	if (!found)
		found = strcmp(*(char *const *)a, *(char *const *)b);
	return reverse ? -found : found;
}

int do_sort(int argc, char **argv)
{
	int letter, unique = 0;
	while ((letter = getopt(argc, argv, "nruk:t:")) != -1)
		switch (letter) {
		case 'n': numeric = 1; break;
		case 'r': reverse = 1; break;
		case 'u': unique = 1; break;
		case 'k': field = atoi(optarg); break;
		case 't': separator = *optarg; break;
		default: return misused("sort [-nru] [-k field] [-t char] [file ...]");
		}
	int status = each_file(argc - optind, argv + optind, keep);
	qsort(all.at, all.count, sizeof *all.at, by_key);
	for (size_t n = 0; n < all.count; n++)
		if (!unique || n == 0 || strcmp(all.at[n], all.at[n - 1]) != 0)
			puts(all.at[n]);
	return status;
}

int do_uniq(int argc, char **argv)
{
	int letter, counts = 0, only = 0;
	while ((letter = getopt(argc, argv, "cdu")) != -1) {
		if (letter == '?')
			return misused("uniq [-c | -d | -u] [file]");
		counts |= letter == 'c';
		only = letter == 'c' ? only : letter;
	}
	int status = each_file(argc - optind, argv + optind, keep);
	for (size_t n = 0, same; n < all.count; n += same) {
		for (same = 1; n + same < all.count && strcmp(all.at[n], all.at[n + same]) == 0; same++)
			;
		if ((only == 'd' && same == 1) || (only == 'u' && same > 1))
			continue;
		if (counts)
			printf("%4ld ", (long)same);
		puts(all.at[n]);
	}
	return status;
}

int do_tee(int argc, char **argv)
{
	int letter, mode = O_TRUNC, status = 0, files[16], count = 0;
	char buffer[4096];
	ssize_t got;
	while ((letter = getopt(argc, argv, "a")) != -1) {
		if (letter == '?')
			return misused("tee [-a] [file ...]");
		mode = O_APPEND;
	}
	files[count++] = 1;
	for (int n = optind; n < argc && count < 16; n++) {
		files[count] = open(argv[n], O_WRONLY | O_CREAT | mode, 0666);
		if (files[count] < 0)
			status = complain(argv[n]);
		else
			count++;
	}
	while ((got = read(0, buffer, sizeof buffer)) > 0)
		for (int n = 0; n < count; n++)
			if (write(files[n], buffer, (size_t)got) < got)
				status = 1;
	return status;
}

/* The characters of a set: ranges, sequences of a backslash. */
static int set_of(const char *text, unsigned char *set)
{
	int size = 0;
	while (*text && size < 512) {
		int c = (unsigned char)*text++;
		if (c == '\\' && *text) {
			static const char from[] = "nrtbfv\\", to[] = "\n\r\t\b\f\v\\";
			const char *found = strchr(from, *text);
			if (*text >= '0' && *text <= '7') {
				for (c = 0; *text >= '0' && *text <= '7'; text++)
					c = (c * 8 + *text - '0') & 0xff;
			} else {
				c = found ? to[found - from] : *text;
				text++;
			}
		}
		int end = *text == '-' && text[1] ? (unsigned char)text[1] : c;
		text += *text == '-' && text[1] ? 2 : 0;
		for (; c <= end && size < 512; c++)
			set[size++] = (unsigned char)c;
	}
	return size;
}

int do_tr(int argc, char **argv)
{
	unsigned char from[512], to[512], becomes[256], drops[256] = { 0 }, squeezes[256] = { 0 };
	int letter, deletes = 0, squeeze = 0, complement = 0, c, before = EOF;
	while ((letter = getopt(argc, argv, "cds")) != -1) {
		if (letter == '?')
			return misused("tr [-cds] string1 [string2]");
		deletes |= letter == 'd';
		squeeze |= letter == 's';
		complement |= letter == 'c';
	}
	if (optind == argc || (optind + 1 == argc && !deletes && !squeeze))
		return misused("tr [-cds] string1 [string2]");
	int many = set_of(argv[optind], from), others = optind + 1 < argc ? set_of(argv[optind + 1], to) : 0;
	if (complement) {
		unsigned char rest[512];
		int count = 0;
		for (int n = 0; n < 256; n++) {
			int found = 0;
			for (int k = 0; k < many; k++)
				found |= from[k] == n;
			if (!found)
				rest[count++] = (unsigned char)n;
		}
		memcpy(from, rest, sizeof rest);
		many = count;
	}
	for (int n = 0; n < 256; n++)
		becomes[n] = (unsigned char)n;
	for (int n = 0; n < many; n++) {
		drops[from[n]] = (unsigned char)deletes;
		if (!deletes && others)
			becomes[from[n]] = to[n < others ? n : others - 1];
	}
	for (int n = 0; squeeze && n < (others ? others : many); n++)
		squeezes[others ? to[n] : from[n]] = 1;
	while ((c = fgetc(stdin)) != EOF) {
		if (drops[c])
			continue;
		c = becomes[c];
		if (!(squeezes[c] && c == before))
			putchar(c);
		before = c;
	}
	return 0;
}

static long totals[3];
static int shown, counted;

static void counts(const long *numbers, const char *path)
{
	for (int n = 0; n < 3; n++)
		if (!shown || shown & 1 << n)
			printf("%8ld", numbers[n]);
	printf(path ? " %s\n" : "\n", path);
}

static int count(FILE *file, const char *path)
{
	long numbers[3] = { 0 };
	int c, inside = 0;
	while ((c = fgetc(file)) != EOF) {
		int white = c == ' ' || (c >= '\t' && c <= '\r');
		numbers[0] += c == '\n';
		numbers[1] += !white && !inside;
		numbers[2]++;
		inside = !white;
	}
	for (int n = 0; n < 3; n++)
		totals[n] += numbers[n];
	counted++;
	counts(numbers, path);
	return 0;
}

int do_wc(int argc, char **argv)
{
	int letter;
	while ((letter = getopt(argc, argv, "lwc")) != -1) {
		if (letter == '?')
			return misused("wc [-lwc] [file ...]");
		shown |= 1 << (strchr("lwc", letter) - "lwc");
	}
	int status = each_file(argc - optind, argv + optind, count);
	if (counted > 1)
		counts(totals, "total");
	return status;
}

/* A list of numbers and ranges: 1,3-5,7-; whether a number is in it. */
static int listed(const char *list, long number)
{
	while (*list) {
		char *end;
		long from = *list == '-' ? 1 : strtol(list, &end, 10), to = from;
		list = *list == '-' ? list : end;
		if (*list == '-') {
			to = strtol(list + 1, &end, 10);
			if (end == list + 1)
				to = 0x7fffffff;
			list = end;
		}
		if (number >= from && number <= to)
			return 1;
		if (*list++ != ',')
			break;
	}
	return 0;
}

int do_cut(int argc, char **argv)
{
	int letter, by = 0, only = 0;
	const char *list = NULL;
	char between = '\t';
	while ((letter = getopt(argc, argv, "b:c:f:d:s")) != -1) {
		if (letter == '?')
			return misused("cut [-b | -c | -f list] [-d char] [-s] [file ...]");
		if (letter == 'd') {
			between = *optarg;
		} else if (letter == 's') {
			only = 1;
		} else {
			by = letter;
			list = optarg;
		}
	}
	if (!list)
		return misused("cut [-b | -c | -f list] [-d char] [-s] [file ...]");
	int status = each_file(argc - optind, argv + optind, keep);
	for (size_t n = 0; n < all.count; n++) {
		char *line = all.at[n];
		long number = 1, written = 0;
		if (by != 'f') {
			for (; *line; line++)
				if (listed(list, number++))
					putchar(*line);
		} else if (!strchr(line, between)) {
			if (only)
				continue;
			printf("%s", line);
		} else {
			for (char *end = line; end; line = end + 1) {
				end = strchr(line, between);
				if (listed(list, number++))
					printf(written++ ? "%c%.*s" : "%.0s%.*s", between, end ? (int)(end - line) : (int)strlen(line), line);
				if (!end)
					break;
			}
		}
		putchar('\n');
	}
	return status;
}
