/* functions.S for 32-bit programs. */

#include "SYS.h"
#include "tcb.h"

	.text

/* libc adds _MAP_NEW to the flags */
FUNCTION mmap
	orl $0x80000000, 16(%esp)
	movl $115, %eax
	int $0x91
	jb __cerror
	ret
	END mmap

/* void *mmap64(void *, size_t, int, int, int, off64_t): seven words */
FUNCTION mmap64
	orl $0x80000000, 16(%esp)
	movl $214, %eax
	int $0x91
	jb __cerror
	ret
	END mmap64

	SYSCALL_RETC __pipe, 42

/* the child, which has its parent's number in eax and 1 in edx, gets 0 */
FUNCTION __forksys
	movl $142, %eax
	int $0x91
	jb __cerror
	testl %edx, %edx
	je 1f
	xorl %eax, %eax
1:	ret
	END __forksys

/* syscall(number, arguments): the number stands where the kernel expects a return address */
FUNCTION syscall
	popl %ecx
	movl (%esp), %eax
	int $0x91
	pushl %ecx
	jb __cerror
	ret
	END syscall

/* hrtime_t in edx and eax */
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
	.set GREGS, 36
FUNCTION getcontext
	movl 4(%esp), %edx
	movl $0xf, (%edx)			/* uc_flags: UC_ALL */
	pushl %edx
	call __getcontext
	popl %edx
	testl %eax, %eax
	jne 1f
	movl (%esp), %ecx
	movl %ecx, GREGS+4*14(%edx)		/* EIP */
	leal 4(%esp), %ecx
	movl %ecx, GREGS+4*17(%edx)		/* UESP */
	movl $0, GREGS+4*11(%edx)		/* EAX */
1:	ret
	END getcontext

/* int setjmp(jmp_buf), void longjmp(jmp_buf, int): what a call keeps (System V ABI, i386 supplement) */
FUNCTION setjmp
	movl 4(%esp), %eax
	movl %ebx, 0(%eax)
	movl %esi, 4(%eax)
	movl %edi, 8(%eax)
	movl %ebp, 12(%eax)
	leal 4(%esp), %edx
	movl %edx, 16(%eax)
	movl (%esp), %edx
	movl %edx, 20(%eax)
	xorl %eax, %eax
	ret
	END setjmp
	ALIAS _setjmp, setjmp

FUNCTION longjmp
	movl 4(%esp), %edx
	movl 8(%esp), %eax
	testl %eax, %eax
	jne 1f
	incl %eax
1:	movl 0(%edx), %ebx
	movl 4(%edx), %esi
	movl 8(%edx), %edi
	movl 12(%edx), %ebp
	movl 16(%edx), %esp
	jmp *20(%edx)
	END longjmp
	ALIAS _longjmp, longjmp

/* int sigsetjmp(sigjmp_buf, int): the mask, too */
FUNCTION sigsetjmp
	pushl 8(%esp)
	pushl 8(%esp)
	call keep_mask
	addl $8, %esp
	jmp setjmp
	END sigsetjmp

/* where makecontext's contexts begin: ebx is the function, esi the context */
FUNCTION __context_start
	call *%ebx
	pushl %esi
	call resume_link
	hlt
	END __context_start

/* a thread's first function returns into its end */
FUNCTION __thread_start
	xorl %ebp, %ebp
	call __thread_main
	hlt
	END __thread_start

/* a thread that has returned from a door serves the next call: struct door_results begins with the procedure's arguments */
	SYSTRAP __door_return, 201
	cmpl $0, 24(%esp)			/* nservers */
	jne 1f
	pushl 28(%esp)				/* door_info */
	call __door_depleted
	addl $4, %esp
1:	xorl %ebp, %ebp
	call *20(%esp)
	pushl $0
	call exit_thread
	hlt
	END __door_return

/* what the compiler calls, with the index in eax */
FUNCTION ___tls_get_addr
	pushl %eax
	call __tls_get_addr
	addl $4, %esp
	ret
	END ___tls_get_addr

	SYSCALL_RETC modctl, 152

/* ERESTART (91) becomes EINTR (4); -1 of 32 bits or of 64. */
	.globl __cerror
	.hidden __cerror
	.type __cerror, @function
__cerror:
	cmpl $91, %eax
	jne 1f
	movl $4, %eax
1:	movl %eax, %gs:TCB_ERRNO
	movl $-1, %eax
	movl $-1, %edx
	ret
	END __cerror

	.section .note.GNU-stack, "", @progbits
