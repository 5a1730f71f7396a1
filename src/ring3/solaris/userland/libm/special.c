/* The gamma and the error functions (lgamma(3M), erf(3M)). */

#include "x87.h"

int signgam;

/* log of gamma by Stirling's series, for what is large enough. */
static real stirling(real x)
{
	static const real terms[] = {
		1.0L / 12, -1.0L / 360, 1.0L / 1260, -1.0L / 1680, 1.0L / 1188, -691.0L / 360360, 1.0L / 156, -3617.0L / 122400, 43867.0L / 244188,
	};
	real sum = 0, power = 1 / x;
	for (int n = 0; n < 9; n++, power /= x * x)
		sum += terms[n] * power;
	return (x - 0.5L) * x_log(x) - x + 0.918938533204672741780329736405617640L + sum;
}

static real sine_of_pi(real x)
{
	real rest = x - 2 * rounded(x / 2, 0);
	rest *= PI;
	__asm__("fsin" : "+t"(rest));
	return rest;
}

static real log_gamma(real x, int *sign)
{
	*sign = 1;
	if (is_nan(x) || is_infinite(x))
		return x * x;
	if (x <= 0) {
		if (rounded(x, 1) == x)
			return INFINITE;
		real sine = sine_of_pi(x);
		*sign = sine > 0 ? 1 : -1;
		int ignored;
		/* gamma(x) gamma(1 - x) = pi / sin(pi x) */
		return x_log(PI / magnitude(sine)) - log_gamma(1 - x, &ignored);
	}
	if (x == 1 || x == 2)
		return 0;
	real product = 1;
	for (; x < 20; x++)
		product *= x;
	return stirling(x) - x_log(product);
}

static real x_tgamma(real x)
{
	int sign;
	if (is_infinite(x) && x < 0)
		return NOT_A_NUMBER;
	if (x == 0)
		return with_sign(INFINITE, x);
	if (x < 0 && rounded(x, 1) == x)
		return NOT_A_NUMBER;
	if (x > 0 && x < 30 && rounded(x, 1) == x) {
		real made = 1;
		for (real n = 2; n < x; n++)
			made *= n;
		return made;
	}
	real log = log_gamma(x, &sign);
	return sign * x_exp(log);
}

static real x_lgamma(real x)
{
	return log_gamma(x, &signgam);
}

#define TWO_OVER_ROOT_PI 1.12837916709551257389615890312154517L

/* 1 - erf for what is not small: a continued fraction. */
static real complement(real x)
{
	real fraction = 0;
	for (int n = 120; n > 0; n--)
		fraction = n / 2.0L / (x + fraction);
	return x_exp(-x * x) / (x + fraction) * TWO_OVER_ROOT_PI / 2;
}

static real series(real x)
{
	real term = x, sum = x;
	for (int n = 1; n < 200 && magnitude(term) > 0x1p-70L * magnitude(sum); n++) {
		term *= -x * x / n;
		sum += term / (2 * n + 1);
	}
	return sum * TWO_OVER_ROOT_PI;
}

static real x_erf(real x)
{
	if (is_nan(x) || x == 0)
		return x;
	real size = magnitude(x);
	return size < 2 ? series(x) : with_sign(size > 7 ? 1 : 1 - complement(size), x);
}

static real x_erfc(real x)
{
	if (is_nan(x))
		return x;
	if (x > 110)
		return 0;
	return x < 2 ? 1 - x_erf(x) : complement(x);
}

ONE(tgamma)
ONE(lgamma)
ONE(erf)
ONE(erfc)

double gamma(double x)
{
	return lgamma(x);
}

double lgamma_r(double x, int *sign)
{
	return (double)log_gamma(x, sign);
}
