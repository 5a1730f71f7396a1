/* Names, register frames and stubs shared by the machine code of unix. */

#include "layout.h"

.macro ENTRY name:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
.endm

/* An entry without alignment: a second way into what stands around it. */
.macro ALTENTRY name:req
	.globl \name
	.type \name, @function
\name:
.endm

.macro SET_SIZE name:req
	.size \name, . - \name
.endm

/* The flags the kernel runs with: interrupts on; direction, alignment checks and nested task off. */
#define F_ON 0x202

.macro ENABLE_INTR_FLAGS
	pushq $F_ON
	popfq
.endm

/* The selectors of the data segments into struct regs at rsp; destroys ebx. */
.macro SAVE_DATA_SELECTORS
	xorl %ebx, %ebx
	movw %ds, %bx
	movq %rbx, REGOFF_DS(%rsp)
	movw %es, %bx
	movq %rbx, REGOFF_ES(%rsp)
	movw %fs, %bx
	movq %rbx, REGOFF_FS(%rsp)
	movw %gs, %bx
	movq %rbx, REGOFF_GS(%rsp)
.endm

/*
 * From a trap: the CPU has pushed ss to rip, the entry an error code and a trap number. Makes that a whole struct regs at
 * rsp and, from ring 3, switches to the kernel's gs.
 */
.macro INTR_PUSH
	subq $REGOFF_TRAPNO, %rsp
	movq %rdi, REGOFF_RDI(%rsp)
	movq %rsi, REGOFF_RSI(%rsp)
	movq %rdx, REGOFF_RDX(%rsp)
	movq %rcx, REGOFF_RCX(%rsp)
	movq %r8, REGOFF_R8(%rsp)
	movq %r9, REGOFF_R9(%rsp)
	movq %rax, REGOFF_RAX(%rsp)
	movq %rbx, REGOFF_RBX(%rsp)
	movq %rbp, REGOFF_RBP(%rsp)
	movq %r10, REGOFF_R10(%rsp)
	movq %r11, REGOFF_R11(%rsp)
	movq %r12, REGOFF_R12(%rsp)
	movq %r13, REGOFF_R13(%rsp)
	movq %r14, REGOFF_R14(%rsp)
	movq %r15, REGOFF_R15(%rsp)
	SAVE_DATA_SELECTORS
	movq %rbp, REGOFF_SAVFP(%rsp)
	movq REGOFF_RIP(%rsp), %rbx
	movq %rbx, REGOFF_SAVPC(%rsp)
	testb $3, REGOFF_CS(%rsp)
	jz 1f
	movq $0, REGOFF_SAVFP(%rsp)		/* a stack trace ends here */
	movq $0, REGOFF_SAVPC(%rsp)
	swapgs
1:
.endm

/* The general registers from struct regs at rsp. */
.macro RESTORE_REGS
	movq REGOFF_RDI(%rsp), %rdi
	movq REGOFF_RSI(%rsp), %rsi
	movq REGOFF_RDX(%rsp), %rdx
	movq REGOFF_RCX(%rsp), %rcx
	movq REGOFF_R8(%rsp), %r8
	movq REGOFF_R9(%rsp), %r9
	movq REGOFF_RAX(%rsp), %rax
	movq REGOFF_RBX(%rsp), %rbx
	movq REGOFF_RBP(%rsp), %rbp
	movq REGOFF_R10(%rsp), %r10
	movq REGOFF_R11(%rsp), %r11
	movq REGOFF_R12(%rsp), %r12
	movq REGOFF_R13(%rsp), %r13
	movq REGOFF_R14(%rsp), %r14
	movq REGOFF_R15(%rsp), %r15
.endm

/*
 * A function that is Python. Like all of Solaris's kernel it is compiled to save its arguments (-Wu,-save_args), so a
 * debugger finds them in the frame; the seed shows modctl's. At hlt the machine hands over; the result comes in rax.
 */
.macro PYTHON name:req
ALTENTRY \name
	pushq %rbp
	movq %rsp, %rbp
	subq $0x30, %rsp
	movq %rdi, -0x8(%rbp)
	movq %rsi, -0x10(%rbp)
	movq %rdx, -0x18(%rbp)
	movq %rcx, -0x20(%rbp)
	movq %r8, -0x28(%rbp)
	movq %r9, -0x30(%rbp)
	hlt
	leave
	ret
SET_SIZE \name
.endm
