/* Names and register frames shared by the entry code. */

#include "layout.h"

.macro ENTRY name:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
.endm

.macro END name:req
	.size \name, . - \name
.endm

/* A part of the kernel that is Python: see common.S. */
.macro PYTHON name:req
ENTRY \name
	endbr64
	hlt
	ret
END \name
.endm

/* A second name for the same address. */
.macro ALIAS new:req, old:req
	.globl \new
	.type \new, @function
	.set \new, \old
.endm

/* A variable of this CPU, by its offset in the per-CPU page. */
#define PER_CPU(offset) %gs:(offset)

/*
 * Fills pt_regs below orig_ax and clears the registers, so that nothing of the user's is left in them.
 * rax and rcx: what goes in the slots of these registers. save_ret: the frame lies above a return address.
 */
.macro PUSH_AND_CLEAR_REGS rcx=%rcx, rax=%rax, save_ret=0
	.if \save_ret
	pushq %rsi
	movq 8(%rsp), %rsi
	movq %rdi, 8(%rsp)
	.else
	pushq %rdi
	pushq %rsi
	.endif
	pushq %rdx
	pushq \rcx
	pushq \rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	.if \save_ret
	pushq %rsi
	.endif
	xorl %esi, %esi
	xorl %edx, %edx
	xorl %ecx, %ecx
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	xorl %r11d, %r11d
	xorl %ebx, %ebx
	xorl %ebp, %ebp
	xorl %r12d, %r12d
	xorl %r13d, %r13d
	xorl %r14d, %r14d
	xorl %r15d, %r15d
.endm

/* The general registers from pt_regs; what is left on the stack begins with orig_ax. */
.macro POP_REGS
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
.endm
