/* Makes one write by each door that 32-bit code has, with marks in the registers that no argument uses, and exits.

   1 int $0x80, 2 sysenter by __kernel_vsyscall, 3 syscall (as AMD's processors have it), 4 sysenter whose sixth argument
   lies in a page that has not been touched; then exit(5). */

#define SYS_EXIT 1
#define SYS_WRITE 4
#define AT_SYSINFO 32

        .data
line:   .ascii "written\n"
        .balign 4
kernel_vsyscall:
        .long 0

        .bss
        .balign 0x200000                /* far from all that is touched, so that no page is filled ahead */
untouched:
        .skip 0x200000
touched:
        .skip 4096

        .text
        .globl _start
_start:
        lea     4(%esp), %esi           /* argc, argv, NULL, environment, NULL, auxiliary vector */
        mov     (%esp), %eax
        lea     8(%esp, %eax, 4), %esi
skip_environment:
        lodsl
        test    %eax, %eax
        jnz     skip_environment
find:   lodsl
        mov     %eax, %edx
        lodsl
        cmp     $AT_SYSINFO, %edx
        jne     find
        mov     %eax, kernel_vsyscall

        .globl by_int80
by_int80:
        mov     $SYS_WRITE, %eax
        mov     $1, %ebx
        mov     $line, %ecx
        mov     $8, %edx
        mov     $0x51515151, %esi
        mov     $0xd1d1d1d1, %edi
        mov     $0xb9b9b9b9, %ebp
        int     $0x80

        .globl by_vsyscall
by_vsyscall:
        mov     $SYS_WRITE, %eax
        call    *kernel_vsyscall

        .globl by_syscall
by_syscall:
        sub     $12, %esp               /* what the landing pad will pop: ebp, edx, ecx, and its return address */
        movl    $after_syscall, 12(%esp)
        mov     $SYS_WRITE, %eax
        mov     $line, %ebp             /* the second argument: ecx gets the return address */
        mov     $8, %edx
        syscall
after_syscall:

        .globl untouched_sixth
untouched_sixth:
        movl    $0, touched             /* edx for the landing pad to pop, then ecx and its return address */
        movl    $0, touched + 4
        movl    $after_untouched, touched + 8
        mov     %esp, %edi
        mov     $SYS_WRITE, %eax
        mov     $line, %ecx
        mov     $8, %edx
        mov     $touched - 4, %ebp
        sysenter
after_untouched:
        mov     %edi, %esp

        .globl leave
leave:  mov     $5, %ebx
        mov     $SYS_EXIT, %eax
        int     $0x80
