/* boot.S for 32-bit programs; and the calls that the run-time linker makes, with the arguments on the stack. */

	.text

	.globl _rt_boot
	.type _rt_boot, @function
_rt_boot:
	movl %esp, %edi
	xorl %ebp, %ebp
	call 1f
1:	popl %ebx
	addl $_GLOBAL_OFFSET_TABLE_ + (. - 1b), %ebx
	leal __ehdr_start@GOTOFF(%ebx), %esi
	/* our own relocations: all of them add the base */
	leal _DYNAMIC@GOTOFF(%ebx), %eax
	xorl %ecx, %ecx
	xorl %edx, %edx
2:	cmpl $0, (%eax)
	je 5f
	cmpl $17, (%eax)			/* DT_REL */
	jne 3f
	movl 4(%eax), %ecx
3:	cmpl $18, (%eax)			/* DT_RELSZ */
	jne 4f
	movl 4(%eax), %edx
4:	addl $8, %eax
	jmp 2b
5:	addl %esi, %ecx
	addl %ecx, %edx
6:	cmpl %edx, %ecx
	jae 7f
	movl (%ecx), %eax
	addl %esi, (%eax,%esi)
	addl $8, %ecx
	jmp 6b
7:	andl $-16, %esp
	subl $8, %esp
	pushl %esi
	pushl %edi
	call setup
	movl %edi, %esp
	leal finish_all@GOTOFF(%ebx), %edx	/* for atexit (System V ABI, i386 supplement) */
	xorl %ebp, %ebp
	jmp *%eax
	.size _rt_boot, . - _rt_boot

/* On the stack: the object, the offset of the entry's relocation, where to return. All registers are kept. */
	.globl _rt_resolve
	.hidden _rt_resolve
	.type _rt_resolve, @function
	.p2align 4
_rt_resolve:
	pushl %eax
	pushl %ecx
	pushl %edx
	pushl 16(%esp)
	pushl 16(%esp)
	call bind_plt
	addl $8, %esp
	popl %edx
	popl %ecx
	xchgl %eax, (%esp)
	ret $8
	.size _rt_resolve, . - _rt_resolve

/* long _rt_call(number, up to six arguments): the number stands where the kernel expects a return address */
	.globl _rt_call
	.hidden _rt_call
	.type _rt_call, @function
	.p2align 4
_rt_call:
	popl %ecx
	movl (%esp), %eax
	int $0x91
	pushl %ecx
	jae 1f
	negl %eax
1:	ret
	.size _rt_call, . - _rt_call

/* Where a debugger has its breakpoints (rtld_db(3LIB)). */
.macro EVENT name:req
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	pushl %ebp
	movl %esp, %ebp
	leave
	ret
	.size \name, . - \name
.endm

	EVENT rtld_db_preinit
	EVENT rtld_db_postinit
	EVENT rtld_db_dlactivity

	.section .note.GNU-stack, "", @progbits
