/* Reads up to 16 bytes from descriptor 0, writes them to descriptor 1, and exits with how many there were. */
        .bss
buffer: .skip 16

        .text
        .globl _start
_start:
        xor     %eax, %eax
        xor     %edi, %edi
        lea     buffer, %rsi
        mov     $16, %edx
        syscall
        mov     %eax, %edx
        mov     %eax, %ebx
        mov     $1, %eax
        mov     $1, %edi
        lea     buffer, %rsi
        syscall
        mov     $60, %eax
        mov     %ebx, %edi
        syscall
