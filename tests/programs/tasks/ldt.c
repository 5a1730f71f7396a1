/* modify_ldt: its checks, and segments of the program's own in every data segment register and, 32-bit, in CS. */
#include "call.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

struct desc {
    uint32_t entry, base, limit;
    uint32_t bits;
};
enum { WIDE = 1, STACK = 2, CODE = 4, READ_ONLY = 8, PAGES = 16, ABSENT = 32, USEABLE = 64 };

static uint32_t *low; /* memory below 4 GiB */

static long set(int function, uint32_t entry, uint32_t base, uint32_t limit, uint32_t bits) {
    struct desc desc = {entry, base, limit, bits};
    return call(SYS_modify_ldt, function, &desc, sizeof desc);
}
#define SET(...) printf("set(%s) = %ld\n", #__VA_ARGS__, set(__VA_ARGS__))

static void dump(int entries) {
    uint64_t table[20];
    memset(table, 0x55, sizeof table);
    long size = call(SYS_modify_ldt, 0, table, entries * 8);
    printf("  read %ld:", size);
    for (int i = 0; i < entries; i++)
        printf(" %llx", (unsigned long long)table[i]);
    printf("\n");
}

static void arguments(void) {
    char table[200];
    TRY(modify_ldt, 0, table, 64);
    TRY(modify_ldt, 0, BAD, 64);
    TRY(modify_ldt, 2, table, 64);
    TRY(modify_ldt, 2, table, 200);
    TRY(modify_ldt, 2, BAD, 8);
    TRY(modify_ldt, 3, table, 8);
    TRY(modify_ldt, 1, BAD, 15);
    TRY(modify_ldt, 1, BAD, 16);
    TRY(modify_ldt, 0x11, BAD, 16);
    SET(1, 8192, 0, 0, WIDE);
    SET(1, 0, 0, 5, WIDE | CODE | STACK);
    SET(1, 0, 0, 5, WIDE | CODE | STACK | ABSENT);
    SET(0x11, 0, 0, 5, WIDE | CODE | STACK);
    SET(0x11, 0, 0, 5, WIDE | CODE | STACK | ABSENT);
    dump(2);
    SET(1, 1, 0x12345678, 0xabcde, WIDE | PAGES | USEABLE);
    SET(0x11, 2, 0x12345678, 0xfffabcde, WIDE | PAGES | USEABLE);
    SET(0x11, 3, 0xffffffff, 0xabcde, WIDE | READ_ONLY);
    SET(0x11, 4, 7, 0, WIDE | CODE);
    SET(0x11, 5, 7, 0, WIDE | CODE | READ_ONLY);
    SET(0x11, 6, 7, 0, WIDE | STACK);
    SET(0x11, 7, 7, 9, WIDE | ABSENT);
    SET(0x11, 8, 7, 9, 0x80 | WIDE);
    SET(0x11, 9, 7, 9, 0);
    dump(11);
    SET(0x11, 2, 0, 0, READ_ONLY | ABSENT);
    SET(1, 1, 0, 0, WIDE);
    SET(0x11, 3, 0, 0, WIDE);
    dump(4);
    TRY(modify_ldt, 0, BAD, 8);
    TRY(modify_ldt, 0, table, 0);
    SET(0x11, 8191, 1, 2, WIDE);
    printf("%ld\n", call(SYS_modify_ldt, 0, low, 4096));
    fflush(stdout);
}

#define SELECTOR(entry) ((entry) << 3 | 7)
#define LOAD(segment, entry) __asm__ volatile("mov %0, %%" #segment : : "r"(SELECTOR(entry)) : "memory")

static uint32_t by_gs(void) {
    uint32_t value;
    __asm__ volatile("movl %%gs:4, %0" : "=r"(value));
    return value;
}
static uint32_t by_es(void) {
    uint32_t value;
#ifdef __i386__
    __asm__ volatile("movl %%es:4, %0" : "=r"(value));
#else
    __asm__ volatile("mov %%es, %0" : "=r"(value));
#endif
    return value;
}
static unsigned selector_gs(void) {
    unsigned value = 0;
    __asm__ volatile("movw %%gs, %w0" : "+r"(value));
    return value;
}

/* In a 32-bit program the C library has GS: it is put back after each use. */
static unsigned own_gs;
#define WITH_GS(entry, deed)                            \
    do {                                                \
        LOAD(gs, entry);                                \
        uint32_t value_ = by_gs();                      \
        unsigned selector_ = selector_gs();             \
        __asm__ volatile("movw %w0, %%gs" : : "r"(own_gs)); \
        printf("%s: %x by %x\n", deed, value_, selector_);  \
    } while (0)

static void use(void) {
    low[1] = 0x1111;
    low[101] = 0x2222;
    SET(0x11, 3, (uint32_t)(uintptr_t)low, 0xfffff, WIDE | PAGES);
    SET(0x11, 700, (uint32_t)(uintptr_t)(low + 100), 0xfffff, WIDE | PAGES);
    WITH_GS(3, "first");
    WITH_GS(700, "second page of the table");
    LOAD(es, 3);
    printf("es %x\n", by_es());
    call(SYS_sched_yield);
    printf("es %x\n", by_es());
}

static void family(void) {
    low[1] = 0x1111;
    SET(0x11, 3, (uint32_t)(uintptr_t)low, 0xfffff, WIDE | PAGES);
    dump(5);
    fflush(stdout);
    if (fork() == 0) {
        dump(5);
        WITH_GS(3, "child");
        low[1] = 0x3333;
        WITH_GS(3, "child");
        SET(0x11, 3, (uint32_t)(uintptr_t)(low + 50), 0xfffff, WIDE | PAGES);
        SET(0x11, 4, 9, 0xfffff, WIDE | PAGES);
        dump(5);
        for (int i = 0; i < 5; i++)
            call(SYS_sched_yield);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    WITH_GS(3, "parent");
    dump(5);
    fflush(stdout);
    if (vfork() == 0) {
        set(0x11, 4, 0x77, 0xfffff, WIDE | PAGES);
        _exit(0);
    }
    dump(5);
}

static void two_tables(void) {
    /* two processes that take turns, each with its own table */
    for (int turn = 0; turn < 2; turn++) {
        fflush(stdout);
        if (fork() == 0) {
            low[1] = 0x1000 + turn;
            set(0x11, 3 + turn, (uint32_t)(uintptr_t)low, 0xfffff, WIDE | PAGES);
            int right = 0;
            for (int i = 0; i < 50; i++) {
                LOAD(gs, 3 + turn);
                uint32_t found = by_gs();
                __asm__ volatile("movw %w0, %%gs" : : "r"(own_gs));
                right += found == 0x1000u + turn;
                call(SYS_sched_yield);
                if (i == 25)
                    set(0x11, 600, 0, 1, WIDE);
            }
            _exit(right);
        }
    }
    int status, sum = 0;
    while (wait(&status) > 0)
        sum += status >> 8;
    printf("right %d\n", sum);
}

static void caught(int signal, siginfo_t *info, void *context) {
    (void)info;
    ucontext_t *uc = context;
#ifdef __i386__
    __asm__ volatile("movw %w0, %%gs" : : "r"(own_gs));
    printf("signal %d error %x gs %x\n", signal, (unsigned)uc->uc_mcontext.gregs[REG_ERR], uc->uc_mcontext.gregs[REG_GS]);
#else
    printf("signal %d error %llx\n", signal, (unsigned long long)uc->uc_mcontext.gregs[REG_ERR]);
#endif
    fflush(stdout);
    _exit(5);
}

static void with_handler(void) {
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    for (int signal = 1; signal < 32; signal++)
        sigaction(signal, &action, 0);
}

static void load_beyond(void) { with_handler(); LOAD(fs, 3); }
static void load_empty(void) {
    with_handler();
    SET(0x11, 5, 1, 1, WIDE);
    LOAD(fs, 3);
}
static void load_absent(void) {
    with_handler();
    SET(0x11, 5, 1, 1, WIDE | ABSENT);
    LOAD(fs, 5);
}
static void load_execute_only(void) {
    with_handler();
    SET(0x11, 5, 1, 1, WIDE | CODE | READ_ONLY);
    LOAD(fs, 5);
}

#ifdef __i386__
static void other_code_segment(void) {
    /* a far call into a code segment of the table: same memory, other selector; a system call on the way */
    unsigned seen = 0, pid = 0;
    SET(0x11, 6, 0, 0xfffff, WIDE | PAGES | CODE);
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) target;
    target.selector = SELECTOR(6);
    __asm__ volatile("movl $1f, %[offset]\n lcall *%[target]\n jmp 2f\n"
                     "1: movl %%cs, %[seen]\n movl $20, %%eax\n int $0x80\n lret\n"
                     "2:"
                     : [seen] "=r"(seen), "=&a"(pid), [offset] "=m"(target.offset)
                     : [target] "m"(target)
                     : "memory", "cc");
    printf("cs %x, pid %d\n", seen, pid == (unsigned)getpid());
}
#endif

int main(void) {
    own_gs = selector_gs();
    low = mmap((void *)0x20000000, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    in_child("arguments", arguments);
    in_child("use", use);
    in_child("family", family);
    in_child("two tables", two_tables);
    in_child("beyond the table", load_beyond);
    in_child("an empty entry", load_empty);
    in_child("an absent segment", load_absent);
    in_child("an execute-only segment", load_execute_only);
#ifdef __i386__
    in_child("another code segment", other_code_segment);
#endif
    return 0;
}
