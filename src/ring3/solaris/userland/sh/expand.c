/* Words: parameters, substitutions, fields, names of files, quotes (POSIX, Shell Command Language, 2.6). */

#include "expand.h"

static void add(struct text *text, char c, enum mark mark)
{
	if (text->size + 1 >= text->room) {
		size_t room = text->room ? text->room * 2 : 64;
		text->at = realloc(text->at, room);
		text->marks = realloc(text->marks, room);
		if (!text->at || !text->marks)
			leave(complain("no memory"));
		text->room = room;
	}
	text->at[text->size] = c;
	text->marks[text->size++] = (char)mark;
}

static void add_text(struct text *text, const char *value, int quoted)
{
	for (; value && *value; value++)
		add(text, *value, quoted ? QUOTED : EXPANDED);
}

static char *copied(const char *from, size_t size)
{
	char *made = need(size + 1);
	memcpy(made, from, size);
	made[size] = '\0';
	return made;
}

/* All positional parameters: as words of their own, or in one with the first character of IFS between them. */
static void add_all(struct text *text, int quoted, int together)
{
	const char *ifs = get_variable("IFS");
	char between = ifs ? *ifs : ' ';
	for (int n = 0; n < parameter_count; n++) {
		if (n && together && quoted) {
			if (between)
				add(text, between, QUOTED);
		} else if (n) {
			add(text, 0, BREAK);
		}
		if (quoted && !together)
			add(text, 0, EMPTY);
		add_text(text, parameters[n], quoted);
	}
	text->vanished |= quoted && !together && parameter_count == 0;
}

/* The value of a parameter by its name, NULL if it has none; buffer holds what has to be made. */
static const char *value_of(const char *name, char buffer[32])
{
	long number = -1;
	switch (*name) {
	case '?':
		number = status;
		break;
	case '$':
		number = shell_pid;
		break;
	case '#':
		number = parameter_count;
		break;
	case '!':
		if (last_async == 0)
			return NULL;
		number = last_async;
		break;
	case '-': {
		int used = 0;
		for (int letter = 'a'; letter <= 'z' && used < 30; letter++)
			if (options[letter])
				buffer[used++] = (char)letter;
		buffer[used] = '\0';
		return buffer;
	}
	}
	if (number >= 0) {
		snprintf(buffer, 32, "%ld", number);
		return buffer;
	}
	if (*name >= '0' && *name <= '9') {
		int which = atoi(name);
		return which == 0 ? shell_name : which <= parameter_count ? parameters[which - 1] : NULL;
	}
	return get_variable(name);
}

static const char *required(const char *name, const char *value)
{
	if (!value && options['u'] && *name != '@' && *name != '*') {
		complain("%s: parameter not set", name);
		leave(1);
	}
	return value;
}

/* A value without what a pattern takes of its start or end, the longest or the shortest. */
static char *trimmed(const char *value, const char *pattern, int at_end, int longest)
{
	size_t size = strlen(value);
	char *work = copied(value, size);
	for (size_t n = 0; n <= size; n++) {
		size_t part = longest ? size - n : n;	/* how much is taken away */
		const char *taken = at_end ? value + size - part : work;
		char kept = work[part];
		if (!at_end)
			work[part] = '\0';
		int matches = fnmatch(pattern, taken, 0) == 0;
		work[part] = kept;
		if (matches) {
			char *left = at_end ? copied(value, size - part) : copied(value + part, size - part);
			free(work);
			return left;
		}
	}
	return work;
}

/* ${...}: what stands between the braces. */
static void braces(struct text *text, const char *at, size_t size, int quoted)
{
	char buffer[32], *inner = copied(at, size), *end = inner;
	int length = *inner == '#' && inner[1] && !strchr(":-=?+%#", inner[1]);
	end += length;
	size_t named = name_length(end);
	if (*end >= '0' && *end <= '9')
		named = strspn(end, "0123456789");
	else if (named == 0 && *end && strchr("@*#?$!-", *end))
		named = 1;
	char *name = copied(end, named);
	end += named;
	int colon = *end == ':';
	char how = end[colon];
	const char *word = how ? end + colon + 1 : "", *value = value_of(name, buffer);
	if (named == 0 || (how && !strchr("-=?+%#", how)) || (length && how)) {
		complain("${%s}: bad substitution", inner);
		leave(1);
	}
	if (length) {
		char number[32];
		int all = *name == '@' || *name == '*';
		value = all ? "" : required(name, value);
		snprintf(number, sizeof number, "%ld", all ? (long)parameter_count : (long)strlen(value ? value : ""));
		add_text(text, number, quoted);
	} else if (how == '%' || how == '#') {
		int longest = *word == how;
		char *pattern = expand_one(word + longest, TO_PATTERN), *left = trimmed(required(name, value) ? value : "", pattern, how == '%', longest);
		add_text(text, left, quoted);
		free(left);
		free(pattern);
	} else {
		int all = *name == '@' || *name == '*';
		int set = all ? parameter_count > 0 : value && (!colon || *value);
		if (how == '+') {
			if (set)
				expand(text, word, strlen(word), quoted);
		} else if (set || !how) {
			if (all)
				add_all(text, quoted, *name == '*');
			else
				add_text(text, required(name, value), quoted);
		} else if (how == '-') {
			expand(text, word, strlen(word), quoted);
		} else {
			char *made = expand_one(word, 0);
			if (how == '?') {
				complain("%s: %s", name, *made ? made : "parameter null or not set");
				leave(1);
			}
			set_variable(name, made);
			add_text(text, made, quoted);
			free(made);
		}
	}
	free(name);
	free(inner);
}

/* What begins with $; returns where it ends. */
static const char *dollar(struct text *text, const char *at, int quoted)
{
	char buffer[32];
	const char *end = at + 1;
	if (*end == '(' || *end == '{') {
		end = skip_quoted(at, quoted);
		if (at[1] == '{') {
			braces(text, at + 2, (size_t)(end - at) - 3, quoted);
		} else if (at[2] == '(' && end - at > 4 && end[-2] == ')') {
			char *inner = copied(at + 3, (size_t)(end - at) - 5), *made = expand_document(inner), number[32];
			snprintf(number, sizeof number, "%ld", arithmetic(made));
			add_text(text, number, quoted);
			free(made);
			free(inner);
		} else {
			char *inner = copied(at + 2, (size_t)(end - at) - 3), *made = output_of(inner);
			add_text(text, made, quoted);
			free(made);
			free(inner);
		}
		return end;
	}
	size_t named = name_length(end);
	if (named == 0 && *end && strchr("@*#?$!-0123456789", *end))
		named = 1;
	if (named == 0) {
		add(text, '$', quoted ? QUOTED : PLAIN);
		return end;
	}
	if (*end == '@' || *end == '*') {
		add_all(text, quoted, *end == '*');
	} else {
		char *name = copied(end, named);
		add_text(text, required(name, value_of(name, buffer)), quoted);
		free(name);
	}
	return end + named;
}

static const char *backquotes(struct text *text, const char *at, int quoted)
{
	const char *end = skip_quoted(at, quoted);
	char *inner = need((size_t)(end - at)), *to = inner;
	for (at++; at < end - 1; at++) {
		if (*at == '\\' && at + 1 < end - 1 && strchr(quoted ? "$`\\\"" : "$`\\", at[1]))
			at++;
		*to++ = *at;
	}
	*to = '\0';
	char *made = output_of(inner);
	add_text(text, made, quoted);
	free(made);
	free(inner);
	return end;
}

void expand(struct text *text, const char *from, size_t size, int quoted)
{
	const char *at = from, *end = from + size;
	if (!quoted && size && *at == '~' && (size == 1 || at[1] == '/')) {
		char *home = get_variable("HOME");
		if (home)
			for (at++; *home; home++)
				add(text, *home, QUOTED);
	}
	while (at < end) {
		if (*at == '\\') {
			at++;
			if (at == end || (quoted && !strchr("$`\"\\\n", *at)))
				add(text, '\\', QUOTED);
			else if (*at == '\n')
				at++;
			else
				add(text, *at++, QUOTED);
		} else if (*at == '\'' && !quoted) {
			add(text, 0, EMPTY);
			for (at++; at < end && *at != '\''; at++)
				add(text, *at, QUOTED);
			at++;
		} else if (*at == '"') {
			const char *behind = skip_quoted(at, quoted);
			size_t before = text->size;
			text->vanished = 0;
			expand(text, at + 1, (size_t)(behind - at) - 2, 1);
			if (text->size > before || !text->vanished)
				add(text, 0, EMPTY);
			at = behind;
		} else if (*at == '$') {
			at = dollar(text, at, quoted);
		} else if (*at == '`') {
			at = backquotes(text, at, quoted);
		} else {
			add(text, *at++, quoted ? QUOTED : PLAIN);
		}
	}
}

char *expand_one(const char *from, int how)
{
	struct text text = { 0 };
	expand(&text, from, strlen(from), 0);
	char *made = need(text.size * 2 + 1), *to = made;
	for (size_t n = 0; n < text.size; n++) {
		if (text.marks[n] == EMPTY)
			continue;
		if (how == TO_PATTERN && text.marks[n] == QUOTED && strchr("*?[]\\!-", text.at[n]))
			*to++ = '\\';
		*to++ = text.marks[n] == BREAK ? ' ' : text.at[n];
	}
	*to = '\0';
	free(text.at);
	free(text.marks);
	return made;
}

/* As between double quotes, where these themselves are nothing special. */
char *expand_document(const char *from)
{
	struct text text = { 0 };
	const char *at = from;
	while (*at) {
		if (*at == '$') {
			at = dollar(&text, at, 1);
		} else if (*at == '`') {
			at = backquotes(&text, at, 1);
		} else {
			if (*at == '\\' && at[1] && strchr("$`\\\n", at[1]) && *++at == '\n')
				at++;
			else
				add(&text, *at++, QUOTED);
		}
	}
	char *made = need(text.size + 1), *to = made;
	for (size_t n = 0; n < text.size; n++)
		if (text.marks[n] != EMPTY)
			*to++ = text.marks[n] == BREAK ? ' ' : text.at[n];
	*to = '\0';
	free(text.at);
	free(text.marks);
	return made;
}
