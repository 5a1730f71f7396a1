/* Runs code that changes in the way its argument names, and prints what it returns; each time the old code has just run.

   read: the kernel writes it; store: the program does; protection: while it cannot be run; mapping: unmapped and mapped
   anew; moving: another page moved to its place; two_mappings: through another mapping of the same memory that cannot
   be run, made before it or after; another_process: another process does that; itself: by its own instructions. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int function(void);

static unsigned char code[] = {0xb8, 0, 0, 0, 0, 0xc3}; /* mov $n, %eax; ret */

static const unsigned char *returning(int number) {
    memcpy(code + 1, &number, 4);
    return code;
}

static int run(void *at) { return ((function *)at)(); }

static void *map(void *at, int protection) {
    return mmap(at, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);
}

static void by_read(unsigned char *page) {
    int ends[2];
    if (pipe(ends))
        return;
    for (int number = 10; number < 13; number++) {
        if (write(ends[1], returning(number), sizeof code) < 0 || read(ends[0], page, sizeof code) < 0)
            return;
        printf("by read: %d\n", run(page));
    }
}

static void by_store(unsigned char *page) {
    for (int number = 20; number < 23; number++) {
        memcpy(page, returning(number), sizeof code);
        printf("by store: %d\n", run(page));
    }
}

static void by_protection(unsigned char *page) {
    for (int number = 30; number < 33; number++) {
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
        memcpy(page, returning(number), sizeof code);
        mprotect(page, 4096, PROT_READ | PROT_EXEC);
        printf("by mprotect: %d\n", run(page));
    }
    mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void by_mapping(unsigned char *page) {
    for (int number = 40; number < 43; number++) {
        munmap(page, 4096);
        map(page, PROT_READ | PROT_WRITE | PROT_EXEC);
        memcpy(page, returning(number), sizeof code);
        printf("by mmap: %d\n", run(page));
    }
}

static void by_moving(unsigned char *page) {
    for (int number = 50; number < 53; number++) {
        unsigned char *other = map(NULL, PROT_READ | PROT_WRITE | PROT_EXEC);
        memcpy(other, returning(number), sizeof code);
        int before = run(other);
        mremap(other, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, page);
        printf("by mremap: %d %d\n", before, run(page));
    }
}

static void by_two_mappings(unsigned char *page) {
    int memory = memfd_create("code", 0);
    if (memory < 0 || ftruncate(memory, 4096))
        return;
    unsigned char *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    mmap(page, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, memory, 0);
    for (int number = 60; number < 63; number++) {
        memcpy(writable, returning(number), sizeof code);
        printf("by another mapping: %d\n", run(page));
    }
    munmap(writable, 4096);
    writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    for (int number = 63; number < 66; number++) {
        memcpy(writable, returning(number), sizeof code);
        printf("by a later mapping: %d\n", run(page));
    }
}

static void by_another_process(unsigned char *page) {
    int memory = memfd_create("code", 0), to[2], from[2];
    char byte;
    if (memory < 0 || ftruncate(memory, 4096) || pipe(to) || pipe(from))
        return;
    if (fork() == 0) {
        unsigned char *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        close(to[1]);
        for (int number = 80; read(to[0], &byte, 1) == 1; number++) {
            memcpy(writable, returning(number), sizeof code);
            write(from[1], &byte, 1);
        }
        _exit(0);
    }
    mmap(page, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, memory, 0);
    for (int count = 0; count < 3; count++)
        if (write(to[1], "w", 1) == 1 && read(from[0], &byte, 1) == 1)
            printf("by another process: %d\n", run(page));
}

static void by_itself(unsigned char *page) {
    map(page, PROT_READ | PROT_WRITE | PROT_EXEC);
#ifdef __x86_64__
    static const unsigned char increment[] = {0xb8, 70, 0, 0, 0, 0xff, 0x05, 0xf6, 0xff, 0xff, 0xff, 0xc3};
    memcpy(page, increment, sizeof increment); /* mov $70, %eax; incl -10(%rip); ret */
#else
    unsigned char increment[] = {0xb8, 70, 0, 0, 0, 0xff, 0x05, 0, 0, 0, 0, 0xc3};
    unsigned char *operand = page + 1;
    memcpy(increment + 7, &operand, 4);
    memcpy(page, increment, sizeof increment); /* mov $70, %eax; incl page + 1; ret */
#endif
    for (int count = 0; count < 3; count++)
        printf("by itself: %d\n", run(page));
}

static const struct {
    const char *name;
    void (*change)(unsigned char *);
} ways[] = {
    {"read", by_read},     {"store", by_store},   {"protection", by_protection},     {"mapping", by_mapping},
    {"moving", by_moving}, {"itself", by_itself}, {"two_mappings", by_two_mappings},
    {"another_process", by_another_process},
};

int main(int argc, char **argv) {
    unsigned char *page = map(NULL, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (argc > 1 && strcmp(argv[1], ways[i].name) == 0)
            ways[i].change(page);
    return 0;
}
