/* memory SEED STEPS: random sequences of calls on an arena of pages, which are looked at by touching them. */
#include "sequence.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>

enum { PAGE = 4096, PAGES = 48, FILE_PAGES = 6 };

static char *arena;
static int file, shared;
static sigjmp_buf back;
static siginfo_t info;

static void on_fault(int signal, siginfo_t *found, void *context)
{
    (void)signal, (void)context;
    info = *found;
    siglongjmp(back, 1);
}

static unsigned page(void) { return below(PAGES); }
static unsigned length(void) { return 1 + below(chance(70) ? 4 : 12); }

static int prot(void)
{
    static const int all[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE, PROT_READ | PROT_EXEC, PROT_EXEC};
    return ONE_OF(all);
}

/* What an address is called in the output. */
static long place(void *address)
{
    char *there = address;
    if (there == MAP_FAILED)
        return -1;
    return there >= arena && there < arena + PAGES * PAGE ? (there - arena) / PAGE : 9999;
}

static void do_map(void)
{
    static const int kinds[] = {MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED};
    static const int extra[] = {0, 0, 0, MAP_NORESERVE, MAP_POPULATE, MAP_GROWSDOWN, MAP_LOCKED};
    unsigned at = page(), count = length(), offset = below(FILE_PAGES);
    int how = prot(), flags = ONE_OF(kinds), more = ONE_OF(extra), what = below(3), exact = below(3);
    if (at + count > PAGES)
        return;
    flags |= exact ? MAP_FIXED : MAP_FIXED_NOREPLACE;
    if (flags & MAP_SHARED && more == MAP_GROWSDOWN)
        more = 0;
    flags |= more | (what ? 0 : MAP_ANONYMOUS);
    printf("mmap %u+%u prot %d flags %#x of %d at %u", at, count, how, flags, what, offset);
    void *got = mmap(arena + at * PAGE, count * PAGE, how, flags, what == 0 ? -1 : what == 1 ? file : shared, (long)offset * PAGE);
    if (got == MAP_FAILED)
        result(-1);
    else
        result(place(got));
}

static void do_unmap(void)
{
    unsigned at = page(), count = length();
    if (at + count > PAGES)
        return;
    printf("munmap %u+%u", at, count);
    result(munmap(arena + at * PAGE, count * PAGE));
}

static void do_protect(void)
{
    unsigned at = page(), count = length();
    int how = prot();
    if (at + count > PAGES)
        return;
    printf("mprotect %u+%u %d", at, count, how);
    result(mprotect(arena + at * PAGE, count * PAGE, how));
}

static void do_remap(void)
{
    static const int all[] = {0, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED | 4, MREMAP_FIXED};
    unsigned from = page(), old = below(6), new = below(8), to = page();
    int flags = ONE_OF(all);
    if (from + (old > new ? old : new) > PAGES || to + new > PAGES)
        return;
    printf("mremap %u+%u -> %u+%u flags %d", from, old, to, new, flags);
    void *got = mremap(arena + from * PAGE, old * PAGE, new * PAGE, flags, arena + to * PAGE);
    if (got == MAP_FAILED)
        result(-1);
    else
        result(place(got));
}

static void do_advise(void)
{
    static const int all[] = {MADV_DONTNEED, MADV_DONTNEED, MADV_WILLNEED, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DOFORK, MADV_REMOVE, 18, 19, 21, 22, 23, 99};
    unsigned at = page(), count = length();
    int advice = ONE_OF(all);
    if (at + count > PAGES)
        return;
    printf("madvise %u+%u %d", at, count, advice);
    result(madvise(arena + at * PAGE, count * PAGE, advice));
}

static void do_lock(void)
{
    unsigned at = page(), count = length(), how = below(3);
    if (at + count > PAGES)
        return;
    printf("mlock %u+%u %u", at, count, how);
    result(how == 0 ? mlock(arena + at * PAGE, count * PAGE) : how == 1 ? munlock(arena + at * PAGE, count * PAGE)
                                                             : syscall(SYS_mlock2, arena + at * PAGE, count * PAGE, 1));
}

static void do_sync(void)
{
    static const int all[] = {MS_ASYNC, MS_SYNC, MS_INVALIDATE, MS_SYNC | MS_INVALIDATE, MS_ASYNC | MS_SYNC};
    unsigned at = page(), count = length();
    int flags = ONE_OF(all);
    if (at + count > PAGES)
        return;
    printf("msync %u+%u %d", at, count, flags);
    result(msync(arena + at * PAGE, count * PAGE, flags));
}

static void do_read(void)
{
    unsigned at = page(), offset = below(PAGE);
    printf("load %u", at);
    if (sigsetjmp(back, 1)) {
        printf(" signal %d code %d at %ld\n", info.si_signo, info.si_code, place(info.si_addr));
        return;
    }
    volatile unsigned char *there = (unsigned char *)arena + at * PAGE + offset;
    printf(": %u\n", *there);
}

static void do_write(void)
{
    unsigned at = page(), offset = below(PAGE), value = below(256);
    printf("store %u %u", at, value);
    if (sigsetjmp(back, 1)) {
        printf(" signal %d code %d at %ld\n", info.si_signo, info.si_code, place(info.si_addr));
        return;
    }
    ((volatile unsigned char *)arena)[at * PAGE + offset] = value;
    printf("\n");
}

static void do_fill(void)
{
    unsigned at = page(), value = below(256);
    printf("fill %u %u", at, value);
    if (sigsetjmp(back, 1)) {
        printf(" signal %d code %d at %ld\n", info.si_signo, info.si_code, place(info.si_addr));
        return;
    }
    memset(arena + at * PAGE, value, PAGE);
    printf("\n");
}

static void do_kernel_read(void)
{
    unsigned at = page(), count = below(3 * PAGE);
    int pipes[2];
    if (at + 3 > PAGES)
        return;
    if (pipe(pipes))
        exit(3);
    printf("write from %u %u", at, count);
    result(write(pipes[1], arena + at * PAGE + 5, count));
    close(pipes[0]);
    close(pipes[1]);
}

static void do_kernel_write(void)
{
    unsigned at = page(), count = below(3 * PAGE);
    if (at + 3 > PAGES)
        return;
    printf("pread to %u %u", at, count);
    result(pread(file, arena + at * PAGE + 7, count, 0));
}

static void do_residence(void)
{
    unsigned at = page();
    unsigned char in[4];
    if (at + 4 > PAGES)
        return;
    printf("mincore %u", at);
    result(mincore(arena + at * PAGE, 4 * PAGE, in));
}

static void do_truncate(void)
{
    unsigned pages = below(FILE_PAGES + 2);
    printf("truncate %u", pages);
    result(ftruncate(file, pages * PAGE + (chance(30) ? 100 : 0)));
}

static void do_fork(void)
{
    unsigned pages[3] = {page(), page(), page()}, value = below(256);
    printf("fork:\n");
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        for (unsigned i = 0; i < 3; i++) {
            printf("  child %u", pages[i]);
            if (sigsetjmp(back, 1)) {
                printf(" signal %d code %d\n", info.si_signo, info.si_code);
                continue;
            }
            volatile unsigned char *there = (unsigned char *)arena + pages[i] * PAGE;
            printf(" %u", *there);
            *there = value;
            printf(" %u\n", *there);
        }
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("  ended %d\n", status);
}

struct mapping {
    long first, last;
    unsigned long offset;
    char perms[8], name[100], flags[100];
};

/* Shows a mapping; neighbours that differ in nothing are one, for whether the kernel keeps them apart is its own business. */
static void show(struct mapping *last, const struct mapping *next)
{
    int is_file = last->name[0];
    if (next && next->first == last->last && !strcmp(next->perms, last->perms) && !strcmp(next->name, last->name) &&
        !strcmp(next->flags, last->flags) && (!is_file || next->offset == last->offset + (last->last - last->first) * PAGE)) {
        last->last = next->last;
        return;
    }
    if (last->last)
        printf("  %ld-%ld %s %lx %s %s\n", last->first, last->last, last->perms, last->offset, last->name, last->flags);
    if (next)
        *last = *next;
}

static void do_list(void)
{
    static char text[1 << 20]; /* no allocation: it could be put into the arena */
    int maps = open(chance(50) ? "/proc/self/maps" : "/proc/self/smaps", O_RDONLY);
    struct mapping last = {0}, next = {0};
    size_t got = 0;
    for (ssize_t more; (more = read(maps, text + got, sizeof text - 1 - got)) > 0;)
        got += more;
    close(maps);
    text[got] = 0;
    printf("maps:\n");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long from, to, inode;
        char device[16], name[300] = "";
        struct mapping found = {0};
        if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %299[^\n]", &from, &to, found.perms, &found.offset, device, &inode, name) >= 6) {
            if (next.last)
                show(&last, &next);
            next = found;
            if ((char *)from >= arena && (char *)to <= arena + PAGES * PAGE) {
                next.first = ((long)from - (long)arena) / PAGE;
                next.last = ((long)to - (long)arena) / PAGE;
                snprintf(next.name, sizeof next.name, "%s", name[0] == '/' ? strrchr(name, '/') : name);
            }
        } else if (next.last && !strncmp(line, "VmFlags", 7)) {
            char *counted = strstr(line, " ac"); /* kept after mprotect for pages that were written */
            if (counted)
                memmove(counted, counted + 3, strlen(counted + 3) + 1);
            snprintf(next.flags, sizeof next.flags, "%s", line);
        }
    }
    if (next.last)
        show(&last, &next);
    show(&last, NULL);
}

static const struct operation operations[] = {
    {10, do_map}, {5, do_unmap}, {6, do_protect}, {7, do_remap}, {5, do_advise}, {2, do_lock}, {2, do_sync}, {8, do_read},
    {8, do_write}, {3, do_fill}, {3, do_kernel_read}, {3, do_kernel_write}, {2, do_residence}, {3, do_truncate}, {2, do_fork},
    {3, do_list},
};

int main(int argc, char **argv)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    file = open("contents", O_RDWR | O_CREAT, 0600);
    shared = syscall(SYS_memfd_create, "shared", 0);
    char contents[FILE_PAGES * PAGE];
    for (size_t i = 0; i < sizeof contents; i++)
        contents[i] = i / 100;
    if (write(file, contents, sizeof contents) < 0 || write(shared, contents, sizeof contents) < 0)
        return 2;
    char *around = mmap(NULL, (PAGES + 512) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    arena = around + 256 * PAGE;
    munmap(arena, PAGES * PAGE);
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
