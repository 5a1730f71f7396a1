/* brk(2): where the heap may end, what it holds, and what /proc/self/maps says of it. */
#include "memory.h"

static char *start;

static long set(long distance) { return (char *)call(SYS_brk, start + distance) - start; }

static long heap_pages;

static void heap_row(unsigned long long from, unsigned long long to, const char *allowed, unsigned long long offset,
                     const char *name) {
    if (!strcmp(name, "[heap]")) {
        heap_pages = (long)((to - from) / PAGE);
        printf("[heap] %s %llx\n", allowed, offset);
    }
}

static void moves(void) {
    SHOW(set(0));
    SHOW(set(1));
    each_row(heap_row);
    SHOW(set(10));
    start[0] = 'a';
    start[PAGE - 1] = 'z';
    TOUCH(start + PAGE, 1);
    SHOW(set(3 * PAGE + 5));
    TOUCH(start + 3 * PAGE + 100, 1);
    TOUCH(start + 4 * PAGE, 1);
    each_row(heap_row);
    SHOW(heap_pages);
    SHOW(set(PAGE));
    SHOW(start[0] == 'a' && start[PAGE - 1] == 'z');
    TOUCH(start + PAGE, 0);
    SHOW(set(8 * PAGE));
    SHOW(start[3 * PAGE + 100]);
    SHOW(set(-PAGE));
    SHOW((char *)call(SYS_brk, 0) - start);
    SHOW((char *)call(SYS_brk, 1) - start);
    SHOW((char *)call(SYS_brk, -1L) - start);
    SHOW((char *)call(SYS_brk, -PAGE) - start);
    call(SYS_mprotect, start + 2 * PAGE, PAGE, PROT_READ);
    TOUCH(start + 2 * PAGE, 1);
    each_row(heap_row);
    call(SYS_mprotect, start + 2 * PAGE, PAGE, RW);
    each_row(heap_row);
    SHOW(call(SYS_munmap, start + PAGE, PAGE));
    TOUCH(start + PAGE, 0);
    SHOW(set(9 * PAGE));
    SHOW(set(0));
    TOUCH(start, 0);
    each_row(heap_row);
}

static void obstacle(void) {
    char *at = (char *)(((uintptr_t)start + PAGE - 1) & -PAGE);
    set(PAGE);
    SHOW(call(MMAP_NUMBER, at + 16 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == (long)(at + 16 * PAGE));
    SHOW(set(14 * PAGE));
    SHOW(set(at + 15 * PAGE - start));
    SHOW(set(at + 16 * PAGE - start) == at + 15 * PAGE - start);
    SHOW(set(at + 17 * PAGE - start) == at + 15 * PAGE - start);
    munmap(at + 16 * PAGE, PAGE);
    SHOW(set(at + 17 * PAGE - start) == at + 17 * PAGE - start);
}

static void limited(void) {
    set(PAGE);
    limit(RLIMIT_DATA, 64 * PAGE);
    SHOW(set(1024 * PAGE));
    SHOW(set(0));
    limit(RLIMIT_DATA, 0);
    SHOW(set(2 * PAGE));
    SHOW((long)sbrk(PAGE) == -1 ? errno : 0);
}

static void limited_space(void) {
    limit(RLIMIT_AS, 0);
    SHOW(set(PAGE));
    SHOW(set(0));
}

static void forked(void) {
    set(4 * PAGE);
    memset(start, 'p', 4 * PAGE);
    pid_t child = fork();
    if (!child) {
        int same = start[3 * PAGE] == 'p' && set(4 * PAGE) == 4 * PAGE;
        start[0] = 'c';
        _exit(same && set(8 * PAGE) == 8 * PAGE && !touch(start + 7 * PAGE, 1) ? 5 : 6);
    }
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(start[0]);
    SHOW((char *)call(SYS_brk, 0) - start);
    TOUCH(start + 5 * PAGE, 0);
}

int main(void) {
    catch_faults();
    start = (char *)call(SYS_brk, 0);
    start = (char *)(((uintptr_t)start + PAGE - 1) & -PAGE);
    call(SYS_brk, start);
    in_child("moves", moves);
    in_child("obstacle", obstacle);
    in_child("limited", limited);
    in_child("limited space", limited_space);
    in_child("forked", forked);
    return 0;
}
