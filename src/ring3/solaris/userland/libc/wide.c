/*
 * Wide characters (mbrtowc(3C), wcscpy(3C) and their like): bytes as they are in the C locale, UTF-8 in C.UTF-8. What has
 * come of a character so far lies in the caller's mbstate_t, or in one of the function's own.
 */

#include "locale.h"

struct state {
	unsigned value, left;	/* of the bytes that have come, and how many are to come */
	unsigned least;		/* the least character that needs so many */
};

int mbsinit(const struct state *state)
{
	return state == NULL || state->left == 0;
}

size_t mbrtowc(wchar_t *to, const char *from, size_t size, struct state *state)
{
	static struct state own;
	state = state ? state : &own;
	if (from == NULL)
		return mbrtowc(NULL, "", 1, state);
	for (size_t n = 0; n < size; n++) {
		unsigned c = (unsigned char)from[n];
		if (state->left) {
			if ((c & 0xc0) != 0x80)
				goto bad;
			state->value = state->value << 6 | (c & 0x3f);
			state->left--;
		} else if (c < 0x80 || !characters_are_utf8()) {
			state->value = c;
			state->least = 0;
		} else if (c >= 0xc2 && c < 0xf5) {
			state->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
			state->value = c & (0x3f >> state->left);
			state->least = c < 0xe0 ? 0x80 : c < 0xf0 ? 0x800 : 0x10000;
		} else {
			goto bad;
		}
		if (state->left)
			continue;
		if (state->value < state->least || state->value > 0x10ffff || (state->value >= 0xd800 && state->value < 0xe000))
			goto bad;
		if (to)
			*to = (wchar_t)state->value;
		return state->value ? n + 1 : 0;
	}
	return (size_t)-2;
bad:
	state->left = 0;
	errno = EILSEQ;
	return (size_t)-1;
}

size_t wcrtomb(char *to, wchar_t wide, struct state *state)
{
	unsigned c = (unsigned)wide;
	(void)state;
	if (to == NULL)
		return 1;
	if (c < 0x80 || (c < 0x100 && !characters_are_utf8())) {
		*to = (char)c;
		return 1;
	}
	if (!characters_are_utf8() || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		errno = EILSEQ;
		return (size_t)-1;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	to[0] = (char)((more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0) | c >> 6 * more);
	for (int n = 1; n <= more; n++)
		to[n] = (char)(0x80 | (c >> 6 * (more - n) & 0x3f));
	return (size_t)more + 1;
}

size_t __ctype_get_mb_cur_max(void)
{
	return characters_are_utf8() ? 4 : 1;
}

int mbtowc(wchar_t *to, const char *from, size_t size)
{
	struct state state = { 0, 0, 0 };
	if (from == NULL)
		return 0;
	size_t n = mbrtowc(to, from, size, &state);
	return n > size ? -1 : (int)n;
}

int mblen(const char *from, size_t size)
{
	return mbtowc(NULL, from, size);
}

size_t mbrlen(const char *from, size_t size, struct state *state)
{
	static struct state own;
	return mbrtowc(NULL, from, size, state ? state : &own);
}

int wctomb(char *to, wchar_t wide)
{
	return to == NULL ? 0 : (int)wcrtomb(to, wide, NULL);
}

int btowc(int c)
{
	return c >= 0 && c < (characters_are_utf8() ? 0x80 : 0x100) ? c : EOF;
}

int wctob(int c)
{
	return btowc(c);
}

size_t mbsrtowcs(wchar_t *to, const char **from, size_t room, struct state *state)
{
	size_t done = 0;
	for (const char *at = *from; to == NULL || done < room; done++) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, at, 8, state);
		if (n == (size_t)-1)
			return n;
		if (to)
			to[done] = wide;
		if (n == 0) {
			if (to)
				*from = NULL;
			return done;
		}
		at += n;
		if (to)
			*from = at;
	}
	return done;
}

size_t mbstowcs(wchar_t *to, const char *from, size_t room)
{
	struct state state = { 0, 0, 0 };
	return mbsrtowcs(to, &from, room, &state);
}

size_t wcsrtombs(char *to, const wchar_t **from, size_t room, struct state *state)
{
	size_t done = 0;
	for (const wchar_t *at = *from;; at++) {
		char bytes[8];
		size_t n = wcrtomb(bytes, *at, state);
		if (n == (size_t)-1)
			return n;
		if (to && done + n > room)
			return done;
		if (to)
			memcpy(to + done, bytes, n);
		if (*at == 0) {
			if (to)
				*from = NULL;
			return done;
		}
		done += n;
		if (to)
			*from = at + 1;
	}
}

size_t wcstombs(char *to, const wchar_t *from, size_t room)
{
	return wcsrtombs(to, &from, room, NULL);
}

size_t wcslen(const wchar_t *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}

wchar_t *wmemcpy(wchar_t *to, const wchar_t *from, size_t n)
{
	return memcpy(to, from, n * sizeof *to);
}

wchar_t *wmemmove(wchar_t *to, const wchar_t *from, size_t n)
{
	return memmove(to, from, n * sizeof *to);
}

wchar_t *wmemset(wchar_t *to, wchar_t value, size_t n)
{
	for (size_t k = 0; k < n; k++)
		to[k] = value;
	return to;
}

int wmemcmp(const wchar_t *a, const wchar_t *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b)
			return *a < *b ? -1 : 1;
	return 0;
}

wchar_t *wmemchr(const wchar_t *at, wchar_t c, size_t n)
{
	for (; n; n--, at++)
		if (*at == c)
			return (wchar_t *)(uintptr_t)at;
	return NULL;
}

wchar_t *wcscpy(wchar_t *to, const wchar_t *from)
{
	return wmemcpy(to, from, wcslen(from) + 1);
}

wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t n)
{
	size_t k = 0;
	for (; k < n && from[k]; k++)
		to[k] = from[k];
	for (; k < n; k++)
		to[k] = 0;
	return to;
}

wchar_t *wcscat(wchar_t *to, const wchar_t *from)
{
	wcscpy(to + wcslen(to), from);
	return to;
}

wchar_t *wcsncat(wchar_t *to, const wchar_t *from, size_t n)
{
	wchar_t *at = to + wcslen(to);
	while (n-- && *from)
		*at++ = *from++;
	*at = 0;
	return to;
}

int wcsncmp(const wchar_t *a, const wchar_t *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || *a == 0)
			return *a < *b ? -1 : *a > *b;
	return 0;
}

int wcscmp(const wchar_t *a, const wchar_t *b)
{
	return wcsncmp(a, b, SIZE_MAX);
}

int wcscoll(const wchar_t *a, const wchar_t *b)
{
	return wcscmp(a, b);
}

wchar_t *wcschr(const wchar_t *s, wchar_t c)
{
	for (; *s != c; s++)
		if (*s == 0)
			return NULL;
	return (wchar_t *)(uintptr_t)s;
}

wchar_t *wcsrchr(const wchar_t *s, wchar_t c)
{
	const wchar_t *last = NULL;
	do
		if (*s == c)
			last = s;
	while (*s++);
	return (wchar_t *)(uintptr_t)last;
}

wchar_t *wcsstr(const wchar_t *s, const wchar_t *part)
{
	size_t n = wcslen(part);
	for (;; s++) {
		if (wcsncmp(s, part, n) == 0)
			return (wchar_t *)(uintptr_t)s;
		if (*s == 0)
			return NULL;
	}
}

wchar_t *wcsdup(const wchar_t *s)
{
	wchar_t *made = malloc((wcslen(s) + 1) * sizeof *made);
	return made ? wcscpy(made, s) : NULL;
}

/* Columns that a character takes: none where it combines, two in the scripts of East Asia (UAX #11). */
int wcwidth(wchar_t wide)
{
	unsigned c = (unsigned)wide;
	if (c == 0)
		return 0;
	if (c < ' ' || (c >= 0x7f && c < 0xa0))
		return -1;
	if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c < 0x2010) || (c >= 0xfe00 && c < 0xfe10))
		return 0;
	int is_wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
	    (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) || (c >= 0x1f300 && c < 0x1fa00) ||
	    (c >= 0x20000 && c < 0x3fffe);
	return is_wide ? 2 : 1;
}

int wcswidth(const wchar_t *s, size_t n)
{
	int columns = 0;
	for (; n && *s; n--, s++) {
		int one = wcwidth(*s);
		if (one < 0)
			return -1;
		columns += one;
	}
	return columns;
}
