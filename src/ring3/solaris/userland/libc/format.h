/* What the files of printf share: where characters go, and what a conversion says. */

#ifndef FORMAT_H
#define FORMAT_H

#include "solaris.h"

struct out {
	char *at, *end;
	int count;
};

struct spec {
	int left, plus, space, alternate, zero, width, precision, size, number;
};

void put_text(struct out *, const struct spec *, const char *text, int length, const char *prefix);
void put_double(struct out *, struct spec *, double value, char kind);

#endif
