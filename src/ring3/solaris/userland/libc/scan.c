/* scanf(3C): conversions read from a stream, or from a string as one. */

#include "stream.h"

#define LARGEST_FIELD 512
extern double strtod(const char *, char **);
extern unsigned long long strtoull(const char *, char **, int);
extern long long strtoll(const char *, char **, int);
extern int mbtowc(wchar_t *, const char *, size_t);

struct field {
	int suppressed, width, size, allocates;
};

static int is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int skip_space(FILE *file, int *read)
{
	int c;
	while (is_space(c = stream_get(file)))
		(*read)++;
	if (c != EOF)
		stream_unget(c, file);
	return c;
}

static void store(void *to, int size, long long value)
{
	if (size == 8)
		*(long long *)to = value;
	else if (size == 2)
		*(short *)to = (short)value;
	else if (size == 1)
		*(signed char *)to = (signed char)value;
	else
		*(int *)to = (int)value;
}

/* A digit of a base, or -1. */
static int digit(int c, int base)
{
	int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' + 10 : 99;
	return c != EOF && value < base ? value : -1;
}

/* Takes what can be an integer; returns its length, 0 if it is none. */
static int take_integer(FILE *file, char *text, int width, int *base)
{
	int n = 0, digits = 0, c = stream_get(file);
	if (width > 0 && (c == '+' || c == '-')) {
		text[n++] = (char)c;
		c = stream_get(file);
	}
	if (n < width && c == '0' && (*base == 0 || *base == 16)) {
		text[n++] = '0';
		digits = 1;
		c = stream_get(file);
		if (n < width && (c | 32) == 'x') {
			text[n++] = (char)c;
			*base = 16;
			digits = 0;
			c = stream_get(file);
		} else if (*base == 0) {
			*base = 8;
		}
	}
	*base = *base ? *base : 10;
	for (; n < width && digit(c, *base) >= 0; c = stream_get(file), digits = 1)
		text[n++] = (char)c;
	if (c != EOF)
		stream_unget(c, file);
	text[n] = '\0';
	return digits ? n : 0;
}

/* Takes what can be a floating-point number; returns its length, 0 if it is none. */
static int take_real(FILE *file, char *text, int width)
{
	int n = 0, c, good = 0, base = 10, point = 0, exponent = 0;
	for (; n < width && (c = stream_get(file)) != EOF; n++) {
		int last = n ? text[n - 1] | 32 : 0;
		if (digit(c, exponent ? 10 : base) >= 0)
			good = 1;
		else if ((c == '+' || c == '-') && (n == 0 || (exponent && last == (base == 16 ? 'p' : 'e'))))
			;
		else if (c == '.' && !point && !exponent)
			point = 1;
		else if ((c | 32) == 'x' && last == '0' && base == 10 && !point)
			base = 16, good = 0;
		else if ((c | 32) == (base == 16 ? 'p' : 'e') && good && !exponent)
			exponent = 1, good = 0;
		else
			break;
		text[n] = (char)c;
	}
	if (n < width && c != EOF) {
		static const char *const words[] = { "infinity", "nan" };
		int sign = n, kept = 0;
		for (int w = 0; w < 2 && (n == 0 || (n == 1 && (text[0] == '+' || text[0] == '-'))); w++)
			if ((c | 32) == words[w][0]) {
				do
					text[sign + kept++] = (char)c;
				while (sign + kept < width && words[w][kept] && ((c = stream_get(file)) | 32) == words[w][kept]);
				good = kept == (int)strlen(words[w]) || kept == 3;
				n = sign + kept;
				if (words[w][kept] == '\0' || sign + kept >= width)
					c = EOF;
				break;
			}
		if (c != EOF)
			stream_unget(c, file);
	}
	text[n] = '\0';
	return good || n > 1 ? n : 0;
}

/* The set of [...]: a byte for each character; returns what follows the format's bracket. */
static const char *read_set(const char *at, unsigned char set[256])
{
	int not = *at == '^', first = 1;
	at += not;
	memset(set, not, 256);
	for (; *at && (first || *at != ']'); at++, first = 0) {
		int low = (unsigned char)*at, high = low;
		if (at[1] == '-' && at[2] && at[2] != ']') {
			high = (unsigned char)at[2];
			at += 2;
		}
		for (int c = low; c <= high; c++)
			set[c] = !not;
	}
	return *at ? at + 1 : at;
}

/* Text until its end, a space, a character outside the set, or the width. */
static int take_text(FILE *file, const struct field *field, char how, const unsigned char *set, void *to)
{
	int wide = field->size == sizeof(long), n = 0, c = 0;
	size_t room = 32, unit = wide ? sizeof(wchar_t) : 1, stored = 0;
	char *text = field->suppressed ? NULL : field->allocates ? malloc(room * unit) : to;
	char bytes[8];
	int have = 0;
	for (; n < field->width && (c = stream_get(file)) != EOF; n++) {
		if (how == 's' ? is_space(c) : how == '[' ? !set[c] : 0) {
			stream_unget(c, file);
			break;
		}
		if (text == NULL)
			continue;
		if (field->allocates && stored + 2 > room)
			text = realloc(text, (room *= 2) * unit);
		if (!wide) {
			text[stored++] = (char)c;
			continue;
		}
		bytes[have++] = (char)c;
		if (mbtowc((wchar_t *)(void *)text + stored, bytes, (size_t)have) > 0 || have == 4)
			stored++, have = 0;
	}
	if (text && how != 'c')
		memset(text + stored * unit, 0, unit);
	if (field->allocates && text) {
		if (n)
			*(char **)to = text;
		else
			free(text);
	}
	return how == 'c' && n < field->width ? (n && c != EOF ? n : 0) : n;
}

static const char *parse(const char *at, struct field *field)
{
	*field = (struct field) { .width = 0 };
	for (; *at == '*' || *at == '\''; at++)
		field->suppressed |= *at == '*';
	for (; *at >= '0' && *at <= '9'; at++)
		field->width = field->width * 10 + *at - '0';
	for (;; at++) {
		if (*at == 'j' || (*at == 'l' && field->size == sizeof(long)))
			field->size = 8;
		else if (*at == 'l' || *at == 'z' || *at == 't')
			field->size = sizeof(long);
		else if (*at == 'L' || *at == 'q')
			field->size = 16;
		else if (*at == 'h')
			field->size = field->size == 2 ? 1 : 2;
		else if (*at == 'm')
			field->allocates = 1;
		else
			return at;
	}
}

static int base_of(char how)
{
	return how == 'i' ? 0 : how == 'o' ? 8 : how == 'x' || how == 'X' || how == 'p' ? 16 : 10;
}

/* One conversion: 1 done, 0 no match, EOF the input ended before it. */
static int convert(FILE *file, char how, struct field *field, const unsigned char *set, void *to, int *read)
{
	char text[LARGEST_FIELD];
	int n, base = base_of(how);
	if (how != 'c' && how != 'C' && how != '[' && skip_space(file, read) == EOF)
		return EOF;
	if (strchr("csCS[", how)) {
		if (how == 'C' || how == 'S') {
			field->size = sizeof(long);
			how |= 32;
		}
		field->width = field->width ? field->width : how == 'c' ? 1 : INT32_MAX;
		int c = stream_get(file);
		if (c == EOF)
			return EOF;
		stream_unget(c, file);
		n = take_text(file, field, how, set, to);
		*read += n;
		return n > 0;
	}
	int width = field->width && field->width < LARGEST_FIELD ? field->width : LARGEST_FIELD - 1;
	if (strchr("eEfFgGaA", how)) {
		if ((n = take_real(file, text, width)) == 0)
			return 0;
		double value = strtod(text, NULL);
		if (field->suppressed)
			;
		else if (field->size == 16)
			*(long double *)to = value;
		else if (field->size == sizeof(long))
			*(double *)to = value;
		else
			*(float *)to = (float)value;
	} else {
		if ((n = take_integer(file, text, width, &base)) == 0)
			return 0;
		long long value = how == 'd' || how == 'i' ? strtoll(text, NULL, base) : (long long)strtoull(text, NULL, base);
		if (!field->suppressed)
			store(to, how == 'p' ? (int)sizeof(void *) : field->size, value);
	}
	*read += n;
	return 1;
}

int vfscanf(FILE *file, const char *format, va_list arguments)
{
	int done = 0, read = 0, came = 1;
	va_list list;
	va_copy(list, arguments);
	hold(file);
	for (const char *at = format; *at && came > 0; at++) {
		struct field field;
		unsigned char set[256];
		if (is_space(*at)) {
			skip_space(file, &read);
			continue;
		}
		int literal = *at != '%';
		if (!literal)
			at = parse(at + 1, &field);
		if (*at == '\0')
			break;
		if (literal || *at == '%') {
			if (!literal)
				skip_space(file, &read);
			int c = stream_get(file);
			if (c != (unsigned char)*at) {
				if (c != EOF)
					stream_unget(c, file);
				came = c == EOF ? EOF : 0;
			}
			read++;
			continue;
		}
		void *to = field.suppressed ? NULL : va_arg(list, void *);
		if (*at == 'n') {
			if (to)
				store(to, field.size, read);
			continue;
		}
		char how = *at;
		if (how == '[')
			at = read_set(at + 1, set) - 1;
		came = strchr("diouxXpeEfFgGaAcsCS[", how) ? convert(file, how, &field, set, to, &read) : 0;
		done += came > 0 && !field.suppressed;
	}
	let(file);
	va_end(list);
	return done == 0 && came == EOF ? EOF : done;
}

static ssize_t nothing(struct stream *stream, void *to, size_t size)
{
	(void)stream;
	(void)to;
	(void)size;
	return 0;
}

int vsscanf(const char *text, const char *format, va_list list)
{
	FILE *file = stream_new(IS_READING, -1);
	if (file == NULL)
		return EOF;
	struct stream *stream = stream_of(file);
	stream->of = stream;
	stream->get = nothing;
	stream->known = 1;
	stream->room = 1;
	file->base = file->ptr = (unsigned char *)(uintptr_t)text;
	file->cnt = (int)strlen(text);
	int n = vfscanf(file, format, list);
	stream_free(file);
	return n;
}

int vscanf(const char *format, va_list list)
{
	return vfscanf(stdin, format, list);
}

int fscanf(FILE *file, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vfscanf(file, format, list);
	va_end(list);
	return n;
}

int scanf(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vfscanf(stdin, format, list);
	va_end(list);
	return n;
}

int sscanf(const char *text, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vsscanf(text, format, list);
	va_end(list);
	return n;
}
