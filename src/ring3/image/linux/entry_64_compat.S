/*
 * The 32-bit doors. Arguments in all of them: eax number; ebx, ecx, edx, esi, edi, ebp.
 *
 * Steps and names: Linux, arch/x86/entry/entry_64_compat.S (6.x); the return by sysexit is that of 3.13's
 * arch/x86/ia32/ia32entry.S, with its symbols.
 */

#include "macros.h"

	.section .entry.text, "ax"

/*
 * sysenter. The CPU has loaded CS, SS, RIP and RSP from MSRs and saved nothing: by convention ebp holds the user's
 * stack pointer, the sixth argument lies at 0(%ebp), and the return address is the vDSO's landing pad.
 */
ENTRY entry_SYSENTER_compat
ALIAS ia32_sysenter_target, entry_SYSENTER_compat
	swapgs
	movl %eax, %eax				/* only eax counts */
	movq PER_CPU(PCPU_TOP_OF_STACK), %rsp
	pushq $USER_DS				/* pt_regs->ss */
	pushq $0				/* pt_regs->sp, known below */
	pushfq					/* pt_regs->flags, IF is clear */
	pushq $USER32_CS			/* pt_regs->cs */
	pushq $0				/* pt_regs->ip, known below */
	pushq %rax				/* pt_regs->orig_ax */
	PUSH_AND_CLEAR_REGS rax=$-ENOSYS
	cld
	testl $(FLAG_NT | FLAG_AC | FLAG_TF), PT_FLAGS(%rsp)
	jz 1f
	pushq $2				/* these must not stay set in ring 0 */
	popfq
1:	movl PT_BP(%rsp), %eax
	movq %rax, PT_SP(%rsp)
	orq $FLAG_IF, PT_FLAGS(%rsp)
	movq %rsp, %rdi
	call do_fast_syscall_32
	testl %eax, %eax
	jz swapgs_restore_regs_and_return_to_usermode

	.globl sysexit_from_sys_call
sysexit_from_sys_call:
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	addq $(4 * 8), %rsp			/* r11, r10, r9, r8: cleared below */
	popq %rax
	addq $(2 * 8), %rsp			/* cx, dx: sysexit needs them */
	popq %rsi
	popq %rdi
	addq $8, %rsp				/* orig_ax */
	movl (%rsp), %edx			/* user eip */
	movl 0x18(%rsp), %ecx			/* user esp */
	andq $~FLAG_IF, 0x10(%rsp)
	addq $0x10, %rsp
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	xorl %r11d, %r11d
	popfq
	swapgs
	sti
	sysexitl
END entry_SYSENTER_compat

/* syscall from 32-bit code: eip is in rcx, eflags in r11; the second argument is in ebp, the sixth at 0(%esp). */
ENTRY entry_SYSCALL_compat
ALIAS ia32_cstar_target, entry_SYSCALL_compat
	swapgs
	movl %esp, %r8d
	movq PER_CPU(PCPU_TOP_OF_STACK), %rsp
	pushq $USER_DS				/* pt_regs->ss */
	pushq %r8				/* pt_regs->sp */
	pushq %r11				/* pt_regs->flags */
	pushq $USER32_CS			/* pt_regs->cs */
	pushq %rcx				/* pt_regs->ip */
	movl %eax, %eax
	pushq %rax				/* pt_regs->orig_ax */
	PUSH_AND_CLEAR_REGS rcx=%rbp rax=$-ENOSYS
	movq %rsp, %rdi
	call do_fast_syscall_32
	testl %eax, %eax
	jz swapgs_restore_regs_and_return_to_usermode

	.globl sysretl_from_sys_call
sysretl_from_sys_call:
	movq PT_FLAGS(%rsp), %r11
	movl PT_IP(%rsp), %ecx
	movq PT_BX(%rsp), %rbx
	movq PT_BP(%rsp), %rbp
	movq PT_AX(%rsp), %rax
	movq PT_DX(%rsp), %rdx
	movq PT_SI(%rsp), %rsi
	movq PT_DI(%rsp), %rdi
	movq PT_R12(%rsp), %r12
	movq PT_R13(%rsp), %r13
	movq PT_R14(%rsp), %r14
	movq PT_R15(%rsp), %r15
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	movl PT_SP(%rsp), %esp
	swapgs
	sysretl
END entry_SYSCALL_compat

/* int $0x80, from 32-bit and from 64-bit code. The CPU has pushed ss, sp, flags, cs and ip on the task's stack. */
ENTRY entry_INT80_compat
ALIAS ia32_syscall, entry_INT80_compat
	clac					/* int leaves AC as ring 3 had it */
	swapgs
	movl %eax, %eax
	pushq %rax				/* pt_regs->orig_ax */
	PUSH_AND_CLEAR_REGS rax=$-ENOSYS
	cld
	movq %rsp, %rdi
	call do_int80_syscall_32
	jmp swapgs_restore_regs_and_return_to_usermode
END entry_INT80_compat
