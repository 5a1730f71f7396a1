/* Does the one forbidden thing its first argument names and so dies by a signal; without an argument, prints the names.

   It exits 99 if it survives the deed and 98 if it does not know the name. signals_fault.tsv says what each dies of. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
#define AX "%%rax"
#define DI "%%rdi"
#define SP "%%rsp"
#define PUSHF "pushfq\n"
#define POPF "popfq\n"
static const uintptr_t kernel_address = 0xffffffff81000000;
#else
#define AX "%%eax"
#define DI "%%edi"
#define SP "%%esp"
#define PUSHF "pushfl\n"
#define POPF "popfl\n"
static const uintptr_t kernel_address = 0xfffff000; /* above TASK_SIZE of a 32-bit task */
#endif

static const uintptr_t unmapped_address = 0x8000; /* below every segment, above the null page */

static void load(uintptr_t address) { asm volatile("movb (%0), %%al" : : "r"(address) : "eax", "memory"); }

static void store(uintptr_t address) { asm volatile("movb $1, (%0)" : : "r"(address) : "memory"); }

static void jump(uintptr_t address) { asm volatile("jmp *%0" : : "r"(address) : "memory"); }

static unsigned char data_code[] = {0xc3};        /* ret, in a page that is NX */
static const unsigned char constant_code[] = {0xc3}; /* and in one that is also read-only */

static void read_null(void) { load(0); }
static void write_null(void) { store(0); }
static void read_unmapped(void) { load(unmapped_address); }
static void read_kernel(void) { load(kernel_address); }
static void write_kernel(void) { store(kernel_address); }
static void write_text(void) { store((uintptr_t)write_text); }
static void write_constant(void) { store((uintptr_t)constant_code); }
static void exec_null(void) { jump(0); }
static void exec_unmapped(void) { jump(unmapped_address); }
static void exec_kernel(void) { jump(kernel_address); }
static void exec_data(void) { jump((uintptr_t)data_code); }
static void exec_constant(void) { jump((uintptr_t)constant_code); }

static void exec_stack(void) {
    volatile unsigned char code[] = {0xc3};
    jump((uintptr_t)code);
}

static void *anonymous_page(int protection) {
    return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void read_prot_none(void) { load((uintptr_t)anonymous_page(PROT_NONE)); }
static void write_read_only(void) { store((uintptr_t)anonymous_page(PROT_READ)); }

static void read_beyond_file(void) {
    int file = open("/proc/self/exe", O_RDONLY);
    off_t beyond = (lseek(file, 0, SEEK_END) + 0x1fff) & ~0xfff;
    load((uintptr_t)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, beyond));
}

static __attribute__((noinline)) int recurse(int depth) {
    volatile char page[4096];
    page[depth % 4096] = 1;
    return depth < 0 ? 0 : recurse(depth + 1) + page[depth % 4096];
}

static void stack_overflow(void) { recurse(0); }

static _Alignas(16) uint32_t operand[4];

#define DEED(name, assembly)                                                                                           \
    static void name(void) { asm volatile(assembly : : "a"(operand) : "ecx", "edx", "edi", "xmm0", "memory"); }
#include "signals_fault_instructions.h"
#undef DEED

#define DEED(name, ...) {#name, name},
static const struct deed {
    const char *name;
    void (*run)(void);
} deeds[] = {
    DEED(read_null) DEED(write_null) DEED(read_unmapped) DEED(read_kernel) DEED(write_kernel) DEED(write_text)
    DEED(write_constant) DEED(exec_null) DEED(exec_unmapped) DEED(exec_kernel) DEED(exec_data) DEED(exec_constant)
    DEED(exec_stack) DEED(read_prot_none) DEED(write_read_only) DEED(read_beyond_file) DEED(stack_overflow)
#include "signals_fault_instructions.h"
};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (argc < 2)
            puts(deeds[i].name);
        else if (strcmp(argv[1], deeds[i].name) == 0) {
            deeds[i].run();
            return 99;
        }
    }
    return argc < 2 ? 0 : 98;
}
