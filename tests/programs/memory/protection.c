/* mprotect(2): what is allowed, the fault that tells it, and what is refused. */
#include "memory.h"

static void kinds(void) {
    static const int all[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC, PROT_READ | PROT_EXEC, RW, RW | PROT_EXEC};
    MAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    AT(0)[0] = (char)0xc3; /* ret */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int result = mprotect(AT(0), PAGE, all[i]);
        printf("%d: %d read %d write %d run %d\n", all[i], result, touch(AT(0), 0), touch(AT(0) + 8, 1),
               touch(AT(0), 2));
    }
    TOUCH(AT(2), 0);
    TOUCH(AT(2), 1);
    TOUCH(AT(2), 2);
    TOUCH((char *)0, 0);
    TOUCH((char *)16, 1);
    TOUCH((char *)0, 2);
    TOUCH((char *)-1, 0);
    TOUCH((char *)-4096, 1);
    TOUCH((char *)printf, 1);
}

static void refused(void) {
    MAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(4), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mprotect, AT(0) + 1, PAGE, PROT_READ);
    TRY(mprotect, AT(0), 0, PROT_READ);
    TRY(mprotect, AT(8), 0, PROT_READ);
    TRY(mprotect, AT(8), PAGE, PROT_READ);
    TRY(mprotect, AT(0), PAGE, 0x100);
    TRY(mprotect, AT(0), -1L, PROT_READ);
    TRY(mprotect, AT(0), -PAGE, PROT_READ);
    rows("as it was, or all of it");
    TRY(mprotect, AT(0), 6 * PAGE, PROT_NONE);
    rows("up to the hole");
    TRY(mprotect, AT(2), 3 * PAGE, PROT_NONE);
    rows("nothing more");
    int fd = open("/proc/self/exe", O_RDONLY);
    MAP(AT(8), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
    TRY(mprotect, AT(8), PAGE, RW);
    TRY(mprotect, AT(8), PAGE, PROT_READ | PROT_EXEC);
    MAP(AT(10), PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
    TRY(mprotect, AT(10), PAGE, RW);
    AT(10)[0] = 'x';
    SHOW(AT(10)[0]);
    char byte;
    SHOW(pread(fd, &byte, 1, 0));
    SHOW(byte);
}

/* The kernel's own accesses follow the same rights and give EFAULT; what lay before the fault is done. */
static void kernel_accesses(void) {
    int ends[2];
    pipe(ends);
    MAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    memset(AT(0), 'k', 2 * PAGE);
    mprotect(AT(1), PAGE, PROT_NONE);
    TRY(write, ends[1], AT(1), 1);
    TRY(write, ends[1], AT(1) - 4, 8);
    TRY(write, ends[1], AT(1) - 4, 4);
    mprotect(AT(1), PAGE, PROT_READ);
    TRY(read, ends[0], AT(1), 1);
    TRY(write, ends[1], AT(1) - 4, 8);
    TRY(read, ends[0], AT(0), 100);
    TRY(write, ends[1], (char *)-8, 8);
    TRY(write, ends[1], AT(8), 1);
    TRY(write, ends[1], AT(8), 0);
}

static void counted(void) {
    struct rlimit old;
    MAP(AT(0), 8 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
    getrlimit(RLIMIT_DATA, &old);
    unlimit(RLIMIT_DATA, PAGE);
    TRY(mprotect, AT(0), 8 * PAGE, RW);
    TRY(mprotect, AT(0), 8 * PAGE, PROT_READ | PROT_EXEC);
    unlimit(RLIMIT_DATA, old.rlim_cur);
    TRY(mprotect, AT(0), 8 * PAGE, RW);
    rows("counted");
}

int main(void) {
    catch_faults();
    reserve();
    in_child("kinds", kinds);
    in_child("refused", refused);
    in_child("kernel accesses", kernel_accesses);
    in_child("counted", counted);
    return 0;
}
