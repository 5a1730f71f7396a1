/*
 * The i386 vDSO: __kernel_vsyscall and the signal trampolines, as Linux's arch/x86/entry/vdso/vdso32/ has them, and the
 * functions that tell the time, which ask the kernel. The program finds it by AT_SYSINFO_EHDR, and __kernel_vsyscall by
 * AT_SYSINFO.
 */

	.text
	.globl __kernel_vsyscall
	.type __kernel_vsyscall, @function
	.p2align 4
__kernel_vsyscall:
.Lkernel_vsyscall:
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

.macro VDSO name:req, number:req
	.globl __vdso_\name
	.type __vdso_\name, @function
	.p2align 4
__vdso_\name:
	.cfi_startproc
	push %ebx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebx, 0
	movl 8(%esp), %ebx			/* up to three arguments */
	movl 12(%esp), %ecx
	movl 16(%esp), %edx
	movl $\number, %eax
	call .Lkernel_vsyscall
	pop %ebx
	.cfi_restore ebx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size __vdso_\name, . - __vdso_\name
.endm

	VDSO clock_gettime, 265
	VDSO clock_gettime64, 403
	VDSO clock_getres, 266
	VDSO gettimeofday, 78
	VDSO time, 13
	VDSO getcpu, 318

	.section .note.Linux, "a", @note
	.long 6, 4, 0
	.asciz "Linux"
	.p2align 2
	.long 0x060c00				/* LINUX_VERSION_CODE 6.12.0, as uname says */
