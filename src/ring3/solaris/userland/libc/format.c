/* What printf makes of a format (printf(3C)): integers, strings, characters, pointers; floating point. */

#include "decimal.h"
#include "solaris.h"

struct out {
	char *at, *end;
	int count;
};

struct spec {
	int left, plus, space, alternate, zero, width, precision, size;
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

static void put_text(struct out *out, const struct spec *spec, const char *text, int length, const char *prefix)
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

#define MOST_PLACES 1100

/* Digits with a point, in the manner of %f. */
static char *fixed(char *at, const struct decimal *number, int places, int alternate)
{
	for (int i = number->point > 0 ? 0 : number->point - 1; i < number->point; i++)
		*at++ = decimal_digit(number, i);
	if (places || alternate)
		*at++ = '.';
	for (int i = 0; i < places; i++)
		*at++ = decimal_digit(number, number->point + i);
	return at;
}

/* One digit, the others and a power of ten, in the manner of %e. */
static char *scientific(char *at, const struct decimal *number, int places, int alternate, char letter)
{
	int power = number->length ? number->point - 1 : 0;
	*at++ = decimal_digit(number, 0);
	if (places || alternate)
		*at++ = '.';
	for (int i = 1; i <= places; i++)
		*at++ = decimal_digit(number, i);
	*at++ = letter;
	*at++ = power < 0 ? '-' : '+';
	power = power < 0 ? -power : power;
	if (power > 99)
		*at++ = (char)('0' + power / 100);
	*at++ = (char)('0' + power / 10 % 10);
	*at++ = (char)('0' + power % 10);
	return at;
}

/* How many places %g prints: without the zeros at the end, unless they are asked for. */
static int significant(const struct decimal *number, int first, int places, int alternate)
{
	while (!alternate && places && decimal_digit(number, first + places - 1) == '0')
		places--;
	return places;
}

static char *general(char *at, struct decimal *number, int digits, int alternate, char letter)
{
	decimal_round(number, digits);
	int power = number->length ? number->point - 1 : 0;
	if (power < -4 || power >= digits)
		return scientific(at, number, significant(number, 1, digits - 1, alternate), alternate, letter);
	if (!number->length)
		number->point = 1;
	return fixed(at, number, significant(number, number->point, digits - 1 - power, alternate), alternate);
}

static void put_double(struct out *out, struct spec *spec, double value, char kind)
{
	char text[2600], *end;
	struct decimal number;
	char letter = kind == 'E' || kind == 'G' ? 'E' : 'e';
	int places = spec->precision < 0 ? 6 : spec->precision > MOST_PLACES ? MOST_PLACES : spec->precision;
	const char *sign = __builtin_signbit(value) ? "-" : spec->plus ? "+" : spec->space ? " " : "";
	value = value < 0 ? -value : value;
	spec->precision = -1;
	if (value != value || value > 0x1.fffffffffffffp1023) {
		spec->zero = 0;
		put_text(out, spec, value != value ? "NaN" : "Inf", 3, sign);
		return;
	}
	decimal_of(&number, value);
	if (kind == 'f' || kind == 'F') {
		decimal_round(&number, number.point + places);
		end = fixed(text, &number, places, spec->alternate);
	} else if (kind == 'e' || kind == 'E') {
		decimal_round(&number, places + 1);
		end = scientific(text, &number, places, spec->alternate, letter);
	} else {
		end = general(text, &number, places ? places : 1, spec->alternate, letter);
	}
	put_text(out, spec, text, (int)(end - text), sign);
}

static const char *parse(const char *at, struct spec *spec, va_list *list)
{
	*spec = (struct spec) { .precision = -1 };
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
		else
			break;
	}
	if (*at == '*') {
		spec->width = va_arg(*list, int);
		if (spec->width < 0)
			spec->left = 1, spec->width = -spec->width;
		at++;
	} else {
		while (*at >= '0' && *at <= '9')
			spec->width = spec->width * 10 + *at++ - '0';
	}
	if (*at == '.') {
		spec->precision = 0;
		if (*++at == '*')
			spec->precision = va_arg(*list, int), at++;
		else
			while (*at >= '0' && *at <= '9')
				spec->precision = spec->precision * 10 + *at++ - '0';
	}
	for (;; at++) {
		if (*at == 'j' || (*at == 'l' && spec->size == sizeof(long)))
			spec->size = 8;
		else if (*at == 'l' || *at == 'z' || *at == 't')
			spec->size = sizeof(long);
		else if (*at == 'L')
			spec->size = 16;
		else if (*at == 'h')
			spec->size = spec->size == 2 ? 1 : 2;
		else
			return at;
	}
}

static long long signed_argument(const struct spec *spec, va_list *list)
{
	long long value = spec->size == 8 ? va_arg(*list, long long) : va_arg(*list, int);
	return spec->size == 2 ? (short)value : spec->size == 1 ? (signed char)value : value;
}

static unsigned long long unsigned_argument(const struct spec *spec, va_list *list)
{
	unsigned long long value = spec->size == 8 ? va_arg(*list, unsigned long long) : va_arg(*list, unsigned);
	return spec->size == 2 ? (unsigned short)value : spec->size == 1 ? (unsigned char)value : value;
}

static void convert(struct out *out, char c, struct spec *spec, va_list *list)
{
	switch (c) {
	case 'd':
	case 'i': {
		long long value = signed_argument(spec, list);
		put_number(out, spec, value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value, 10, 0,
		    value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "");
		break;
	}
	case 'u': put_number(out, spec, unsigned_argument(spec, list), 10, 0, ""); break;
	case 'o': put_number(out, spec, unsigned_argument(spec, list), 8, 0, spec->alternate ? "0" : ""); break;
	case 'x':
	case 'X': {
		unsigned long long value = unsigned_argument(spec, list);
		put_number(out, spec, value, 16, c == 'X', spec->alternate && value ? c == 'X' ? "0X" : "0x" : "");
		break;
	}
	case 'p': put_number(out, spec, (unsigned long)va_arg(*list, void *), 16, 0, ""); break;
	case 'c': {
		char one = (char)va_arg(*list, int);
		spec->precision = -1, spec->zero = 0;
		put_text(out, spec, &one, 1, "");
		break;
	}
	case 's': {
		const char *text = va_arg(*list, const char *);
		int length = 0, most = spec->precision < 0 ? 1 << 30 : spec->precision;
		text = text ? text : "(null)";
		while (length < most && text[length])
			length++;
		spec->precision = -1, spec->zero = 0;
		put_text(out, spec, text, length, "");
		break;
	}
	case 'f':
	case 'F':
	case 'g':
	case 'G':
	case 'e':
	case 'E': put_double(out, spec, spec->size == 16 ? (double)va_arg(*list, long double) : va_arg(*list, double), c); break;
	default: put(out, c); break;
	}
}

int vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
	struct out out = { to, to + (size ? size - 1 : 0), 0 };
	struct spec spec;
	va_list list;
	va_copy(list, arguments);
	for (const char *at = format; *at; at++) {
		if (*at != '%') {
			put(&out, *at);
			continue;
		}
		at = parse(at + 1, &spec, &list);
		if (*at == '\0')
			break;
		convert(&out, *at, &spec, &list);
	}
	va_end(list);
	if (size)
		*out.at = '\0';
	return out.count;
}
