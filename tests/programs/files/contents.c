/* Reading, writing and changing the size of files, and the positions in them. */
#include "try.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

static char buffer[10000];
static void *hole; /* a page after which nothing is mapped */

static void positions(void) {
    int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
    TRY(write, fd, "0123456789", 10);
    LIBC(lseek(fd, 0, SEEK_CUR));
    LIBC(lseek(fd, -3, SEEK_END));
    TRY(read, fd, buffer, 100);
    TRY(read, fd, buffer, 100);
    LIBC(lseek(fd, -1, SEEK_SET));
    LIBC(lseek(fd, 5, SEEK_SET));
    LIBC(lseek(fd, -6, SEEK_CUR));
    LIBC(lseek(fd, 0, 9));
    LIBC(lseek(fd, 100, SEEK_SET));
    TRY(read, fd, buffer, 5);
    TRY(write, fd, "end", 3);
    kind("f");
    LIBC(lseek(fd, 0, SEEK_SET));
    memset(buffer, '?', sizeof buffer);
    TRY(read, fd, buffer, sizeof buffer);
    printf("%.10s %d %.3s\n", buffer, buffer[50], buffer + 100);
    LIBC(lseek(fd, 0, SEEK_DATA));
    LIBC(lseek(fd, 0, SEEK_HOLE));
    LIBC(lseek(fd, 103, SEEK_DATA));
    LIBC(lseek(fd, 500, SEEK_HOLE));
    LIBC(lseek(fd, -1, SEEK_DATA));
    TRY(read, fd, BAD, 0);
    LIBC(lseek(fd, 0, SEEK_SET));
    TRY(read, fd, BAD, 1);
    TRY(write, fd, BAD, 1);
    TRY(read, fd, (char *)hole + 4090, 100);
    LIBC(lseek(fd, 0, SEEK_CUR));
    TRY(write, fd, (char *)hole + 4090, 100);
    LIBC(lseek(fd, 0, SEEK_CUR));
    TRY(read, fd, buffer, -1L);
    TRY(write, fd, buffer, -1L);
    close(fd);
    fd = open("f", O_RDONLY);
    TRY(write, fd, buffer, 1);
    LIBC(ftruncate(fd, 1));
    close(fd);
    fd = open("f", O_WRONLY | O_APPEND);
    TRY(read, fd, buffer, 1);
    LIBC(lseek(fd, 0, SEEK_SET));
    TRY(write, fd, "appended", 8);
    LIBC(lseek(fd, 0, SEEK_CUR));
    LIBC(pwrite(fd, "too", 3, 0));
    kind("f");
    LIBC(lseek(fd, 0, SEEK_CUR));
    close(fd);
    int dir = open(".", O_RDONLY);
    TRY(read, dir, buffer, 10);
    LIBC(pread(dir, buffer, 10, 0));
    TRY(write, dir, buffer, 10);
    TRY(read, 99, buffer, 10);
    close(dir);
}

static void offsets(void) {
    int fd = open("g", O_RDWR | O_CREAT | O_TRUNC, 0644);
    LIBC(pwrite(fd, "abcdef", 6, 4));
    LIBC(pread(fd, buffer, 100, 2));
    printf("%d %d %.6s\n", buffer[0], buffer[1], buffer + 2);
    LIBC(pread(fd, buffer, 100, 10));
    LIBC(pread(fd, buffer, 100, -1));
    LIBC(pwrite(fd, buffer, 100, -1));
    LIBC(lseek(fd, 0, SEEK_CUR));
    struct iovec parts[] = {{buffer, 3}, {buffer + 100, 0}, {buffer + 200, 4}, {buffer + 300, 5}};
    LIBC(readv(fd, parts, 4));
    printf("%d %d %d %.1s %.3s\n", buffer[0], buffer[1], buffer[2], buffer + 201, buffer + 300);
    struct iovec out[] = {{"one", 3}, {NULL, 0}, {"three", 5}};
    LIBC(writev(fd, out, 3));
    LIBC(lseek(fd, 0, SEEK_CUR));
    LIBC(pwritev(fd, out, 3, 1));
    LIBC(preadv(fd, parts, 4, 1));
    printf("%.3s %.4s\n", buffer, buffer + 200);
    LIBC(readv(fd, parts, -1));
    LIBC(readv(fd, parts, 1025));
    LIBC(readv(fd, parts, 0));
    LIBC(readv(fd, BAD, 1));
    struct iovec negative[] = {{buffer, 3}, {buffer, -1}};
    LIBC(writev(fd, negative, 2));
    struct iovec bad[] = {{"good", 4}, {BAD, 4}, {"more", 4}};
    LIBC(writev(fd, bad, 3));
    struct iovec first[] = {{BAD, 4}, {"more", 4}};
    LIBC(writev(fd, first, 2));
    LIBC(lseek(fd, 0, SEEK_SET));
    struct iovec into[] = {{buffer, 4}, {BAD, 4}};
    LIBC(readv(fd, into, 2));
    LIBC(lseek(fd, 0, SEEK_CUR));
    LIBC(call(SYS_preadv2, fd, parts, 4, -1L, sizeof(long) == 4 ? -1L : 0, 0));
    LIBC(lseek(fd, 0, SEEK_CUR));
    LIBC(call(SYS_preadv2, fd, parts, 4, 0, 0, 0x1000));
    LIBC(call(SYS_pwritev2, fd, out, 3, -1L, sizeof(long) == 4 ? -1L : 0, 16));
    LIBC(lseek(fd, 0, SEEK_CUR));
    kind("g");
    close(fd);
}

static void sizes(void) {
    int fd = open("h", O_RDWR | O_CREAT | O_TRUNC, 0644);
    LIBC(write(fd, "0123456789", 10));
    LIBC(ftruncate(fd, 4));
    get("h");
    LIBC(ftruncate(fd, 8));
    LIBC(pread(fd, buffer, 20, 0));
    printf("%.4s %d %d\n", buffer, buffer[4], buffer[7]);
    LIBC(truncate("h", 2));
    LIBC(truncate("h", -1));
    LIBC(ftruncate(fd, -1));
    LIBC(truncate("none", 1));
    LIBC(truncate(".", 1));
    LIBC(truncate("h/x", 1));
    LIBC(truncate("h", 100000));
    kind("h");
    LIBC(lseek(fd, 0, SEEK_END));
    LIBC(fallocate(fd, 0, 0, 5000));
    LIBC(fallocate(fd, 0, 99999, 10));
    kind("h");
    LIBC(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 200000));
    kind("h");
    memset(buffer, 'x', sizeof buffer);
    LIBC(pwrite(fd, buffer, 10000, 0));
    LIBC(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 8000));
    LIBC(pread(fd, buffer, 10000, 0));
    printf("%c%d%d%c\n", buffer[99], buffer[100], buffer[8099], buffer[8100]);
    LIBC(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 100, 8000));
    LIBC(fallocate(fd, 0, -1, 10));
    LIBC(fallocate(fd, 0, 0, 0));
    LIBC(fallocate(fd, 0x1000, 0, 10));
    LIBC(fsync(fd));
    LIBC(fdatasync(fd));
    LIBC(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    LIBC(posix_fadvise(fd, 0, 0, 77));
    LIBC(readahead(fd, 0, 100));
    close(fd);
    fd = open("h", O_RDONLY);
    LIBC(fallocate(fd, 0, 0, 10));
    LIBC(fsync(fd));
    close(fd);
    LIBC(fsync(99));
    int large = open("large", O_RDWR | O_CREAT | O_LARGEFILE, 0644);
    LIBC(call(SYS_ftruncate, large, 0x7fffffffL));
    kind("large");
    LIBC(pwrite(large, "far", 3, 5000000000LL));
    kind("large");
    LIBC(lseek(large, 0, SEEK_END));
    LIBC(ftruncate(large, 6000000000LL));
    kind("large");
    close(large);
#ifdef __i386__
    TRY(open, "large", O_RDONLY);
    TRY(openat, AT_FDCWD, "large", O_RDWR);
    char st[200];
    char old[200];
    TRY(stat64, "large", &st);
    TRY(stat, "large", old);
#endif
}

static void limited(void) {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0644);
    LIBC(write(fd, buffer, 60));
    LIBC(write(fd, buffer, 60));
    LIBC(write(fd, buffer, 60));
    LIBC(pwrite(fd, buffer, 60, 50));
    LIBC(pwrite(fd, buffer, 60, 150));
    LIBC(ftruncate(fd, 101));
    LIBC(ftruncate(fd, 99));
    signal(SIGXFSZ, SIG_DFL);
    fflush(stdout);
    LIBC(pwrite(fd, buffer, 60, 150));
}

int main(void) {
    umask(022);
    hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap((char *)hole + 4096, 4096);
    positions();
    offsets();
    sizes();
    in_child("limited", limited);
    return 0;
}
