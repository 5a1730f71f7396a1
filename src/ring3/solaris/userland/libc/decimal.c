/* The decimal digits of a double, all of them, and rounding to fewer: what printf's conversions of floating point print. */

#include <stdint.h>
#include "decimal.h"

#define BASE 1000000000u
#define LIMBS 128 /* 2^1074 has 324 digits before the point and 1074 after it where it divides: 1,150 at most */

static int multiply(unsigned *limbs, int count, unsigned by)
{
	uint64_t carry = 0;
	for (int i = 0; i < count; i++) {
		carry += (uint64_t)limbs[i] * by;
		limbs[i] = (unsigned)(carry % BASE);
		carry /= BASE;
	}
	if (carry)
		limbs[count++] = (unsigned)carry;
	return count;
}

void decimal_of(struct decimal *made, double value)
{
	unsigned limbs[LIMBS];
	union {
		double value;
		uint64_t bits;
	} as = { value };
	int exponent = (int)(as.bits >> 52 & 0x7ff), places = 0, count = 2;
	uint64_t mantissa = as.bits & ((1ull << 52) - 1);
	if (exponent)
		mantissa |= 1ull << 52;
	else
		exponent = 1;
	exponent -= 1075;
	limbs[0] = (unsigned)(mantissa % BASE);
	limbs[1] = (unsigned)(mantissa / BASE);
	for (; exponent > 0; exponent--)
		count = multiply(limbs, count, 2);
	for (; exponent < 0 && mantissa; exponent++, places++) /* a half is five tenths */
		count = multiply(limbs, count, 5);
	made->length = 0;
	for (int i = count - 1; i >= 0; i--)
		for (unsigned unit = BASE / 10; unit; unit /= 10) {
			char digit = (char)('0' + limbs[i] / unit % 10);
			if (made->length || digit != '0')
				made->digits[made->length++] = digit;
		}
	made->point = made->length - places;
}

void decimal_round(struct decimal *made, int keep)
{
	if (keep >= made->length)
		return;
	int up = 0;
	if (keep >= 0) {
		char first = made->digits[keep];
		int rest = 0;
		for (int i = keep + 1; i < made->length && !rest; i++)
			rest = made->digits[i] != '0';
		up = first > '5' || (first == '5' && (rest || (keep && made->digits[keep - 1] & 1)));
	}
	made->length = keep < 0 ? 0 : keep;
	if (!up)
		return;
	int at = keep - 1;
	while (at >= 0 && made->digits[at] == '9')
		made->digits[at--] = '0';
	if (at >= 0) {
		made->digits[at]++;
		return;
	}
	made->digits[0] = '1';
	for (int i = 1; i <= keep; i++)
		made->digits[i] = '0';
	made->length = keep + 1;
	made->point++;
}

char decimal_digit(const struct decimal *made, int index)
{
	return index >= 0 && index < made->length ? made->digits[index] : '0';
}
