/* Powers and logarithms (exp(3M), log(3M), pow(3M)), and the hyperbolic functions made of them. */

#include "x87.h"

static real power_of_two(real x)
{
	if (is_nan(x))
		return x;
	if (x > 16500)
		return INFINITE;
	if (x < -16600)
		return 0;
	real whole = rounded(x, 0);
	return scaled(exp2_minus1(x - whole) + 1, whole);
}

__attribute__((visibility("hidden"))) real x_exp(real x)
{
	if (is_nan(x) || x == INFINITE)
		return x;
	if (x < -11400)
		return 0;
	if (x > 11400)
		return INFINITE;
	real whole = rounded(x * LOG2E, 0), rest = (x - whole * LN2_HIGH) - whole * LN2_LOW;
	return scaled(exp2_minus1(rest * LOG2E) + 1, whole);
}

__attribute__((visibility("hidden"))) real x_expm1(real x)
{
	if (magnitude(x) < LN2 / 2)
		return exp2_minus1(x * LOG2E);
	return x_exp(x) - 1;
}

static real logarithm(real x, real unit)
{
	if (is_nan(x))
		return x;
	if (x < 0)
		return NOT_A_NUMBER;
	if (x == 0)
		return -INFINITE;
	if (x > 0.75L && x < 1.25L)
		return y_log2_plus1(x - 1, unit);
	return y_log2(x, unit);
}

__attribute__((visibility("hidden"))) real x_log(real x)
{
	return logarithm(x, LN2);
}

__attribute__((visibility("hidden"))) real x_log1p(real x)
{
	if (magnitude(x) < 0.25L)
		return y_log2_plus1(x, LN2);
	return x < -1 ? NOT_A_NUMBER : x_log(1 + x);
}

static real x_log2(real x)
{
	return logarithm(x, 1);
}

static real x_log10(real x)
{
	return logarithm(x, 0.301029995663981195213738894724493027L);
}

static real x_exp2(real x)
{
	return power_of_two(x);
}

static int is_whole(real x)
{
	return rounded(x, 3) == x;
}

static int is_odd(real x)
{
	return magnitude(x) < 0x1p64L && is_whole(x) && !is_whole(x / 2);
}

/* A whole power by multiplications, exact where the result is. */
static real multiplied(real x, unsigned power)
{
	real made = 1;
	for (; power; power >>= 1, x *= x)
		if (power & 1)
			made *= x;
	return made;
}

static real x_pow(real x, real y)
{
	if (y == 0 || x == 1)
		return 1;
	if (is_nan(x) || is_nan(y))
		return x + y;
	int odd = is_odd(y);
	if (is_infinite(y)) {
		real size = magnitude(x);
		return size == 1 ? 1 : (size > 1) == (y > 0) ? INFINITE : 0;
	}
	if (x == 0 || is_infinite(x)) {
		real made = (x == 0) == (y > 0) ? 0 : INFINITE;
		return odd && is_negative(x) ? -made : made;
	}
	if (x < 0 && !is_whole(y))
		return NOT_A_NUMBER;
	if (is_whole(y) && magnitude(y) <= 1024) {
		real made = multiplied(magnitude(x), (unsigned)magnitude(y));
		if (made > 0 && !is_infinite(made)) {
			made = y < 0 ? 1 / made : made;
			return odd && x < 0 ? -made : made;
		}
	}
	real size = magnitude(x), made;
	if (y == 0.5L)
		made = root(size);
	else
		made = power_of_two(y * (size > 0.75L && size < 1.25L ? y_log2_plus1(size - 1, 1) : y_log2(size, 1)));
	return odd && x < 0 ? -made : made;
}

static real x_sqrt(real x)
{
	return root(x);
}

static real x_cbrt(real x)
{
	if (x == 0 || is_nan(x) || is_infinite(x))
		return x;
	real size = magnitude(x), made = power_of_two(y_log2(size, 1.0L / 3));
	made -= (made * made * made - size) / (3 * made * made);
	return with_sign(made, x);
}

static real x_hypot(real x, real y)
{
	if (is_infinite(x) || is_infinite(y))
		return INFINITE;
	return root(x * x + y * y);
}

static real x_sinh(real x)
{
	if (magnitude(x) < 1) {
		real e = x_expm1(magnitude(x));
		return with_sign((e + e / (e + 1)) / 2, x);
	}
	real e = x_exp(magnitude(x) / 2);
	return with_sign(e / 2 * e - 1 / e / 2 / e, x);
}

static real x_cosh(real x)
{
	real e = x_exp(magnitude(x) / 2);
	return e / 2 * e + 1 / e / 2 / e;
}

static real x_tanh(real x)
{
	if (magnitude(x) > 50)
		return with_sign(1, x);
	real e = x_expm1(2 * magnitude(x));
	return with_sign(e / (e + 2), x);
}

static real x_asinh(real x)
{
	real size = magnitude(x);
	if (is_infinite(x) || x == 0)
		return x;
	if (size > 0x1p32L)
		return with_sign(x_log(size) + LN2, x);
	return with_sign(x_log1p(size + size * size / (1 + root(size * size + 1))), x);
}

static real x_acosh(real x)
{
	if (x < 1)
		return NOT_A_NUMBER;
	if (x > 0x1p32L)
		return x_log(x) + LN2;
	return x_log1p(x - 1 + root((x - 1) * (x + 1)));
}

static real x_atanh(real x)
{
	real size = magnitude(x);
	if (size > 1)
		return NOT_A_NUMBER;
	return with_sign(x_log1p(2 * size / (1 - size)) / 2, x);
}

ONE(exp)
ONE(exp2)
ONE(expm1)
ONE(log)
ONE(log1p)
ONE(log2)
ONE(log10)
ONE(cbrt)
ONE(sinh)
ONE(cosh)
ONE(tanh)
ONE(asinh)
ONE(acosh)
ONE(atanh)
TWO(pow)
TWO(hypot)

/* Rounded once where the processor can. */
double sqrt(double x)
{
#ifdef __x86_64__
	__asm__("sqrtsd %0, %0" : "+x"(x));
	return x;
#else
	return (double)x_sqrt(x);
#endif
}

float sqrtf(float x)
{
	return (float)sqrt(x);
}

real sqrtl(real x)
{
	return x_sqrt(x);
}
