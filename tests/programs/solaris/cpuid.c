/* Prints what the CPU says it can do: CPUID leaf 1 edx and ecx, leaf 0x80000001 ecx. */

#include "libc.h"

int main(void)
{
	unsigned a = 1, b, c = 0, d, e = 0x80000001, f = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	unsigned edx = d;
	__asm__ volatile("cpuid" : "+a"(e), "=b"(b), "+c"(f), "=d"(d));
	printf("%x %x %x\n", edx, c, f);
	return 0;
}
