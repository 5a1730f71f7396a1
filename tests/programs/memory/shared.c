/* Memory that processes share or copy: files in memory and their seals, fork in both directions, vfork, SIGBUS. */
#include "memory.h"

#include <sched.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#endif
enum { SEAL_SEAL = 1, SEAL_SHRINK = 2, SEAL_GROW = 4, SEAL_WRITE = 8, SEAL_FUTURE_WRITE = 16 };

static void child_does(void (*deed)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        deed();
        fflush(stdout);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status)
        printf("child: status %x\n", status & ~0x80);
}

static int letters(const char *at) { return at[0] << 8 | at[1]; }

static void child_stores(void) {
    printf("child sees %x %x %x\n", letters(AT(0)), letters(AT(1)), letters(AT(2)));
    AT(0)[1] = AT(1)[1] = AT(2)[1] = 'c';
    printf("child has %x %x %x\n", letters(AT(0)), letters(AT(1)), letters(AT(2)));
}

static void copied(void) {
    int fd = memfd_create("copied", 0);
    ftruncate(fd, PAGE);
    MAP(AT(0), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(1), PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    MAP(AT(2), PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    for (int page = 0; page < 3; page++)
        memcpy(AT(page), "pp", 2);
    child_does(child_stores);
    printf("parent has %x %x %x\n", letters(AT(0)), letters(AT(1)), letters(AT(2)));
    pwrite(fd, "ff", 2, 0);
    printf("and %x\n", letters(AT(2)));
}

static int turn[2], again[2];

static void waits(int from[2]) {
    char byte;
    read(from[0], &byte, 1);
}
static void lets(int to[2]) { write(to[1], "", 1); }

/* Parent and child store by turns into pages that fork left to both. */
static void both_directions(void) {
    pipe(turn);
    pipe(again);
    MAP(AT(0), 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    memset(AT(0), '-', 8 * PAGE);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        waits(turn);
        printf("child sees %c %c\n", AT(0)[0], AT(1)[0]);
        AT(1)[0] = 'c';
        AT(2)[0] = 'c';
        fflush(stdout);
        lets(again);
        waits(turn);
        printf("child has %c %c %c %c\n", AT(0)[0], AT(1)[0], AT(2)[0], AT(3)[0]);
        fflush(stdout);
        _exit(0);
    }
    AT(0)[0] = 'p';
    lets(turn);
    waits(again);
    printf("parent sees %c %c %c\n", AT(0)[0], AT(1)[0], AT(2)[0]);
    AT(2)[0] = AT(3)[0] = 'P';
    fflush(stdout);
    lets(turn);
    waitpid(child, NULL, 0);
    printf("parent has %c %c %c %c\n", AT(0)[0], AT(1)[0], AT(2)[0], AT(3)[0]);
}

static void generations(void) {
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    for (int depth = 0; depth < 5; depth++) {
        AT(depth % 4)[depth] = 'a' + depth;
        fflush(stdout);
        pid_t child = fork();
        if (child) {
            waitpid(child, NULL, 0);
            AT(0)[9] = 'z';
            printf("depth %d: %d %d %d %d %d\n", depth, AT(0)[0], AT(1)[1], AT(2)[2], AT(3)[3], AT(0)[4]);
            fflush(stdout);
            if (depth)
                _exit(0);
            return;
        }
    }
    printf("deepest: %d %d %d %d %d %d\n", AT(0)[0], AT(1)[1], AT(2)[2], AT(3)[3], AT(0)[4], AT(0)[9]);
    fflush(stdout);
    _exit(0);
}

static void vforked(void) {
    volatile int mine = 1;
    MAP(AT(0), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    pid_t child = vfork();
    if (!child) {
        mine = 2;
        AT(0)[0] = 'v';
        call(MMAP_NUMBER, AT(4), PAGE, RW, ANON | MAP_FIXED, -1, 0);
        AT(4)[0] = 'w';
        _exit(3);
    }
    int status;
    waitpid(child, &status, 0);
    printf("vfork: %d %c %c %d\n", mine, AT(0)[0], AT(4)[0], WEXITSTATUS(status));
}

static void file_ends(void) {
    int fd = memfd_create("ends", 0);
    ftruncate(fd, PAGE + 10);
    MAP(AT(0), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    MAP(AT(4), 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    AT(1)[9] = 'x';
    AT(1)[10] = 'y';
    AT(5)[10] = 'z';
    TOUCH(AT(1) + 4095, 1);
    TOUCH(AT(2), 0);
    TOUCH(AT(2), 1);
    TOUCH(AT(6), 0);
    int ends[2];
    pipe(ends);
    TRY(write, ends[1], AT(2), 4);
    TRY(write, ends[1], AT(2) - 4, 8);
    ftruncate(fd, 2 * PAGE);
    printf("%d %d %d\n", AT(1)[9], AT(1)[10], AT(5)[10]);
    ftruncate(fd, 3 * PAGE);
    TOUCH(AT(2), 1);
    TOUCH(AT(6), 1);
    ftruncate(fd, 1);
    TOUCH(AT(0), 0);
    TOUCH(AT(1), 0);
    TOUCH(AT(6), 0);
    ftruncate(fd, 4 * PAGE);
    printf("%d %d %d\n", AT(0)[0], AT(1)[9], AT(2)[0]);
}

static void file_written(void) {
    int fd = open("written", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[8] = "";
    ftruncate(fd, 2 * PAGE);
    MAP(AT(0), 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    memcpy(AT(0), "shared", 6);
    SHOW(pread(fd, text, 6, 0));
    puts(text);
    pwrite(fd, "SH", 2, 0);
    puts(AT(0));
    memcpy(AT(1), "second", 6);
    close(fd);
    munmap(AT(0), 2 * PAGE);
    fd = open("written", O_RDONLY);
    pread(fd, text, 6, PAGE);
    puts(text);
    SHOW(lseek(fd, 0, SEEK_END));
    unlink("written");
}

static void child_maps(void) {
    AT(0)[1] = 'c';
    SHOW(AT(0)[0]);
}

static void sealed(void) {
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING), plain = memfd_create("plain", 0);
    ftruncate(fd, 2 * PAGE);
    MAP(AT(0), PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    AT(0)[0] = 'm';
    child_does(child_maps);
    SHOW(AT(0)[1]);
    rows("name");
    TRY(fcntl, plain, F_GET_SEALS);
    TRY(fcntl, plain, F_ADD_SEALS, SEAL_GROW);
    TRY(fcntl, fd, F_GET_SEALS);
    TRY(fcntl, fd, F_ADD_SEALS, 64);
    TRY(fcntl, fd, F_ADD_SEALS, SEAL_WRITE);
    TRY(fcntl, fd, F_ADD_SEALS, SEAL_GROW | SEAL_SHRINK);
    SHOW(ftruncate(fd, PAGE) ? errno : 0);
    SHOW(ftruncate(fd, 3 * PAGE) ? errno : 0);
    SHOW(pwrite(fd, "12", 2, 2 * PAGE - 1));
    SHOW(pwrite(fd, "12", 2, 2 * PAGE) < 0 ? errno : 0);
    TRY(fcntl, fd, F_ADD_SEALS, SEAL_FUTURE_WRITE);
    SHOW(write(fd, "1", 1) < 0 ? errno : 0);
    AT(0)[2] = 'w';
    MAP(AT(4), PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    MAP(AT(4), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
    TRY(mprotect, AT(4), PAGE, RW);
    MAP(AT(6), PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    munmap(AT(0), PAGE);
    TRY(fcntl, fd, F_ADD_SEALS, SEAL_WRITE | SEAL_SEAL);
    TRY(fcntl, fd, F_ADD_SEALS, SEAL_GROW);
    TRY(fcntl, fd, F_GET_SEALS);
    SHOW(AT(4)[2]);
    TRY(memfd_create, "x", 0x1000);
    TRY(memfd_create, 0, 0);
    char name[256];
    memset(name, 'n', 255);
    name[250] = 0;
    TRY(memfd_create, name, 0);
    name[249] = 0;
    SHOW(call(SYS_memfd_create, name, 0) > 0);
}

/* Two processes add to a counter that they share, by an atomic operation. */
static void counted(void) {
    MAP(AT(0), PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    for (int i = 0; i < 4; i++)
        if (!fork()) {
            for (int j = 0; j < 5000; j++) {
                __atomic_add_fetch((int *)AT(0), 1, __ATOMIC_SEQ_CST);
                if (j % 1000 == 0)
                    sched_yield();
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    SHOW(*(int *)AT(0));
}

int main(void) {
    catch_faults();
    reserve();
    in_child("copied", copied);
    in_child("both directions", both_directions);
    in_child("generations", generations);
    in_child("vforked", vforked);
    in_child("file ends", file_ends);
    in_child("file written", file_written);
    in_child("sealed", sealed);
    in_child("counted", counted);
    return 0;
}
