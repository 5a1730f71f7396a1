/*
 * The doors: sys_syscall of 64-bit programs, and behind it those of 32-bit ones.
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
 * The doors of 32-bit programs: int $0x91, syscall and sysenter. (lcall $0x27 and lcall $7 are a #GP, which trap() takes for
 * a call.) The arguments are on the program's stack, above a return address: syscall_entry, which is Python, fetches them
 * and says which element of sysent32 is called. A 64-bit program can use the gate: its calls are sysent's, with arguments
 * of 32 bits from its stack.
 *
 * Always true behind the doors: r15 is curthread, rsp and rbp the struct regs.
 */
#define SYS_DROP 64				/* room for MAXSYSARGS arguments */

/* The call; results in r12d and r13d. Interrupts are off then, and the flags say whether there is more to do. */
.macro SYSCALL32
	movq %rsp, %rbp
	movq T_LWP(%r15), %r14
	ENABLE_INTR_FLAGS
	incq %gs:CPU_STATS_SYS_SYSCALL
	subq $SYS_DROP, %rsp
	movb $LWP_SYS, LWP_STATE(%r14)
	movb $NORMALRETURN, LWP_EOSYS(%r14)
	incq LWP_RU_SYSC(%r14)
	movq REGOFF_RAX(%rbp), %rax
	movw %ax, T_SYSNUM(%r15)
	movq %r15, %rdi
	movq %rsp, %rsi
	call syscall_entry
	movq %rax, %rbx
	movl 0x00(%rsp), %edi
	movl 0x08(%rsp), %esi
	movl 0x10(%rsp), %edx
	movl 0x18(%rsp), %ecx
	movl 0x20(%rsp), %r8d
	movl 0x28(%rsp), %r9d
	call *SY_CALLC(%rbx)
	movq %rbp, %rsp
	movq %rax, %r13				/* every result is two: the halves of one of 64 bits */
	shrq $32, %r13
	movl %eax, %r12d
	cli
	cmpl $0, T_POST_SYS_AST(%r15)
.endm

/* What a simple return does beside the registers (SIMPLE_SYSCALL_POSTSYS). */
.macro SIMPLE_POSTSYS
	movb $LWP_USER, LWP_STATE(%r14)
	movw $0, T_SYSNUM(%r15)
	andq $~PS_C, REGOFF_RFL(%rsp)
.endm

/* The general registers of a 32-bit program to struct regs at rsp. */
.macro SAVE_REGS32
	movl %edi, %edi
	movl %esi, %esi
	movl %ebp, %ebp
	movl %ebx, %ebx
	movl %eax, %eax
	movq %rdi, REGOFF_RDI(%rsp)
	movq %rsi, REGOFF_RSI(%rsp)
	movq %rbp, REGOFF_RBP(%rsp)
	movq %rbx, REGOFF_RBX(%rsp)
	movq %rdx, REGOFF_RDX(%rsp)
	movq %rcx, REGOFF_RCX(%rsp)
	movq %rax, REGOFF_RAX(%rsp)
	movq $0, REGOFF_SAVFP(%rsp)		/* a stack trace ends here */
	movq $0, REGOFF_SAVPC(%rsp)
	SAVE_DATA_SELECTORS
.endm

/* What syscall_entry has called after an error. */
ENTRY syscall_err
	xorl %eax, %eax
	ret
SET_SIZE syscall_err

ENTRY sys_syscall_int
	pushq $0
	pushq $T_SYSCALLINT
	INTR_PUSH
	movq %gs:CPU_THREAD, %r15
	movl %eax, %eax
	movq %rax, REGOFF_RAX(%rsp)
	movb $1, T_POST_SYS(%r15)		/* back by iret */
	SYSCALL32
.Lsyscall32_post:
	sti
	movq %r15, %rdi
	movq %r12, %rsi
	movq %r13, %rdx
	call syscall_exit
	jmp _sys_rtt
SET_SIZE sys_syscall_int

/* rip is in ecx, the flags in r11 */
ENTRY sys_syscall32
	swapgs
	movl %esp, %r10d
	movq %gs:CPU_THREAD, %r15
	movq T_STACK(%r15), %rsp
	movl %ecx, %ecx
	movl %edx, %edx
	movq $U32CS_SEL, REGOFF_CS(%rsp)
	movq %rcx, REGOFF_RIP(%rsp)
	movq %r11, REGOFF_RFL(%rsp)
	movq %r10, REGOFF_RSP(%rsp)
	movq $UDS_SEL, REGOFF_SS(%rsp)
	SAVE_REGS32
	SYSCALL32
	jne .Lsyscall32_post
	SIMPLE_POSTSYS
	movl %r12d, %eax
	movl %r13d, %edx
	movl REGOFF_RBX(%rsp), %ebx
	movl REGOFF_RBP(%rsp), %ebp
	movl REGOFF_RSI(%rsp), %esi
	movl REGOFF_RDI(%rsp), %edi
	movl REGOFF_RFL(%rsp), %r11d
	movl REGOFF_RIP(%rsp), %ecx
	movl REGOFF_RSP(%rsp), %esp
ALTENTRY nopop_sys_syscall32_swapgs_sysretl
	swapgs
	sysretl
SET_SIZE nopop_sys_syscall32_swapgs_sysretl
SET_SIZE sys_syscall32

/*
 * sysenter: the program has put its esp into ecx and where it goes on into edx. The stack comes from curthread, so that
 * MSR_SYSENTER_ESP need not follow it. A 64-bit program must not use the instruction: an invalid opcode.
 */
ENTRY sys_sysenter
	swapgs
	movq %r15, %gs:CPU_RTMP_R15
	movq %gs:CPU_THREAD, %r15
	movq T_STACK(%r15), %rsp
	pushfq
	popq REGOFF_RFL(%rsp)
	orq $PS_IE, REGOFF_RFL(%rsp)
	movq T_LWP(%r15), %r15
	cmpb $DATAMODEL_ILP32, LWP_MODEL(%r15)
	movq %gs:CPU_THREAD, %r15
	jne 1f
	movl %ecx, %ecx
	movl %edx, %edx
	movq $U32CS_SEL, REGOFF_CS(%rsp)
	movq %rdx, REGOFF_RIP(%rsp)
	movq %rcx, REGOFF_RSP(%rsp)
	movq $UDS_SEL, REGOFF_SS(%rsp)
	SAVE_REGS32
	SYSCALL32
	jne .Lsyscall32_post
	SIMPLE_POSTSYS
	andq $~PS_IE, REGOFF_RFL(%rsp)		/* sti, below, turns interrupts on */
	movl %r12d, %eax
	movl REGOFF_RBX(%rsp), %ebx
	movl REGOFF_RBP(%rsp), %ebp
	movl REGOFF_RSI(%rsp), %esi
	movl REGOFF_RDI(%rsp), %edi
	movl REGOFF_RIP(%rsp), %edx
	pushq REGOFF_RFL(%rsp)
	popfq
	movl REGOFF_RSP(%rsp), %ecx
ALTENTRY sys_sysenter_swapgs_sysexit
	swapgs
	sti
	sysexit
SET_SIZE sys_sysenter_swapgs_sysexit

1:	addq $REGS_SIZE, %rsp
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
