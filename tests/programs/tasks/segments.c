/* arch_prctl and the three GDT entries of set_thread_area: their checks and what they give back. */
#include "call.h"
#include <sys/mman.h>

#ifndef SYS_arch_prctl
#define SYS_arch_prctl 384
#endif

static uint64_t word;
#define GET(option) (word = 0x5555555555555555, TRY(arch_prctl, option, &word), printf("  %llx\n", (unsigned long long)word))

static void bases(void) {
#ifdef __x86_64__
    uint64_t fs = 0, gs = 0;
    static uint64_t local[2] = {0x1234, 0x5678};
    TRY(arch_prctl, 0x1002, 0x7ffffffff000);
    TRY(arch_prctl, 0x1001, 0x7ffffffff000);
    TRY(arch_prctl, 0x1001, -1);
    TRY(arch_prctl, 0x1003, BAD);
    TRY(arch_prctl, 0x1004, BAD);
    call(SYS_arch_prctl, 0x1003, &fs);
    TRY(arch_prctl, 0x1001, local);
    call(SYS_arch_prctl, 0x1004, &gs);
    uint64_t value;
    __asm__ volatile("movq %%gs:8, %0" : "=r"(value));
    printf("%d %llx\n", gs == (uintptr_t)local, (unsigned long long)value);
    __asm__ volatile("movw %w0, %%gs" : : "r"(0x2b));
    GET(0x1004);
    TRY(arch_prctl, 0x1001, local);
    unsigned selector;
    __asm__ volatile("movl %%gs, %0" : "=r"(selector));
    printf("selector %x\n", selector);
    TRY(arch_prctl, 0x1001, 0x7fffffffefff);
    GET(0x1004);
    TRY(arch_prctl, 0x1002, fs);
#else
    TRY(arch_prctl, 0x1001, 0);
    TRY(arch_prctl, 0x1002, 0);
    TRY(arch_prctl, 0x1003, &word);
    TRY(arch_prctl, 0x1004, &word);
    TRY(arch_prctl, 0x2003, 0);
    TRY(arch_prctl, 0x4001, &word);
#endif
}

static void others(void) {
    TRY(arch_prctl, 0, 0);
    TRY(arch_prctl, 0x1000, 0);
    TRY(arch_prctl, 0x1005, 0);
    TRY(arch_prctl, 0x1011, 0);
    TRY(arch_prctl, 0x1011, 77);
    TRY(arch_prctl, 0x1021, BAD);
    TRY(arch_prctl, 0x1022, BAD);
    TRY(arch_prctl, 0x1020, 0);
    TRY(arch_prctl, 0x1023, 0);
    TRY(arch_prctl, 0x1023, 17);
    TRY(arch_prctl, 0x1023, 30);
    TRY(arch_prctl, 0x1025, 30);
    TRY(arch_prctl, 0x1025, 9);
    TRY(arch_prctl, 0x1026, 9);
#ifdef __x86_64__
    TRY(arch_prctl, 0x2002, 0);
    TRY(arch_prctl, 0x2003, 0);
    TRY(arch_prctl, 0x4005, 0);
#endif
}

#ifdef __i386__
struct desc {
    uint32_t entry, base, limit;
    uint32_t bits;
};

static void area(uint32_t entry, uint32_t base, uint32_t limit, uint32_t bits) {
    struct desc desc = {entry, base, limit, bits}, back = {entry, 0x55555555, 0x55555555, 0x55555555};
    long result = call(SYS_set_thread_area, &desc);
    printf("set_thread_area %x %x %x %x = %ld, entry %x\n", entry, base, limit, bits, result, desc.entry);
    if (result == 0)
        back.entry = desc.entry;
    result = call(SYS_get_thread_area, &back);
    printf("  get %ld: %x %x %x %x\n", result, back.entry, back.base, back.limit, back.bits);
}

static void areas(void) {
    TRY(set_thread_area, BAD);
    TRY(get_thread_area, BAD);
    area(11, 0, 0, 1);
    area(12, 0x1000, 0xfffff, 0x51);
    area(13, 0x1000, 0xfffff, 0x50);
    area(13, 0x1000, 0xfffff, 0x71);
    area(13, 0x1000, 0xfffff, 0x55);
    area(13, 0x1000, 0xfffff, 0x53);
    area(13, 0x1000, 0x123456, 0x09);
    area(13, 0, 0, 0x28);
    area(13, 1, 0, 0x28);
    area(13, 0, 0, 0xa8);
    area(13, 0, 0, 0x00);
    area(13, 0, 0, 0x40);
    area(-1, 0x2000, 1, 0x41);
    area(-1, 0x2000, 1, 0x41);
    area(-1, 0x2000, 1, 0x41);
    area(-1, 0x2000, 1, 0x40);
    area(15, 0, 0, 1);
    area(14, 0x7000, 0xfffff, 0x1000051);
}

static void switched(void) {
    /* a parent and a child with other contents of the same entry, taking turns */
    uint32_t *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    low[1] = 0xaaaa;
    low[65] = 0xbbbb;
    struct desc desc = {14, (uint32_t)low, 0xfffff, 0x51};
    call(SYS_set_thread_area, &desc);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        desc.base += 256;
        call(SYS_set_thread_area, &desc);
    }
    int right = 0;
    for (int i = 0; i < 30; i++) {
        uint32_t value;
        __asm__ volatile("movw %w1, %%fs\n movl %%fs:4, %0" : "=r"(value) : "r"(14 * 8 + 3));
        right += value == (child ? 0xaaaau : 0xbbbbu);
        call(SYS_sched_yield);
    }
    if (child == 0)
        _exit(right);
    int status;
    wait(&status);
    printf("right %d %d\n", right, status >> 8);
}
#endif

static void clones(void) {
    /* thread-local storage that a child cannot get: there is no child then */
#ifdef __i386__
    struct desc desc = {3, 0, 0, 1};
    TRY(clone, 0x80000 | 17, 0, 0, BAD, 0);
    TRY(clone, 0x80000 | 17, 0, 0, &desc, 0);
    desc.entry = -1;
    TRY(clone, 0x80000 | 17, 0, 0, &desc, 0);
#else
    TRY(clone, 0x80000 | 17, 0, 0, 0, -1);
    TRY(clone, 0x80000 | 17, 0, 0, 0, 0x7ffffffff000);
#endif
    int status;
    printf("%d %d\n", wait(&status), errno);
}

int main(void) {
    in_child("clones", clones);
    in_child("bases", bases);
    in_child("others", others);
#ifdef __i386__
    in_child("areas", areas);
    in_child("switched", switched);
#endif
    return 0;
}
