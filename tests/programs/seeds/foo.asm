; From "理解系统调用的关键在于洞悉系统调用号..." (seed 003), for Solaris x64, as printed there but for its line numbers.
BITS 64

SECTION .data

Hello:      db "Hello world!", 10
len_Hello:  equ $-Hello

SECTION .text

global _start

_start:
    mov rdi, 1          ; fd = stdout
    mov rsi, Hello      ; *buf = Hello
    mov rdx, len_Hello  ; count = len_Hello
    mov rax, 4          ; write syscall (x86_64)
    syscall

    mov rdi, 0          ; status = 0 (exit normally)
    mov rax, 1          ; exit syscall (x86_64)
    syscall
