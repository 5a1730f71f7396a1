/* Makes one call: call NUMBER [ARG...]. Prints rax, rdx (0 before it) and carry. */

#include "libc.h"

static long number(const char *s)
{
	long value = 0;
	int negative = *s == '-';
	for (s += negative; *s; s++)
		value = value * 10 + (*s - '0');
	return negative ? -value : value;
}

int main(int argc, char **argv)
{
	long values[4] = {0, 0, 0, 0};
	for (int i = 1; i < argc && i < 5; i++)
		values[i - 1] = number(argv[i]);
	long rax = values[0], rdx = values[3];
	unsigned char carry;
	__asm__ volatile("syscall; setc %2"
	    : "+a"(rax), "+d"(rdx), "=r"(carry)
	    : "D"(values[1]), "S"(values[2])
	    : "rcx", "r8", "r9", "r10", "r11", "memory");
	printf("%ld %ld %d\n", rax, rdx, carry);
	return 0;
}
