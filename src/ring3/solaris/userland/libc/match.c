/* Patterns of file names (fnmatch(3C)). */

#include "match.h"

#define FNM_NOMATCH 1

static int folded(int c, int flags)
{
	return flags & FNM_CASEFOLD && c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Matches [...]; *behind is what follows it, NULL if it is none. */
static int in_brackets(const char *at, int c, int flags, const char **behind)
{
	extern int wctype(const char *), iswctype(int, int);
	int not = *at == '!' || *at == '^', found = 0, first = 1;
	at += not;
	for (; *at && (first || *at != ']'); at++, first = 0) {
		if (at[0] == '[' && at[1] == ':') {
			char name[16];
			size_t n = strcspn(at + 2, ":");
			if (n < sizeof name && at[n + 2] == ':' && at[n + 3] == ']') {
				memcpy(name, at + 2, n);
				name[n] = '\0';
				found |= iswctype(c, wctype(name)) != 0;
				at += n + 3;
				continue;
			}
		}
		if (*at == '\\' && !(flags & FNM_NOESCAPE) && at[1])
			at++;
		int low = (unsigned char)*at, high = low;
		if (at[1] == '-' && at[2] && at[2] != ']') {
			at += 2;
			if (*at == '\\' && !(flags & FNM_NOESCAPE) && at[1])
				at++;
			high = (unsigned char)*at;
		}
		found |= (c >= low && c <= high) || (folded(c, flags) >= folded(low, flags) && folded(c, flags) <= folded(high, flags) && flags & FNM_CASEFOLD);
	}
	*behind = *at == ']' ? at + 1 : NULL;
	return found != not;
}

static int match(const char *pattern, const char *text, const char *start, int flags)
{
	for (;; pattern++, text++) {
		int dot = *text == '.' && flags & FNM_PERIOD && (text == start || (flags & FNM_PATHNAME && text[-1] == '/'));
		const char *behind;
		switch (*pattern) {
		case '\0': return *text && !(flags & FNM_LEADING_DIR && *text == '/') ? FNM_NOMATCH : 0;
		case '?':
			if (*text == '\0' || dot || (*text == '/' && flags & FNM_PATHNAME))
				return FNM_NOMATCH;
			break;
		case '*':
			if (dot)
				return FNM_NOMATCH;
			while (*pattern == '*')
				pattern++;
			for (;; text++) {
				if (match(pattern, text, start, flags) == 0)
					return 0;
				if (*text == '\0' || (*text == '/' && flags & FNM_PATHNAME))
					return FNM_NOMATCH;
			}
		case '[':
			if (*text == '\0' || dot || (*text == '/' && flags & FNM_PATHNAME))
				return FNM_NOMATCH;
			int matches = in_brackets(pattern + 1, (unsigned char)*text, flags, &behind);
			if (behind) {
				if (!matches)
					return FNM_NOMATCH;
				pattern = behind - 1;
				break;
			}
			if (*text != '[')
				return FNM_NOMATCH;
			break;
		case '\\':
			if (!(flags & FNM_NOESCAPE) && pattern[1])
				pattern++;
			/* FALLTHROUGH */
		default:
			if (folded((unsigned char)*pattern, flags) != folded((unsigned char)*text, flags))
				return FNM_NOMATCH;
		}
	}
}

int fnmatch(const char *pattern, const char *text, int flags)
{
	return match(pattern, text, text, flags);
}
