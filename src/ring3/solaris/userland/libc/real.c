/* Floating-point numbers from text (strtod(3C)), rounded to nearest whatever their length. */

#include "decimal.h"
#include "solaris.h"


static int is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Multiplies by a power of two, at most 2^28. */
static void shift_left(struct decimal *number, int by)
{
	int grown = 0;
	uint64_t carry = 0;
	char digits[DECIMAL_DIGITS + 10];
	for (int n = number->length - 1; n >= 0; n--) {
		carry += (uint64_t)(number->digits[n] - '0') << by;
		digits[DECIMAL_DIGITS + 9 - grown++] = (char)('0' + carry % 10);
		carry /= 10;
	}
	for (; carry; carry /= 10)
		digits[DECIMAL_DIGITS + 9 - grown++] = (char)('0' + carry % 10);
	int kept = grown < DECIMAL_DIGITS ? grown : DECIMAL_DIGITS;
	number->point += grown - number->length;
	memcpy(number->digits, digits + DECIMAL_DIGITS + 10 - grown, (size_t)kept);
	number->length = kept;
}

/* Divides by a power of two, at most 2^28. */
static void shift_right(struct decimal *number, int by)
{
	uint64_t rest = 0;
	int made = 0, started = 0, point = number->point;
	char digits[DECIMAL_DIGITS];
	for (int n = 0; n < number->length || rest; n++) {
		rest = rest * 10 + (uint64_t)(n < number->length ? number->digits[n] - '0' : 0);
		int digit = (int)(rest >> by);
		rest &= (1ull << by) - 1;
		if (!started && digit == 0) {
			point--;
			continue;
		}
		started = 1;
		if (made < DECIMAL_DIGITS)
			digits[made++] = (char)('0' + digit);
		else if (digit)
			digits[made - 1] |= 1;	/* what is cut off counts as a little more than nothing */
		if (made == DECIMAL_DIGITS && n >= number->length)
			break;
	}
	memcpy(number->digits, digits, (size_t)made);
	number->length = made;
	number->point = point;
}

/* The nearest number with this many bits, whose smallest power of two is 2^least. */
static double nearest(struct decimal *number, int bits, int least, int most)
{
	int power = 0;
	if (number->length == 0)
		return 0;
	if (number->point > 400)
		return __builtin_inf();
	if (number->point < -400)
		return 0;
	while (number->point > 0) {			/* to below 1 */
		shift_right(number, 3);
		power += 3;
	}
	while (number->point < 0 || number->digits[0] < '5') {	/* to a half or more */
		shift_left(number, 1);
		power--;
	}
	int kept = power - bits < least ? power - least : bits;
	if (kept < 0)
		return 0;
	for (int left = kept; left > 0; left -= left > 28 ? 28 : left)
		shift_left(number, left > 28 ? 28 : left);
	decimal_round(number, number->point);
	uint64_t whole = 0;
	for (int n = 0; n < number->point; n++)
		whole = whole * 10 + (uint64_t)(decimal_digit(number, n) - '0');
	if (whole >> bits) {
		whole >>= 1;
		power++;
		kept = bits;
	}
	if (power > most)
		return __builtin_inf();
	return __builtin_ldexp((double)whole, power - kept);
}

static const char *hexadecimal(const char *at, double *value)
{
	int power = 0, point = 0, any = 0, sticky = 0;
	uint64_t bits = 0;
	for (;; at++) {
		int c = *at | 32, digit = is_digit(*at) ? *at - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (*at == '.' && !point) {
			point = 1;
			continue;
		}
		if (digit < 0)
			break;
		any = 1;
		if (bits >> 59) {
			sticky |= digit;
			power += 4 * !point;
		} else {
			bits = bits << 4 | (uint64_t)digit;
			power -= 4 * point;
		}
	}
	if (!any)
		return NULL;
	if ((*at | 32) == 'p' && is_digit(at[1 + (at[1] == '+' || at[1] == '-')])) {
		char *end;
		long more = strtol(at + 1, &end, 10);
		power += (int)(more > 100000 ? 100000 : more < -100000 ? -100000 : more);
		at = end;
	}
	*value = __builtin_ldexp((double)(bits | (sticky != 0)), power);
	return at;
}

/* ldexp for what the compiler leaves to it. */
double ldexp(double value, int power)
{
	union {
		uint64_t bits;
		double value;
	} two;
	power = power > 4000 ? 4000 : power < -4000 ? -4000 : power;
	for (; power > 1023; power -= 1023)
		value *= 0x1p1023;
	for (; power < -969; power += 969)
		value *= 0x1p-969;
	two.bits = (uint64_t)(power + 1023) << 52;
	return value * two.value;
}

static const char *word(const char *at, const char *text)
{
	for (; *text; at++, text++)
		if ((*at | 32) != *text)
			return NULL;
	return at;
}

static double parse(const char *text, char **end, int bits, int least, int most)
{
	const char *at = text, *behind;
	struct decimal number = { .length = 0 };
	double value = 0;
	int negative, any = 0, point = 0;
	long power = 0;
	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	negative = *at == '-';
	at += *at == '-' || *at == '+';
	if ((behind = word(at, "infinity")) || (behind = word(at, "inf"))) {
		at = behind;
		value = __builtin_inf();
		any = 1;
	} else if ((behind = word(at, "nan"))) {
		const char *inside = behind;
		if (*inside == '(') {
			while (*++inside && *inside != ')')
				;
			behind = *inside ? inside + 1 : behind;
		}
		at = behind;
		value = __builtin_nan("");
		any = 1;
	} else if (at[0] == '0' && (at[1] | 32) == 'x' && (behind = hexadecimal(at + 2, &value))) {
		at = behind;
		any = 1;
	} else {
		for (;; at++) {
			if (*at == '.' && !point) {
				point = 1;
				continue;
			}
			if (!is_digit(*at))
				break;
			any = 1;
			if (number.length == 0 && *at == '0') {
				number.point -= point;
				continue;
			}
			if (number.length < DECIMAL_DIGITS)
				number.digits[number.length++] = *at;
			else if (*at != '0')
				number.digits[DECIMAL_DIGITS - 1] |= 1;
			number.point += !point;
		}
		if (any && (*at | 32) == 'e' && is_digit(at[1 + (at[1] == '+' || at[1] == '-')])) {
			char *last;
			power = strtol(at + 1, &last, 10);
			at = last;
		}
		power += number.point;
		number.point = (int)(power > 10000 ? 10000 : power < -10000 ? -10000 : power);
		int had = number.length;
		value = nearest(&number, bits, least, most);
		if (had && (value == __builtin_inf() || value < 0x1p-1022))
			errno = ERANGE;
	}
	if (end)
		*end = (char *)(uintptr_t)(any ? at : text);
	return negative && any ? -value : value;
}

double strtod(const char *text, char **end)
{
	return parse(text, end, 53, -1074, 1024);
}

float strtof(const char *text, char **end)
{
	return (float)parse(text, end, 24, -149, 128);
}

/* With the digits of a double. */
long double strtold(const char *text, char **end)
{
	return parse(text, end, 53, -1074, 1024);
}

double atof(const char *text)
{
	return strtod(text, NULL);
}

/* The digits of a number (ecvt(3C)). */
static char *digits_of(double value, int count, int fixed, int *point, int *sign, char *to, int room)
{
	struct decimal number;
	*sign = __builtin_signbit(value) != 0;
	decimal_of(&number, *sign ? -value : value);
	int keep = fixed ? number.point + count : count;
	decimal_round(&number, keep);
	if (fixed)
		keep = number.point + count;
	*point = number.length ? number.point : 0;
	int n = 0;
	for (; n < keep && n < room - 1; n++)
		to[n] = decimal_digit(&number, n);
	to[n] = '\0';
	return to;
}

char *ecvt(double value, int count, int *point, int *sign)
{
	static char text[400];
	return digits_of(value, count, 0, point, sign, text, sizeof text);
}

char *fcvt(double value, int count, int *point, int *sign)
{
	static char text[400];
	return digits_of(value, count, 1, point, sign, text, sizeof text);
}

char *gcvt(double value, int count, char *to)
{
	extern int sprintf(char *, const char *, ...);
	sprintf(to, "%.*g", count, value);
	return to;
}
