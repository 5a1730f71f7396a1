/*
 * Makes a system call that no Solaris has: rot13(buffer, size), number 208. examples/add_syscall_solaris.py adds it to a
 * machine and runs this program there; the status is the number of letters, or 100 more than the error.
 *
 *     gcc -nostdlib -static -o rot13_solaris examples/rot13_solaris.S
 */

#ifndef SYS_rot13
#define SYS_rot13 208
#endif
#define SYS_exit 1
#define SYS_write 4

	.data
text:	.ascii "Uryyb sebz n arj flfgrz pnyy!\n"
	.set size, . - text

	.bss
errno:	.skip 4

	.text
	.globl _start
_start:
	leaq text(%rip), %rdi
	movl $size, %esi
	call rot13
	movl %eax, %ebx				/* the number of letters */
	cmpq $-1, %rax
	je 1f
	movl $SYS_write, %eax
	movl $1, %edi
	leaq text(%rip), %rsi
	movl $size, %edx
	syscall
	xorl %edi, %edi				/* a bad pointer */
	movl $1, %esi
	call rot13
	cmpl $14, errno(%rip)			/* EFAULT */
	je 2f
1:	movl errno(%rip), %ebx
	addl $100, %ebx
2:	movl %ebx, %edi
	movl $SYS_exit, %eax
	syscall

/* What libc has for each call, such as the modctl of the seed: int rot13(char *, size_t) */
	.globl rot13
	.type rot13, @function
rot13:
	movq %rcx, %r10				/* the fourth argument, had it one */
	movl $SYS_rot13, %eax
	syscall
	jb __cerror				/* carry: rax is an error number */
	ret
	.size rot13, . - rot13

__cerror:
	movl %eax, errno(%rip)
	movq $-1, %rax
	ret

	.section .note.GNU-stack, "", @progbits
