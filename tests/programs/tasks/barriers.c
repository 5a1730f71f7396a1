/* membarrier, memory locks, msync, remap_file_pages, protection keys, and memory that is never made executable. */
#include "call.h"
#include <sys/mman.h>

static char *map(int pages, int flags) {
    return mmap(0, pages * 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static void barriers(void) {
    printf("query %lx\n", call(SYS_membarrier, 0) & 0x3ff);
    TRY(membarrier, 0, 1);
    TRY(membarrier, -1);
    TRY(membarrier, 3);
    TRY(membarrier, 1024);
    TRY(membarrier, 512);
    TRY(membarrier, 1);
    TRY(membarrier, 2);
    TRY(membarrier, 8);
    TRY(membarrier, 32);
    TRY(membarrier, 128);
    TRY(membarrier, 4);
    TRY(membarrier, 512);
    TRY(membarrier, 64);
    TRY(membarrier, 512);
    TRY(membarrier, 8);
    TRY(membarrier, 32);
    TRY(membarrier, 16);
    TRY(membarrier, 512);
    TRY(membarrier, 8);
    TRY(membarrier, 128);
    TRY(membarrier, 256);
    TRY(membarrier, 512);
    TRY(membarrier, 128);
    TRY(membarrier, 128, 1, 0);
    TRY(membarrier, 128, 2, 0);
    TRY(membarrier, 8, 1, 0);
    fflush(stdout);
    if (fork() == 0) {
        TRY(membarrier, 512);
        TRY(membarrier, 8);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
}

static void locks(void) {
    char *at = map(4, MAP_PRIVATE);
    TRY(mlock2, at, 4096, 2);
    TRY(mlock2, at, 4096, -1);
    TRY(mlock2, at, 4096, 1);
    TRY(mlock2, at, 4096, 0);
    TRY(mlock2, BAD, 4096, 0);
    TRY(mlock2, at, 0, 0);
    TRY(mlock2, at, -1, 0);
    TRY(munlock, at, 8192);
    TRY(mlockall, 0);
    TRY(mlockall, 8);
    TRY(mlockall, 4);
    TRY(mlockall, -1);
    TRY(mlockall, 2);
    char *new = map(1, MAP_PRIVATE);
    unsigned char there = 9;
    TRY(mincore, new, 4096, &there);
    printf("%d\n", there & 1);
    TRY(munlockall);
    char *later = map(1, MAP_PRIVATE);
    TRY(mincore, later, 4096, &there);
    printf("%d\n", there & 1);
    munmap(at + 4096, 4096);
    TRY(mlock, at, 3 * 4096);
}

static void synced(void) {
    char *at = map(4, MAP_SHARED);
    TRY(msync, at, 4096, 0);
    TRY(msync, at, 4096, 1);
    TRY(msync, at, 4096, 4);
    TRY(msync, at, 4096, 5);
    TRY(msync, at, 4096, 8);
    TRY(msync, at + 1, 4096, 1);
    TRY(msync, at + 1, 4096, 5);
    TRY(msync, at, 0, 1);
    TRY(msync, at, -1, 1);
    TRY(msync, BAD, 4096, 1);
    munmap(at + 4096, 4096);
    TRY(msync, at, 3 * 4096, 4);
    TRY(msync, at, 3 * 4096, 2);
    call(SYS_mlock, at, 4096);
    TRY(msync, at, 4096, 2);
}

static void remapped(void) {
    char *at = map(4, MAP_SHARED);
    for (int i = 0; i < 4; i++)
        at[i * 4096] = 'a' + i;
    TRY(remap_file_pages, at, 4096, 1, 0, 0);
    TRY(remap_file_pages, at, 0, 0, 0, 0);
    TRY(remap_file_pages, at, 100, 0, 0, 0);
    TRY(remap_file_pages, at, -1, 0, 0, 0);
    TRY(remap_file_pages, BAD, 4096, 0, 0, 0);
    char *private = map(2, MAP_PRIVATE);
    TRY(remap_file_pages, private, 4096, 0, 0, 0);
    TRY(remap_file_pages, at, 4096, 0, 2, 0);
    TRY(remap_file_pages, at + 3 * 4096 + 5, 4096, 0, 0, 0);
    printf("%c%c%c%c\n", at[0], at[4096], at[8192], at[12288]);
    TRY(remap_file_pages, at, 8192, 0, 1, 0);
    printf("%c%c%c%c\n", at[0], at[4096], at[8192], at[12288]);
    at[0] = 'x';
    printf("%c%c%c%c\n", at[0], at[4096], at[8192], at[12288]);
    TRY(remap_file_pages, at, 5 * 4096, 0, 0, 0);
}

static void keys(void) {
    char *at = map(1, MAP_PRIVATE);
    TRY(pkey_alloc, 1, 0);
    TRY(pkey_alloc, 0, 4);
    TRY(pkey_alloc, 0, 0);
    TRY(pkey_alloc, 0, 3);
    TRY(pkey_free, 0);
    TRY(pkey_free, 1);
    TRY(pkey_free, -1);
    TRY(pkey_mprotect, at, 4096, 1, -1);
    TRY(pkey_mprotect, at, 4096, 1, 0);
    TRY(pkey_mprotect, at, 4096, 1, 1);
    TRY(pkey_mprotect, at, 4096, 1, 16);
    TRY(pkey_mprotect, at + 1, 4096, 1, -1);
    TRY(pkey_mprotect, at + 1, 4096, 1, 5);
    TRY(pkey_mprotect, BAD, 4096, 64, 5);
}

static void write_or_execute(void) {
    enum { RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, ALL = RW | PROT_EXEC };
    char *old = mmap(0, 4096, ALL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *plain = map(2, MAP_PRIVATE);
    printf("%d\n", old != MAP_FAILED);
    TRY(prctl, 65, 3);
    printf("%d %d\n", mmap(0, 4096, ALL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, errno);
    char *code = mmap(0, 4096, RX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("%d\n", code != MAP_FAILED);
    TRY(mprotect, plain, 4096, RX);
    TRY(mprotect, plain, 4096, PROT_EXEC);
    TRY(mprotect, plain, 8192, PROT_READ);
    TRY(mprotect, code, 4096, PROT_READ);
    TRY(mprotect, code, 4096, RX);
    TRY(mprotect, old, 4096, ALL);
    TRY(mprotect, old, 4096, RX);
    TRY(mprotect, plain + 1, 4096, RX);
    TRY(mprotect, BAD, 4096, RX);
    fflush(stdout);
    if (fork() == 0) {
        TRY(mprotect, plain, 4096, RX);
        TRY(prctl, 66);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
}

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

static int memory_file(void) {
    int fd = call(SYS_memfd_create, "file", 0);
    if (ftruncate(fd, 4096) < 0)
        abort();
    return fd;
}

/* MADV_POPULATE_READ and MADV_POPULATE_WRITE want memory that can be read, and written. */
static void populated(void) {
    for (int prot = 0; prot < 8; prot++) {
        char *at = mmap(0, 8192, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        printf("%d: %ld %ld\n", prot, call(SYS_madvise, at, 8192, 22), call(SYS_madvise, at, 8192, 23));
    }
}

static void sealed(void) {
    char *at = map(5, MAP_PRIVATE), *constant = map(2, MAP_PRIVATE), *shared = map(1, MAP_SHARED);
    at[4096] = constant[0] = 7;
    mprotect(constant, 8192, PROT_READ);
    mprotect(shared, 4096, PROT_READ);
    TRY(mseal, at, 4096, 1);
    TRY(mseal, at + 1, 4096, 0);
    TRY(mseal, at, -1, 0);
    TRY(mseal, at, -4096, 0);
    TRY(mseal, at, 0, 0);
    TRY(mseal, BAD, 0, 0);
    TRY(mseal, (void *)4096, 4096, 0);
    TRY(mseal, at + 4096, 8192, 0);
    TRY(mseal, at + 4096, 4096, 0);
    TRY(mseal, constant, 8192, 0);
    TRY(mseal, shared, 4096, 0);
    TRY(munmap, at, 4 * 4096);
    TRY(munmap, at + 8192, 4096);
    TRY(mprotect, at, 8192, PROT_READ);
    TRY(mprotect, at + 4096, 4096, PROT_READ | PROT_WRITE);
    TRY(mprotect, at + 3 * 4096, 4096, PROT_READ);
    at[4096] = 8;
    TRY(mremap, at + 4096, 8192, 4096, 0);
    TRY(mremap, at + 4096, 8192, 3 * 4096, 1);
    TRY(mremap, at + 4096, 8192, 8192, 3, at + 4096 * 16);
    printf("%d %d\n", mmap(at + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED,
           errno);
    TRY(madvise, at + 4096, 4096, 4);
    printf("%d\n", at[4096]);
    TRY(madvise, constant, 4096, 4);
    TRY(madvise, constant, 4096, 8);
    TRY(madvise, constant, 4096, 10);
    TRY(madvise, constant, 4096, 3);
    TRY(madvise, constant, 4096, 11);
    TRY(madvise, shared, 4096, 4);
    char *file = mmap(0, 4096, PROT_READ, MAP_PRIVATE, memory_file(), 0);
    TRY(mseal, file, 4096, 0);
    TRY(madvise, file, 4096, 4);
    TRY(munmap, file, 4096);
    printf("%d\n", constant[0]);
    fflush(stdout);
    if (fork() == 0) {
        TRY(munmap, at + 4096, 4096);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(munmap, at + 3 * 4096, 8192);
    TRY(munmap, at, 4096);
}

int main(void) {
    in_child("sealed", sealed);
    in_child("populated", populated);
    in_child("write or execute", write_or_execute);
    in_child("barriers", barriers);
    in_child("locks", locks);
    in_child("synced", synced);
    in_child("remapped", remapped);
    in_child("keys", keys);
    return 0;
}
