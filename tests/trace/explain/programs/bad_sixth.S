/* Makes a getpid by sysenter with a sixth argument that cannot be read: EFAULT, and the landing pad's pops fault too. */
        .text
        .globl _start
_start:
        mov     $20, %eax
        mov     $8, %ebp
        sysenter
        hlt
