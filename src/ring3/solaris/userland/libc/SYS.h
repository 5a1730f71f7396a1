/*
 * System calls as libc makes them (usr/src/lib/libc/amd64/inc/SYS.h and i386/inc/SYS.h). In 64-bit programs the fourth
 * argument moves to r10, because syscall takes rcx; in those of 32 the arguments stay on the stack, and the door is the one
 * that every processor has. Carry means that eax is an error number.
 */

.macro FUNCTION name:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
.endm

.macro END name:req
	.size \name, . - \name
.endm

#ifdef __i386__

.macro SYSTRAP name:req, number:req
FUNCTION \name
	movl $\number, %eax
	int $0x91
	jb __cerror
.endm

/* 0 for success */
.macro SYSCALL_RETC name:req, number:req
	SYSTRAP \name, \number
	xorl %eax, %eax
	ret
	END \name
.endm

/* the first result; or both, of 64 bits */
.macro SYSCALL_RET name:req, number:req
	SYSTRAP \name, \number
	ret
	END \name
.endm

/* the first result of a call that is made again after a signal whose handler asks for that */
.macro SYSCALL_RESTART name:req, number:req
FUNCTION \name
1:	movl $\number, %eax
	int $0x91
	jae 2f
	cmpl $91, %eax
	je 1b
	jmp __cerror
2:	ret
	END \name
.endm

/* the second result */
.macro SYSCALL_RET2 name:req, number:req
	SYSTRAP \name, \number
	movl %edx, %eax
	ret
	END \name
.endm

/* a function of a family: its subcode comes between the return address and the arguments */
.macro SUBCALL name:req, number:req, subcode:req
FUNCTION \name
	popl %ecx
	pushl $\subcode
	pushl %ecx
	movl $\number, %eax
	int $0x91
	popl %ecx
	movl %ecx, (%esp)
	jb __cerror
	ret
	END \name
.endm

#else

.macro SYSTRAP name:req, number:req
FUNCTION \name
	movq %rcx, %r10
	movl $\number, %eax
	syscall
	jb __cerror
.endm

/* 0 for success */
.macro SYSCALL_RETC name:req, number:req
	SYSTRAP \name, \number
	xorq %rax, %rax
	ret
	END \name
.endm

/* the first result */
.macro SYSCALL_RET name:req, number:req
	SYSTRAP \name, \number
	ret
	END \name
.endm

/* the first result of a call that is made again after a signal whose handler asks for that (SA_RESTART): ERESTART is 91 */
.macro SYSCALL_RESTART name:req, number:req
FUNCTION \name
	movq %rcx, %r10
1:	movl $\number, %eax
	syscall
	jae 2f
	cmpl $91, %eax
	je 1b
	jmp __cerror
2:	ret
	END \name
.endm

/* the second result */
.macro SYSCALL_RET2 name:req, number:req
	SYSTRAP \name, \number
	movl %edx, %eax
	ret
	END \name
.endm

/* a function of a family: its subcode comes first, and the arguments behind it */
.macro SUBCALL name:req, number:req, subcode:req
FUNCTION \name
	movq %r8, %r9
	movq %rcx, %r8
	movq %rdx, %r10
	movq %rsi, %rdx
	movq %rdi, %rsi
	movl $\subcode, %edi
	movl $\number, %eax
	syscall
	jb __cerror
	ret
	END \name
.endm

#endif

/* another name of the same */
.macro ALIAS name:req, target:req
	.weak \name
	.type \name, @function
	.set \name, \target
.endm
