/*
 * The 64-bit door, the exceptions, and every way back to ring 3.
 *
 * The steps and names are those of Linux (arch/x86/entry/entry_64.S, 6.x); what is not here: page-table isolation,
 * speculation barriers, shadow stacks, the trampoline stack (TSS.RSP0 is the task's own stack, as in 3.13).
 */

#include "macros.h"

	.section .entry.text, "ax"

/*
 * syscall from 64-bit code. The CPU has put RIP in rcx and RFLAGS in r11, and nothing else: the stack is the user's.
 * Arguments: rax number; rdi, rsi, rdx, r10, r8, r9.
 */
ENTRY entry_SYSCALL_64
ALIAS system_call, entry_SYSCALL_64
	swapgs
	movq %rsp, PER_CPU(PCPU_TSS + TSS_SP2)
	movq PER_CPU(PCPU_TOP_OF_STACK), %rsp
	pushq $USER_DS				/* pt_regs->ss */
	pushq PER_CPU(PCPU_TSS + TSS_SP2)	/* pt_regs->sp */
	pushq %r11				/* pt_regs->flags */
	pushq $USER_CS				/* pt_regs->cs */
	pushq %rcx				/* pt_regs->ip */
	pushq %rax				/* pt_regs->orig_ax */
	PUSH_AND_CLEAR_REGS rax=$-ENOSYS
	movq %rsp, %rdi
	movslq PT_ORIG_AX(%rsp), %rsi
	call do_syscall_64

	/* sysret only gives back what rcx and r11 can hold: anything else leaves by iret */
	movq PT_CX(%rsp), %rcx
	movq PT_IP(%rsp), %r11
	cmpq %rcx, %r11
	jne swapgs_restore_regs_and_return_to_usermode
	shlq $16, %rcx				/* a non-canonical RIP would fault in ring 0 on some CPUs */
	sarq $16, %rcx
	cmpq %rcx, %r11
	jne swapgs_restore_regs_and_return_to_usermode
	cmpq $USER_CS, PT_CS(%rsp)
	jne swapgs_restore_regs_and_return_to_usermode
	movq PT_R11(%rsp), %r11
	cmpq %r11, PT_FLAGS(%rsp)
	jne swapgs_restore_regs_and_return_to_usermode
	testq $(FLAG_RF | FLAG_TF), %r11
	jnz swapgs_restore_regs_and_return_to_usermode
	cmpq $USER_DS, PT_SS(%rsp)
	jne swapgs_restore_regs_and_return_to_usermode

	.globl syscall_return_via_sysret
syscall_return_via_sysret:
	POP_REGS
	movq 0x20(%rsp), %rsp			/* pt_regs->sp; orig_ax, ip, cs, flags lie below it */
	swapgs
	sysretq
END entry_SYSCALL_64

/* The way back that can restore every register: pt_regs is at the stack pointer. */
ENTRY swapgs_restore_regs_and_return_to_usermode
	POP_REGS
	addq $8, %rsp				/* orig_ax */
	swapgs
	.globl native_irq_return_iret
native_irq_return_iret:
ALIAS irq_return, native_irq_return_iret
	iretq
END swapgs_restore_regs_and_return_to_usermode

ENTRY restore_regs_and_return_to_kernel
	POP_REGS
	addq $8, %rsp
	iretq
END restore_regs_and_return_to_kernel

/* A new task's first instruction: pt_regs is ready at the stack pointer. */
ENTRY ret_from_fork_asm
	movq %rsp, %rdi
	call syscall_exit_to_user_mode
	jmp swapgs_restore_regs_and_return_to_usermode
END ret_from_fork_asm

/*
 * An exception. The CPU has pushed ss, sp, flags, cs, ip and, for some vectors, an error code, which lies where
 * orig_ax does. The stub gets pt_regs and the error code; it is Python.
 */
.macro IDTENTRY vector:req, name:req, has_error_code:req
ENTRY asm_\name
	.if !\has_error_code
	pushq $-1
	.endif
	call error_entry
	movq %rsp, %rdi
	movq PT_ORIG_AX(%rsp), %rsi
	movq $-1, PT_ORIG_AX(%rsp)
	call \name
	jmp error_return
END asm_\name
.endm

	.p2align 4
	.type error_entry, @function
error_entry:
	clac					/* an exception leaves AC and DF as they were */
	cld
	PUSH_AND_CLEAR_REGS save_ret=1
	testb $3, PT_CS + 8(%rsp)
	jz 1f
	swapgs
1:	ret
END error_entry

	.p2align 4
	.type error_return, @function
error_return:
	testb $3, PT_CS(%rsp)
	jz restore_regs_and_return_to_kernel
	movq %rsp, %rdi
	call irqentry_exit_to_user_mode
	jmp swapgs_restore_regs_and_return_to_usermode
END error_return

	IDTENTRY 0, exc_divide_error, 0
	IDTENTRY 1, exc_debug, 0
	IDTENTRY 2, exc_nmi, 0
	IDTENTRY 3, exc_int3, 0
	IDTENTRY 4, exc_overflow, 0
	IDTENTRY 5, exc_bounds, 0
	IDTENTRY 6, exc_invalid_op, 0
	IDTENTRY 7, exc_device_not_available, 0
	IDTENTRY 8, exc_double_fault, 1
	IDTENTRY 9, exc_coproc_segment_overrun, 0
	IDTENTRY 10, exc_invalid_tss, 1
	IDTENTRY 11, exc_segment_not_present, 1
	IDTENTRY 12, exc_stack_segment, 1
	IDTENTRY 13, exc_general_protection, 1
	IDTENTRY 14, exc_page_fault, 1
	IDTENTRY 15, exc_spurious_interrupt_bug, 0
	IDTENTRY 16, exc_coprocessor_error, 0
	IDTENTRY 17, exc_alignment_check, 1
	IDTENTRY 18, exc_machine_check, 0
	IDTENTRY 19, exc_simd_coprocessor_error, 0

/* Vectors 32 to 255 but 0x80: no device raises them, and their gates refuse ring 3. */
ENTRY asm_common_interrupt
	pushq $-1
	call error_entry
	movq %rsp, %rdi
	call common_interrupt
	jmp error_return
END asm_common_interrupt
