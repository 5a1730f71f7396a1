/* i386's own calls on files: the old ones, and those with 32-bit times and offsets. */
#include "try.h"

#include <sys/mman.h>
#include <sys/select.h>

static char raw[300];
static uint32_t *words = (uint32_t *)raw;

static void names(void) {
    put("f", "0123456789");
    TRY(open, "f", O_RDWR);
    TRY(open, "none", O_RDWR);
    TRY(creat, "new", 0600);
    kind("new");
    TRY(mkdir, "d", 0700);
    TRY(mknod, "fifo", 0010600, 0);
    TRY(link, "f", "g");
    TRY(symlink, "f", "s");
    TRY(readlink, "s", raw, 100);
    printf("%.1s\n", raw);
    TRY(rename, "g", "h");
    TRY(unlink, "h");
    TRY(rmdir, "d");
    TRY(chmod, "f", 0600);
    TRY(access, "f", 4);
    TRY(chown, "f", 5, -1);
    TRY(lchown, "s", 6, 7);
    TRY(fchown, 3, -1, 8);
    TRY(stat, "f", raw);
    printf("%d %d\n", ((uint16_t *)raw)[6], ((uint16_t *)raw)[7]);
    TRY(oldstat, "f", raw);
    TRY(oldlstat, "s", raw);
    TRY(oldfstat, 3, raw);
    TRY(truncate, "f", 5);
    TRY(ftruncate, 3, 20);
    TRY(truncate64, "f", 10, 0);
    TRY(ftruncate64, 3, 0, 1);
    TRY(stat64, "f", raw);
    printf("%llx\n", *(unsigned long long *)(raw + 44));
    TRY(ftruncate64, 3, 10, 0);
    TRY(statfs, "f", raw);
    printf("%u\n", words[9]);
    TRY(fstatfs, 3, raw);
    TRY(statfs64, "f", 84, raw);
    printf("%u\n", words[14]);
    TRY(statfs64, "f", 80, raw);
    TRY(fstatfs64, 3, 84, raw);
}

static void contents(void) {
    uint32_t result[2] = {9, 9};
    TRY(lseek, 3, 2, 0);
    TRY(lseek, 3, -1, 0);
    TRY(_llseek, 3, 1, 2, result, 0);
    printf("%x %x\n", result[1], result[0]);
    TRY(_llseek, 3, -1, -3, result, 1);
    TRY(lseek, 3, 0, 1);
    TRY(_llseek, 3, 0, 0, result, 0);
    TRY(pwrite64, 3, "far", 3, 4, 0);
    TRY(pread64, 3, raw, 5, 3, 0);
    TRY(pread64, 3, raw, 5, 0, -1);
    struct {
        void *base;
        uint32_t length;
    } parts[2] = {{raw, 2}, {raw + 10, 3}};
    TRY(readv, 3, parts, 2);
    TRY(preadv, 3, parts, 2, 1, 0);
    TRY(pwritev, 3, parts, 2, 20, 0);
    TRY(preadv2, 3, parts, 2, -1, -1, 0);
    TRY(fallocate, 3, 0, 0, 0, 100, 0);
    kind("f");
    TRY(fadvise64, 3, 0, 0, 10, 0);
    TRY(fadvise64_64, 3, 0, 0, 10, 0, 9);
    TRY(readahead, 3, 0, 0, 10);
    TRY(sync_file_range, 3, 0, 0, 10, 0, 2);
    uint32_t offset = 1;
    long out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);
    TRY(sendfile, out, 3, &offset, 4);
    printf("%u\n", offset);
    uint64_t wide = 2;
    TRY(sendfile64, out, 3, &wide, 4);
    printf("%llu\n", (unsigned long long)wide);
    uint32_t mapping[6] = {0, 4096, PROT_READ, MAP_PRIVATE, 3, 0};
    char *at = (char *)syscall(SYS_mmap, mapping);
    printf("%.2s\n", at);
    mapping[5] = 100;
    TRY(mmap, mapping);
    at = (char *)syscall(SYS_mmap2, 0, 4096, PROT_READ, MAP_PRIVATE, 3, 0);
    printf("%.2s\n", at);
    struct {
        int16_t type, whence;
        int32_t start, length, pid;
    } lock = {1, 0, 2, 3, 0};
    TRY(fcntl, 3, 6, &lock);
    TRY(fcntl, 3, 5, &lock);
    printf("%d\n", lock.type);
    struct {
        int16_t type, whence;
        int64_t start, length;
        int32_t pid;
    } __attribute__((packed)) lock64 = {1, 0, 2, 3, 0};
    TRY(fcntl64, 3, 13, &lock64);
    TRY(fcntl64, 3, 12, &lock64);
    printf("%d\n", lock64.type);
    TRY(fcntl64, 3, 1);
}

static void times(void) {
    struct stat st;
    uint32_t when[4] = {100, 1, 200, 2};
    TRY(utimensat, AT_FDCWD, "f", when, 0);
    stat("f", &st);
    printf("%lld %ld\n", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    TRY(utimes, "f", when);
    stat("f", &st);
    printf("%lld %ld\n", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    TRY(futimesat, AT_FDCWD, "f", when);
    TRY(utime, "f", when);
    stat("f", &st);
    printf("%lld\n", (long long)st.st_mtim.tv_sec);
    uint64_t wide[4] = {300, 0xffffffff00000003ULL, 400, 4};
    TRY(utimensat_time64, AT_FDCWD, "f", wide, 0);
    stat("f", &st);
    printf("%lld %ld\n", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec);
}

static void waits(void) {
    int p[2];
    TRY(pipe, p);
    write(p[1], "x", 1);
    uint32_t in = 1u << p[0], out = 1u << p[1];
    int32_t none[2] = {0, 0}, some[2] = {0, 1000};
    TRY(_newselect, 20, &in, &out, 0, none);
    printf("%d %d\n", in == 1u << p[0], out == 1u << p[1]);
    uint32_t arguments[5] = {20, (uint32_t)(uintptr_t)&in, 0, 0, (uint32_t)(uintptr_t)none};
    TRY(select, arguments);
    struct pollfd fds = {p[0], POLLIN, 0};
    TRY(poll, &fds, 1, 0);
    TRY(ppoll, &fds, 1, none, 0, 8);
    int64_t none64[2] = {0, 0};
    TRY(ppoll_time64, &fds, 1, none64, 0, 8);
    TRY(pselect6, 20, &in, 0, 0, none, 0);
    TRY(pselect6_time64, 20, &in, 0, 0, none64, 0);
    read(p[0], raw, 1);
    TRY(_newselect, 20, &in, 0, 0, some);
    printf("%d %d\n", some[0], some[1]);
    TRY(ppoll, &fds, 1, some, 0, 8);
    int32_t wrong[2] = {0, -1};
    TRY(ppoll, &fds, 1, wrong, 0, 8);
}

static void directories(void) {
    mkdir("list", 0755);
    put("list/a", "");
    long fd = open("list", O_RDONLY);
    int seen = 0;
    while (syscall(SYS_readdir, fd, raw, 1) == 1)
        seen += *(uint16_t *)(raw + 8);
    printf("%d\n", seen);
    lseek(fd, 0, SEEK_SET);
    TRY(getdents, fd, raw, 300);
    printf("%d\n", *(uint16_t *)(raw + 8));
}

int main(void) {
    umask(022);
    names();
    contents();
    times();
    waits();
    directories();
    return 0;
}
