/*
 * Makes calls with a value of its own in every register, and writes to descriptor 1 what the registers were before and after
 * each: 18 words before (rax rcx rdx rbx rsp rbp rsi rdi r8 to r15 rip rflags) and 18 after. Its exit status is the number of
 * calls.
 */

	.set WORDS, 18

	.macro RECORD at:req			/* all registers to slot \at; none changes, nor do the flags */
	movq %rax, \at+0x00(%rip)
	movq %rcx, \at+0x08(%rip)
	movq %rdx, \at+0x10(%rip)
	movq %rbx, \at+0x18(%rip)
	movq %rsp, \at+0x20(%rip)
	movq %rbp, \at+0x28(%rip)
	movq %rsi, \at+0x30(%rip)
	movq %rdi, \at+0x38(%rip)
	movq %r8, \at+0x40(%rip)
	movq %r9, \at+0x48(%rip)
	movq %r10, \at+0x50(%rip)
	movq %r11, \at+0x58(%rip)
	movq %r12, \at+0x60(%rip)
	movq %r13, \at+0x68(%rip)
	movq %r14, \at+0x70(%rip)
	movq %r15, \at+0x78(%rip)
	.endm

	.macro FLAGS at:req			/* uses the stack, changes nothing else */
	pushfq
	popq \at+0x88(%rip)
	.endm

	/* one call: its number, then three arguments */
	.macro CALL number:req, rdi=0x0d1d1d1d, rsi=0x51515151, rdx=0xd2d2d2d2
	movabsq $0xb1b1b1b1b1b1b1b1, %rbx
	movabsq $0xb9b9b9b9b9b9b9b9, %rbp
	movabsq $0x0808080808080808, %r8
	movabsq $0x0909090909090909, %r9
	movabsq $0x1010101010101010, %r10
	movabsq $0x1111111111111111, %r11
	movabsq $0x1212121212121212, %r12
	movabsq $0x1313131313131313, %r13
	movabsq $0x1414141414141414, %r14
	movabsq $0x1515151515151515, %r15
	movabsq $0xc1c1c1c1c1c1c1c1, %rcx
	movabsq $\number, %rax
	movabsq $\rdi, %rdi
	movabsq $\rsi, %rsi
	movabsq $\rdx, %rdx
	stc
	RECORD before
	FLAGS before
	syscall
1:	RECORD after
	FLAGS after
	leaq 1b(%rip), %rax
	movq %rax, before+0x80(%rip)
	movq %rax, after+0x80(%rip)
	movl $4, %eax
	movl $1, %edi
	leaq before(%rip), %rsi
	movl $(16 * WORDS), %edx
	syscall
	.endm

	.text
	.globl _start
_start:
	CALL 20					/* getpid: two values */
	CALL 0xffffffff00000014			/* the same: a number has 32 bits */
	CALL 24					/* getuid */
	CALL 137, 6				/* sysconfig(_CONFIG_PAGESIZE): one value */
	CALL 137, 0xffffffff00000006		/* the same: an int has 32 bits */
	CALL 4, 1, text, 0			/* write of nothing: success, rdx kept */
	CALL 4, 99, text, 5			/* EBADF */
	CALL 4, 0xffffffff00000063, text, 5	/* EBADF again: an int */
	CALL 152, 2, 16, 0x10			/* modctl(MODINFO, 16, bad): EFAULT */
	CALL 152, 42424242			/* EINVAL, or EPERM without privilege */
	CALL 17, 0				/* brk(0): an address of 64 bits */
	CALL 166, 2				/* lwp_private: ENOTSUP */
	CALL 166, 0, 0, 0			/* lwp_private(SETPRIVATE, FSBASE, 0): success, the long way out */
	CALL 6, 98				/* close: EBADF */
	movl $1, %eax
	movl $14, %edi
	syscall

	.section .rodata
text:	.ascii "text\n"

	.bss
	.p2align 12
before:	.skip 8 * WORDS
after:	.skip 8 * WORDS
