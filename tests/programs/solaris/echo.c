/* Prints each piece that it can read from descriptor 0, until the end; its status is the number of pieces. */

#include "libc.h"

int main(void)
{
	static char buffer[64];
	for (int pieces = 0;; pieces++) {
		long rax = 3, rdx = sizeof buffer - 1;
		unsigned char carry;
		__asm__ volatile("syscall; setc %2"
		    : "+a"(rax), "+d"(rdx), "=r"(carry)
		    : "D"(0), "S"(buffer)
		    : "rcx", "r11", "memory");
		if (rax <= 0 || carry)
			return pieces;
		buffer[rax] = '\0';
		printf("[%s] rdx %s, carry %d\n", buffer, rdx == sizeof buffer - 1 ? "kept" : "lost", carry);
	}
}
