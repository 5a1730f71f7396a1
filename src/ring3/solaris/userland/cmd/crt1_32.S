/* crt1.S for 32-bit programs (System V ABI, i386 supplement): edx is what is registered with atexit. */

	.text
	.globl _start
	.hidden _start
	.type _start, @function
_start:
	pushl $0
	pushl $0
	movl %esp, %ebp
	movl 8(%ebp), %esi			/* argc */
	leal 12(%ebp), %edi			/* argv */
	leal 4(%edi,%esi,4), %eax		/* envp */
	andl $-16, %esp
	subl $4, %esp
	pushl %eax
	pushl %edi
	pushl %esi
	call 1f
1:	popl %ebx
	addl $_GLOBAL_OFFSET_TABLE_ + (. - 1b), %ebx
	testl %edx, %edx
	je 2f
	pushl %edx
	call atexit@PLT
	addl $4, %esp
2:	call main
	pushl %eax
	call exit@PLT
	hlt
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
