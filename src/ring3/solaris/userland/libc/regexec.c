/*
 * Matching (regexec(3C)): the first place in the text where the expression matches, and there the longest match. Ways that
 * are still to be tried lie on a stack; a place in the text that an instruction has been at is not tried again from there,
 * unless the expression looks back at what a parenthesis matched.
 */

#include "regex.h"

#define GROUPS 64
#define MOST_STEPS 50000000l

struct way {
	int code, position;		/* where to go on; or, below 0, what parenthesis's end was somewhere else */
};

struct matcher {
	const struct program *program;
	const char *text;
	int length, flags, cflags;
	int saved[2 * GROUPS], best[2 * GROUPS];
	struct way *stack;
	int depth, room;
	unsigned char *been;
	long steps;
	int error;
};

static void push(struct matcher *matcher, int code, int position)
{
	if (matcher->depth == matcher->room) {
		int room = matcher->room ? 2 * matcher->room : 256;
		struct way *made = room > 1 << 22 ? NULL : realloc(matcher->stack, (size_t)room * sizeof *made);
		if (made == NULL) {
			matcher->error = REG_ESPACE;
			return;
		}
		matcher->stack = made;
		matcher->room = room;
	}
	matcher->stack[matcher->depth++] = (struct way) { code, position };
}

static int first_visit(struct matcher *matcher, int code, int position)
{
	if (matcher->been == NULL)
		return 1;
	size_t bit = (size_t)code * ((size_t)matcher->length + 1) + (size_t)position;
	unsigned char mask = (unsigned char)(1 << (bit & 7));
	if (matcher->been[bit >> 3] & mask)
		return 0;
	matcher->been[bit >> 3] |= mask;
	return 1;
}

static int is_word(const struct matcher *matcher, int position)
{
	extern int isalnum(int);
	if (position < 0 || position >= matcher->length)
		return 0;
	int c = (unsigned char)matcher->text[position];
	return isalnum(c) || c == '_';
}

static int at_start(const struct matcher *matcher, int position)
{
	if (position == 0)
		return !(matcher->flags & REG_NOTBOL);
	return matcher->cflags & REG_NEWLINE && matcher->text[position - 1] == '\n';
}

static int at_end(const struct matcher *matcher, int position)
{
	if (position == matcher->length)
		return !(matcher->flags & REG_NOTEOL);
	return matcher->cflags & REG_NEWLINE && matcher->text[position] == '\n';
}

/* What an instruction takes of the text: how many characters, or -1 if it does not match. */
static int taken(const struct matcher *matcher, const struct instruction *at, int position)
{
	extern int strncasecmp(const char *, const char *, size_t);
	int c = position < matcher->length ? (unsigned char)matcher->text[position] : -1;
	switch (at->code) {
	case CHARACTER: return c == at->value ? 1 : -1;
	case ANY: return c >= 0 && !(c == '\n' && matcher->cflags & REG_NEWLINE) ? 1 : -1;
	case SET: return c >= 0 && in_set(matcher->program->sets[at->value], c) ? 1 : -1;
	case AT_START: return at_start(matcher, position) ? 0 : -1;
	case AT_END_OF_LINE: return at_end(matcher, position) ? 0 : -1;
	case WORD_START: return is_word(matcher, position) && !is_word(matcher, position - 1) ? 0 : -1;
	case WORD_END: return !is_word(matcher, position) && is_word(matcher, position - 1) ? 0 : -1;
	case SAME_AS: {
		int from = matcher->saved[2 * at->value], size = matcher->saved[2 * at->value + 1] - from;
		if (from < 0 || size < 0 || size > matcher->length - position)
			return -1;
		const char *one = matcher->text + from, *other = matcher->text + position;
		int same = matcher->cflags & REG_ICASE ? strncasecmp(one, other, (size_t)size) == 0 : memcmp(one, other, (size_t)size) == 0;
		return same ? size : -1;
	}
	default: return -1;
	}
}

/* Follows one way until it fails or is done. */
static void follow(struct matcher *matcher, int code, int position)
{
	for (;;) {
		const struct instruction *at = &matcher->program->code[code];
		if (++matcher->steps > MOST_STEPS) {
			matcher->error = REG_ESPACE;
			return;
		}
		if (at->code == SPLIT || at->code == JUMP) {
			if (!first_visit(matcher, code, position))
				return;
			if (at->code == SPLIT)
				push(matcher, at->second, position);
			code = at->first;
			continue;
		}
		if (at->code == SAVE) {
			if (at->value < 2 * GROUPS) {
				push(matcher, -1 - at->value, matcher->saved[at->value]);
				matcher->saved[at->value] = position;
			}
			code++;
			continue;
		}
		if (at->code == DONE) {
			if (position > matcher->best[1]) {
				matcher->saved[1] = position;
				memcpy(matcher->best, matcher->saved, sizeof matcher->best);
			}
			return;
		}
		int size = taken(matcher, at, position);
		if (size < 0)
			return;
		position += size;
		code++;
	}
}

static int match_at(struct matcher *matcher, int start)
{
	for (int n = 0; n < 2 * GROUPS; n++)
		matcher->saved[n] = matcher->best[n] = -1;
	matcher->saved[0] = start;
	matcher->depth = 0;
	follow(matcher, 0, start);
	while (matcher->depth && !matcher->error && matcher->best[1] < matcher->length) {
		struct way way = matcher->stack[--matcher->depth];
		if (way.code < 0)
			matcher->saved[-1 - way.code] = way.position;
		else
			follow(matcher, way.code, way.position);
	}
	return matcher->best[1] >= 0;
}

int regexec(const regex_t *regex, const char *text, size_t count, regmatch_t *matches, int flags)
{
	struct matcher matcher = { .program = regex->re_comp, .text = text, .flags = flags, .cflags = regex->re_cflags };
	matcher.length = (int)strlen(text);
	if (!regex->re_comp)
		return REG_BADPAT;
	size_t bits = (size_t)regex->re_comp->length * ((size_t)matcher.length + 1);
	if (!regex->re_comp->has_back && (matcher.been = calloc(1, bits / 8 + 1)) == NULL)
		return REG_ESPACE;
	int found = 0;
	for (int start = 0; start <= matcher.length && !found && !matcher.error; start++)
		found = match_at(&matcher, start);
	free(matcher.been);
	free(matcher.stack);
	if (matcher.error)
		return matcher.error;
	for (size_t n = 0; found && !(regex->re_cflags & REG_NOSUB) && n < count; n++) {
		int from = n < GROUPS && n <= regex->re_nsub ? matcher.best[2 * n] : -1, to = from < 0 ? -1 : matcher.best[2 * n + 1];
		from = to < 0 ? -1 : from;
		matches[n] = (regmatch_t) { from < 0 ? NULL : text + from, to < 0 ? NULL : text + to, from, to, 0, 0 };
	}
	return found ? 0 : REG_NOMATCH;
}
