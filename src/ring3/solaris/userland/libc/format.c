/*
 * What printf makes of a format (printf(3C)): integers, strings, characters, pointers, floating point; arguments one after
 * the other or by number (%2$s).
 */

#include "format.h"

#define MB_LEN_MAX 5

/* The arguments: a list to take from, or, if the format has numbers, all of them. */
#define NUMBERED 64
enum kind { UNUSED, WORD, LONG_WORD, REAL, LONG_REAL, POINTER };
struct argument {
	enum kind kind;
	long long word;
	double real;
	void *pointer;
};
struct arguments {
	va_list list;
	struct argument *numbered;
};

static void put(struct out *out, char c)
{
	if (out->at < out->end)
		*out->at++ = c;
	out->count++;
}

static void pad(struct out *out, char with, int count)
{
	while (count-- > 0)
		put(out, with);
}

__attribute__((visibility("hidden"))) void put_text(struct out *out, const struct spec *spec, const char *text, int length, const char *prefix)
{
	int before = (int)strlen(prefix), zeros = spec->precision > length ? spec->precision - length : 0;
	int blank = spec->width - length - before - zeros;
	if (spec->zero && !spec->left && spec->precision < 0)
		zeros = blank > 0 ? blank : 0, blank = 0;
	if (!spec->left)
		pad(out, ' ', blank);
	while (*prefix)
		put(out, *prefix++);
	pad(out, '0', zeros);
	while (length-- > 0)
		put(out, *text++);
	if (spec->left)
		pad(out, ' ', blank);
}

static void put_number(struct out *out, const struct spec *spec, unsigned long long value, int base, int upper, const char *prefix)
{
	char digits[24], *at = digits + sizeof digits;
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	do
		*--at = set[value % (unsigned)base];
	while (value /= (unsigned)base);
	int length = (int)(digits + sizeof digits - at);
	if (spec->precision == 0 && length == 1 && *at == '0')
		length = 0;
	put_text(out, spec, at, length, prefix);
}

static struct argument taken(va_list *list, enum kind kind)
{
	struct argument found = { .kind = kind };
	switch (kind) {
	case LONG_WORD: found.word = va_arg(*list, long long); break;
	case REAL: found.real = va_arg(*list, double); break;
	case LONG_REAL: found.real = (double)va_arg(*list, long double); break;
	case POINTER: found.pointer = va_arg(*list, void *); break;
	default: found.word = va_arg(*list, int);
	}
	return found;
}

static struct argument next(struct arguments *from, int number, enum kind kind)
{
	if (!from->numbered)
		return taken(&from->list, kind);
	struct argument none = { .kind = kind };
	if (number < 1 || number > NUMBERED)
		return none;
	struct argument *found = &from->numbered[number - 1];
	if (found->kind == UNUSED)
		found->kind = kind;	/* the first pass: it is asked for */
	return *found;
}

static int digits(const char **at)
{
	int value = 0;
	while (**at >= '0' && **at <= '9')
		value = value < 100000000 ? value * 10 + *(*at)++ - '0' : ((*at)++, value);
	return value;
}

/* A number in the format, or a star that stands for an argument. */
static int amount(const char **at, struct arguments *from)
{
	if (**at != '*')
		return digits(at);
	const char *behind = ++*at;
	int number = digits(&behind);
	if (*behind == '$')
		*at = behind + 1;
	return (int)next(from, number, WORD).word;
}

static const char *parse(const char *at, struct spec *spec, struct arguments *from)
{
	*spec = (struct spec) { .precision = -1 };
	const char *behind = at;
	int number = digits(&behind);
	if (*behind == '$' && behind > at) {
		spec->number = number;
		at = behind + 1;
	}
	for (;; at++) {
		if (*at == '-')
			spec->left = 1;
		else if (*at == '+')
			spec->plus = 1;
		else if (*at == ' ')
			spec->space = 1;
		else if (*at == '#')
			spec->alternate = 1;
		else if (*at == '0')
			spec->zero = 1;
		else if (*at != '\'')
			break;
	}
	spec->width = amount(&at, from);
	if (spec->width < 0)
		spec->left = 1, spec->width = -spec->width;
	if (*at == '.') {
		at++;
		spec->precision = amount(&at, from);
	}
	for (;; at++) {
		if (*at == 'j' || (*at == 'l' && spec->size == sizeof(long)))
			spec->size = 8;
		else if (*at == 'l' || *at == 'z' || *at == 't')
			spec->size = sizeof(long);
		else if (*at == 'L' || *at == 'q')
			spec->size = 16;
		else if (*at == 'h')
			spec->size = spec->size == 2 ? 1 : 2;
		else
			return at;
	}
}

static enum kind word_kind(const struct spec *spec)
{
	return spec->size >= 8 ? LONG_WORD : WORD;
}

static long long signed_argument(const struct spec *spec, struct arguments *from)
{
	long long value = next(from, spec->number, word_kind(spec)).word;
	return spec->size == 2 ? (short)value : spec->size == 1 ? (signed char)value : value;
}

static unsigned long long unsigned_argument(const struct spec *spec, struct arguments *from)
{
	unsigned long long value = (unsigned long long)next(from, spec->number, word_kind(spec)).word;
	return spec->size >= 8 ? value : spec->size == 2 ? (unsigned short)value : spec->size == 1 ? (unsigned char)value : (unsigned)value;
}

static void put_string(struct out *out, struct spec *spec, const char *text)
{
	int length = 0, most = spec->precision < 0 ? INT32_MAX : spec->precision;
	text = text ? text : "(null)";
	while (length < most && text[length])
		length++;
	spec->precision = -1, spec->zero = 0;
	put_text(out, spec, text, length, "");
}

/* Wide characters, as many as their bytes leave room for. */
static void put_wide(struct out *out, struct spec *spec, const wchar_t *text, int one)
{
	extern int wctomb(char *, wchar_t);
	char bytes[MB_LEN_MAX];
	int length = 0, most = spec->precision < 0 || one ? INT32_MAX : spec->precision, count = 0, n;
	if (text == NULL) {
		put_string(out, spec, NULL);
		return;
	}
	for (; (one ? count < 1 : text[count] != 0) && (n = wctomb(bytes, text[count])) >= 0 && length + n <= most; count++)
		length += n;
	int blank = spec->width - length;
	if (!spec->left)
		pad(out, ' ', blank);
	for (int k = 0; k < count; k++) {
		n = wctomb(bytes, text[k]);
		for (int i = 0; i < n; i++)
			put(out, bytes[i]);
	}
	if (spec->left)
		pad(out, ' ', blank);
}

static void store_count(const struct out *out, const struct spec *spec, void *where)
{
	if (where == NULL)
		return;
	if (spec->size >= 8)
		*(long long *)where = out->count;
	else if (spec->size == 2)
		*(short *)where = (short)out->count;
	else if (spec->size == 1)
		*(signed char *)where = (signed char)out->count;
	else
		*(int *)where = out->count;
}

static void convert(struct out *out, char c, struct spec *spec, struct arguments *from)
{
	switch (c) {
	case 'd':
	case 'D':
	case 'i': {
		long long value = signed_argument(spec, from);
		put_number(out, spec, value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value, 10, 0,
		    value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "");
		break;
	}
	case 'u': put_number(out, spec, unsigned_argument(spec, from), 10, 0, ""); break;
	case 'o': {
		unsigned long long value = unsigned_argument(spec, from);
		int octal = value || spec->precision == 0, have = 1;
		for (unsigned long long rest = value; rest >>= 3;)
			have++;
		if (spec->alternate && octal && spec->precision <= have)
			spec->precision = value ? have + 1 : 1;
		put_number(out, spec, value, 8, 0, "");
		break;
	}
	case 'x':
	case 'X': {
		unsigned long long value = unsigned_argument(spec, from);
		put_number(out, spec, value, 16, c == 'X', spec->alternate && value ? c == 'X' ? "0X" : "0x" : "");
		break;
	}
	case 'p': put_number(out, spec, (unsigned long)next(from, spec->number, POINTER).pointer, 16, 0, ""); break;
	case 'c':
	case 'C': {
		int value = (int)next(from, spec->number, WORD).word;
		if (c == 'C' || spec->size == sizeof(long)) {
			wchar_t wide = (wchar_t)value;
			put_wide(out, spec, &wide, 1);
			break;
		}
		char one = (char)value;
		spec->precision = -1, spec->zero = 0;
		put_text(out, spec, &one, 1, "");
		break;
	}
	case 's':
	case 'S': {
		const void *text = next(from, spec->number, POINTER).pointer;
		if (c == 'S' || spec->size == sizeof(long))
			put_wide(out, spec, text, 0);
		else
			put_string(out, spec, text);
		break;
	}
	case 'a':
	case 'A':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
	case 'e':
	case 'E': put_double(out, spec, next(from, spec->number, spec->size == 16 ? LONG_REAL : REAL).real, c); break;
	case 'n': store_count(out, spec, next(from, spec->number, POINTER).pointer); break;
	case 'm': put_string(out, spec, strerror(errno)); break;
	default: put(out, c); break;
	}
}

static void print(struct out *out, const char *format, struct arguments *from)
{
	struct spec spec;
	for (const char *at = format; *at; at++) {
		if (*at != '%') {
			put(out, *at);
			continue;
		}
		at = parse(at + 1, &spec, from);
		if (*at == '\0')
			break;
		convert(out, *at, &spec, from);
	}
}

static int has_numbers(const char *format)
{
	for (const char *at = format; (at = strchr(at, '%')) != NULL; at++) {
		const char *behind = ++at;
		if (digits(&behind) && *behind == '$')
			return 1;
		if (*at == '\0')
			break;
	}
	return 0;
}

int vsnprintf(char *to, size_t size, const char *format, va_list list)
{
	char *end = size ? to + (size - 1 < UINTPTR_MAX - (uintptr_t)to ? size - 1 : UINTPTR_MAX - (uintptr_t)to) : to;
	struct out out = { to, end, 0 };
	struct arguments from = { .numbered = NULL };
	struct argument all[NUMBERED];
	va_copy(from.list, list);
	if (has_numbers(format)) {
		struct out nowhere = { NULL, NULL, 0 };
		memset(all, 0, sizeof all);
		from.numbered = all;
		print(&nowhere, format, &from);
		for (int n = 0; n < NUMBERED && all[n].kind != UNUSED; n++)
			all[n] = taken(&from.list, all[n].kind);
	}
	print(&out, format, &from);
	va_end(from.list);
	if (size)
		*out.at = '\0';
	return out.count;
}
