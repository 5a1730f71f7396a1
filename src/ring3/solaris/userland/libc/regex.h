/* A compiled regular expression: instructions of a machine that tries one way after the other (regcomp.c, regexec.c). */

#ifndef REGEX_H
#define REGEX_H

#include "solaris.h"

enum { REG_EXTENDED = 1, REG_NOSUB = 2, REG_ICASE = 4, REG_NEWLINE = 8, REG_NOTBOL = 0x200, REG_NOTEOL = 0x400 };
enum { REG_OK, REG_NOMATCH, REG_ECOLLATE, REG_EESCAPE, REG_ENEWLINE, REG_ENSUB, REG_ESUBREG, REG_EBRACK, REG_EPAREN, REG_EBRACE, REG_ERANGE,
	REG_ESPACE, REG_BADRPT, REG_ECTYPE, REG_BADPAT, REG_BADBR };

typedef struct {
	size_t re_nsub;
	struct program *re_comp;
	int re_cflags;
	size_t re_erroff, re_len;
	void *re_sc;
} regex_t;
typedef struct {
	const char *rm_sp, *rm_ep;
	ssize_t rm_so, rm_eo;
	int rm_ss, rm_es;
} regmatch_t;

enum code { CHARACTER, ANY, SET, SPLIT, JUMP, SAVE, AT_START, AT_END_OF_LINE, WORD_START, WORD_END, SAME_AS, DONE };
struct instruction {
	enum code code;
	int value;			/* the character, the set, the number of a parenthesis */
	int first, second;		/* where to go on: SPLIT tries first before second */
};
struct program {
	struct instruction *code;
	unsigned char (*sets)[32];	/* bits of the characters that are in one */
	int length, room, set_count, has_back;
};

static inline int in_set(const unsigned char *set, int c)
{
	return set[c >> 3] >> (c & 7) & 1;
}

#endif
