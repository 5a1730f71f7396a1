/*
 * The exceptions, the fast traps, and the way back to ring 3 that can restore every register.
 *
 * Names: usr/src/uts/intel/ia32/ml/exception.s, i86pc/ml/locore.s and fast_trap_asm.s of illumos; the code is Ring3's. All
 * traps lead to trap(), which is Python.
 */

#include "macros.h"

	.text

.macro TRAP_NOERR name:req, trapno:req
ENTRY \name
	pushq $0
	pushq $\trapno
	jmp cmntrap
SET_SIZE \name
.endm

/* the CPU has pushed an error code */
.macro TRAP_ERR name:req, trapno:req
ENTRY \name
	pushq $\trapno
	jmp cmntrap
SET_SIZE \name
.endm

	TRAP_NOERR div0trap, 0
	TRAP_NOERR dbgtrap, 1
	TRAP_NOERR nmiint, 2
	TRAP_NOERR brktrap, 3
	TRAP_NOERR ovflotrap, 4
	TRAP_NOERR boundstrap, 5
	TRAP_NOERR invoptrap, 6
	TRAP_NOERR ndptrap, 7
	TRAP_ERR syserrtrap, 8
	TRAP_ERR invtsstrap, 10
	TRAP_ERR segnptrap, 11
	TRAP_ERR stktrap, 12
	TRAP_ERR gptrap, 13
	TRAP_ERR pftrap, 14
	TRAP_NOERR resvtrap, 15
	TRAP_NOERR ndperr, 16
	TRAP_ERR achktrap, 17
	TRAP_NOERR mcetrap, 18
	TRAP_NOERR xmtrap, 19
	TRAP_NOERR dtrace_ret, T_DTRACE_RET

/* void trap(struct regs *rp, caddr_t addr, processorid_t cpuid) */
ENTRY cmntrap
	INTR_PUSH
	movq %rsp, %rbp
	movq %cr2, %rsi
	ENABLE_INTR_FLAGS
	movq %rbp, %rdi
	movl %gs:CPU_ID, %edx
	call trap
	jmp _sys_rtt
SET_SIZE cmntrap

/* Back to where struct regs, at rsp, says: ring 3, or ring 0 after a trap there. */
ENTRY _sys_rtt
	cli
	testb $3, REGOFF_CS(%rsp)
	jz 1f
	movq %gs:CPU_LWP, %rax
	movb $LWP_USER, LWP_STATE(%rax)
	RESTORE_REGS
	addq $REGOFF_RIP, %rsp
	swapgs
	iretq
1:	RESTORE_REGS
	addq $REGOFF_RIP, %rsp
	iretq
SET_SIZE _sys_rtt

/* A new lwp's first instruction: struct regs is ready at rsp. */
ENTRY lwp_rtt
	jmp _sys_rtt
SET_SIZE lwp_rtt

/* The floating-point state every program starts with (x87 control word 0x37f, MXCSR 0x1f80); run once, at boot. */
ENTRY fpinit
	fninit
	pushq $0x1f80
	ldmxcsr (%rsp)
	addq $8, %rsp
	hlt
SET_SIZE fpinit

/* The running program's floating-point state to and from memory at rdi, for the contexts of signals. */
ENTRY fpxsave
	fxsave64 (%rdi)
	hlt
SET_SIZE fpxsave
ENTRY fpxrestore
	fxrstor64 (%rdi)
	hlt
SET_SIZE fpxrestore

/*
 * int $0xd2, number in eax: the function in fasttable, without a struct regs. It may destroy rcx and r8 to r11, and r11
 * does get the address of the slot. A number beyond the table is a #GP at the instruction.
 */
ENTRY fasttrap
	cmpl $T_LASTFAST, %eax
	ja 1f
	movl %eax, %eax
	leaq fasttable(,%rax,8), %r11
	jmp *(%r11)
1:	subq $2, (%rsp)				/* rip: before the instruction */
	pushq $(T_FASTTRAP * GATE_DESC_SIZE + 2)
	jmp gptrap
SET_SIZE fasttrap

ENTRY fast_null
	orq $PS_C, 0x10(%rsp)			/* in the flags that iret gives back */
	iretq
SET_SIZE fast_null

/* The pushed frame becomes the end of a struct regs of which only rsi and rdi are kept. */
.macro FAST_INTR_PUSH
	cld
	subq $REGOFF_RIP, %rsp
	movq %rsi, REGOFF_RSI(%rsp)
	movq %rdi, REGOFF_RDI(%rsp)
	swapgs
.endm

.macro FAST_INTR_RETURN
	swapgs
	movq REGOFF_RSI(%rsp), %rsi
	movq REGOFF_RDI(%rsp), %rdi
	addq $REGOFF_RIP, %rsp
	iretq
.endm

ENTRY get_hrtime
	FAST_INTR_PUSH
	call *gethrtimef
	movq %rax, %rdx
	shrq $32, %rdx
	FAST_INTR_RETURN
SET_SIZE get_hrtime

ENTRY gethrvtime
	FAST_INTR_PUSH
	movq %gs:CPU_THREAD, %rdi
	call mstate_thread_onproc_time
	movq %rax, %rdx
	shrq $32, %rdx
	FAST_INTR_RETURN
SET_SIZE gethrvtime

ENTRY get_hrestime
	FAST_INTR_PUSH
	subq $TIMESPEC_SIZE, %rsp
	movq %rsp, %rdi
	call *gethrestimef
	movl (%rsp), %eax			/* tv_sec */
	movl 8(%rsp), %edx			/* tv_nsec */
	addq $TIMESPEC_SIZE, %rsp
	FAST_INTR_RETURN
SET_SIZE get_hrestime

ENTRY getlgrp
	FAST_INTR_PUSH
	movq %gs:CPU_THREAD, %rcx
	movq T_LPL(%rcx), %rcx
	movl %gs:CPU_ID, %eax
	movl LPL_LGRPID(%rcx), %edx
	FAST_INTR_RETURN
SET_SIZE getlgrp

/* Interrupts off, and what they were: i86pc/ml and intel/ml/i86_subr.s. */
ENTRY intr_clear
	pushfq
	cli
	popq %rax
	ret
SET_SIZE intr_clear

ENTRY intr_restore
	pushq %rdi
	popfq
	ret
SET_SIZE intr_restore

/* Where the kernel stands while kmdb has been asked for: what follows `int` is the next instruction (i86_subr.s). */
ENTRY kmdb_enter
	pushq %rbp
	movq %rsp, %rbp
	call intr_clear
	int $T_DBGENTR
	movq %rax, %rdi
	call intr_restore
	leave
	ret
SET_SIZE kmdb_enter

/* What the code above calls by name; the other functions that are Python get their stubs at boot. */
	.p2align 4
	PYTHON trap
	PYTHON pre_syscall
	PYTHON post_syscall
	PYTHON syscall_entry
	PYTHON syscall_exit
	PYTHON nosys
	PYTHON tsc_gethrtime
	PYTHON pc_gethrestime
	.section .text.genunix, "ax"
	PYTHON modctl
	.section .text.genunix.rest, "ax"
	PYTHON mstate_thread_onproc_time
