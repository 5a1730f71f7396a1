/* Wide characters to and from streams, and numbers in them (fgetwc(3C), fputwc(3C), wcstol(3C)). */

#include "stream.h"

extern size_t mbrtowc(wchar_t *, const char *, size_t, void *), wcrtomb(char *, wchar_t, void *), wcslen(const wchar_t *);

int fwide(FILE *file, int mode)
{
	struct stream *stream = stream_of(file);
	if (mode && !stream->wide)
		stream->wide = mode > 0 ? 1 : -1;
	return stream->wide;
}

int fgetwc(FILE *file)
{
	unsigned state[3] = { 0, 0, 0 };
	wchar_t wide = 0;
	size_t n = (size_t)-2;
	fwide(file, 1);
	hold(file);
	for (int c; n == (size_t)-2 && (c = stream_get(file)) != EOF;) {
		char one = (char)c;
		n = mbrtowc(&wide, &one, 1, state);
	}
	if (n == (size_t)-1)
		file->flag |= FAILED;
	let(file);
	return n > 1 ? EOF : (int)wide;
}

int getwc(FILE *file)
{
	return fgetwc(file);
}

int getwchar(void)
{
	return fgetwc(stdin);
}

int fputwc(wchar_t wide, FILE *file)
{
	char bytes[8];
	fwide(file, 1);
	size_t n = wcrtomb(bytes, wide, NULL);
	return n != (size_t)-1 && fwrite(bytes, 1, n, file) == n ? (int)wide : EOF;
}

int putwc(wchar_t wide, FILE *file)
{
	return fputwc(wide, file);
}

int putwchar(wchar_t wide)
{
	return fputwc(wide, stdout);
}

int ungetwc(int wide, FILE *file)
{
	char bytes[8];
	size_t n = wide == EOF ? (size_t)-1 : wcrtomb(bytes, wide, NULL);
	if (n == (size_t)-1)
		return EOF;
	hold(file);
	while (n-- > 0)
		if (stream_unget((unsigned char)bytes[n], file) == EOF)
			wide = EOF;
	let(file);
	return wide;
}

int fputws(const wchar_t *text, FILE *file)
{
	for (; *text; text++)
		if (fputwc(*text, file) == EOF)
			return EOF;
	return 0;
}

wchar_t *fgetws(wchar_t *to, int size, FILE *file)
{
	int done = 0, c = 0;
	while (done < size - 1 && c != '\n' && (c = fgetwc(file)) != EOF)
		to[done++] = (wchar_t)c;
	if (done == 0)
		return NULL;
	to[done] = 0;
	return to;
}

/* A number has no characters but ASCII's: the text as bytes, up to the first that is none. */
static char *narrow(const wchar_t *text, char *to, size_t room)
{
	size_t n = 0;
	for (; n < room - 1 && text[n] > 0 && text[n] < 128; n++)
		to[n] = (char)text[n];
	to[n] = '\0';
	return to;
}

extern long long strtoll(const char *, char **, int);
extern unsigned long long strtoull(const char *, char **, int);
extern double strtod(const char *, char **);

#define NUMBER(type, name, ...) \
	type name \
	{ \
		char bytes[1200], *behind; \
		narrow(text, bytes, sizeof bytes); \
		type value = __VA_ARGS__; \
		if (end) \
			*end = (wchar_t *)(uintptr_t)text + (behind - bytes); \
		return value; \
	}

NUMBER(long, wcstol(const wchar_t *text, wchar_t **end, int base), strtol(bytes, &behind, base))
NUMBER(unsigned long, wcstoul(const wchar_t *text, wchar_t **end, int base), strtoul(bytes, &behind, base))
NUMBER(long long, wcstoll(const wchar_t *text, wchar_t **end, int base), strtoll(bytes, &behind, base))
NUMBER(unsigned long long, wcstoull(const wchar_t *text, wchar_t **end, int base), strtoull(bytes, &behind, base))
NUMBER(double, wcstod(const wchar_t *text, wchar_t **end), strtod(bytes, &behind))
