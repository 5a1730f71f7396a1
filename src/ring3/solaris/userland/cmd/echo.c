/* echo: writes its arguments (echo(1), as /usr/bin/echo: backslash sequences stand for characters). */

#include "solaris.h"

/* Writes one argument; returns 0 at \c, behind which nothing is written. */
static int write_one(const char *at)
{
	for (; *at; at++) {
		if (*at != '\\') {
			putchar(*at);
			continue;
		}
		const char *from = "bfnrtv\\", *to = "\b\f\n\r\t\v\\", *found;
		at++;
		if (*at == 'c')
			return 0;
		if (*at == '0') {
			int value = 0;
			for (int n = 0; n < 3 && at[1] >= '0' && at[1] <= '7'; n++)
				value = value * 8 + *++at - '0';
			putchar(value);
		} else if (*at && (found = strchr(from, *at)) != NULL) {
			putchar(to[found - from]);
		} else {
			putchar('\\');
			at--;
		}
	}
	return 1;
}

int main(int argc, char **argv)
{
	for (int n = 1; n < argc; n++) {
		if (!write_one(argv[n]))
			return 0;
		if (n + 1 < argc)
			putchar(' ');
	}
	putchar('\n');
	return 0;
}
