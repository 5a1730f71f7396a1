/* open and its flags, openat2, and the descriptors that come of it. */
#include "try.h"

#include <linux/openat2.h>

#define AT AT_FDCWD

static void try_open(const char *path, int flags, const char *text) {
    long fd = call(SYS_openat, AT, path, flags, 0640);
    printf("open(%s, %s) = %ld", path, text, fd < 0 ? fd : 1);
    if (fd >= 0) {
        printf(" flags %lo cloexec %ld", call(SYS_fcntl, fd, F_GETFL) & ~(long)0100000, call(SYS_fcntl, fd, F_GETFD));
        close(fd);
    }
    printf("\n");
}
#define OPEN(path, flags) try_open(path, flags, #flags)

static void flags(void) {
    put("f", "file");
    mkdir("d", 0755);
    symlink("f", "s");
    symlink("d", "sd");
    symlink("none", "dangling");
    OPEN("f", O_RDONLY);
    OPEN("f", O_WRONLY | O_APPEND | O_CLOEXEC);
    OPEN("f", O_RDWR | O_NONBLOCK | O_SYNC);
    OPEN("f", O_RDWR | O_DSYNC | O_NOATIME | O_NOCTTY);
    OPEN("f", O_RDONLY | O_DIRECTORY);
    OPEN("f", 3);
    OPEN("f", O_CREAT | O_EXCL);
    OPEN("f", O_CREAT);
    OPEN("f/", O_RDONLY);
    OPEN("f/", O_CREAT);
    OPEN("d/", O_CREAT);
    OPEN("d", O_CREAT);
    OPEN("d", O_RDONLY);
    OPEN("d", O_RDWR);
    OPEN("d", O_WRONLY);
    OPEN("d", O_RDONLY | O_TRUNC);
    OPEN("d", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    OPEN("d/.", O_RDONLY);
    OPEN("s", O_RDONLY | O_NOFOLLOW);
    OPEN("s", O_CREAT | O_EXCL);
    OPEN("s", O_PATH | O_NOFOLLOW);
    OPEN("s", O_PATH | O_NOFOLLOW | O_DIRECTORY);
    OPEN("sd", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
    OPEN("sd/", O_RDONLY | O_NOFOLLOW);
    OPEN("dangling", O_RDONLY);
    OPEN("dangling", O_CREAT | O_EXCL);
    OPEN("dangling", O_CREAT | O_NOFOLLOW);
    OPEN("dangling", O_CREAT | O_WRONLY);
    kind("none");
    OPEN("", O_RDONLY);
    OPEN("x/y", O_CREAT);
    OPEN("f/y", O_CREAT);
    OPEN("new", O_CREAT | O_RDWR | O_TRUNC);
    kind("new");
    OPEN("f", O_PATH | O_RDWR | O_CLOEXEC);
    TRY(openat, AT, BAD, O_RDONLY);
    TRY(openat, 99, "f", O_RDONLY);
    int dir = open("d", O_RDONLY);
    int file = open("f", O_RDONLY);
    TRY(openat, file, "x", O_RDONLY);
    TRY(openat, file, "", O_RDONLY);
    long inner = call(SYS_openat, dir, "inner", O_CREAT | O_WRONLY, 0600);
    SHOW(inner > 0);
    kind("d/inner");
    int path = open("f", O_PATH);
    char byte;
    TRY(read, path, &byte, 1);
    TRY(write, path, &byte, 1);
    TRY(lseek, path, 0, 0);
    TRY(fchmod, path, 0600);
    TRY(ioctl, path, 0x5401, 0);
    TRY(ftruncate, path, 0);
    TRY(fsync, path);
    TRY(fcntl, path, F_SETFL, O_APPEND);
    SHOW(fcntl(path, F_GETFL) & ~0100000);
    struct stat st;
    LIBC(fstat(path, &st));
    LIBC(fchdir(path));
    long again = call(SYS_dup, path);
    SHOW(again > 0);
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", path);
    get(link);
    SHOW(close(again));
    put("f", "truncated below");
    SHOW(open("f", O_WRONLY | O_TRUNC) > 0);
    kind("f");
    LIBC(creat("made", 0751));
    kind("made");
    LIBC(creat("d", 0700));
}

static void how(const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {flags, mode, resolve};
    long fd = call(SYS_openat2, AT, path, &how, sizeof how);
    printf("openat2(%s, %llx, %llo, %llx) = %ld\n", path, (unsigned long long)flags, (unsigned long long)mode,
           (unsigned long long)resolve, fd < 0 ? fd : 1);
    if (fd >= 0)
        close(fd);
}

static void bounds(void) {
    char text[PATH_MAX];
    symlink("..", "up");
    symlink("/etc", "absolute");
    symlink("../d/inner", "d/out");
    symlink("inner", "d/in");
    chdir("d");
    how("inner", O_RDONLY, 0, 0);
    how("../f", O_RDONLY, 0, RESOLVE_BENEATH);
    how("inner", O_RDONLY, 0, RESOLVE_BENEATH);
    how("in", O_RDONLY, 0, RESOLVE_BENEATH);
    how("out", O_RDONLY, 0, RESOLVE_BENEATH);
    how("out", O_RDONLY, 0, RESOLVE_IN_ROOT);
    how("/inner", O_RDONLY, 0, RESOLVE_IN_ROOT);
    how("/inner", O_RDONLY, 0, RESOLVE_BENEATH);
    how("in", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
    how("in", O_RDONLY | O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
    how("../absolute/passwd", O_RDONLY, 0, RESOLVE_BENEATH);
    how("/proc/self/exe", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS);
    how("/proc/self/exe", O_RDONLY, 0, 0);
    how("/proc/version", O_RDONLY, 0, RESOLVE_NO_XDEV);
    how("inner", O_RDONLY, 0600, 0);
    how("inner", O_RDONLY | (1ULL << 40), 0, 0);
    how("inner", O_RDONLY, 0, 0x100);
    how("inner", O_RDONLY, 0, RESOLVE_IN_ROOT | RESOLVE_BENEATH);
    how("made", O_CREAT | O_WRONLY, 0600, RESOLVE_BENEATH);
    how("made", O_CREAT | O_WRONLY, 0100600, 0);
    how("inner", O_PATH | O_RDWR, 0, 0);
    kind("made");
    struct open_how open_how = {0};
    TRY(openat2, AT, "inner", &open_how, 8);
    TRY(openat2, AT, "inner", BAD, sizeof open_how);
    memset(text, 0, sizeof text);
    long fd = call(SYS_openat2, AT, "inner", text, 100);
    SHOW(fd > 0);
    text[90] = 1;
    TRY(openat2, AT, "inner", text, 100);
    TRY(openat2, AT, "inner", text, 5000);
    chdir("..");
}

int main(void) {
    umask(027);
    flags();
    bounds();
    return 0;
}
