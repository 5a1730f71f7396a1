/*
 * The start of a program, and the system calls as libc has them on amd64 (usr/src/lib/libc/amd64/inc/SYS.h): the fourth
 * argument moves to r10, because syscall takes rcx; carry means that rax is an error number.
 */

	.text

	.weak _start				/* a program may bring its own */
_start:
	xorl %ebp, %ebp
	movq (%rsp), %rdi			/* argc */
	leaq 8(%rsp), %rsi			/* argv */
	leaq 8(%rsi,%rdi,8), %rdx		/* envp */
	movq %rdx, environ(%rip)
	andq $-16, %rsp
	call main
	movl %eax, %edi
	call exit

.macro SYSTRAP name:req, number:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
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
	.size \name, . - \name
.endm

/* the first result */
.macro SYSCALL_RET name:req, number:req
	SYSTRAP \name, \number
	ret
	.size \name, . - \name
.endm

/* the second result */
.macro SYSCALL_RET2 name:req, number:req
	SYSTRAP \name, \number
	movq %rdx, %rax
	ret
	.size \name, . - \name
.endm

	SYSCALL_RETC _exit, 1
	SYSCALL_RET read, 3
	SYSCALL_RET write, 4
	SYSCALL_RETC close, 6
	SYSCALL_RET brk, 17
	SYSCALL_RET getpid, 20
	SYSCALL_RET2 getppid, 20
	SYSCALL_RET getuid, 24
	SYSCALL_RET2 geteuid, 24
	SYSCALL_RET getgid, 47
	SYSCALL_RET2 getegid, 47
	SYSCALL_RETC mprotect, 116
	SYSCALL_RETC munmap, 117
	SYSCALL_RETC uname, 135
	SYSCALL_RET sysconfig, 137
	SYSCALL_RET sysinfo, 139
	SYSCALL_RETC modctl, 152
	SYSCALL_RETC lwp_private, 166

/* libc adds _MAP_NEW to the flags */
	.globl mmap
	.type mmap, @function
	.p2align 4
mmap:
	orl $0x80000000, %ecx
	movq %rcx, %r10
	movl $115, %eax
	syscall
	jb __cerror
	ret
	.size mmap, . - mmap

/* syscall(number, up to five arguments) */
	.globl syscall
	.type syscall, @function
	.p2align 4
syscall:
	movl %edi, %eax
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %rcx, %rdx
	movq %r8, %r10
	movq %r9, %r8
	xorl %r9d, %r9d
	syscall
	jb __cerror
	ret
	.size syscall, . - syscall

.macro FASTTRAP name:req, number:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	movl $\number, %eax
	int $0xd2
	ret
	.size \name, . - \name
.endm

	FASTTRAP gethrtime, 3
	FASTTRAP gethrvtime, 4

	.globl gethrestime
	.type gethrestime, @function
	.p2align 4
gethrestime:
	pushq %rdi
	movl $5, %eax
	int $0xd2
	popq %rdi
	movq %rax, (%rdi)
	movq %rdx, 8(%rdi)
	ret
	.size gethrestime, . - gethrestime

/* the locality group in the upper half, the CPU in the lower */
	.globl getlgrp
	.type getlgrp, @function
	.p2align 4
getlgrp:
	movl $6, %eax
	int $0xd2
	shlq $32, %rdx
	orq %rdx, %rax
	ret
	.size getlgrp, . - getlgrp

/* In a section of its own, so that the jumps to it are the long ones of the seed. ERESTART (91) becomes EINTR (4). */
	.section .text.cerror, "ax"
	.globl __cerror
	.type __cerror, @function
	.p2align 4
__cerror:
	cmpl $91, %eax
	jne 1f
	movl $4, %eax
1:	movl %eax, errno(%rip)
	movq $-1, %rax
	xorl %edx, %edx
	ret
	.size __cerror, . - __cerror

	.section .note.GNU-stack, "", @progbits
