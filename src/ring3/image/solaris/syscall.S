/*
 * sys_syscall: the door of 64-bit programs.
 *
 * The steps are those of Solaris (the seed, 2.4; the order of what it does not print is Ring3's), and so are the offsets:
 * sys_syscall is not aligned, because in Solaris it stands behind brand_sys_syscall. What the seed's kernel does in the
 * bytes that it does not show is unknown; .org fills what is over. Not here: brands, microstate accounting (clocks are
 * Python's), trap tracing.
 *
 * Always true in here: r15 is curthread, r14 its lwp; rbp, and rsp between calls, is the struct regs at the top of the
 * thread's stack.
 */

#include "macros.h"

	.section .text.sys_syscall, "ax"

/*
 * The CPU has put RIP into rcx and RFLAGS into r11, and nothing else: gs and the stack are the user's. Arguments: eax
 * number; rdi, rsi, rdx, r10, r8, r9.
 */
ALTENTRY sys_syscall
	swapgs
	movq %r15, %gs:CPU_RTMP_R15
	movq %rsp, %gs:CPU_RTMP_RSP
	movq %gs:CPU_THREAD, %r15
	movq T_STACK(%r15), %rsp

	movq %rcx, REGOFF_RIP(%rsp)
	movq %r11, REGOFF_RFL(%rsp)
	movq $UCS_SEL, REGOFF_CS(%rsp)
	movq $UDS_SEL, REGOFF_SS(%rsp)
	movl %eax, %eax				/* a number has 32 bits */
	movq %rax, REGOFF_RAX(%rsp)
	movq %rdi, REGOFF_RDI(%rsp)
	movq %rsi, REGOFF_RSI(%rsp)
	movq %rdx, REGOFF_RDX(%rsp)
	movq %r10, REGOFF_RCX(%rsp)		/* the fourth argument: syscall took rcx */
	movq %r10, REGOFF_R10(%rsp)
	movq %r10, %rcx
	movq %r8, REGOFF_R8(%rsp)
	movq %r9, REGOFF_R9(%rsp)
	movq %rbx, REGOFF_RBX(%rsp)
	movq %rbp, REGOFF_RBP(%rsp)
	movq %r12, REGOFF_R12(%rsp)
	movq %r13, REGOFF_R13(%rsp)
	movq %r14, REGOFF_R14(%rsp)
	movq %gs:CPU_RTMP_R15, %r10
	movq %r10, REGOFF_R15(%rsp)
	movq %gs:CPU_RTMP_RSP, %r11
	movq %r11, REGOFF_RSP(%rsp)
	movq $0, REGOFF_SAVFP(%rsp)		/* a stack trace ends here */
	movq $0, REGOFF_SAVPC(%rsp)
	SAVE_DATA_SELECTORS

	movq %rsp, %rbp
	movq T_LWP(%r15), %r14
	ENABLE_INTR_FLAGS
	movb $LWP_SYS, LWP_STATE(%r14)
	movb $NORMALRETURN, LWP_EOSYS(%r14)
	incq LWP_RU_SYSC(%r14)
	incq %gs:CPU_STATS_SYS_SYSCALL
	movw %ax, T_SYSNUM(%r15)
	xorl %r12d, %r12d
	cmpb $0, T_PRE_SYS(%r15)
	je .Lsyscall_invoke

	/* somebody wants to see the call before it is made: not 0, and it is not made */
	call pre_syscall
	movl %eax, %r12d
	testl %eax, %eax
	jne .Lsyscall_post_call
	movzwl T_SYSNUM(%r15), %eax
	jmp .Lsyscall_invoke

	.org sys_syscall + 0x21d, 0xcc
.Lsyscall_invoke:
	movq REGOFF_RDI(%rbp), %rdi
	movq REGOFF_RSI(%rbp), %rsi
	movq REGOFF_RDX(%rbp), %rdx
	movq REGOFF_RCX(%rbp), %rcx
	movq REGOFF_R8(%rbp), %r8
	movq REGOFF_R9(%rbp), %r9
	cmpl $NSYSCALL, %eax
	jae .Lsyscall_ill
	shll $SYSENT_SIZE_SHIFT, %eax
	leaq sysent(%rax), %rbx
	call *SY_CALLC(%rbx)
	movq %rax, %r12
	movq %rdx, %r13

	testw $SE_32RVAL2, SY_FLAGS(%rbx)	/* two ints in one result? */
	je 1f
	movq %r12, %r13
	shrq $32, %r13
	movl %r12d, %r12d
1:	cli
	cmpl $0, T_POST_SYS_AST(%r15)
	jne .Lsyscall_post
	movq REGOFF_RIP(%rsp), %rcx		/* sysret must not meet an address that is not canonical */
	movq %rcx, %rdx
	shlq $16, %rdx
	sarq $16, %rdx
	cmpq %rcx, %rdx
	jne .Lsyscall_post

	movb $LWP_USER, LWP_STATE(%r14)
	movw $0, T_SYSNUM(%r15)
	andq $~PS_C, REGOFF_RFL(%rsp)		/* success */
	movq %r12, REGOFF_RAX(%rsp)
	movq %r13, REGOFF_RDX(%rsp)
	movl REGOFF_RFL(%rsp), %r11d
	movq REGOFF_RDI(%rsp), %rdi
	movq REGOFF_RSI(%rsp), %rsi
	movq REGOFF_RDX(%rsp), %rdx
	movq REGOFF_R8(%rsp), %r8
	movq REGOFF_R9(%rsp), %r9
	movq REGOFF_RAX(%rsp), %rax
	movq REGOFF_RBX(%rsp), %rbx
	movq REGOFF_RBP(%rsp), %rbp
	movq REGOFF_R10(%rsp), %r10
	movq REGOFF_R12(%rsp), %r12
	movq REGOFF_R13(%rsp), %r13
	movq REGOFF_R14(%rsp), %r14
	movq REGOFF_R15(%rsp), %r15
	movq REGOFF_RSP(%rsp), %rsp
ALTENTRY nopop_sys_syscall_swapgs_sysretq
	swapgs
	sysretq
SET_SIZE nopop_sys_syscall_swapgs_sysretq
SET_SIZE sys_syscall

	.org sys_syscall + 0x35a, 0xcc
.Lsyscall_ill:
	call nosys
	movq %rax, %r12
	movq %rdx, %r13
	jmp .Lsyscall_post_call

	/* An error, a signal, or anything else that a simple return does not do: results in r12 and r13. */
.Lsyscall_post:
	sti
.Lsyscall_post_call:
	movq %r12, %rdi
	movq %r13, %rsi
	call post_syscall
	jmp _sys_rtt

	.text

/*
 * The doors of 32-bit programs, which there are none of: their table is empty, every number is absent. A 64-bit program
 * can use the gate; it has no way into code of 32 bits, because the GDT's descriptor for that is not present.
 */
ENTRY sys_syscall_int
	pushq $0
	pushq $T_SYSCALLINT
	INTR_PUSH
.Lcall32:
	movq %rsp, %rbp
	movq %gs:CPU_THREAD, %r15
	movq T_LWP(%r15), %r14
	ENABLE_INTR_FLAGS
	movb $LWP_SYS, LWP_STATE(%r14)
	movb $NORMALRETURN, LWP_EOSYS(%r14)
	incq LWP_RU_SYSC(%r14)
	movw %ax, T_SYSNUM(%r15)
	call nosys
	movq %rax, %r12
	movq %rdx, %r13
	jmp .Lsyscall_post_call
SET_SIZE sys_syscall_int

/* syscall from 32-bit code: the same frame as an interrupt's, made by hand. */
ENTRY sys_syscall32
	swapgs
	movq %rsp, %gs:CPU_RTMP_RSP
	movq %r15, %gs:CPU_RTMP_R15
	movq %gs:CPU_THREAD, %r15
	movq T_STACK(%r15), %rsp
	addq $REGS_SIZE, %rsp
	pushq $UDS_SEL
	pushq %gs:CPU_RTMP_RSP
	pushq %r11
	pushq $U32CS_SEL
	pushq %rcx
	pushq $0
	pushq $0
	movq %gs:CPU_RTMP_R15, %r15
	swapgs
	INTR_PUSH
	jmp .Lcall32
SET_SIZE sys_syscall32

/*
 * sysenter, which a 64-bit program must not use: an invalid opcode. The instruction has lost rip and rsp; rdx and rcx are
 * where its convention has them.
 */
ENTRY sys_sysenter
	swapgs
	movq %r15, %gs:CPU_RTMP_R15
	movq %gs:CPU_THREAD, %r15
	movq T_STACK(%r15), %rsp
	addq $REGS_SIZE, %rsp
	pushq $UDS_SEL
	pushq %rcx
	pushfq
	orq $PSL_USER, (%rsp)
	pushq $UCS_SEL
	pushq %rdx
	movq %gs:CPU_RTMP_R15, %r15
	swapgs
	jmp invoptrap
SET_SIZE sys_sysenter
