/* Sines and their like (sin(3M), atan2(3M)). */

#include "x87.h"

/* The angle less whole turns: what the instructions take is below 2^63. */
static real reduced(real x)
{
	if (magnitude(x) < 0x1p62L)
		return x;
	real turn = 2 * PI, rest = x;
	uint16_t status;
	do
		__asm__("fprem1\n\tfnstsw %%ax" : "+t"(rest), "=a"(status) : "u"(turn));
	while (status & 0x400);
	return rest;
}

static real x_sin(real x)
{
	if (is_infinite(x))
		return NOT_A_NUMBER;
	x = reduced(x);
	__asm__("fsin" : "+t"(x));
	return x;
}

static real x_cos(real x)
{
	if (is_infinite(x))
		return NOT_A_NUMBER;
	x = reduced(x);
	__asm__("fcos" : "+t"(x));
	return x;
}

static real x_tan(real x)
{
	if (is_infinite(x))
		return NOT_A_NUMBER;
	x = reduced(x);
	__asm__("fptan\n\tfstp %%st(0)" : "+t"(x));
	return x;
}

static real x_atan(real x)
{
	return angle(x, 1);
}

static real x_atan2(real y, real x)
{
	return angle(y, x);
}

static real x_asin(real x)
{
	return magnitude(x) > 1 ? NOT_A_NUMBER : angle(x, root((1 - x) * (1 + x)));
}

static real x_acos(real x)
{
	return magnitude(x) > 1 ? NOT_A_NUMBER : 2 * angle(root(1 - x), root(1 + x));
}

ONE(sin)
ONE(cos)
ONE(tan)
ONE(asin)
ONE(acos)
ONE(atan)
TWO(atan2)

void sincos(double x, double *sine, double *cosine)
{
	*sine = (double)x_sin(x);
	*cosine = (double)x_cos(x);
}

void sincosf(float x, float *sine, float *cosine)
{
	*sine = (float)x_sin(x);
	*cosine = (float)x_cos(x);
}

void sincosl(real x, real *sine, real *cosine)
{
	*sine = x_sin(x);
	*cosine = x_cos(x);
}
