/* A program moves its vDSO: calls go on working, and signals come back through it. */
#include "call.h"

#include <link.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>

static volatile int handled;

static void handle(int signal) { handled = signal; }

static size_t size_of(const char *image) {
    const ElfW(Ehdr) *header = (const void *)image;
    const ElfW(Phdr) *program = (const void *)(image + header->e_phoff);
    size_t end = 0;
    for (int i = 0; i < header->e_phnum; i++)
        if (program[i].p_type == PT_LOAD)
            end = program[i].p_vaddr + program[i].p_memsz;
    return (end + 4095) & -4096ul;
}

static long direct(long number) {
    long result;
#ifdef __x86_64__
    __asm__ volatile("syscall" : "=a"(result) : "0"(number) : "rcx", "r11", "memory");
#else
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number) : "memory");
#endif
    return result;
}

/* Makes a call by the vDSO's own door, which 64-bit programs have not. */
static long by_vdso(long distance, long number) {
#ifdef __x86_64__
    (void)distance;
    return direct(number);
#else
    long result;
    uintptr_t door = getauxval(AT_SYSINFO) + distance;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(door), "0"(number) : "memory");
    return result;
#endif
}

int main(void) {
    char *image = (char *)getauxval(AT_SYSINFO_EHDR);
    size_t size = size_of(image);
    struct {
        void (*handler)(int);
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } action = {.handler = handle};
    char *target = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("before: %d\n", by_vdso(0, SYS_getpid) == direct(SYS_getpid));
    fflush(stdout);
    long moved;
#ifdef __x86_64__
    register long flags __asm__("r10") = MREMAP_MAYMOVE | MREMAP_FIXED;
    register char *to __asm__("r8") = target;
    __asm__ volatile("syscall"
                     : "=a"(moved)
                     : "0"(SYS_mremap), "D"(image), "S"(size), "d"(size), "r"(flags), "r"(to)
                     : "rcx", "r11", "memory");
    struct sigaction usual = {.sa_handler = handle};
    (void)action;
    sigaction(SIGUSR1, &usual, NULL);
#else
    __asm__ volatile("int $0x80"
                     : "=a"(moved)
                     : "0"(SYS_mremap), "b"(image), "c"(size), "d"(size), "S"(MREMAP_MAYMOVE | MREMAP_FIXED),
                       "D"(target)
                     : "memory");
    __asm__ volatile("mov %0, %%gs:0x10" : : "r"(getauxval(AT_SYSINFO) + (target - image))); /* the C library's door */
    long set;
    __asm__ volatile("int $0x80"
                     : "=a"(set)
                     : "0"(SYS_rt_sigaction), "b"(SIGUSR1), "c"(&action), "d"(0), "S"(8)
                     : "memory");
#endif
    printf("moved: %d\n", (char *)moved == target);
    printf("after: %d\n", by_vdso(target - image, SYS_getpid) == direct(SYS_getpid));
    raise(SIGUSR1);
    printf("signal %d\n", handled);
    return 0;
}
