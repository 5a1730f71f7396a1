/*
 * The i386 vDSO: __kernel_vsyscall and the signal trampolines, as Linux's arch/x86/entry/vdso/vdso32/ has them.
 * The program finds it by AT_SYSINFO_EHDR, and __kernel_vsyscall by AT_SYSINFO.
 */

	.text
	.globl __kernel_vsyscall
	.type __kernel_vsyscall, @function
	.p2align 4
__kernel_vsyscall:
	.cfi_startproc
	push %ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	push %edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	push %ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
	movl %esp, %ebp
	sysenter
	int $0x80
	.globl int80_landing_pad
int80_landing_pad:
	pop %ebp
	.cfi_restore ebp
	.cfi_adjust_cfa_offset -4
	pop %edx
	.cfi_restore edx
	.cfi_adjust_cfa_offset -4
	pop %ecx
	.cfi_restore ecx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall

	.globl __kernel_sigreturn
	.type __kernel_sigreturn, @function
	.p2align 4
	nop					/* unwinders look one byte before a return address */
__kernel_sigreturn:
	popl %eax				/* the signal number the frame begins with */
	movl $119, %eax				/* sigreturn */
	int $0x80
	nop
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, @function
	.p2align 4
	nop
__kernel_rt_sigreturn:
	movl $173, %eax				/* rt_sigreturn */
	int $0x80
	nop
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.Linux, "a", @note
	.long 6, 4, 0
	.asciz "Linux"
	.p2align 2
	.long 0x060c00				/* LINUX_VERSION_CODE 6.12.0, as uname says */
