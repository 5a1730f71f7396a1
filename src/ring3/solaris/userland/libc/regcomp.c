/* Regular expressions, basic and extended (regcomp(3C), regex(7)): from text to instructions. */

#include "regex.h"

#define MOST_REPEATS 255
#define NO_LIMIT (-1)
#define MOST_INSTRUCTIONS (1 << 18)

struct parser {
	const char *at;
	struct program *program;
	int flags, groups, depth, error;
	int closed[64];			/* parentheses that are complete */
};

static void alternatives(struct parser *);

static int emit(struct parser *parser, enum code code, int value, int first, int second)
{
	struct program *program = parser->program;
	if (program->length == program->room) {
		int room = program->room ? 2 * program->room : 64;
		struct instruction *made = room > MOST_INSTRUCTIONS ? NULL : realloc(program->code, (size_t)room * sizeof *made);
		if (made == NULL) {
			parser->error = REG_ESPACE;
			return 0;
		}
		program->code = made;
		program->room = room;
	}
	program->code[program->length] = (struct instruction) { code, value, first, second };
	return program->length++;
}

/* Opens a gap of one instruction before `start`; what pointed behind it points one further. */
static void insert(struct parser *parser, int start)
{
	struct program *program = parser->program;
	emit(parser, DONE, 0, 0, 0);
	if (parser->error)
		return;
	for (int n = program->length - 1; n > start; n--)
		program->code[n] = program->code[n - 1];
	for (int n = start + 1; n < program->length; n++) {
		program->code[n].first += program->code[n].first >= start;
		program->code[n].second += program->code[n].second >= start;
	}
}

/* Emits again what lies from `start` to `end`. */
static void copy(struct parser *parser, int start, int end)
{
	int by = parser->program->length - start;
	for (int n = start; n < end && !parser->error; n++) {
		struct instruction one = parser->program->code[n];
		emit(parser, one.code, one.value, one.first >= start ? one.first + by : one.first, one.second >= start ? one.second + by : one.second);
	}
}

static int new_set(struct parser *parser)
{
	struct program *program = parser->program;
	unsigned char (*made)[32] = realloc(program->sets, ((size_t)program->set_count + 1) * sizeof *made);
	if (made == NULL) {
		parser->error = REG_ESPACE;
		return -1;
	}
	program->sets = made;
	memset(made[program->set_count], 0, 32);
	return program->set_count++;
}

static void include(const struct parser *parser, unsigned char *set, int c)
{
	extern int toupper(int), tolower(int);
	set[c >> 3] |= (unsigned char)(1 << (c & 7));
	if (parser->flags & REG_ICASE) {
		set[toupper(c) >> 3] |= (unsigned char)(1 << (toupper(c) & 7));
		set[tolower(c) >> 3] |= (unsigned char)(1 << (tolower(c) & 7));
	}
}

/* One end of a range, or a class or a character by name; the character, or -1 after a class. */
static int element(struct parser *parser, unsigned char *set)
{
	extern int wctype(const char *), iswctype(int, int);
	char kind = parser->at[1], name[32];
	if (parser->at[0] != '[' || (kind != ':' && kind != '.' && kind != '='))
		return (unsigned char)*parser->at++;
	const char *start = parser->at + 2, *end = start;
	while (*end && !(end[0] == kind && end[1] == ']'))
		end++;
	if (*end == '\0' || (size_t)(end - start) >= sizeof name) {
		parser->error = REG_EBRACK;
		return -1;
	}
	memcpy(name, start, (size_t)(end - start));
	name[end - start] = '\0';
	parser->at = end + 2;
	if (kind != ':') {
		if (end - start != 1)
			parser->error = REG_ECOLLATE;
		return (unsigned char)name[0];
	}
	int class = wctype(name);
	if (!class)
		parser->error = REG_ECTYPE;
	for (int c = 0; c < 256 && class; c++)
		if (iswctype(c, class))
			include(parser, set, c);
	return -1;
}

static void brackets(struct parser *parser)
{
	int number = new_set(parser), first = 1;
	if (number < 0)
		return;
	unsigned char *set = parser->program->sets[number];
	int not = *parser->at == '^';
	parser->at += not;
	for (; (first || *parser->at != ']') && !parser->error; first = 0) {
		if (*parser->at == '\0') {
			parser->error = REG_EBRACK;
			return;
		}
		int low = element(parser, set), high = low;
		if (low < 0)
			continue;
		if (parser->at[0] == '-' && parser->at[1] != ']' && parser->at[1]) {
			parser->at++;
			high = element(parser, set);
			if (high < low && !parser->error)
				parser->error = REG_ERANGE;
		}
		for (int c = low; c <= high; c++)
			include(parser, set, c);
	}
	parser->at++;
	for (int n = 0; not && n < 32; n++)
		set[n] = (unsigned char)~set[n];
	if (not && parser->flags & REG_NEWLINE)
		set['\n' >> 3] &= (unsigned char)~(1 << ('\n' & 7));
	emit(parser, SET, number, 0, 0);
}

static void character(struct parser *parser, int c)
{
	extern int toupper(int), tolower(int);
	if (parser->flags & REG_ICASE && toupper(c) != tolower(c)) {
		int number = new_set(parser);
		if (number >= 0) {
			include(parser, parser->program->sets[number], c);
			emit(parser, SET, number, 0, 0);
		}
		return;
	}
	emit(parser, CHARACTER, c, 0, 0);
}

static void group(struct parser *parser)
{
	int number = ++parser->groups, extended = parser->flags & REG_EXTENDED;
	emit(parser, SAVE, 2 * number, 0, 0);
	parser->depth++;
	alternatives(parser);
	parser->depth--;
	if (parser->error)
		return;
	if (extended ? *parser->at != ')' : parser->at[0] != '\\' || parser->at[1] != ')') {
		parser->error = REG_EPAREN;
		return;
	}
	parser->at += extended ? 1 : 2;
	emit(parser, SAVE, 2 * number + 1, 0, 0);
	if (number < 64)
		parser->closed[number] = 1;
}

/* {m}, {m,} or {m,n}, behind the brace. */
static int interval(struct parser *parser, int *low, int *high)
{
	char *end;
	const char *at = parser->at;
	if (*at < '0' || *at > '9') {
		parser->error = REG_BADBR;
		return 0;
	}
	*low = *high = (int)strtol(at, &end, 10);
	if (*end == ',') {
		*high = NO_LIMIT;
		if (*++end >= '0' && *end <= '9')
			*high = (int)strtol(end, &end, 10);
	}
	if (!(parser->flags & REG_EXTENDED)) {
		if (*end == '\\')
			end++;
		else
			end = "";
	}
	if (*end != '}') {
		parser->error = *end ? REG_BADBR : REG_EBRACE;
		return 0;
	}
	parser->at = end + 1;
	if (*low > MOST_REPEATS || *high > MOST_REPEATS || (*high != NO_LIMIT && *high < *low))
		parser->error = REG_BADBR;
	return !parser->error;
}

/* What lies from `start` on, low to high times. */
static void repeat(struct parser *parser, int start, int low, int high)
{
	struct program *program = parser->program;
	int end = program->length;
	if (high == 0) {
		program->length = start;
		return;
	}
	for (int n = 1; n < low && !parser->error; n++)
		copy(parser, start, end);
	if (high == NO_LIMIT) {
		int last = low > 1 ? program->length - (end - start) : start;
		if (low > 0) {
			int split = emit(parser, SPLIT, 0, last, 0);
			if (!parser->error)
				program->code[split].second = split + 1;
		} else {
			insert(parser, start);
			if (parser->error)
				return;
			emit(parser, JUMP, 0, start, 0);
			program->code[start] = (struct instruction) { SPLIT, 0, start + 1, program->length };
		}
		return;
	}
	int optional = high - (low ? low : 1), from = start, size = end - start;
	if (low == 0) {
		insert(parser, start);
		if (parser->error)
			return;
		program->code[start] = (struct instruction) { SPLIT, 0, start + 1, program->length };
		from = start + 1;
	}
	for (int n = 0; n < optional && !parser->error; n++) {
		int split = emit(parser, SPLIT, 0, program->length + 1, 0);
		copy(parser, from, from + size);
		if (!parser->error)
			program->code[split].second = program->length;
	}
}

/* Whether a repetition begins here; its bounds, and what follows it. */
static int repetition(struct parser *parser, int *low, int *high)
{
	int extended = parser->flags & REG_EXTENDED, c = *parser->at;
	*low = c == '+';
	*high = c == '?' ? 1 : NO_LIMIT;
	if (c == '*' || (extended && (c == '+' || c == '?'))) {
		parser->at++;
		return 1;
	}
	if (extended ? c == '{' : c == '\\' && parser->at[1] == '{') {
		parser->at += extended ? 1 : 2;
		return interval(parser, low, high);
	}
	return 0;
}

static void escaped(struct parser *parser)
{
	int c = (unsigned char)*parser->at++, extended = parser->flags & REG_EXTENDED;
	if (c == '\0')
		parser->error = REG_EESCAPE;
	else if (c == '(' && !extended)
		group(parser);
	else if (c == '{' && !extended)
		parser->error = REG_BADRPT;
	else if (c == '<' || c == '>')
		emit(parser, c == '<' ? WORD_START : WORD_END, 0, 0, 0);
	else if (c >= '1' && c <= '9' && (!extended || parser->closed[c - '0'])) {
		if (!parser->closed[c - '0'])
			parser->error = REG_ESUBREG;
		parser->program->has_back = 1;
		emit(parser, SAME_AS, c - '0', 0, 0);
	} else
		character(parser, c);
}

/* Whether a branch ends here. */
static int at_end(const struct parser *parser)
{
	const char *at = parser->at;
	if (parser->flags & REG_EXTENDED)
		return *at == '\0' || *at == '|' || (*at == ')' && parser->depth);
	return *at == '\0' || (at[0] == '\\' && ((at[1] == ')' && parser->depth) || at[1] == '|'));
}

static void branch(struct parser *parser)
{
	int extended = parser->flags & REG_EXTENDED, first = 1, low, high;
	for (; !at_end(parser) && !parser->error; first = 0) {
		int start = parser->program->length, c = (unsigned char)*parser->at++;
		if (c == '^' && (extended || first)) {
			emit(parser, AT_START, 0, 0, 0);
			if (!extended && *parser->at == '*') {	/* an ordinary character there */
				character(parser, *parser->at++);
				start++;
			} else {
				continue;
			}
		} else if (c == '$' && (extended || at_end(parser))) {
			emit(parser, AT_END_OF_LINE, 0, 0, 0);
		} else if (c == '.') {
			emit(parser, ANY, 0, 0, 0);
		} else if (c == '[') {
			brackets(parser);
		} else if (c == '\\') {
			escaped(parser);
		} else if (c == '(' && extended) {
			group(parser);
		} else if (extended && (c == '*' || c == '+' || c == '?' || (c == '{' && *parser->at >= '0' && *parser->at <= '9'))) {
			parser->error = REG_BADRPT;
		} else {
			character(parser, c);
		}
		while (!parser->error && repetition(parser, &low, &high))
			repeat(parser, start, low, high);
	}
}

static void alternatives(struct parser *parser)
{
	int start = parser->program->length, extended = parser->flags & REG_EXTENDED;
	branch(parser);
	while (!parser->error && (extended ? *parser->at == '|' : parser->at[0] == '\\' && parser->at[1] == '|')) {
		parser->at += extended ? 1 : 2;
		insert(parser, start);
		int jump = emit(parser, JUMP, 0, 0, 0);
		if (parser->error)
			return;
		parser->program->code[start] = (struct instruction) { SPLIT, 0, start + 1, jump + 1 };
		start = jump + 1;
		alternatives(parser);
		if (!parser->error)
			parser->program->code[jump].first = parser->program->length;
	}
}

void regfree(regex_t *regex)
{
	if (regex->re_comp) {
		free(regex->re_comp->code);
		free(regex->re_comp->sets);
		free(regex->re_comp);
	}
	regex->re_comp = NULL;
}

int regcomp(regex_t *regex, const char *pattern, int flags)
{
	struct parser parser = { .at = pattern, .program = calloc(1, sizeof(struct program)), .flags = flags };
	*regex = (regex_t) { .re_comp = parser.program, .re_cflags = flags };
	if (parser.program == NULL)
		return REG_ESPACE;
	alternatives(&parser);
	if (!parser.error && *parser.at)
		parser.error = REG_EPAREN;
	emit(&parser, DONE, 0, 0, 0);
	regex->re_nsub = (size_t)parser.groups;
	regex->re_erroff = (size_t)(parser.at - pattern);
	if (parser.error)
		regfree(regex);
	return parser.error;
}

size_t regerror(int error, const regex_t *regex, char *to, size_t size)
{
	static const char *const texts[] = {
		"no error", "regexec() failed to match", "invalid collation element", "trailing \\ in pattern", "newline found before end of pattern",
		"more than 9 \\( \\) pairs", "number in \\[0-9] invalid", "[ ] imbalance or syntax error", "( ) or \\( \\) imbalance",
		"{ } or \\{ \\} imbalance", "invalid endpoint in range", "out of memory", "? * or + not preceded by valid regular expression",
		"invalid character class type", "syntax error", "contents of { } or \\{ \\} invalid",
	};
	(void)regex;
	const char *text = error >= 0 && error < (int)(sizeof texts / sizeof *texts) ? texts[error] : "unknown regex error";
	return strlcpy(to, text, size) + 1;
}
