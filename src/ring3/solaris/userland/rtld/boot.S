/*
 * _rt_boot, where the kernel starts a program that has an interpreter; _rt_resolve, where a procedure linkage table leads
 * when a procedure is called for the first time; the functions that a debugger stops at.
 */

	.text

	.globl _rt_boot
	.type _rt_boot, @function
_rt_boot:
	movq %rsp, %rdi
	xorl %ebp, %ebp
	pushq %rbp				/* a stack trace ends here */
	movq %rsp, %rbp
	andq $-16, %rsp
	pushq %rdi
	pushq %rdi
	leaq __ehdr_start(%rip), %rsi
	/* our own relocations: all of them add the base */
	leaq _DYNAMIC(%rip), %rax
	xorl %ecx, %ecx
	xorl %edx, %edx
1:	movq (%rax), %r8
	testq %r8, %r8
	jz 3f
	cmpq $7, %r8				/* DT_RELA */
	jne 2f
	movq 8(%rax), %rcx
2:	cmpq $8, %r8				/* DT_RELASZ */
	jne 4f
	movq 8(%rax), %rdx
4:	addq $16, %rax
	jmp 1b
3:	addq %rsi, %rcx
	addq %rcx, %rdx
5:	cmpq %rdx, %rcx
	jae 6f
	movq (%rcx), %rax
	movq 16(%rcx), %r8
	addq %rsi, %r8
	movq %r8, (%rax,%rsi)
	addq $24, %rcx
	jmp 5b
6:	call setup
	popq %rdi
	movq %rdi, %rsp
	leaq finish_all(%rip), %rdx		/* for atexit (System V ABI, AMD64 3.4.1) */
	xorl %ebp, %ebp
	jmp *%rax
	.size _rt_boot, . - _rt_boot

/* On the stack: the object, the number of the entry, where to return. All that can hold an argument is kept. */
	.globl _rt_resolve
	.hidden _rt_resolve
	.type _rt_resolve, @function
	.p2align 4
_rt_resolve:
	pushq %rbp
	movq %rsp, %rbp
	andq $-16, %rsp
	subq $0xe0, %rsp
	movq %rdi, 0x00(%rsp)
	movq %rsi, 0x08(%rsp)
	movq %rdx, 0x10(%rsp)
	movq %rcx, 0x18(%rsp)
	movq %r8, 0x20(%rsp)
	movq %r9, 0x28(%rsp)
	movq %r10, 0x30(%rsp)
	movq %rax, 0x38(%rsp)
	movaps %xmm0, 0x40(%rsp)
	movaps %xmm1, 0x50(%rsp)
	movaps %xmm2, 0x60(%rsp)
	movaps %xmm3, 0x70(%rsp)
	movaps %xmm4, 0x80(%rsp)
	movaps %xmm5, 0x90(%rsp)
	movaps %xmm6, 0xa0(%rsp)
	movaps %xmm7, 0xb0(%rsp)
	movq 0x08(%rbp), %rdi
	movq 0x10(%rbp), %rsi
	call bind_plt
	movq %rax, %r11
	movq 0x00(%rsp), %rdi
	movq 0x08(%rsp), %rsi
	movq 0x10(%rsp), %rdx
	movq 0x18(%rsp), %rcx
	movq 0x20(%rsp), %r8
	movq 0x28(%rsp), %r9
	movq 0x30(%rsp), %r10
	movq 0x38(%rsp), %rax
	movaps 0x40(%rsp), %xmm0
	movaps 0x50(%rsp), %xmm1
	movaps 0x60(%rsp), %xmm2
	movaps 0x70(%rsp), %xmm3
	movaps 0x80(%rsp), %xmm4
	movaps 0x90(%rsp), %xmm5
	movaps 0xa0(%rsp), %xmm6
	movaps 0xb0(%rsp), %xmm7
	leave
	leaq 16(%rsp), %rsp			/* the object and the number */
	jmp *%r11
	.size _rt_resolve, . - _rt_resolve

/* Where a debugger has its breakpoints (rtld_db(3LIB)). */
.macro EVENT name:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	pushq %rbp
	movq %rsp, %rbp
	leave
	ret
	.size \name, . - \name
.endm

	EVENT rtld_db_preinit
	EVENT rtld_db_postinit
	EVENT rtld_db_dlactivity

	.section .note.GNU-stack, "", @progbits
