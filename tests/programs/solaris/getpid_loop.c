/* Makes a number of getpid calls by the raw instruction: getpid_loop COUNT. */

#include "libc.h"

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1000;
	for (int i = 0; i < count; i++) {
		long rax = 20;
		__asm__ volatile("syscall" : "+a"(rax) : : "rcx", "rdx", "r11", "memory");
	}
	return 0;
}
