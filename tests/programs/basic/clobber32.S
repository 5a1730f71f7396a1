/* Enters the kernel by each 32-bit door with a distinct value in every register and checks what comes back changed.

   `int $0x80` and a call of __kernel_vsyscall (AT_SYSINFO) may change eax, the result, and nothing else.
   The status is 0, or 32 * probe + the wrong register's index: 1 to 8 are eax ecx edx ebx esp ebp esi edi, 9 the flags,
   10 an xmm register, 11 a selector; 31 says that the auxiliary vector has no AT_SYSINFO.
   The probes: 0 int $0x80 getpid, 1 int $0x80 of no call, 2 __kernel_vsyscall getpid, 3 __kernel_vsyscall of no call. */

#define SYS_EXIT 1
#define SYS_GETPID 20
#define AT_SYSINFO 32
#define ENOSYS 38
#define PID_MAX 0x400000
#define NO_CALL 0x7fff
#define FLAGS 0xcd7 /* every status flag and DF */

        .bss
        .balign 16
expected:       .skip 9 * 4             /* the general registers and the flags */
after:          .skip 9 * 4
        .balign 16
xmm_after:      .skip 8 * 16
selectors:      .skip 6 * 2
selectors_after: .skip 6 * 2
kernel_vsyscall: .skip 4
base:           .skip 4

        .data
        .balign 16
pattern:        .quad 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0

        .text

/* Stores the six selectors at \to. */
.macro store_selectors to
        mov     %cs, \to
        mov     %ss, \to + 2
        mov     %ds, \to + 4
        mov     %es, \to + 6
        mov     %fs, \to + 8
        mov     %gs, \to + 10
.endm

/* Goes through \door with \number in eax and compares; \of_probe goes to the status. */
.macro probe of_probe, number, door:vararg
        store_selectors selectors
        .set index, 0
        .irp register, eax, ecx, edx, ebx, esp, ebp, esi, edi
        .ifnc \register, esp
        mov     $0x01020304 * (index + 1), %\register
        .endif
        mov     %\register, expected + index * 4
        .set index, index + 1
        .endr
        .irp number_of_xmm, 0, 1, 2, 3, 4, 5, 6, 7
        movdqa  pattern, %xmm\number_of_xmm
        .endr
        push    $FLAGS
        popfl
        pushfl
        popl    expected + 8 * 4
        mov     $\number, %eax
        \door
        .set index, 0
        .irp register, eax, ecx, edx, ebx, esp, ebp, esi, edi
        mov     %\register, after + index * 4
        .set index, index + 1
        .endr
        pushfl
        popl    after + 8 * 4
        cld
        .irp number_of_xmm, 0, 1, 2, 3, 4, 5, 6, 7
        movdqa  %xmm\number_of_xmm, xmm_after + \number_of_xmm * 16
        .endr
        store_selectors selectors_after
        movl    $\of_probe, base
        call    compare
.endm

        .globl _start
_start:
        probe   0, SYS_GETPID, int $0x80
        call    check_pid
        probe   32, NO_CALL, int $0x80
        call    check_enosys
        call    find_kernel_vsyscall
        probe   64, SYS_GETPID, call *kernel_vsyscall
        call    check_pid
        probe   96, NO_CALL, call *kernel_vsyscall
        call    check_enosys
        xor     %ebx, %ebx
        jmp     leave

/* Sets kernel_vsyscall to AT_SYSINFO's value, or ends the program with status 31. */
find_kernel_vsyscall:
        lea     4(%esp), %esi           /* argc, argv, NULL, environment, NULL, auxiliary vector */
        mov     (%esi), %eax
        lea     8(%esi, %eax, 4), %esi
skip_environment:
        lodsl
        test    %eax, %eax
        jnz     skip_environment
next_entry:
        mov     $31, %ebx
        lodsl
        test    %eax, %eax
        jz      leave
        mov     %eax, %edx
        lodsl
        cmp     $AT_SYSINFO, %edx
        jne     next_entry
        mov     %eax, kernel_vsyscall
        ret

/* Ends the program with status base + 1 unless the result in after is a pid. */
check_pid:
        mov     base, %ebx
        inc     %ebx
        mov     after, %eax
        dec     %eax
        cmp     $PID_MAX, %eax
        jae     leave
        ret

/* Ends the program with status base + 1 unless the result in after is -ENOSYS. */
check_enosys:
        mov     base, %ebx
        inc     %ebx
        cmpl    $-ENOSYS, after
        jne     leave
        ret

/* Ends the program with status base + index if anything but eax is not as expected. */
compare:
        mov     base, %ebx
        mov     $1, %ecx                /* ecx, the first after eax */
        inc     %ebx
next_register:
        inc     %ebx
        mov     expected(, %ecx, 4), %eax
        cmp     after(, %ecx, 4), %eax
        jne     leave
        inc     %ecx
        cmp     $9, %ecx
        jne     next_register

        inc     %ebx
        xor     %ecx, %ecx
next_xmm:
        movdqa  xmm_after(%ecx), %xmm0
        pcmpeqb pattern, %xmm0
        pmovmskb %xmm0, %eax
        cmp     $0xffff, %eax
        jne     leave
        add     $16, %ecx
        cmp     $128, %ecx
        jne     next_xmm

        inc     %ebx
        mov     $selectors, %esi
        mov     $selectors_after, %edi
        mov     $12, %ecx
        repe cmpsb
        jne     leave
        ret

/* Exits with status ebx. */
leave:
        mov     $SYS_EXIT, %eax
        int     $0x80
