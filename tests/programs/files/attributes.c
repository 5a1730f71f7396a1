/* stat in all its forms, permissions, owners, times and access. */
#include "try.h"

#include <sys/time.h>
#include <utime.h>

#define AT AT_FDCWD

static char raw[300];

static void print_times(const char *path) {
    struct stat st;
    if (lstat(path, &st) < 0) {
        printf("%s: error %d\n", path, errno);
        return;
    }
    printf("%s: atime %lld.%09ld mtime %lld.%09ld\n", path, (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void stats(void) {
    put("f", "twelve bytes");
    symlink("f", "s");
    mkdir("d", 01755);
    link("f", "g");
    struct stat st;
    LIBC(stat("f", &st));
    printf("%o %ld %d %d %lld %ld\n", st.st_mode, (long)st.st_nlink, st.st_uid, st.st_gid, (long long)st.st_size,
           (long)st.st_blksize);
    ino_t ino = st.st_ino;
    dev_t dev = st.st_dev;
    LIBC(stat("s", &st));
    SHOW(st.st_ino == ino && st.st_dev == dev);
    LIBC(lstat("s", &st));
    printf("%o %lld\n", st.st_mode, (long long)st.st_size);
    LIBC(stat("g", &st));
    SHOW(st.st_ino == ino);
    LIBC(stat("d", &st));
    printf("%o %ld\n", st.st_mode, (long)st.st_nlink);
    LIBC(stat("none", &st));
    LIBC(stat("f/", &st));
    LIBC(stat("f/x", &st));
    LIBC(stat("", &st));
    LIBC(stat("d/../d/./.", &st));
    LIBC(stat("/dev/null", &st));
    printf("%o %lx\n", st.st_mode, (long)st.st_rdev);
    int fd = open("f", O_RDONLY);
    int dir = open("d", O_RDONLY);
    LIBC(fstat(fd, &st));
    LIBC(fstatat(fd, "", &st, AT_EMPTY_PATH));
    LIBC(fstatat(fd, "x", &st, 0));
    LIBC(fstatat(dir, "../s", &st, AT_SYMLINK_NOFOLLOW));
    printf("%o\n", st.st_mode);
    LIBC(fstatat(dir, "", &st, 0));
    LIBC(fstatat(77, "f", &st, 0));
    LIBC(fstatat(AT, "", &st, AT_EMPTY_PATH));
    printf("%o\n", st.st_mode & S_IFMT);
    int pipes[2];
    LIBC(pipe(pipes));
    LIBC(fstat(pipes[0], &st));
    printf("%o %ld %lld\n", st.st_mode, (long)st.st_nlink, (long long)st.st_size);
#ifdef __i386__
    TRY(fstatat64, AT, "f", raw, 0x10);
    TRY(fstatat64, AT, "f", BAD, 0);
    TRY(stat, "f", raw);
    struct {
        unsigned long dev, ino;
        unsigned short mode, nlink, uid, gid;
        unsigned long rdev, size, blksize, blocks;
    } *old = (void *)raw;
    printf("%o %d %lu %lu %d\n", old->mode, old->nlink, old->size, old->blksize, old->ino == (unsigned long)ino);
    TRY(lstat, "s", raw);
    printf("%o %lu\n", old->mode, old->size);
    TRY(fstat, fd, raw);
    TRY(oldstat, "d", raw);
#else
    TRY(newfstatat, AT, "f", raw, 0x10);
    TRY(newfstatat, AT, "f", BAD, 0);
    TRY(stat, "f", BAD);
    TRY(stat, BAD, raw);
#endif
    struct {
        uint32_t mask, blksize;
        uint64_t attributes;
        uint32_t nlink, uid, gid;
        uint16_t mode, pad;
        uint64_t ino, size, blocks, attributes_mask;
    } *x = (void *)raw;
    TRY(statx, AT, "f", 0, 0x7ff, raw);
    printf("%x %u %u %o %llu %d\n", x->mask & 0x7ff, x->nlink, x->uid, x->mode, (unsigned long long)x->size,
           x->ino == ino);
    TRY(statx, AT, "s", AT_SYMLINK_NOFOLLOW, 0x7ff, raw);
    printf("%o\n", x->mode);
    TRY(statx, fd, "", AT_EMPTY_PATH, 0x7ff, raw);
    TRY(statx, AT, "f", 0, 0x80000000, raw);
    TRY(statx, AT, "f", 0x6000, 0x7ff, raw);
    TRY(statx, AT, "f", 0x10, 0x7ff, raw);
    TRY(statx, AT, "none", 0, 0x7ff, raw);
}

static void modes(void) {
    TRY(fchmodat, AT, "f", 04751);
    kind("f");
    TRY(fchmodat, AT, "f", 0170000);
    kind("f");
    TRY(fchmodat, AT, "s", 0640);
    kind("f");
    TRY(fchmodat, AT, "d", 02777);
    kind("d");
    TRY(fchmodat, AT, "none", 0777);
    int fd = open("f", O_RDONLY);
    TRY(fchmod, fd, 0600);
    kind("f");
    TRY(fchmod, 99, 0600);
    TRY(umask, 077);
    mkdir("d/sub", 0777);
    kind("d/sub");
    put("d/file", "");
    kind("d/file");
    TRY(umask, 0177777);
    TRY(umask, 022);
    TRY(mknodat, AT, "fifo", 0010644, 0);
    TRY(mknodat, AT, "regular", 0644, 0);
    TRY(mknodat, AT, "socket", 0140600, 0);
    TRY(mknodat, AT, "directory", 0040644, 0);
    TRY(mknodat, AT, "odd", 0030644, 0);
    kind("fifo");
    kind("regular");
    kind("socket");
    LIBC(open("socket", O_RDONLY));
}

static void owners(void) {
    struct stat st;
    TRY(fchownat, AT, "f", 1000, 1001, 0);
    stat("f", &st);
    printf("%d:%d\n", st.st_uid, st.st_gid);
    TRY(fchownat, AT, "f", -1, 5, 0);
    stat("f", &st);
    printf("%d:%d\n", st.st_uid, st.st_gid);
    TRY(fchmodat, AT, "f", 06755);
    TRY(fchownat, AT, "f", 3, -1, 0);
    kind("f");
    TRY(fchownat, AT, "s", 7, 7, AT_SYMLINK_NOFOLLOW);
    lstat("s", &st);
    printf("%d:%d\n", st.st_uid, st.st_gid);
    TRY(fchownat, AT, "none", 7, 7, 0);
    TRY(fchownat, AT, "f", 7, 7, 0x20);
    chown("d", 0, 50);
    mkdir("d/inherits", 0755);
    stat("d/inherits", &st);
    printf("%o %d:%d\n", st.st_mode, st.st_uid, st.st_gid);
#ifdef __i386__
    TRY(chown, "f", 70000, -1);
    stat("f", &st);
    printf("%d:%d\n", st.st_uid, st.st_gid);
    TRY(fchown32, open("f", O_RDONLY), 70000, -1);
    TRY(stat, "f", raw);
    printf("%d\n", *(unsigned short *)(raw + 12));
#endif
}

static void times(void) {
    struct timespec when[2] = {{100, 5}, {200, 999999999}};
    TRY(utimensat, AT, "f", 0, 0x10);
    LIBC(utimensat(AT, "f", when, 0));
    print_times("f");
    when[0].tv_nsec = UTIME_OMIT;
    when[1].tv_sec = 7;
    LIBC(utimensat(AT, "f", when, 0));
    print_times("f");
    when[1].tv_nsec = 1000000000;
    LIBC(utimensat(AT, "f", when, 0));
    when[1].tv_nsec = UTIME_NOW;
    LIBC(utimensat(AT, "f", when, 0));
    struct stat st;
    stat("f", &st);
    SHOW(st.st_mtime > 1000);
    when[0] = when[1] = (struct timespec){50, 50};
    LIBC(utimensat(AT, "s", when, AT_SYMLINK_NOFOLLOW));
    print_times("s");
    int fd = open("f", O_RDONLY);
    LIBC(futimens(fd, when));
    print_times("f");
    LIBC(utimensat(AT, "none", when, 0));
    struct timeval old[2] = {{1, 2}, {3, 4}};
    LIBC(utimes("f", old));
    print_times("f");
    old[0].tv_usec = 1000000;
    LIBC(call(SYS_utimes, "f", old));
    struct utimbuf oldest = {11, 22};
    LIBC(utime("f", &oldest));
    print_times("f");
    long words[] = {5, 6, 7, 8};
    TRY(utimes, "f", words);
    print_times("f");
    TRY(utime, "f", words);
    print_times("f");
    TRY(futimesat, AT, "f", words);
    print_times("f");
    TRY(utime, "f", BAD);
    put("f", "changed");
    stat("f", &st);
    SHOW(st.st_mtime > 1000);
}

static void as_user(void) {
    setgid(1000);
    setuid(1000);
    TRY(faccessat, AT, "private", F_OK);
    TRY(faccessat, AT, "private", R_OK);
    TRY(faccessat, AT, "group", R_OK);
    TRY(faccessat, AT, "mine", R_OK | W_OK);
    TRY(faccessat, AT, "mine", X_OK);
    TRY(faccessat, AT, "others", R_OK);
    TRY(faccessat, AT, "others", W_OK);
    TRY(faccessat, AT, "closed/file", F_OK);
    TRY(faccessat, AT, "list/file", F_OK);
    TRY(faccessat, AT, "search/file", R_OK);
    LIBC(open("private", O_RDONLY));
    LIBC(open("group", O_RDONLY) > 0);
    LIBC(open("group", O_WRONLY));
    LIBC(open("mine", O_RDWR) > 0);
    LIBC(open("others", O_RDWR));
    LIBC(open("others", O_RDONLY | O_NOATIME));
    LIBC(open("list", O_RDONLY) > 0);
    LIBC(open("search", O_RDONLY));
    LIBC(open("list/file", O_RDONLY));
    LIBC(open("search/file", O_RDONLY) > 0);
    LIBC(open("closed/new", O_CREAT | O_WRONLY, 0600));
    LIBC(open("others/new", O_CREAT | O_WRONLY, 0600));
    LIBC(open("new", O_CREAT | O_WRONLY, 0600));
    TRY(mkdirat, AT, "newdir", 0700);
    TRY(mkdirat, AT, "others", 0700);
    TRY(symlinkat, "x", AT, "newlink");
    TRY(unlinkat, AT, "others", 0);
    TRY(unlinkat, AT, "sticky/theirs", 0);
    TRY(unlinkat, AT, "sticky/mine", 0);
    TRY(renameat2, AT, "sticky/theirs", AT, "sticky/x", 0);
    TRY(mkdirat, AT, "sticky/new", 0755);
    TRY(linkat, AT, "others", AT, "sticky/link", 0);
    TRY(fchmodat, AT, "others", 0777);
    TRY(fchmodat, AT, "mine", 0600);
    TRY(fchmodat, AT, "mine", 02600);
    kind("mine");
    TRY(fchownat, AT, "mine", 1000, 5, 0);
    TRY(fchownat, AT, "mine", 1000, 1000, 0);
    TRY(fchownat, AT, "mine", 0, -1, 0);
    TRY(fchownat, AT, "others", -1, -1, 0);
    TRY(utimensat, AT, "others", 0, 0);
    TRY(utimensat, AT, "mine", 0, 0);
    TRY(utimensat, AT, "writable", 0, 0);
    long words[] = {1, 0, 1, 0, 1, 0, 1, 0};
    TRY(utimensat, AT, "writable", words, 0);
    TRY(truncate, "others", 0);
    TRY(truncate, "writable", 0);
    TRY(chdir, "closed");
    TRY(chdir, "list");
    TRY(chdir, "search");
    TRY(chroot, ".");
    TRY(mknodat, AT, "sticky/null", 0020666, 0x103);
    TRY(mknodat, AT, "../sticky/null", 0020666, 0x103);
}

static void permissions(void) {
    chmod(".", 0755);
    put("private", "p");
    chmod("private", 0600);
    put("group", "g");
    chown("group", 0, 1000);
    chmod("group", 0640);
    put("mine", "m");
    chown("mine", 1000, 1000);
    chmod("mine", 0644);
    put("others", "o");
    put("writable", "w");
    chmod("writable", 0666);
    const char *directories[] = {"closed", "list", "search"};
    const int modes[] = {0700, 0744, 0711};
    for (int i = 0; i < 3; i++) {
        char path[40];
        mkdir(directories[i], 0755);
        snprintf(path, sizeof path, "%s/file", directories[i]);
        put(path, "inside");
        chmod(directories[i], modes[i]);
    }
    mkdir("sticky", 0755);
    chmod("sticky", 01777);
    put("sticky/theirs", "t");
    put("sticky/mine", "m");
    chown("sticky/mine", 1000, 1000);
    in_child("as user 1000", as_user);
    TRY(faccessat, AT, "private", X_OK);
    TRY(faccessat, AT, "closed", X_OK);
    TRY(faccessat, AT, "private", 8);
    TRY(faccessat, AT, "none", F_OK);
    TRY(faccessat, AT, "private/x", F_OK);
    TRY(faccessat2, AT, "private", R_OK, AT_EACCESS);
    TRY(faccessat2, AT, "s", R_OK, AT_SYMLINK_NOFOLLOW);
    TRY(faccessat2, AT, "private", R_OK, 0x40000);
}

int main(void) {
    umask(022);
    if (getuid()) {
        printf("needs user 0\n");
        return 77;
    }
    stats();
    modes();
    owners();
    times();
    permissions();
    return 0;
}
