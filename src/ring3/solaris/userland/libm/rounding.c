/* Whole numbers, remainders, and the parts of a number (rint(3M), fmod(3M), frexp(3C), nextafter(3M)). */

#include "x87.h"

static real x_floor(real x)
{
	return rounded(x, 1);
}

static real x_ceil(real x)
{
	return rounded(x, 2);
}

static real x_trunc(real x)
{
	return rounded(x, 3);
}

static real x_rint(real x)
{
	__asm__("frndint" : "+t"(x));
	return x;
}

static real x_round(real x)
{
	real size = magnitude(x), whole = rounded(size, 3);
	return with_sign(size - whole >= 0.5L ? whole + 1 : whole, x);
}

static real x_nearbyint(real x)
{
	return x_rint(x);
}

static real x_fabs(real x)
{
	return magnitude(x);
}

static real x_fmod(real x, real y)
{
	uint16_t status;
	if (is_infinite(x) || y == 0)
		return NOT_A_NUMBER;
	if (is_infinite(y))
		return x;
	do
		__asm__("fprem\n\tfnstsw %%ax" : "+t"(x), "=a"(status) : "u"(y));
	while (status & 0x400);
	return x;
}

/* The remainder of the nearest quotient, and the quotient's last three bits. */
static real nearest_remainder(real x, real y, int *quotient)
{
	uint16_t status;
	int negative = is_negative(x) != is_negative(y);
	if (is_infinite(x) || y == 0)
		return NOT_A_NUMBER;
	if (is_infinite(y)) {
		*quotient = 0;
		return x;
	}
	do
		__asm__("fprem1\n\tfnstsw %%ax" : "+t"(x), "=a"(status) : "u"(y));
	while (status & 0x400);
	int bits = (status >> 9 & 1) | (status >> 14 & 1) << 1 | (status >> 8 & 1) << 2;
	*quotient = negative ? -bits : bits;
	return x;
}

static real x_remainder(real x, real y)
{
	int quotient;
	return nearest_remainder(x, y, &quotient);
}

static real x_copysign(real x, real y)
{
	return with_sign(x, y);
}

static real x_fdim(real x, real y)
{
	return is_nan(x) || is_nan(y) ? x + y : x > y ? x - y : 0;
}

static real x_fmax(real x, real y)
{
	return is_nan(x) ? y : is_nan(y) ? x : x > y || (x == y && is_negative(y)) ? x : y;
}

static real x_fmin(real x, real y)
{
	return is_nan(x) ? y : is_nan(y) ? x : x < y || (x == y && is_negative(x)) ? x : y;
}

/* The power of two of a number, as a number. */
static real x_logb(real x)
{
	real power, rest;
	if (x == 0)
		return -INFINITE;
	if (is_nan(x) || is_infinite(x))
		return x * x;
	__asm__("fxtract" : "=t"(rest), "=u"(power) : "0"(x));
	return power;
}

ONE(floor)
ONE(ceil)
ONE(trunc)
ONE(rint)
ONE(round)
ONE(nearbyint)
ONE(fabs)
ONE(logb)
TWO(fmod)
TWO(remainder)
TWO(copysign)
TWO(fdim)
TWO(fmax)
TWO(fmin)

double drem(double x, double y)
{
	return remainder(x, y);
}

/* What has more than one shape, for a type and the letter behind its functions' names. */
#define OF_TYPE(type, letter) \
	type ldexp##letter(type x, int power) { return (type)scaled(x, power); } \
	type scalbn##letter(type x, int power) { return (type)scaled(x, power); } \
	type scalbln##letter(type x, long power) { return (type)scaled(x, power > 70000 ? 70000 : power < -70000 ? -70000 : power); } \
	int ilogb##letter(type x) \
	{ \
		return x == 0 ? -0x7fffffff : is_nan(x) || is_infinite(x) ? 0x7fffffff : (int)x_logb(x); \
	} \
	type frexp##letter(type x, int *power) \
	{ \
		*power = 0; \
		if (x == 0 || is_nan(x) || is_infinite(x)) \
			return x; \
		*power = (int)x_logb(x) + 1; \
		return (type)scaled(x, -*power); \
	} \
	type modf##letter(type x, type *whole) \
	{ \
		*whole = (type)x_trunc(x); \
		return (type)(is_infinite(x) ? with_sign(0, x) : with_sign(x - *whole, x)); \
	} \
	long lrint##letter(type x) { return (long)x_rint(x); } \
	long long llrint##letter(type x) { return (long long)x_rint(x); } \
	long lround##letter(type x) { return (long)x_round(x); } \
	long long llround##letter(type x) { return (long long)x_round(x); } \
	type remquo##letter(type x, type y, int *quotient) { return (type)nearest_remainder(x, y, quotient); } \
	type fma##letter(type x, type y, type z) { return (type)((real)x * y + z); } \
	type nan##letter(const char *text) { (void)text; return (type)NOT_A_NUMBER; } \
	int __fpclassify##letter(type x) \
	{ \
		return is_nan(x) ? 2 : is_infinite(x) ? 1 : x == 0 ? 0 : x_logb(x) < SMALLEST_POWER##letter ? 3 : 4; \
	}

#define SMALLEST_POWER (-1022)
#define SMALLEST_POWERf (-126)
#define SMALLEST_POWERl (-16382)
OF_TYPE(double, )
OF_TYPE(float, f)
OF_TYPE(real, l)

double nextafter(double x, double y)
{
	union {
		double value;
		int64_t bits;
	} as = { x };
	if (is_nan(x) || is_nan(y))
		return x + y;
	if (x == y)
		return y;
	if (x == 0) {
		as.bits = 1;
		return y > 0 ? as.value : -as.value;
	}
	as.bits += (x < y) == (x > 0) ? 1 : -1;
	return as.value;
}

float nextafterf(float x, float y)
{
	union {
		float value;
		int32_t bits;
	} as = { x };
	if (is_nan(x) || is_nan(y))
		return x + y;
	if (x == y)
		return y;
	if (x == 0) {
		as.bits = 1;
		return y > 0 ? as.value : -as.value;
	}
	as.bits += (x < y) == (x > 0) ? 1 : -1;
	return as.value;
}

double nexttoward(double x, real y)
{
	return nextafter(x, y > x ? (double)INFINITE : y < x ? -(double)INFINITE : x);
}

int isnan(double x)
{
	return is_nan(x);
}

int finite(double x)
{
	return !is_nan(x) && !is_infinite(x);
}
