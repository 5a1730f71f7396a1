/* Characters to tokens, and the lines of here-documents (POSIX, Shell Command Language, 2.2 and 2.3). */

#include "lex.h"

struct input *input;
int failed_syntax;
volatile int at_prompt;
enum token token;
char *token_text;
struct document *documents, **last_document = &documents;

/* Reads a line more; 0 if there is none. */
static int more(void)
{
	char *line = NULL;
	size_t used = 0, room = 0;
	ssize_t got = 1;
	if (input->fd < 0)
		return 0;
	int first = !documents && !input->at;
	if (input->prompts) {
		const char *prompt = get_variable(first ? "PS1" : "PS2");
		fputs(prompt ? prompt : "", stderr);
		fflush(stderr);
		at_prompt = first;
	}
	do {
		if (used + 2 > room) {
			char *larger = need(room = room ? room * 2 : 256);
			memcpy(larger, line ? line : "", used);
			free(line);
			line = larger;
		}
		got = read(input->fd, line + used, 1);
		if (got > 0)
			used++;
		run_traps();
	} while ((got > 0 && line[used - 1] != '\n') || (got < 0 && errno == EINTR && (first || !input->prompts)));
	at_prompt = 0;
	if (got < 0 && errno == EINTR) {	/* what was begun is given up */
		failed_syntax = 1;
		used = 0;
	}
	if (used == 0) {
		free(line);
		return 0;
	}
	char *text = need(input->size + used + 1);
	memcpy(text, input->text, input->size);
	memcpy(text + input->size, line, used);
	free(line);
	input->size += used;
	text[input->size] = '\0';
	input->text = text;
	return 1;
}

static int peek(size_t ahead)
{
	while (input->at + ahead >= input->size)
		if (!more())
			return EOF;
	return (unsigned char)input->text[input->at + ahead];
}

static const char *const names[] = { "end of file", "newline", "word", "number", ";", ";;", "&&", "||", "|", "&", "(", ")", "<", ">", "<<", "<<-", ">>", "<&", ">&", "<>", ">|" };

void wrong(void)
{
	const char *what = token_text ? token_text : names[token];
	if (!failed_syntax)
		complain("syntax error: `%s' unexpected", what);
	failed_syntax = 1;
	input->at = input->size;
	documents = NULL;
	last_document = &documents;
}

/* Steps over what a quote or an expansion begins; 0 at the end of the input. */
static int quoted(int inside_quotes);

static int until(int end, int inside_quotes)
{
	int depth = 0;
	for (;;) {
		int c = peek(0);
		if (c == EOF)
			return 0;
		if (c == end && depth == 0) {
			input->at++;
			return 1;
		}
		if (c == '\\') {
			input->at++;
			if (peek(0) == EOF)
				return 0;
			input->at++;
		} else if (c == '$' || c == '`' || (!inside_quotes && (c == '\'' || c == '"')) || (inside_quotes && end != '"' && c == '"')) {
			if (!quoted(inside_quotes))
				return 0;
		} else {
			depth += end == ')' ? (c == '(') - (c == ')') : 0;
			input->at++;
		}
	}
}

static int quoted(int inside_quotes)
{
	int c = peek(0);
	input->at++;
	if (c == '\'') {
		while ((c = peek(0)) != '\'') {
			if (c == EOF)
				return 0;
			input->at++;
		}
		input->at++;
		return 1;
	}
	if (c == '"')
		return until('"', 1);
	if (c == '`') {
		while ((c = peek(0)) != '`') {
			if (c == EOF)
				return 0;
			input->at += c == '\\' ? 2 : 1;
		}
		input->at++;
		return 1;
	}
	c = peek(0);			/* behind $ */
	if (c == '(' || c == '{') {
		input->at++;
		return c == '(' ? until(')', 0) : until('}', inside_quotes);
	}
	return 1;
}

const char *skip_quoted(const char *at, int inside_quotes)
{
	struct input own = { (char *)at, 0, strlen(at), -1, 0, input }, *outer = input;
	input = &own;
	quoted(inside_quotes);
	input = outer;
	return at + (own.at < own.size ? own.at : own.size);
}

static char *piece(size_t from)
{
	size_t size = input->at - from;
	char *text = need(size + 1);
	memcpy(text, input->text + from, size);
	text[size] = '\0';
	return text;
}

static enum token operator(int c)
{
	static const struct {
		const char *text;
		enum token token;
	} operators[] = {
		{ "<<-", DLESSDASH }, { "&&", AND_IF }, { "||", OR_IF }, { ";;", DSEMI }, { "<<", DLESS }, { ">>", DGREAT }, { "<&", LESSAND },
		{ ">&", GREATAND }, { "<>", LESSGREAT }, { ">|", CLOBBER }, { ";", SEMI }, { "|", BAR }, { "&", AMP }, { "(", LEFT }, { ")", RIGHT },
		{ "<", LESS }, { ">", GREAT },
	};
	(void)c;
	for (unsigned n = 0; n < sizeof operators / sizeof *operators; n++) {
		size_t size = strlen(operators[n].text), same = 0;
		while (same < size && peek(same) == operators[n].text[same])
			same++;
		if (same == size) {
			input->at += size;
			return operators[n].token;
		}
	}
	return END;
}

void next_token(void)
{
	int c;
	for (;;) {
		c = peek(0);
		if (c == '\\' && peek(1) == '\n')
			input->at += 2;
		else if (c == ' ' || c == '\t')
			input->at++;
		else
			break;
	}
	if (c == '#')
		while ((c = peek(0)) != EOF && c != '\n')
			input->at++;
	token_text = NULL;
	if (c == EOF) {
		token = END;
		return;
	}
	if (c == '\n') {
		input->at++;
		token = NEWLINE;
		read_documents();
		return;
	}
	if (strchr("&|;()<>", c)) {
		token = operator(c);
		return;
	}
	size_t from = input->at;
	while ((c = peek(0)) != EOF && !strchr(" \t\n&|;()<>", c)) {
		if (c == '\\') {
			if (peek(1) == EOF) {
				input->at++;
				break;
			}
			input->at += 2;
		} else if (c == '\'' || c == '"' || c == '`' || c == '$') {
			if (!quoted(0)) {
				token_text = NULL;
				token = END;
				wrong();
				return;
			}
		} else {
			input->at++;
		}
	}
	token_text = piece(from);
	token = WORD;
	if ((c == '<' || c == '>') && token_text[strspn(token_text, "0123456789")] == '\0')
		token = NUMBER;
}

/* The lines of here-documents, behind the line that has named them. */
void read_documents(void)
{
	for (; documents; documents = documents->next) {
		size_t used = 0, room = 256, end = strlen(documents->end);
		char *text = need(room);
		for (;;) {
			while (documents->strip && peek(0) == '\t')
				input->at++;
			size_t from = input->at;
			while (peek(0) != EOF && peek(0) != '\n')
				input->at++;
			size_t size = input->at - from;
			int over = peek(0) == EOF;
			input->at += !over;
			if ((size == end && memcmp(input->text + from, documents->end, end) == 0) || (over && size == 0))
				break;
			while (used + size + 2 > room) {
				char *larger = need(room *= 2);
				memcpy(larger, text, used);
				free(text);
				text = larger;
			}
			memcpy(text + used, input->text + from, size);
			used += size;
			text[used++] = '\n';
		}
		text[used] = '\0';
		documents->target->text = text;
	}
	last_document = &documents;
}
