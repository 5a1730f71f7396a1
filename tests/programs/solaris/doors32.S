/*
 * Makes calls of a 32-bit program by each door, and writes to descriptor 1 what the registers were before and after each:
 * 10 words before (eax ecx edx ebx esp ebp esi edi eflags eip) and 10 after. Its exit status is the number of calls.
 */

	.set WORDS, 10

	.macro RECORD at:req			/* all registers to slot \at; none changes, nor do the flags */
	movl %eax, \at
	movl %ecx, \at+4
	movl %edx, \at+8
	movl %ebx, \at+12
	movl %esp, \at+16
	movl %ebp, \at+20
	movl %esi, \at+24
	movl %edi, \at+28
	.endm

	.macro FLAGS at:req
	pushfl
	popl \at+32
	.endm

	.macro BY_int
	int $0x91
2:
	.endm
	.macro BY_lcall
	lcall $0x27, $0
2:
	.endm
	.macro BY_lcall7
	lcall $0x7, $0
2:
	.endm
	.macro BY_syscall
	syscall
2:
	.endm
	.macro BY_sysenter
	movl %esp, %ecx
	movl $2f, %edx
	RECORD before
	FLAGS before
	sysenter
2:
	.endm

	/* one call: the door, the number, three arguments */
	.macro CALL door:req, number:req, a=0, b=0, c=0
	pushl $\c
	pushl $\b
	pushl $\a
	pushl $0x12345678			/* in the place of a return address */
	movl $0xb1b1b1b1, %ebx
	movl $0xb9b9b9b9, %ebp
	movl $0x51515151, %esi
	movl $0x0d1d1d1d, %edi
	movl $0xc1c1c1c1, %ecx
	movl $0xd2d2d2d2, %edx
	movl $\number, %eax
	stc
	RECORD before
	FLAGS before
	BY_\door
	RECORD after
	FLAGS after
	movl $2b, before+36
	movl $2b, after+36
	addl $16, %esp
	pushl $(8 * WORDS)
	pushl $before
	pushl $1
	pushl $0
	movl $4, %eax
	int $0x91
	addl $16, %esp
	.endm

	/* the same calls by a door */
	.macro CALLS door:req
	CALL \door, 20				/* getpid: two values */
	CALL \door, 137, 6			/* sysconfig(_CONFIG_PAGESIZE): one */
	CALL \door, 175, 98			/* llseek: EBADF */
	CALL \door, 4, 99, text, 5		/* write: EBADF */
	CALL \door, 300				/* no such call: SIGSYS is ignored, ENOSYS */
	.endm

	.text
	.globl _start
_start:
	pushl $0				/* sigaction(SIGSYS, SIG_IGN) */
	pushl $ignore
	pushl $12
	pushl $0
	movl $98, %eax
	int $0x91
	addl $16, %esp
	CALLS int
	CALLS lcall
	CALLS lcall7
	CALLS syscall
	CALLS sysenter
	pushl $25
	pushl $0
	movl $1, %eax
	int $0x91

	.section .rodata
text:	.ascii "text\n"
ignore:	.long 0, 1, 0, 0, 0, 0

	.bss
	.p2align 12
before:	.skip 4 * WORDS
after:	.skip 4 * WORDS
