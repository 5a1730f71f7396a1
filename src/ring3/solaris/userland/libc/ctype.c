/* Kinds of characters (ctype(3C)), in the C locale; programs' macros look into the tables. */

#include "solaris.h"

enum { U = 1, L = 2, N = 4, S = 8, P = 0x10, C = 0x20, B = 0x40, X = 0x80, GRAPH = 0x2000, ALPHA = 0x4000, PRINT = 0x8000 };

unsigned char __ctype[129 + 257 + 7];	/* EOF and 256 characters; then how to change case; then the size of one */
unsigned int __ctype_mask[256];
int __trans_upper[257], __trans_lower[257];

static int kinds(int c)
{
	int is = 0;
	if (c >= 'A' && c <= 'Z')
		is = U | ALPHA | (c <= 'F' ? X : 0);
	else if (c >= 'a' && c <= 'z')
		is = L | ALPHA | (c <= 'f' ? X : 0);
	else if (c >= '0' && c <= '9')
		is = N | X;
	else if (c >= '\t' && c <= '\r')
		is = S | C | (c == '\t' ? B : 0);
	else if (c == ' ')
		is = S | B | PRINT;
	else if (c < ' ' || c == 0x7f)
		is = C;
	else if (c < 0x7f)
		is = P;
	return c > ' ' && c < 0x7f ? is | GRAPH | PRINT : is;
}

__attribute__((constructor)) static void fill(void)
{
	for (int c = 0; c < 128; c++) {
		__ctype_mask[c] = (unsigned)kinds(c);
		__ctype[c + 1] = (unsigned char)(kinds(c) & ~(c == '\t' ? B : 0));
	}
	for (int c = 0; c < 256; c++) {
		__trans_upper[c] = c >= 'a' && c <= 'z' ? c - 32 : c;
		__trans_lower[c] = c >= 'A' && c <= 'Z' ? c + 32 : c;
		if (c < 128)
			__ctype[c + 258] = (unsigned char)(__trans_upper[c] != c ? __trans_upper[c] : __trans_lower[c]);
	}
	__ctype[129 + 257 + 0] = 1;
}

static int is(int c, int kind)
{
	return c >= 0 && c < 128 ? kinds(c) & kind : 0;
}

#define KIND(name, kind) \
	int is##name(int c) \
	{ \
		return is(c, kind); \
	} \
	int isw##name(int c) \
	{ \
		return is(c, kind); \
	}

KIND(alnum, ALPHA | N)
KIND(alpha, ALPHA)
KIND(blank, B)
KIND(cntrl, C)
KIND(digit, N)
KIND(graph, GRAPH)
KIND(lower, L)
KIND(print, PRINT)
KIND(punct, P)
KIND(space, S)
KIND(upper, U)
KIND(xdigit, X)

int isascii(int c)
{
	return c >= 0 && c < 128;
}

int toascii(int c)
{
	return c & 127;
}

int toupper(int c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

int tolower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int towupper(int c)
{
	return toupper(c);
}

int towlower(int c)
{
	return tolower(c);
}

static const struct {
	const char *name;
	int kind;
} classes[] = {
	{ "alnum", ALPHA | N }, { "alpha", ALPHA }, { "blank", B }, { "cntrl", C }, { "digit", N }, { "graph", GRAPH },
	{ "lower", L }, { "print", PRINT }, { "punct", P }, { "space", S }, { "upper", U }, { "xdigit", X },
};

int wctype(const char *name)
{
	for (size_t n = 0; n < sizeof classes / sizeof *classes; n++)
		if (strcmp(classes[n].name, name) == 0)
			return classes[n].kind;
	return 0;
}

int iswctype(int c, int kind)
{
	return is(c, kind);
}
