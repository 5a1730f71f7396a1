/*
 * What libm's functions are made of: the processor's own instructions for numbers of 80 bits, and a macro that gives a
 * function its three types. What has 64 bits of mantissa on the way is right for a double but for the last bit at times.
 */

#ifndef X87_H
#define X87_H

#include <stdint.h>

typedef long double real;

#define PI 3.14159265358979323846264338327950288L
#define LN2 0.693147180559945309417232121458176568L
#define LN2_HIGH 0.693147180369123816490173339843750L	/* 32 bits of it, by which a small integer multiplies exactly */
#define LN2_LOW 1.9082149292705877000162962964532e-10L
#define LOG2E 1.44269504088896340735992468100189214L

#define INFINITE (__builtin_infl())
#define NOT_A_NUMBER (__builtin_nanl(""))

/* name, namef and namel of what x_name computes. */
#define ONE(name) \
	double name(double x) { return (double)x_##name(x); } \
	float name##f(float x) { return (float)x_##name(x); } \
	real name##l(real x) { return x_##name(x); }
#define TWO(name) \
	double name(double x, double y) { return (double)x_##name(x, y); } \
	float name##f(float x, float y) { return (float)x_##name(x, y); } \
	real name##l(real x, real y) { return x_##name(x, y); }

static inline int is_nan(real x)
{
	return x != x;
}

static inline int is_infinite(real x)
{
	return x == INFINITE || x == -INFINITE;
}

static inline int is_negative(real x)
{
	return __builtin_signbitl(x) != 0;
}

static inline real magnitude(real x)
{
	__asm__("fabs" : "+t"(x));
	return x;
}

static inline real with_sign(real x, real sign)
{
	return is_negative(x) == is_negative(sign) ? x : -x;
}

/* Rounds to an integer: by 0 to nearest, 1 down, 2 up, 3 toward zero. */
static inline real rounded(real x, int how)
{
	uint16_t old, new;
	__asm__ volatile("fnstcw %0" : "=m"(old));
	new = (uint16_t)((old & 0xf3ff) | how << 10);
	__asm__ volatile("fldcw %1\n\tfrndint\n\tfldcw %2" : "+t"(x) : "m"(new), "m"(old));
	return x;
}

static inline real scaled(real x, real power)
{
	__asm__("fscale" : "+t"(x) : "u"(power));
	return x;
}

/* y log2(x) and y log2(x + 1) */
static inline real y_log2(real x, real y)
{
	__asm__("fyl2x" : "+t"(x) : "u"(y) : "st(1)");
	return x;
}

static inline real y_log2_plus1(real x, real y)
{
	__asm__("fyl2xp1" : "+t"(x) : "u"(y) : "st(1)");
	return x;
}

/* 2^x - 1 for x from -1 to 1 */
static inline real exp2_minus1(real x)
{
	__asm__("f2xm1" : "+t"(x));
	return x;
}

static inline real angle(real y, real x)
{
	__asm__("fpatan" : "+t"(x) : "u"(y) : "st(1)");
	return x;
}

static inline real root(real x)
{
	__asm__("fsqrt" : "+t"(x));
	return x;
}

/* e^x - 1, log(x), log(1 + x), e^x: exponential.c */
real x_expm1(real), x_log(real), x_log1p(real), x_exp(real);

#endif
