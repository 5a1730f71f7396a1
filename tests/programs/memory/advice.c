/* madvise(2), mincore(2), msync(2): what memory holds after each advice, here and in children; what is refused. */
#include "memory.h"

enum { POPULATE_READ = 22, POPULATE_WRITE = 23, DONTNEED_LOCKED = 24 };

static int file(void) {
    int fd = memfd_create("file", 0);
    char page[PAGE];
    for (int i = 0; i < 4; i++) {
        memset(page, '0' + i, PAGE);
        write(fd, page, PAGE);
    }
    return fd;
}

static void contents(long first, long count) {
    printf("contents:");
    for (long page = first; page < first + count; page++)
        printf(" %d", AT(page)[9]);
    printf("\n");
}

static void dropped(void) {
    int fd = file();
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(4), 4 * PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    MAP(AT(8), 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    MAP(AT(12), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    memset(AT(0), 'x', 12 * PAGE);
    memset(AT(13), 'y', PAGE);
    contents(0, 16);
    TRY(madvise, AT(1), 2 * PAGE, MADV_DONTNEED);
    TRY(madvise, AT(5), PAGE, MADV_DONTNEED);
    TRY(madvise, AT(9), 2 * PAGE, MADV_DONTNEED);
    TRY(madvise, AT(12), 4 * PAGE, MADV_DONTNEED);
    contents(0, 16);
    resident("anonymous", AT(0), 4);
    TRY(madvise, AT(4), 2 * PAGE, MADV_REMOVE);
    TRY(madvise, AT(12), PAGE, MADV_REMOVE);
    TRY(madvise, AT(0), PAGE, MADV_REMOVE);
    TRY(madvise, AT(8), PAGE, MADV_REMOVE);
    contents(0, 16);
    char byte = 1;
    pread(fd, &byte, 1, 0);
    SHOW(byte);
    TRY(madvise, AT(0), PAGE, MADV_FREE);
    AT(0)[9] = 'w';
    contents(0, 1);
    TRY(madvise, AT(4), PAGE, MADV_FREE);
    TRY(madvise, AT(8), PAGE, MADV_FREE);
    TRY(mlock, AT(0), PAGE);
    TRY(madvise, AT(0), PAGE, MADV_DONTNEED);
    TRY(madvise, AT(0), PAGE, MADV_FREE);
    TRY(madvise, AT(0), PAGE, DONTNEED_LOCKED);
    contents(0, 1);
}

static void in_children(void) {
    MAP(AT(0), 6 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(6), PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    memset(AT(0), 'f', 7 * PAGE);
    TRY(madvise, AT(1), PAGE, MADV_DONTFORK);
    TRY(madvise, AT(2), PAGE, MADV_WIPEONFORK);
    TRY(madvise, AT(3), PAGE, MADV_DONTFORK);
    TRY(madvise, AT(3), PAGE, MADV_DOFORK);
    TRY(madvise, AT(4), PAGE, MADV_WIPEONFORK);
    TRY(madvise, AT(4), PAGE, MADV_KEEPONFORK);
    TRY(madvise, AT(6), PAGE, MADV_WIPEONFORK);
    rows("parent");
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        rows("child");
        for (int page = 0; page < 7; page++)
            printf(" %d", touch(AT(page), 0) ? -1 : AT(page)[9]);
        printf("\n");
        fflush(stdout);
        AT(2)[9] = 'g';
        child = fork();
        if (!child) {
            printf("grandchild: %d\n", AT(2)[9]);
            fflush(stdout);
            _exit(0);
        }
        waitpid(child, NULL, 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    contents(0, 7);
}

static void filled(void) {
    int fd = file();
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(4), 2 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
    MAP(AT(6), PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0);
    MAP(AT(8), 6 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    resident("fresh", AT(0), 4);
    TRY(madvise, AT(2), 2 * PAGE, POPULATE_WRITE);
    resident("populated", AT(0), 4);
    TRY(madvise, AT(3), 2 * PAGE, POPULATE_READ);
    TRY(madvise, AT(4), PAGE, POPULATE_WRITE);
    TRY(madvise, AT(6), PAGE, POPULATE_READ);
    TRY(madvise, AT(5), 3 * PAGE, POPULATE_READ);
    TRY(madvise, AT(8), 4 * PAGE, POPULATE_READ);
    TRY(madvise, AT(8), 6 * PAGE, POPULATE_WRITE);
    TRY(madvise, AT(8), 4 * PAGE, MADV_WILLNEED);
    TRY(madvise, AT(0), 4 * PAGE, MADV_WILLNEED);
    TRY(madvise, AT(0), 4 * PAGE, MADV_RANDOM);
    TRY(madvise, AT(0), 4 * PAGE, MADV_SEQUENTIAL);
    TRY(madvise, AT(0), 4 * PAGE, MADV_NORMAL);
    TRY(madvise, AT(0), 4 * PAGE, MADV_COLD);
    TRY(madvise, AT(0), 4 * PAGE, MADV_DONTDUMP);
    TRY(madvise, AT(0), 4 * PAGE, MADV_DODUMP);
    resident("all", AT(8), 4);
}

static void refused(void) {
    MAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(4), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    memset(AT(0), 'r', 2 * PAGE);
    memset(AT(4), 'r', 2 * PAGE);
    unsigned char vector[16];
    TRY(madvise, AT(0), PAGE, 99);
    TRY(madvise, AT(0), PAGE, -1);
    TRY(madvise, AT(0), PAGE, 5);
    TRY(madvise, AT(0) + 1, PAGE, MADV_DONTNEED);
    TRY(madvise, AT(0), 0, MADV_DONTNEED);
    TRY(madvise, AT(0), 0, 99);
    TRY(madvise, AT(0), 6 * PAGE, MADV_DONTNEED);
    contents(0, 2);
    contents(4, 2);
    TRY(madvise, AT(10), PAGE, MADV_NORMAL);
    TRY(mincore, AT(0) + 1, PAGE, vector);
    TRY(mincore, AT(0), 3 * PAGE, vector);
    TRY(mincore, AT(0), PAGE, 0);
    TRY(mincore, AT(0), 0, vector);
    TRY(mincore, AT(0), -1L, vector);
    TRY(mincore, AT(10), PAGE, vector);
    TRY(msync, AT(0) + 1, PAGE, MS_SYNC);
    TRY(msync, AT(0), PAGE, 8);
    TRY(msync, AT(0), PAGE, MS_SYNC | MS_ASYNC);
    TRY(msync, AT(0), PAGE, 0);
    TRY(msync, AT(0), PAGE, MS_SYNC | MS_INVALIDATE);
    TRY(msync, AT(0), 3 * PAGE, MS_SYNC);
    TRY(msync, AT(10), PAGE, MS_ASYNC);
    TRY(mlock, AT(0), PAGE);
    TRY(msync, AT(0), PAGE, MS_INVALIDATE);
}

int main(void) {
    catch_faults();
    reserve();
    in_child("dropped", dropped);
    in_child("in children", in_children);
    in_child("filled", filled);
    in_child("refused", refused);
    return 0;
}
