/* What an expansion makes of a word. */

#ifndef EXPAND_H
#define EXPAND_H

#include "sh.h"

/* What a character is: as it was written, quoted, out of an expansion; where a field ends; that a quote was here. */
enum mark { PLAIN, QUOTED, EXPANDED, BREAK, EMPTY };
struct text {
	char *at, *marks;
	size_t size, room;
	int vanished;			/* "$@" had nothing */
};

void expand(struct text *text, const char *from, size_t size, int quoted);

#endif
