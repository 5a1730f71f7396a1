/* Calls on memory whose results are printed without addresses: error numbers, pages from a base, faults. */
#ifndef MEMORY_H
#define MEMORY_H

#define _GNU_SOURCE
#include "../in_child.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)
#define REGION_PAGES 64L

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifdef SYS_mmap2
#define MMAP_NUMBER SYS_mmap2
#else
#define MMAP_NUMBER SYS_mmap
#endif

/* A region of pages that nothing else uses; what is mapped inside is named by its distance. */
static char *base;

#define AT(page) (base + (page) * PAGE)

static inline long raw_result(long result) { return result == -1 ? -errno : result; }

#define CALL6(number, a, b, c, d, e, f, ...) \
    raw_result(syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

/* call(SYS_x, ...): up to six arguments, the others are 0 */
#define call(...) CALL6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* TRY(x, ...): makes the call x and prints it with its result: a place inside the region as pages from its start */
#define TRY(name, ...) told(#name "(" #__VA_ARGS__ ")", call(SYS_##name, ##__VA_ARGS__))
#define MAP(...) told("mmap(" #__VA_ARGS__ ")", call(MMAP_NUMBER, __VA_ARGS__))
#define SHOW(expression) printf("%s = %lld\n", #expression, (long long)(expression))

static inline long told(const char *what, long result) {
    uintptr_t at = result;
    if (at >= (uintptr_t)base && at < (uintptr_t)AT(REGION_PAGES))
        printf("%s = page %ld\n", what, (long)(at - (uintptr_t)base) / PAGE);
    else if (at > 0x10000 && at < (uintptr_t)-4096)
        printf("%s = elsewhere\n", what);
    else
        printf("%s = %ld\n", what, result);
    return result;
}

/* Makes the region: pages that are reserved, or the gap that they leave. */
static inline void reserve(void) {
    char *at = mmap(NULL, (REGION_PAGES + 1024) * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
    base = at + 512 * PAGE;
    munmap(base, REGION_PAGES * PAGE);
}

static sigjmp_buf back;
static volatile int expected, fault_signal, fault_code;
static char *volatile fault_address;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    if (!expected)
        _exit(90);
    expected = 0;
    fault_signal = number;
    fault_code = info->si_code;
    fault_address = info->si_addr;
    siglongjmp(back, 1);
}

static inline void catch_faults(void) {
    static char stack[16384];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* Reads a byte (0), stores one (1) or runs it (2): 0, or the fault as signal * 10 + si_code; -1 for a wrong si_addr. */
static __attribute__((noinline)) int touch(volatile char *at, int kind) {
    fault_signal = 0;
    if (!sigsetjmp(back, 1)) {
        expected = 1;
        if (kind == 2)
            ((void (*)(void))(uintptr_t)at)();
        else if (kind)
            *at = 'T';
        else
            (void)*at;
        expected = 0;
        return 0;
    }
    return fault_address == at ? fault_signal * 10 + fault_code : -1;
}

#define TOUCH(at, kind) printf("touch(" #at ", " #kind ") = %d\n", touch(at, kind))

/* Calls a function for each row of /proc/self/maps; nothing is allocated meanwhile. */
static inline void each_row(void (*row)(unsigned long long start, unsigned long long end, const char *allowed,
                                        unsigned long long offset, const char *name)) {
    static char text[1 << 16];
    long size = 0, more;
    int fd = open("/proc/self/maps", O_RDONLY);
    while ((more = read(fd, text + size, sizeof text - 1 - size)) > 0)
        size += more;
    close(fd);
    text[size] = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long long start, end, offset;
        char allowed[8], name[256] = "";
        sscanf(line, "%llx-%llx %7s %llx %*s %*s %255[^\n]", &start, &end, allowed, &offset, name);
        row(start, end, allowed, offset, name);
    }
}

static inline void print_row(unsigned long long start, unsigned long long end, const char *allowed,
                             unsigned long long offset, const char *name) {
    if (start >= (uintptr_t)base && end <= (uintptr_t)AT(REGION_PAGES))
        printf(" %lld-%lld %s %llx%s%s;", (long long)(start - (uintptr_t)base) / PAGE,
               (long long)(end - (uintptr_t)base) / PAGE, allowed, offset, *name ? " " : "",
               strrchr(name, '/') ? strrchr(name, '/') : name);
}

/* Prints the rows of /proc/self/maps that lie in the region, in pages from its start. */
static inline void rows(const char *title) {
    printf("%s:", title);
    each_row(print_row);
    printf("\n");
}

/* Prints which pages of a range are in memory. */
static inline void resident(const char *title, char *at, long pages) {
    unsigned char there[REGION_PAGES];
    long result = call(SYS_mincore, at, pages * PAGE, there);
    printf("%s:", title);
    for (long page = 0; page < pages && !result; page++)
        printf(" %d", there[page] & 1);
    printf(" = %ld\n", result);
}

static inline void limit(int resource, rlim_t bytes) {
    struct rlimit both = {bytes, bytes};
    setrlimit(resource, &both);
}

static inline void unlimit(int resource, rlim_t bytes) {
    struct rlimit both;
    getrlimit(resource, &both);
    both.rlim_cur = bytes;
    setrlimit(resource, &both);
}

#endif
