/* Prints what i386 calls answer when 64-bit code makes them by int $0x80, with other values in the upper halves.

   The kernel takes the lower halves of eax, ebx, ecx, edx, esi, edi and ebp, and gives the whole of rax; every other
   register, r8 to r11 too (since Linux 4.17), comes back as it was. A pointer must lie below 4 GiB: so line is static. */
#include <stdint.h>
#include <stdio.h>

#define UPPER 0xdead00000000

static char line[] = "written\n";

struct answer {
    uint64_t rax, rbx, rcx, rdx, r8, r9, r10, r11;
};

static struct answer call(uint64_t number, uint64_t first, uint64_t second, uint64_t third) {
    struct answer answer;
    register uint64_t r8 asm("r8") = 0x8888888888888888, r9 asm("r9") = 0x9999999999999999;
    register uint64_t r10 asm("r10") = 0xaaaaaaaaaaaaaaaa, r11 asm("r11") = 0xbbbbbbbbbbbbbbbb;
    asm volatile("int $0x80"
                 : "=a"(answer.rax), "=b"(answer.rbx), "=c"(answer.rcx), "=d"(answer.rdx), "+r"(r8), "+r"(r9),
                   "+r"(r10), "+r"(r11)
                 : "0"(number), "1"(first), "2"(second), "3"(third)
                 : "memory");
    answer.r8 = r8;
    answer.r9 = r9;
    answer.r10 = r10;
    answer.r11 = r11;
    return answer;
}

static void print_call(const char *name, uint64_t number, uint64_t first, uint64_t second, uint64_t third) {
    struct answer answer = call(number, first, second, third);
    printf("%s: rax %#lx", name, answer.rax);
    printf(", rbx rcx rdx %s", answer.rbx == first && answer.rcx == second && answer.rdx == third ? "kept" : "CHANGED");
    printf(", r8 %lx r9 %lx r10 %lx r11 %lx\n", answer.r8, answer.r9, answer.r10, answer.r11);
}

int main(void) {
    enum { EXIT = 1, WRITE = 4, CLOSE = 6, BREAK = 17, GETPID_OF_X86_64 = 39 };
    uint64_t buffer = (uint64_t)line;
    setbuf(stdout, NULL);
    print_call("write", WRITE, 1, buffer, 8);
    print_call("write, upper halves", WRITE | UPPER, 1 | UPPER, buffer | UPPER, 8 | UPPER);
    print_call("write to -1", WRITE, (uint64_t)-1, buffer, 8);
    print_call("write from null", WRITE, 1, 0, 8);
    print_call("close", CLOSE, 99 | UPPER, 0, 0);
    print_call("break", BREAK, 0, 0, 0);
    print_call("39 is mkdir here", GETPID_OF_X86_64, 0, 0, 0);
    print_call("number -1", (uint64_t)-1, 0, 0, 0);
    print_call("number 100000", 100000, 0, 0, 0);
    call(EXIT, 7 | UPPER, 0, 0);
    return 1;
}
