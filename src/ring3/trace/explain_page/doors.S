/*
 * One system call by each door of Linux on x86: int $0x80, sysenter, and syscall, with the arguments 1, a line and its
 * length.
 *
 *	doors NUMBER_OF_I386 NUMBER_OF_X86_64
 *
 * It begins as 32-bit code, because sysenter leads back to the 32-bit vDSO, and goes on as 64-bit code by a far jump to
 * the other code segment. Decimal numbers; it ends with status 0, or 2 if a number is missing.
 */

#define AT_SYSINFO 32
#define I386_EXIT 1
#define X86_64_EXIT_GROUP 231
#define USER_CS_64 0x33

	.data
line:	.ascii "Hello from one of the doors\n"
	.set length, . - line
	.balign 4
vsyscall:
	.long 0
number_32:
	.long 0
number_64:
	.long 0

	.text
	.globl _start
_start:
	cmpl $3, (%esp)
	jne missing
	movl 8(%esp), %esi
	call parse
	movl %eax, number_32
	movl 12(%esp), %esi
	call parse
	movl %eax, number_64

	movl (%esp), %eax		/* argc, argv, NULL, environment, NULL, auxiliary vector */
	leal 8(%esp, %eax, 4), %esi
1:	lodsl
	testl %eax, %eax
	jnz 1b
2:	lodsl
	movl %eax, %edx
	lodsl
	cmpl $AT_SYSINFO, %edx
	jne 2b
	movl %eax, vsyscall

	.globl by_int80
by_int80:
	movl number_32, %eax
	movl $1, %ebx
	movl $line, %ecx
	movl $length, %edx
	xorl %esi, %esi
	xorl %edi, %edi
	xorl %ebp, %ebp
	int $0x80

	.globl by_sysenter
by_sysenter:
	movl number_32, %eax
	call *vsyscall

	ljmp $USER_CS_64, $by_syscall

missing:
	movl $I386_EXIT, %eax
	movl $2, %ebx
	int $0x80

/* The decimal number at esi, in eax. */
parse:
	xorl %eax, %eax
	xorl %edx, %edx
3:	movb (%esi), %dl
	subb $'0', %dl
	jb 4f
	imull $10, %eax
	addl %edx, %eax
	incl %esi
	jmp 3b
4:	ret

	.code64
	.globl by_syscall
by_syscall:
	movl number_64, %eax
	movl $1, %edi
	movl $line, %esi
	movl $length, %edx
	xorl %r10d, %r10d
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	syscall

	movl $X86_64_EXIT_GROUP, %eax
	xorl %edi, %edi
	syscall
