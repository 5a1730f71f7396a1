/*
 * Does the seven fast traps in turn, carry clear and every other register with a value of its own, and writes the registers
 * behind each to descriptor 1: rax rcx rdx rbx rbp rsi rdi r8 to r15 rflags.
 */

	.macro TRAP number:req
	movabsq $0x0202020202020202, %rcx
	movabsq $0x0303030303030303, %rdx
	movabsq $0x0404040404040404, %rbx
	movabsq $0x0505050505050505, %rbp
	movabsq $0x0606060606060606, %rsi
	movabsq $0x0707070707070707, %rdi
	movabsq $0x0808080808080808, %r8
	movabsq $0x0909090909090909, %r9
	movabsq $0x0a0a0a0a0a0a0a0a, %r10
	movabsq $0x0b0b0b0b0b0b0b0b, %r11
	movabsq $0x0c0c0c0c0c0c0c0c, %r12
	movabsq $0x0d0d0d0d0d0d0d0d, %r13
	movabsq $0x0e0e0e0e0e0e0e0e, %r14
	movabsq $0x0f0f0f0f0f0f0f0f, %r15
	movl $\number, %eax
	clc
	int $0xd2
	movq %rax, after+0x00(%rip)
	movq %rcx, after+0x08(%rip)
	movq %rdx, after+0x10(%rip)
	movq %rbx, after+0x18(%rip)
	movq %rbp, after+0x20(%rip)
	movq %rsi, after+0x28(%rip)
	movq %rdi, after+0x30(%rip)
	movq %r8, after+0x38(%rip)
	movq %r9, after+0x40(%rip)
	movq %r10, after+0x48(%rip)
	movq %r11, after+0x50(%rip)
	movq %r12, after+0x58(%rip)
	movq %r13, after+0x60(%rip)
	movq %r14, after+0x68(%rip)
	movq %r15, after+0x70(%rip)
	pushfq
	popq after+0x78(%rip)
	movl $4, %eax
	movl $1, %edi
	leaq after(%rip), %rsi
	movl $128, %edx
	syscall
	.endm

	.text
	.globl _start
_start:
	TRAP 0
	TRAP 1
	TRAP 2
	TRAP 3
	TRAP 4
	TRAP 5
	TRAP 6
	movl $1, %eax
	xorl %edi, %edi
	syscall

	.bss
	.p2align 4
after:	.skip 128
