/* Division of 64 bits, which the compiler calls in 32-bit code (the i386 psABI's names of libgcc). */

#include <stdint.h>

static uint64_t divide(uint64_t value, uint64_t by, uint64_t *rest)
{
	uint64_t quotient = 0, left = 0;
	for (int bit = 63; bit >= 0; bit--) {
		left = left << 1 | (value >> bit & 1);
		if (left >= by) {
			left -= by;
			quotient |= 1ull << bit;
		}
	}
	*rest = left;
	return quotient;
}

uint64_t __udivdi3(uint64_t value, uint64_t by)
{
	uint64_t rest;
	return divide(value, by, &rest);
}

uint64_t __umoddi3(uint64_t value, uint64_t by)
{
	uint64_t rest;
	divide(value, by, &rest);
	return rest;
}

int64_t __divdi3(int64_t value, int64_t by)
{
	uint64_t rest, found = divide(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, by < 0 ? 0 - (uint64_t)by : (uint64_t)by, &rest);
	return (int64_t)((value < 0) != (by < 0) ? 0 - found : found);
}

int64_t __moddi3(int64_t value, int64_t by)
{
	uint64_t rest;
	divide(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, by < 0 ? 0 - (uint64_t)by : (uint64_t)by, &rest);
	return (int64_t)(value < 0 ? 0 - rest : rest);
}
