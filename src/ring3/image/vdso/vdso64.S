/*
 * The x86-64 vDSO: the four time functions (and clock_getres), with the symbol version that libcs look for.
 *
 * Each asks the kernel, which is what Linux's own do when the clock source cannot be read from ring 3.
 */

	.text
.macro VDSO name:req, number:req
	.globl __vdso_\name
	.type __vdso_\name, @function
	.p2align 4
__vdso_\name:
	.cfi_startproc
	movl $\number, %eax
	syscall
	ret
	.cfi_endproc
	.size __vdso_\name, . - __vdso_\name
	.weak \name
	.set \name, __vdso_\name
	.type \name, @function
.endm

	VDSO clock_gettime, 228
	VDSO gettimeofday, 96
	VDSO time, 201
	VDSO clock_getres, 229
	VDSO getcpu, 309

	.section .note.Linux, "a", @note
	.long 6, 4, 0
	.asciz "Linux"
	.p2align 2
	.long 0x060c00
