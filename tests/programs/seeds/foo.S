# foo.asm (seed 003) in the GNU assembler's Intel syntax: db is .ascii, equ is .set, a symbol as a value is `offset`.
        .intel_syntax noprefix

        .section .data

Hello:  .ascii "Hello world!\n"
        .set len_Hello, . - Hello

        .section .text

        .global _start

_start:
        mov rdi, 1                      # fd = stdout
        mov rsi, offset Hello           # *buf = Hello
        mov rdx, offset len_Hello       # count = len_Hello
        mov rax, 4                      # write syscall (x86_64)
        syscall

        mov rdi, 0                      # status = 0 (exit normally)
        mov rax, 1                      # exit syscall (x86_64)
        syscall
