/* $((...)): signed long arithmetic with C's operators (POSIX, Shell Command Language, 2.6.4). */

#include "sh.h"

static const char *at;

static long assignment(void);

static void blank(void)
{
	while (*at == ' ' || *at == '\t' || *at == '\n')
		at++;
}

static void bad(const char *what)
{
	complain("arithmetic: %s", what);
	leave(1);
}

/* Steps over an operator if it stands here and is not the start of a longer one. */
static int took(const char *operator, const char *longer)
{
	blank();
	size_t size = strlen(operator);
	if (strncmp(at, operator, size) != 0 || (at[size] && strchr(longer, at[size])))
		return 0;
	at += size;
	return 1;
}

static long number_of(const char *text)
{
	char *end;
	long value = strtol(text, &end, 0);
	if (*end)
		bad("not a number");
	return value;
}

static long variable(const char *from, size_t size)
{
	char name[128];
	snprintf(name, sizeof name, "%.*s", (int)size, from);
	const char *value = get_variable(name);
	return value && *value ? number_of(value) : 0;
}

static long unary(void)
{
	if (took("(", "")) {
		long value = assignment();
		if (!took(")", ""))
			bad("missing )");
		return value;
	}
	if (took("-", ""))
		return -unary();
	if (took("+", ""))
		return unary();
	if (took("!", "="))
		return !unary();
	if (took("~", ""))
		return ~unary();
	blank();
	size_t size = name_length(at);
	if (size) {
		at += size;
		return variable(at - size, size);
	}
	char *end;
	long value = strtol(at, &end, 0);
	if (end == at)
		bad(*at ? "syntax error" : "operand expected");
	at = end;
	return value;
}

static long divided(long left, long right, int rest)
{
	if (right == 0)
		bad("divide by zero");
	if (right == -1)
		return rest ? 0 : (long)(0 - (unsigned long)left);
	return rest ? left % right : left / right;
}

/* Operators of two sides: those of a level bind closer than those of the levels above. */
static const struct {
	int level;
	const char *text, *longer;
} operators[] = {
	{ 0, "||", "" }, { 1, "&&", "" }, { 2, "|", "|=" }, { 3, "^", "=" }, { 4, "&", "&=" }, { 5, "==", "" }, { 5, "!=", "" }, { 6, "<=", "" },
	{ 6, ">=", "" }, { 6, "<", "<=" }, { 6, ">", ">=" }, { 7, "<<", "=" }, { 7, ">>", "=" }, { 8, "+", "=" }, { 8, "-", "=" }, { 9, "*", "=" },
	{ 9, "/", "=" }, { 9, "%", "=" },
};
enum { LEVELS = 10, COUNT = sizeof operators / sizeof *operators };

static long applied(int which, long a, long b)
{
	switch (which) {
	case 0: return a || b;
	case 1: return a && b;
	case 2: return a | b;
	case 3: return a ^ b;
	case 4: return a & b;
	case 5: return a == b;
	case 6: return a != b;
	case 7: return a <= b;
	case 8: return a >= b;
	case 9: return a < b;
	case 10: return a > b;
	case 11: return (long)((unsigned long)a << (b & 63));
	case 12: return a >> (b & 63);
	case 13: return (long)((unsigned long)a + (unsigned long)b);
	case 14: return (long)((unsigned long)a - (unsigned long)b);
	case 15: return (long)((unsigned long)a * (unsigned long)b);
	case 16: return divided(a, b, 0);
	default: return divided(a, b, 1);
	}
}

static long binary(int level)
{
	if (level == LEVELS)
		return unary();
	long value = binary(level + 1);
	for (int n = 0; n < COUNT; n++)
		if (operators[n].level == level && took(operators[n].text, operators[n].longer)) {
			value = applied(n, value, binary(level + 1));
			n = -1;
		}
	return value;
}

static long choice(void)
{
	long value = binary(0);
	if (!took("?", ""))
		return value;
	long yes = assignment();
	if (!took(":", ""))
		bad("missing :");
	long no = assignment();
	return value ? yes : no;
}

static long assignment(void)
{
	blank();
	const char *from = at;
	size_t size = name_length(at);
	at += size;
	blank();
	for (int n = 0; size && n <= COUNT; n++) {
		char text[4];
		snprintf(text, sizeof text, "%s=", n < COUNT ? operators[n].text : "");
		if (n < COUNT && (operators[n].level < 2 || operators[n].level == 5 || operators[n].level == 6))
			continue;
		if (took(text, n < COUNT ? "" : "=")) {
			long value = assignment();
			char name[128], made[32];
			if (n < COUNT)
				value = applied(n, variable(from, size), value);
			snprintf(name, sizeof name, "%.*s", (int)size, from);
			snprintf(made, sizeof made, "%ld", value);
			set_variable(name, made);
			return value;
		}
	}
	at = from;
	return choice();
}

long arithmetic(const char *text)
{
	const char *outer = at;
	at = text;
	blank();
	long value = *at ? assignment() : 0;
	blank();
	if (*at)
		bad("syntax error");
	at = outer;
	return value;
}
