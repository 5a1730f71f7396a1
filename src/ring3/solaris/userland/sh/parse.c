/* Tokens to trees (POSIX, Shell Command Language, 2.10). */

#include "lex.h"

static struct node *list(void);

static int is(const char *word)
{
	return token == WORD && strcmp(token_text, word) == 0;
}

static void expect(const char *word)
{
	if (is(word))
		next_token();
	else
		wrong();
}

static void newlines(void)
{
	while (token == NEWLINE)
		next_token();
}

static struct node *make(enum kind kind, struct node *left, struct node *right)
{
	struct node *node = need(sizeof *node);
	memset(node, 0, sizeof *node);
	node->kind = kind;
	node->left = left;
	node->right = right;
	return node;
}

static struct word **add_word(struct word **end)
{
	struct word *word = need(sizeof *word);
	word->next = NULL;
	word->text = token_text;
	*end = word;
	next_token();
	return &word->next;
}

/* The text of a word without its quotes, as the end of a here-document is compared. */
static char *without_quotes(const char *text, int *any)
{
	char *made = need(strlen(text) + 1), *to = made;
	for (; *text; text++) {
		if (*text == '\\' || *text == '\'' || *text == '"') {
			*any = 1;
			if (*text != '\\' || !*++text)
				continue;
		}
		*to++ = *text;
	}
	*to = '\0';
	return made;
}

static int redirection(struct redirect ***end)
{
	int fd = -1;
	if (token == NUMBER) {
		fd = atoi(token_text);
		next_token();
	}
	if (token < LESS)
		return 0;
	enum token how = token;
	static const enum direction directions[] = { INPUT, OUTPUT, DOCUMENT, DOCUMENT, APPEND, COPY, COPY, BOTH, OUTPUT };
	struct redirect *made = need(sizeof *made);
	memset(made, 0, sizeof *made);
	made->direction = directions[how - LESS];
	made->fd = fd >= 0 ? fd : how == LESS || how == DLESS || how == DLESSDASH || how == LESSAND || how == LESSGREAT ? 0 : 1;
	next_token();
	if (token != WORD) {
		wrong();
		return 0;
	}
	made->text = token_text;
	if (made->direction == DOCUMENT) {
		struct document *document = need(sizeof *document);
		document->next = NULL;
		document->target = made;
		document->strip = how == DLESSDASH;
		document->end = without_quotes(token_text, &made->literal);
		*last_document = document;
		last_document = &document->next;
	}
	next_token();
	**end = made;
	*end = &made->next;
	return 1;
}

static struct node *conditional(void)
{
	struct node *node = make(IF, NULL, NULL);
	node->left = list();
	expect("then");
	node->right = list();
	if (is("elif")) {
		next_token();
		node->other = conditional();
		return node;
	}
	if (is("else")) {
		next_token();
		node->other = list();
	}
	expect("fi");
	return node;
}

static struct node *loop_body(struct node *node)
{
	expect("do");
	node->right = list();
	expect("done");
	return node;
}

static struct node *for_loop(void)
{
	struct node *node = make(FOR, NULL, NULL);
	node->name = token_text;
	node->all = 1;
	if (token != WORD || !is_name(token_text, strlen(token_text))) {
		wrong();
		return node;
	}
	next_token();
	newlines();
	if (is("in")) {
		struct word **end = &node->words;
		node->all = 0;
		next_token();
		while (token == WORD)
			end = add_word(end);
	}
	if (token == SEMI)
		next_token();
	newlines();
	return loop_body(node);
}

static struct node *choice(void)
{
	struct node *node = make(CASE, NULL, NULL);
	struct arm **end = &node->arms;
	node->name = token_text;
	next_token();
	newlines();
	expect("in");
	newlines();
	while (!failed_syntax && !is("esac")) {
		struct arm *arm = need(sizeof *arm);
		struct word **last = &arm->patterns;
		memset(arm, 0, sizeof *arm);
		if (token == LEFT)
			next_token();
		for (;;) {
			if (token != WORD) {
				wrong();
				return node;
			}
			last = add_word(last);
			if (token != BAR)
				break;
			next_token();
		}
		if (token != RIGHT)
			wrong();
		next_token();
		arm->body = list();
		*end = arm;
		end = &arm->next;
		if (token != DSEMI)
			break;
		next_token();
		newlines();
	}
	expect("esac");
	return node;
}

/* A command that a reserved word or a parenthesis begins; NULL for another one. */
static struct node *compound(void)
{
	static const struct {
		const char *word;
		enum kind kind;
	} reserved[] = { { "{", GROUP }, { "if", IF }, { "while", WHILE }, { "until", UNTIL }, { "for", FOR }, { "case", CASE } };
	if (token == LEFT) {
		next_token();
		struct node *node = make(SUBSHELL, list(), NULL);
		if (token != RIGHT)
			wrong();
		next_token();
		return node;
	}
	for (unsigned n = 0; n < sizeof reserved / sizeof *reserved; n++) {
		if (!is(reserved[n].word))
			continue;
		next_token();
		switch (reserved[n].kind) {
		case GROUP: {
			struct node *node = make(GROUP, list(), NULL);
			expect("}");
			return node;
		}
		case IF:
			return conditional();
		case FOR:
			return for_loop();
		case CASE:
			return choice();
		default:
			return loop_body(make(reserved[n].kind, list(), NULL));
		}
	}
	return NULL;
}

static int is_assignment(const char *text)
{
	const char *equals = strchr(text, '=');
	return equals && is_name(text, (size_t)(equals - text));
}

static struct node *command(void)
{
	struct node *node = compound();
	if (node) {
		struct redirect **end = &node->redirects;
		while (!failed_syntax && (token == NUMBER || token >= LESS) && redirection(&end))
			;
		return node;
	}
	static const char *const closing[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}", "in" };
	for (unsigned n = 0; n < sizeof closing / sizeof *closing; n++)
		if (is(closing[n]) && n != 8) {
			wrong();
			return NULL;
		}
	node = make(SIMPLE, NULL, NULL);
	struct word **words = &node->words, **assignments = &node->assignments;
	struct redirect **redirects = &node->redirects;
	while (!failed_syntax) {
		if (token == NUMBER || token >= LESS) {
			redirection(&redirects);
		} else if (token == WORD && !node->words && is_assignment(token_text)) {
			assignments = add_word(assignments);
		} else if (token == WORD) {
			words = add_word(words);
		} else if (token == LEFT && node->words && !node->words->next && !node->assignments && is_name(node->words->text, strlen(node->words->text))) {
			next_token();
			if (token != RIGHT)
				wrong();
			next_token();
			newlines();
			node->kind = FUNCTION;
			node->name = node->words->text;
			node->left = command();
			return node;
		} else {
			break;
		}
	}
	if (!node->words && !node->assignments && !node->redirects)
		wrong();
	return node;
}

static struct node *pipeline(void)
{
	int inverted = is("!");
	if (inverted)
		next_token();
	struct node *node = command();
	while (!failed_syntax && token == BAR) {
		next_token();
		newlines();
		node = make(PIPELINE, node, command());
	}
	return inverted ? make(NOT, node, NULL) : node;
}

static struct node *and_or(void)
{
	struct node *node = pipeline();
	while (!failed_syntax && (token == AND_IF || token == OR_IF)) {
		enum kind kind = token == AND_IF ? AND : OR;
		next_token();
		newlines();
		node = make(kind, node, pipeline());
	}
	return node;
}

static int ends_list(void)
{
	static const char *const words[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}" };
	for (unsigned n = 0; n < sizeof words / sizeof *words; n++)
		if (is(words[n]))
			return 1;
	return token == END || token == RIGHT || token == DSEMI;
}

/* Commands up to a word that closes what they are in. */
static struct node *list(void)
{
	struct node *all = NULL;
	newlines();
	while (!failed_syntax && !ends_list()) {
		struct node *node = and_or();
		if (token == AMP)
			node = make(ASYNC, node, NULL);
		all = all ? make(LIST, all, node) : node;
		if (token != AMP && token != SEMI && token != NEWLINE)
			break;
		next_token();
		newlines();
	}
	return all;
}

struct node *parse_command(int *at_end)
{
	struct node *all = NULL;
	failed_syntax = 0;
	if (input->fd >= 0) {			/* what was run is not needed any more */
		input->text += input->at;
		input->size -= input->at;
		input->at = 0;
	}
	next_token();
	*at_end = token == END;
	while (!failed_syntax && token != END && token != NEWLINE) {
		struct node *node = and_or();
		if (token == AMP)
			node = make(ASYNC, node, NULL);
		all = all ? make(LIST, all, node) : node;
		if (token == AMP || token == SEMI)
			next_token();
		else if (token != NEWLINE && token != END)
			wrong();
	}
	read_documents();
	return failed_syntax ? NULL : all;
}
