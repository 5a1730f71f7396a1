/* A number in decimal: 0.DIGITS times ten to the power of `point`. */

#ifndef DECIMAL_H
#define DECIMAL_H

#define DECIMAL_DIGITS 1200

struct decimal {
	char digits[DECIMAL_DIGITS];
	int length, point;
};

/* All digits of a finite number that is not negative; zero has none. */
void decimal_of(struct decimal *made, double value);

/* Keeps so many digits, rounded to the nearest, halves to even; carrying may make it one more. */
void decimal_round(struct decimal *made, int keep);

/* A digit by its place after the point of 0.DIGITS, '0' where there is none. */
char decimal_digit(const struct decimal *made, int index);

#endif
