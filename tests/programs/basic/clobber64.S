/* Enters the kernel by each 64-bit door with a distinct value in every register and checks what comes back changed.

   `syscall` may change rax (the result), rcx (the address after it) and r11 (the flags), `int $0x80` rax only.
   The status is 0, or 32 * probe + the wrong register's index: 1 to 16 are rax rcx rdx rbx rsp rbp rsi rdi r8 to r15 in
   the order of their encoding, 17 the flags, 18 an xmm register, 19 a selector, 20 the base of fs, 21 the base of gs.
   The probes: 0 syscall getpid, 1 syscall of no call, 2 int $0x80 getpid, 3 int $0x80 of no call. */

#define SYS_ARCH_PRCTL 158
#define SYS_EXIT 60
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ENOSYS 38
#define PID_MAX 0x400000
#define NO_CALL 0x7fff
#define FLAGS 0xcd7 /* every status flag and DF */

        .bss
        .balign 16
expected:       .skip 17 * 8            /* the general registers and the flags */
after:          .skip 17 * 8
xmm_after:      .skip 16 * 16
selectors:      .skip 6 * 2
selectors_after: .skip 6 * 2

        .data
        .balign 16
pattern:        .quad 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0
fs_cell:        .quad 0xf5f5f5f5f5f5f5f5
gs_cell:        .quad 0x6565656565656565

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

/* Goes through \door with \number in rax and compares; \base goes to the status. Leaves rax's result in after. */
.macro probe base, number, door:vararg
        store_selectors selectors
        .set index, 0
        .irp register, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        .ifnc \register, rsp
        movabs  $0x0102030405060708 * (index + 1), %\register
        .endif
        mov     %\register, expected + index * 8
        .set index, index + 1
        .endr
        .irp number_of_xmm, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movdqa  pattern, %xmm\number_of_xmm
        .endr
        push    $FLAGS
        popfq
        pushfq
        popq    expected + 16 * 8
        mov     $\number, %eax
        \door
1:      .set index, 0
        .irp register, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        mov     %\register, after + index * 8
        .set index, index + 1
        .endr
        pushfq
        popq    after + 16 * 8
        cld
        .irp number_of_xmm, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movdqa  %xmm\number_of_xmm, xmm_after + \number_of_xmm * 16
        .endr
        store_selectors selectors_after
        .ifc \door, syscall
        movq    $1b, expected + 1 * 8
        mov     expected + 16 * 8, %rax
        mov     %rax, expected + 11 * 8
        .endif
        mov     $\base, %r12d
        call    compare
.endm

        .globl _start
_start:
        mov     $SYS_ARCH_PRCTL, %eax
        mov     $ARCH_SET_FS, %edi
        mov     $fs_cell, %esi
        syscall
        mov     $SYS_ARCH_PRCTL, %eax
        mov     $ARCH_SET_GS, %edi
        mov     $gs_cell, %esi
        syscall

        probe   0, 39, syscall
        call    check_pid
        probe   32, NO_CALL, syscall
        call    check_enosys
        probe   64, 20, int $0x80
        call    check_pid
        probe   96, NO_CALL, int $0x80
        call    check_enosys
        xor     %edi, %edi
        jmp     leave

/* Ends the program with status r12 + 1 unless the result in after is a pid. */
check_pid:
        lea     1(%r12), %edi
        mov     after, %rax
        dec     %rax
        cmp     $PID_MAX, %rax
        jae     leave
        ret

/* Ends the program with status r12 + 1 unless the result in after is -ENOSYS. */
check_enosys:
        lea     1(%r12), %edi
        cmpq    $-ENOSYS, after
        jne     leave
        ret

/* Ends the program with status r12 + index if anything but rax is not as expected. */
compare:
        mov     $1, %ecx                /* rcx, the first after rax */
next_register:
        lea     1(%r12, %rcx), %edi
        mov     expected(, %rcx, 8), %rax
        cmp     after(, %rcx, 8), %rax
        jne     leave
        inc     %ecx
        cmp     $17, %ecx
        jne     next_register

        lea     18(%r12), %edi
        xor     %ecx, %ecx
next_xmm:
        movdqa  xmm_after(%rcx), %xmm0
        pcmpeqb pattern, %xmm0
        pmovmskb %xmm0, %eax
        cmp     $0xffff, %eax
        jne     leave
        add     $16, %ecx
        cmp     $256, %ecx
        jne     next_xmm

        lea     19(%r12), %edi
        mov     selectors, %rax
        cmp     selectors_after, %rax
        jne     leave
        mov     selectors + 8, %eax
        cmp     selectors_after + 8, %eax
        jne     leave

        lea     20(%r12), %edi
        mov     fs_cell, %rax
        cmp     %fs:0, %rax
        jne     leave
        lea     21(%r12), %edi
        mov     gs_cell, %rax
        cmp     %gs:0, %rax
        jne     leave
        ret

/* Exits with status edi. */
leave:
        mov     $SYS_EXIT, %eax
        syscall
