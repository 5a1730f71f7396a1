/*
 * Where a program starts (System V ABI, AMD64 3.4.1): the end of all objects, from rdx, is registered; then main is called
 * with its arguments and exit with what it returns. The symbol is hidden, and build-userland takes its name away: in the
 * seed's stack the caller of main has none.
 */

	.text
	.globl _start
	.hidden _start
	.type _start, @function
_start:
	pushq $0
	pushq $0
	movq %rsp, %rbp
	movq %rdx, %rdi
	movq 0x10(%rbp), %rbx			/* argc */
	leaq 0x18(%rbp), %r12			/* argv */
	leaq 0x20(%rbp,%rbx,8), %r13		/* envp */
	andq $-16, %rsp
	testq %rdi, %rdi
	je 1f
	call atexit@PLT
1:	movl %ebx, %edi
	movq %r12, %rsi
	movq %r13, %rdx
	call main
	movl %eax, %edi
	call exit@PLT
	hlt
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
