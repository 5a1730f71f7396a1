/*
 * Prints what a program finds when it starts: its registers, and its stack word by word up to the end, with the strings
 * that argv, envp and the auxiliary vector point at.
 */

#include "libc.h"

#define USRSTACK 0xfffffd7fffe00000UL
#define AT_SUN_PLATFORM 2008
#define AT_SUN_EXECNAME 2014

extern unsigned long first_registers[16], first_sp, first_selectors[4], first_flags, first_fp[2];

int main(void)
{
	unsigned long *at = (unsigned long *)first_sp, any = 0;
	for (int i = 0; i < 16; i++)
		any |= first_registers[i];
	printf("sp %lx registers %lx selectors %lx %lx %lx %lx flags %lx fcw %lx mxcsr %lx\n", first_sp, any, first_selectors[0],
	    first_selectors[1], first_selectors[2], first_selectors[3], first_flags, first_fp[0], first_fp[1]);
	long argc = *at++;
	printf("argc %ld\n", argc);
	while (*at)
		printf("argv %s\n", (char *)*at++);
	printf("null at %ld\n", ++at - (unsigned long *)first_sp);
	while (*at)
		printf("envp %s\n", (char *)*at++);
	at++;
	printf("behind envp %lx\n", USRSTACK - (unsigned long)at);
	while ((unsigned long)at < USRSTACK - 16 && *at > 0 && *at < 4000) {
		if (*at == AT_SUN_PLATFORM || *at == AT_SUN_EXECNAME)
			printf("auxv %lu %s\n", at[0], (char *)at[1]);
		else
			printf("auxv %lu %lx\n", at[0], at[1]);
		at += 2;
	}
	printf("the last word is %lx\n", ((unsigned long *)USRSTACK)[-1]);
	return 0;
}

/* In place of libc's start: keeps what the kernel has left in the registers. */
__asm__(
    ".globl _start\n"
    "_start:\n"
    "	movq %rax, first_registers+0x00(%rip)\n"
    "	movq %rbx, first_registers+0x08(%rip)\n"
    "	movq %rcx, first_registers+0x10(%rip)\n"
    "	movq %rdx, first_registers+0x18(%rip)\n"
    "	movq %rsi, first_registers+0x20(%rip)\n"
    "	movq %rdi, first_registers+0x28(%rip)\n"
    "	movq %rbp, first_registers+0x30(%rip)\n"
    "	movq %r8, first_registers+0x38(%rip)\n"
    "	movq %r9, first_registers+0x40(%rip)\n"
    "	movq %r10, first_registers+0x48(%rip)\n"
    "	movq %r11, first_registers+0x50(%rip)\n"
    "	movq %r12, first_registers+0x58(%rip)\n"
    "	movq %r13, first_registers+0x60(%rip)\n"
    "	movq %r14, first_registers+0x68(%rip)\n"
    "	movq %r15, first_registers+0x70(%rip)\n"
    "	movq %rsp, first_sp(%rip)\n"
    "	pushfq\n"
    "	popq first_flags(%rip)\n"
    "	movw %cs, first_selectors+0x00(%rip)\n"
    "	movw %ss, first_selectors+0x08(%rip)\n"
    "	movw %ds, first_selectors+0x10(%rip)\n"
    "	movw %fs, first_selectors+0x18(%rip)\n"
    "	fnstcw first_fp(%rip)\n"
    "	stmxcsr first_fp+8(%rip)\n"
    "	call main\n"
    "	movl %eax, %edi\n"
    "	call exit\n"
    "	.bss\n"
    "	.p2align 4\n"
    "first_registers: .skip 128\n"
    "first_sp: .skip 8\n"
    "first_selectors: .skip 32\n"
    "first_flags: .skip 8\n"
    "first_fp: .skip 16\n"
    "	.text\n");
