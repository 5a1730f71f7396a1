/*
 * From the filled pt_regs to the table and back: the counterpart of Linux's arch/x86/entry/common.c (and of the
 * kernel/entry/ it calls). NR_syscalls and IA32_NR_syscalls come from the .tbl files, through the build script.
 */

#include "macros.h"

	.text

/* index = index < size ? index : 0, without a branch that could be mispredicted (array_index_nospec) */
.macro ARRAY_INDEX_NOSPEC size:req
	cmpq $\size, %rax
	sbbq %rdx, %rdx
	andq %rdx, %rax
.endm

/* The work before a call that somebody asked for (tracing): the stub returns the number to use. */
.macro SYSCALL_ENTER_WORK
	movq PER_CPU(PCPU_CURRENT), %rax
	cmpq $0, TASK_SYSCALL_WORK(%rax)
	je 1f
	movq %rbx, %rdi
	call syscall_trace_enter
	movq %rax, %rsi
1:
.endm

/* void do_syscall_64(struct pt_regs *regs, int nr) */
ENTRY do_syscall_64
	pushq %rbx
	movq %rdi, %rbx
	sti
	SYSCALL_ENTER_WORK
	cmpl $NR_syscalls, %esi
	jae 2f
	movl %esi, %eax
	ARRAY_INDEX_NOSPEC NR_syscalls
	movq %rbx, %rdi
	call *sys_call_table(,%rax,8)
1:	movq %rax, PT_AX(%rbx)
	jmp 3f
2:	cmpl $-1, %esi				/* -1: a tracer has set the result */
	je 3f
	movq %rbx, %rdi
	call __x64_sys_ni_syscall
	jmp 1b
3:	movq %rbx, %rdi
	call syscall_exit_to_user_mode
	popq %rbx
	ret
END do_syscall_64

/* The part that the 32-bit doors share: regs in rbx. */
	.p2align 4
	.type do_syscall_32_irqs_on, @function
do_syscall_32_irqs_on:
	movslq PT_ORIG_AX(%rbx), %rsi
	SYSCALL_ENTER_WORK
	cmpl $IA32_NR_syscalls, %esi
	jae 2f
	movl %esi, %eax
	ARRAY_INDEX_NOSPEC IA32_NR_syscalls
	movq %rbx, %rdi
	.globl ia32_do_call
ia32_do_call:
	.globl sysenter_dispatch
sysenter_dispatch:
	call *ia32_sys_call_table(,%rax,8)
1:	movq %rax, PT_AX(%rbx)
	ret
2:	cmpl $-1, %esi
	je 3f
	movq %rbx, %rdi
	call __ia32_sys_ni_syscall
	jmp 1b
3:	ret
END do_syscall_32_irqs_on

.macro SET_COMPAT
	movq PER_CPU(PCPU_CURRENT), %rax
	orl $TS_COMPAT, TASK_STATUS(%rax)
.endm

/* void do_int80_syscall_32(struct pt_regs *regs) */
ENTRY do_int80_syscall_32
	pushq %rbx
	movq %rdi, %rbx
	sti
	SET_COMPAT
	call do_syscall_32_irqs_on
	movq %rbx, %rdi
	call syscall_exit_to_user_mode
	popq %rbx
	ret
END do_int80_syscall_32

/*
 * bool do_fast_syscall_32(struct pt_regs *regs)
 *
 * Both fast doors come back at the vDSO's landing pad; the sixth argument is read from the user's stack. Returns
 * whether sysexit or sysret can restore the registers.
 */
ENTRY do_fast_syscall_32
	pushq %rbx
	movq %rdi, %rbx
	sti
	SET_COMPAT
	movq TASK_LANDING_PAD(%rax), %rax
	movq %rax, PT_IP(%rbx)
	movl PT_SP(%rbx), %eax
	stac
get_user_arg6:
	movl (%rax), %eax
	clac
	movq %rax, PT_BP(%rbx)
	call do_syscall_32_irqs_on
	movq %rbx, %rdi
	call syscall_exit_to_user_mode
	xorl %eax, %eax
	movq PER_CPU(PCPU_CURRENT), %rdx
	movq TASK_LANDING_PAD(%rdx), %rdx
	cmpq %rdx, PT_IP(%rbx)
	jne 1f
	cmpq $USER32_CS, PT_CS(%rbx)
	jne 1f
	cmpq $USER_DS, PT_SS(%rbx)
	jne 1f
	testq $(FLAG_RF | FLAG_TF | FLAG_VM), PT_FLAGS(%rbx)
	jnz 1f
	movl $1, %eax
1:	popq %rbx
	ret
bad_user_arg6:
	clac
	movq $-EFAULT, PT_AX(%rbx)
	movq %rbx, %rdi
	call syscall_exit_to_user_mode
	xorl %eax, %eax
	popq %rbx
	ret
END do_fast_syscall_32

/* Instructions that may fault on a user address, and where to go on then. */
	.section __ex_table, "a"
	.quad get_user_arg6, bad_user_arg6
	.text

/* void syscall_exit_to_user_mode(struct pt_regs *regs): what is to be done before ring 3 runs again */
ENTRY syscall_exit_to_user_mode
	pushq %rbx
	movq %rdi, %rbx
	movq PER_CPU(PCPU_CURRENT), %rax
	cmpq $0, TASK_SYSCALL_WORK(%rax)
	je 1f
	call syscall_exit_work
1:	movq PER_CPU(PCPU_CURRENT), %rax
	testq $EXIT_WORK_MASK, TASK_FLAGS(%rax)
	jz 2f
	movq %rbx, %rdi
	call exit_to_user_mode_loop
2:	cli
	movq PER_CPU(PCPU_CURRENT), %rax
	andl $~TS_COMPAT, TASK_STATUS(%rax)
	popq %rbx
	ret
END syscall_exit_to_user_mode

/* The floating-point state every program starts with (x87 control word 0x37f, MXCSR 0x1f80); run once, at boot. */
ENTRY fpu__init_cpu
	fninit
	pushq $0x1f80
	ldmxcsr (%rsp)
	addq $8, %rsp
	hlt
END fpu__init_cpu

/* The running program's floating-point state to and from memory at rdi, for signal frames and ptrace. */
ENTRY fpu__save
	fxsave64 (%rdi)
	hlt
END fpu__save
ENTRY fpu__restore
	fxrstor64 (%rdi)
	hlt
END fpu__restore

/* void irqentry_exit_to_user_mode(struct pt_regs *regs): the same after an exception */
ENTRY irqentry_exit_to_user_mode
	movq PER_CPU(PCPU_CURRENT), %rax
	testq $EXIT_WORK_MASK, TASK_FLAGS(%rax)
	jz 1f
	call exit_to_user_mode_loop
1:	cli
	movq PER_CPU(PCPU_CURRENT), %rax
	andl $~TS_COMPAT, TASK_STATUS(%rax)
	ret
END irqentry_exit_to_user_mode

/*
 * The parts of the kernel that are Python: at hlt the machine hands over, with pt_regs in rdi, and goes on with the
 * result in rax. The stubs of the system calls follow; they and both tables come from the .tbl files, through the
 * build script.
 */

	.section .stubs.text, "ax"
	PYTHON exc_divide_error
	PYTHON exc_debug
	PYTHON exc_nmi
	PYTHON exc_int3
	PYTHON exc_overflow
	PYTHON exc_bounds
	PYTHON exc_invalid_op
	PYTHON exc_device_not_available
	PYTHON exc_double_fault
	PYTHON exc_coproc_segment_overrun
	PYTHON exc_invalid_tss
	PYTHON exc_segment_not_present
	PYTHON exc_stack_segment
	PYTHON exc_general_protection
	PYTHON exc_page_fault
	PYTHON exc_spurious_interrupt_bug
	PYTHON exc_coprocessor_error
	PYTHON exc_alignment_check
	PYTHON exc_machine_check
	PYTHON exc_simd_coprocessor_error
	PYTHON common_interrupt
	PYTHON syscall_trace_enter
	PYTHON syscall_exit_work
	PYTHON exit_to_user_mode_loop
	PYTHON __x64_sys_ni_syscall
	PYTHON __ia32_sys_ni_syscall

	.section .data, "aw"
	.p2align 12
	.globl idt_table
	.type idt_table, @object
idt_table:
	.skip 16 * 256
	.size idt_table, 16 * 256

	.globl __per_cpu_start
__per_cpu_start:
	.globl gdt_page, cpu_tss_rw, cpu_current_top_of_stack, current_task, entry_stack_top, exception_stack_top
	.type gdt_page, @object
	.type cpu_tss_rw, @object
	.set gdt_page, __per_cpu_start
	.size gdt_page, PCPU_TSS
	.set cpu_tss_rw, __per_cpu_start + PCPU_TSS
	.size cpu_tss_rw, TSS_SIZE
	.set cpu_current_top_of_stack, __per_cpu_start + PCPU_TOP_OF_STACK
	.set current_task, __per_cpu_start + PCPU_CURRENT
	.set entry_stack_top, __per_cpu_start + PCPU_ENTRY_STACK_TOP
	.skip 4096
	.skip 4096				/* the stack of double faults and NMIs */
exception_stack_top:
