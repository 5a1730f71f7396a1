/* Expanded words to fields and names of files (POSIX, Shell Command Language, 2.6.5 and 2.6.6). */

#include "expand.h"

typedef struct {
	size_t gl_pathc;
	char **gl_pathv;
	size_t gl_offs;
	char **gl_pathp;
	int gl_pathn, gl_matchc, gl_flags;
	void *rest[6];
} glob_t;
extern int glob(const char *, int, int (*)(const char *, int), glob_t *);
extern void globfree(glob_t *);

struct fields {
	char **words;
	size_t count, room;
};

static void add_field(struct fields *fields, char *word)
{
	if (fields->count + 1 >= fields->room) {
		fields->words = realloc(fields->words, (fields->room = fields->room ? fields->room * 2 : 16) * sizeof *fields->words);
		if (!fields->words)
			leave(complain("no memory"));
	}
	fields->words[fields->count++] = word;
	fields->words[fields->count] = NULL;
}

/* A field: the files whose names it is a pattern for, or itself. */
static void finish(struct fields *fields, const struct text *text, size_t from, size_t to)
{
	char *word = need(to - from + 1), *pattern = need((to - from) * 2 + 1), *end = word, *last = pattern;
	int active = 0;
	for (size_t n = from; n < to; n++) {
		if (text->marks[n] == EMPTY)
			continue;
		int special = strchr("*?[]\\!-", text->at[n]) != NULL;
		if (special && text->marks[n] == QUOTED)
			*last++ = '\\';
		else
			active |= strchr("*?[", text->at[n]) != NULL;
		*end++ = *last++ = text->at[n];
	}
	*end = *last = '\0';
	glob_t found = { 0 };
	if (active && !options['f'] && glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc) {
		for (size_t n = 0; n < found.gl_pathc; n++)
			add_field(fields, strdup(found.gl_pathv[n]));
		globfree(&found);
		free(word);
	} else {
		add_field(fields, word);
	}
	free(pattern);
}

static void split(struct fields *fields, const struct text *text)
{
	const char *ifs = get_variable("IFS");
	size_t from = 0, n = 0;
	int any = 0;			/* a field has begun */
	ifs = ifs ? ifs : " \t\n";
	while (n < text->size) {
		char c = text->at[n];
		if (text->marks[n] == BREAK) {
			if (any)
				finish(fields, text, from, n);
			any = 0;
			from = ++n;
		} else if (text->marks[n] == EXPANDED && strchr(ifs, c)) {
			size_t end = n;
			int hard = 0;		/* something that is no white space has ended it */
			for (; n < text->size && text->marks[n] == EXPANDED && strchr(ifs, text->at[n]); n++) {
				int white = strchr(" \t\n", text->at[n]) != NULL;
				if (!white && hard)
					break;
				hard |= !white;
			}
			if (any || hard)
				finish(fields, text, any ? from : end, end);
			any = 0;
			from = n;
		} else {
			any = 1;
			n++;
		}
	}
	if (any)
		finish(fields, text, from, n);
}

char **expand_words(const struct word *words, int *count)
{
	struct fields fields = { 0 };
	for (; words; words = words->next) {
		struct text text = { 0 };
		expand(&text, words->text, strlen(words->text), 0);
		split(&fields, &text);
		free(text.at);
		free(text.marks);
	}
	if (!fields.words) {
		fields.words = need(sizeof *fields.words);
		*fields.words = NULL;
	}
	*count = (int)fields.count;
	return fields.words;
}

void free_words(char **words)
{
	for (char **at = words; *at; at++)
		free(*at);
	free(words);
}
