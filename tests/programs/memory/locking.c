/* mlock(2) and its family, with RLIMIT_MEMLOCK and without the capability that lifts it. */
#include "memory.h"

static long locked_kilobytes(void) {
    static char text[8192];
    int fd = open("/proc/self/status", O_RDONLY);
    long size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    char *line = strstr(text, "VmLck:");
    return line ? atol(line + 6) : -1;
}

static void ordinary(void) {
    call(SYS_setresuid, 1000, 1000, 1000);
    limit(RLIMIT_MEMLOCK, 4 * PAGE);
}

static void allowed(void) {
    ordinary();
    MAP(AT(0), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mlock, AT(0), 2 * PAGE);
    SHOW(locked_kilobytes());
    resident("locked", AT(0), 4);
    TRY(mlock, AT(1), 3 * PAGE);
    SHOW(locked_kilobytes());
    TRY(mlock, AT(4), PAGE);
    TRY(mlock, AT(0), 5 * PAGE);
    rows("split");
    TRY(munlock, AT(1), PAGE);
    TRY(mlock, AT(4) + 100, PAGE);
    TRY(mlock, AT(4) + 100, 100);
    rows("another");
    MAP(AT(10), PAGE, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
    TRY(munlock, AT(0), 8 * PAGE);
    SHOW(locked_kilobytes());
    MAP(AT(10), PAGE, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
    MAP(AT(12), 4 * PAGE, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
    TRY(mremap, AT(10), PAGE, 2 * PAGE, 0);
    TRY(mremap, AT(10), 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    TRY(munlockall);
    SHOW(locked_kilobytes());
    TRY(mlock2, AT(0), 2 * PAGE, 1);
    TRY(mlock2, AT(0), 2 * PAGE, 2);
    SHOW(locked_kilobytes());
}

static void forbidden(void) {
    call(SYS_setresuid, 1000, 1000, 1000);
    limit(RLIMIT_MEMLOCK, 0);
    MAP(AT(0), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mlock, AT(0), PAGE);
    TRY(mlock, AT(0), 0);
    TRY(mlock2, AT(0), PAGE, 1);
    TRY(mlockall, MCL_CURRENT);
    TRY(mlockall, MCL_FUTURE);
    TRY(munlock, AT(0), PAGE);
    TRY(munlockall);
    MAP(AT(2), PAGE, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
    MAP(AT(2), PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
}

static void all(void) {
    ordinary();
    TRY(mlockall, MCL_CURRENT);
    TRY(mlockall, MCL_FUTURE);
    MAP(AT(0), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    resident("future", AT(0), 2);
    SHOW(locked_kilobytes());
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        SHOW(locked_kilobytes());
        SHOW(call(MMAP_NUMBER, AT(20), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == (long)AT(20));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    TRY(munlockall);
    MAP(AT(0), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    SHOW(locked_kilobytes());
}

static void unlimited(void) {
    limit(RLIMIT_MEMLOCK, PAGE);
    MAP(AT(0), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mlock, AT(0), 8 * PAGE);
    SHOW(locked_kilobytes());
    TRY(mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    TRY(munlockall);
    SHOW(locked_kilobytes());
}

static void refused(void) {
    MAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(4), 2 * PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0);
    TRY(mlockall, 0);
    TRY(mlockall, 8);
    TRY(mlockall, MCL_ONFAULT);
    TRY(mlock, AT(0), 3 * PAGE);
    TRY(mlock, AT(2), PAGE);
    TRY(mlock, AT(4), PAGE);
    TRY(mlock, AT(0), -1L);
    TRY(mlock, -PAGE, PAGE);
    TRY(munlock, AT(2), PAGE);
    TRY(munlock, AT(0), -1L);
    rows("some of it");
}

int main(void) {
    catch_faults();
    reserve();
    in_child("allowed", allowed);
    in_child("forbidden", forbidden);
    in_child("all", all);
    in_child("unlimited", unlimited);
    in_child("refused", refused);
    return 0;
}
