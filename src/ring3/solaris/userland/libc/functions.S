/* What is more than one instruction, or not of C. */

#include "SYS.h"
#include "tcb.h"

	.text

/* libc adds _MAP_NEW to the flags */
FUNCTION mmap
	orl $0x80000000, %ecx
	movq %rcx, %r10
	movl $115, %eax
	syscall
	jb __cerror
	ret
	END mmap
	ALIAS mmap64, mmap

/* int __pipe(int fds[2], int flags) and pid_t __forksys(int subcode, int flags): libc's own look at two results */
FUNCTION __pipe
	movl $42, %eax
	syscall
	jb __cerror
	xorl %eax, %eax
	ret
	END __pipe

/* the child, which has its parent's number in rax and 1 in rdx, gets 0 */
FUNCTION __forksys
	movl $142, %eax
	syscall
	jb __cerror
	testl %edx, %edx
	je 1f
	xorl %eax, %eax
1:	ret
	END __forksys

/* syscall(number, up to five arguments) */
FUNCTION syscall
	movl %edi, %eax
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %rcx, %rdx
	movq %r8, %r10
	movq %r9, %r8
	movq 8(%rsp), %r9
	syscall
	jb __cerror
	ret
	END syscall

.macro FASTTRAP name:req, number:req
FUNCTION \name
	movl $\number, %eax
	int $0xd2
	ret
	END \name
.endm

	FASTTRAP gethrtime, 3
	FASTTRAP gethrvtime, 4

/* int getcontext(ucontext_t *): the caller's registers are those behind the call, with 0 for the result */
FUNCTION getcontext
	pushq %rdi
	movq $0xf, (%rdi)			/* uc_flags: UC_ALL */
	call __getcontext
	popq %rdi
	testl %eax, %eax
	jne 1f
	movq (%rsp), %rdx
	movq %rdx, 64+8*17(%rdi)		/* REG_RIP */
	leaq 8(%rsp), %rdx
	movq %rdx, 64+8*20(%rdi)		/* REG_RSP */
	movq $0, 64+8*14(%rdi)			/* REG_RAX */
	movq %rdi, 64+8*8(%rdi)			/* REG_RDI */
1:	ret
	END getcontext

/* int setjmp(jmp_buf), void longjmp(jmp_buf, int): what a call keeps (System V ABI, AMD64 3.2.1) */
FUNCTION setjmp
	movq %rbx, 0(%rdi)
	movq %r12, 8(%rdi)
	movq %r13, 16(%rdi)
	movq %r14, 24(%rdi)
	movq %r15, 32(%rdi)
	movq %rbp, 40(%rdi)
	leaq 8(%rsp), %rdx
	movq %rdx, 48(%rdi)
	movq (%rsp), %rdx
	movq %rdx, 56(%rdi)
	xorl %eax, %eax
	ret
	END setjmp
	ALIAS _setjmp, setjmp

FUNCTION longjmp
	movl %esi, %eax
	testl %eax, %eax
	jne 1f
	incl %eax
1:	movq 0(%rdi), %rbx
	movq 8(%rdi), %r12
	movq 16(%rdi), %r13
	movq 24(%rdi), %r14
	movq 32(%rdi), %r15
	movq 40(%rdi), %rbp
	movq 48(%rdi), %rsp
	jmp *56(%rdi)
	END longjmp
	ALIAS _longjmp, longjmp

/* int sigsetjmp(sigjmp_buf, int): the mask, too */
FUNCTION sigsetjmp
	pushq %rdi
	call keep_mask
	popq %rdi
	jmp setjmp
	END sigsetjmp

/* where makecontext's contexts begin: rbx is the function, r12 the context */
FUNCTION __context_start
	xorl %eax, %eax
	call *%rbx
	movq %r12, %rdi
	andq $-16, %rsp
	call resume_link
	hlt
	END __context_start

/* void __run_thread(void *(*)(void *), void *): a thread's first function returns into its end */
FUNCTION __thread_start
	xorl %ebp, %ebp
	call __thread_main
	hlt
	END __thread_start

/* a thread that has returned from a door serves the next call: what the stack holds is struct door_results */
	SYSTRAP __door_return, 201
	cmpl $0, 48(%rsp)			/* nservers */
	jne 1f
	movq 56(%rsp), %rdi			/* door_info */
	call __door_depleted
1:	movq (%rsp), %rdi
	movq 8(%rsp), %rsi
	movq 16(%rsp), %rdx
	movq 24(%rsp), %rcx
	movq 32(%rsp), %r8
	xorl %ebp, %ebp
	call *40(%rsp)
	xorl %edi, %edi
	call exit_thread
	hlt
	END __door_return

/* The seed's: its jump leads 0x126d30 bytes back, so it and __cerror have sections of their own (libc.lds). */
	.section .text.modctl, "ax"
	SYSCALL_RETC modctl, 152

/* ERESTART (91) becomes EINTR (4). */
	.section .text.cerror, "ax"
	.globl __cerror
	.hidden __cerror
	.type __cerror, @function
__cerror:
	cmpl $91, %eax
	jne 1f
	movl $4, %eax
1:	movl %eax, %fs:TCB_ERRNO
	movq $-1, %rax
	xorl %edx, %edx
	ret
	END __cerror

	.section .note.GNU-stack, "", @progbits
