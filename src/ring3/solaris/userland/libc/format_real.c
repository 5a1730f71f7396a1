/* Floating point in printf(3C): %f, %e, %g, %a. */

#include "decimal.h"
#include "format.h"

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

/* In the manner of %a: one digit of base 16, the others, a power of two. */
static char *hexadecimal(char *at, double value, int places, int alternate, int upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	union {
		double value;
		uint64_t bits;
	} as = { value };
	int power = (int)(as.bits >> 52 & 0x7ff);
	uint64_t fraction = as.bits & ((1ull << 52) - 1), lead = power != 0;
	power = value == 0 ? 0 : power ? power - 1023 : -1022;
	if (places >= 0 && places < 13) {
		int drop = 52 - 4 * places;
		uint64_t all = lead << 52 | fraction, half = 1ull << (drop - 1), rest = all & ((1ull << drop) - 1);
		all >>= drop;
		all += rest > half || (rest == half && all & 1);
		lead = all >> 4 * places;
		fraction = (all & ((1ull << 4 * places) - 1)) << drop;
	}
	*at++ = set[lead];
	if (fraction || places > 0 || alternate)
		*at++ = '.';
	for (int n = 0; places < 0 ? fraction != 0 : n < places; n++, fraction = fraction << 4 & ((1ull << 52) - 1))
		*at++ = set[fraction >> 48];
	*at++ = upper ? 'P' : 'p';
	*at++ = power < 0 ? '-' : '+';
	power = power < 0 ? -power : power;
	for (int unit = power > 999 ? 1000 : power > 99 ? 100 : power > 9 ? 10 : 1; unit; unit /= 10)
		*at++ = (char)('0' + power / unit % 10);
	return at;
}

__attribute__((visibility("hidden"))) void put_double(struct out *out, struct spec *spec, double value, char kind)
{
	char text[2600], *end;
	struct decimal number;
	char letter = kind == 'E' || kind == 'G' ? 'E' : 'e';
	int asked = spec->precision > MOST_PLACES ? MOST_PLACES : spec->precision;
	int places = spec->precision < 0 ? 6 : spec->precision > MOST_PLACES ? MOST_PLACES : spec->precision;
	const char *sign = __builtin_signbit(value) ? "-" : spec->plus ? "+" : spec->space ? " " : "";
	value = value < 0 ? -value : value;
	spec->precision = -1;
	if (value != value || value > 0x1.fffffffffffffp1023) {
		spec->zero = 0;
		int upper = kind >= 'A' && kind <= 'Z';
		put_text(out, spec, value != value ? upper ? "NAN" : "nan" : upper ? "INF" : "inf", 3, sign);
		return;
	}
	if (kind == 'a' || kind == 'A') {
		static const char *const prefixes[] = { "0x", "-0x", "+0x", " 0x", "0X", "-0X", "+0X", " 0X" };
		end = hexadecimal(text, value, asked, spec->alternate, kind == 'A');
		put_text(out, spec, text, (int)(end - text), prefixes[(kind == 'A') * 4 + (*sign == '-' ? 1 : *sign == '+' ? 2 : *sign == ' ' ? 3 : 0)]);
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
