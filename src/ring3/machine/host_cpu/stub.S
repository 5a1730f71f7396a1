# The stub: one page of position-independent code in every process that runs programs. It has no writable data and no
# stack of its own.
#
# Where it starts it gives up everything but the two descriptors that it was started with, asks to die with whoever started
# it, whose number is its only argument, and to be traced by that one, if it is still there. After that it does one thing: it runs a list of the host's system calls. A call
# is eight words: number, six arguments, one unused; a negative number ends the list, and so does a call that fails.
# Then it stops at int3: rbx says where it stood, rax what the last call gave.

#define SYS_close_range	436
#define SYS_getppid	110
#define SYS_setsid	112
#define ESRCH		3
#define SYS_prctl	157
#define SYS_ptrace	101
#define SYS_exit	60
#define PR_SET_PDEATHSIG 1
#define SIGKILL		9
#define PTRACE_TRACEME	0

	.text
	.globl _start, ring3_list, ring3_call, ring3_break, ring3_nothing
_start:
	movl	$SYS_close_range, %eax
	xorl	%edi, %edi
	movl	$2, %esi
	xorl	%edx, %edx
	syscall
	movl	$SYS_close_range, %eax
	movl	$5, %edi
	movl	$-1, %esi
	xorl	%edx, %edx
	syscall
	testl	%eax, %eax
	jnz	2f
	movq	8(%rsp), %rsi			# argv[0], a number
	xorl	%ebx, %ebx
1:	movzbl	(%rsi), %eax
	testl	%eax, %eax
	jz	1f
	imull	$10, %ebx
	leal	-'0'(%rbx, %rax), %ebx
	incq	%rsi
	jmp	1b
1:	movl	$SYS_setsid, %eax		# the terminal's signals are not for it
	syscall
	movl	$SYS_prctl, %eax
	movl	$PR_SET_PDEATHSIG, %edi
	movl	$SIGKILL, %esi
	syscall
	movl	$SYS_getppid, %eax
	syscall
	cmpl	%ebx, %eax
	movl	$-ESRCH, %eax
	jne	2f
	movl	$SYS_ptrace, %eax
	movl	$PTRACE_TRACEME, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	syscall
	testq	%rax, %rax
	jz	ring3_break
2:	movl	%eax, %edi
	negl	%edi
	movl	$SYS_exit, %eax
	syscall

	.p2align 3
ring3_list:
	movq	(%rbx), %rax
	testq	%rax, %rax
	js	ring3_break
	movq	8(%rbx), %rdi
	movq	16(%rbx), %rsi
	movq	24(%rbx), %rdx
	movq	32(%rbx), %r10
	movq	40(%rbx), %r8
	movq	48(%rbx), %r9
ring3_call:
	syscall
	cmpq	$-4095, %rax
	jae	ring3_break
	addq	$64, %rbx
	jmp	ring3_list
ring3_break:
	int3
	.p2align 3
ring3_nothing:
	.quad	-1				# an empty list
