/* files SEED STEPS: random sequences of calls on a few names and descriptors, in the working directory. */
#include "sequence.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static const char *const names[] = {"a", "b", "d", "e", "d/a", "d/b", "d/e", "e/a", "l", "d/l", "a/", "d/", "l/", "d/..", "none/a", "d/e/a"};
static const int base = 100, top = 108;

static const char *name(void) { return ONE_OF(names); }
static int fd(void) { return base + below(top - base); }

static void describe(const struct stat *found)
{
    int is_directory = S_ISDIR(found->st_mode);
    printf(" [%o %ld %lld]", found->st_mode, is_directory ? 0 : (long)found->st_nlink, is_directory ? 0LL : (long long)found->st_size);
}

static void do_open(void)
{
    static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR};
    static const int extra[] = {O_CREAT, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_CLOEXEC};
    const char *path = name();
    int flags = ONE_OF(modes) | O_NONBLOCK, to = fd(); /* nothing is to wait */
    for (unsigned i = below(4); i; i--)
        flags |= ONE_OF(extra);
    printf("open %s %#x -> %d", path, flags, to);
    int got = open(path, flags, 0644);
    if (got >= 0) {
        dup3(got, to, flags & O_CLOEXEC);
        close(got);
        got = to;
    }
    result(got);
}

static void do_tmpfile(void)
{
    int to = fd(), got = open(".", O_TMPFILE | O_RDWR | (chance(20) ? O_EXCL : 0), 0600);
    printf("tmpfile -> %d", to);
    if (got >= 0) {
        dup2(got, to);
        close(got);
        got = to;
    }
    result(got);
}

static void do_linkat(void)
{
    char path[32];
    const char *to = name();
    int from = fd();
    snprintf(path, sizeof path, "/proc/self/fd/%d", from);
    printf("linkat %d %s", from, to);
    result(linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
}

static void do_close(void)
{
    int at = fd();
    printf("close %d", at);
    result(close(at));
}

static void do_dup(void)
{
    int from = fd(), to = fd();
    printf("dup2 %d %d", from, to);
    result(dup2(from, to));
}

static char data[20000];

static unsigned size(void)
{
    static const unsigned sizes[] = {0, 1, 3, 10, 100, 511, 512, 4095, 4096, 4097, 8192, 10000};
    return ONE_OF(sizes);
}

static long offset(void)
{
    static const long offsets[] = {0, 0, 1, 5, 100, 4000, 4096, 5000, 8191, 8192, 12288, 20000, -1};
    return ONE_OF(offsets);
}

static void do_write(void)
{
    int at = fd();
    unsigned count = size();
    memset(data, 'a' + below(26), count);
    printf("write %d %u", at, count);
    result(write(at, data, count));
}

static void do_pwrite(void)
{
    int at = fd();
    unsigned count = size();
    long where = offset();
    memset(data, 'A' + below(26), count);
    printf("pwrite %d %u %ld", at, count, where);
    result(pwrite(at, data, count, where));
}

static void do_writev(void)
{
    int at = fd();
    struct iovec parts[3];
    unsigned count = below(4);
    memset(data, '0' + below(10), sizeof data);
    printf("writev %d", at);
    for (unsigned i = 0; i < count; i++) {
        parts[i].iov_base = data + 100 * i;
        parts[i].iov_len = size();
        printf(" %zu", parts[i].iov_len);
    }
    result(writev(at, parts, count));
}

static void do_pwritev2(void)
{
    static const int all[] = {0, 0, RWF_APPEND, RWF_DSYNC, RWF_HIPRI};
    int at = fd(), flags = ONE_OF(all);
    struct iovec part = {data, size()};
    long where = offset();
    printf("pwritev2 %d %zu %ld %#x", at, part.iov_len, where, flags);
    result(pwritev2(at, &part, 1, where, flags));
}

static void do_read(void)
{
    int at = fd();
    unsigned count = size();
    printf("read %d %u", at, count);
    long got = read(at, data, count);
    if (got > 0)
        printf(" (%x)", sum(data, got));
    result(got);
}

static void do_pread(void)
{
    int at = fd();
    unsigned count = size();
    long where = offset();
    printf("pread %d %u %ld", at, count, where);
    long got = pread(at, data, count, where);
    if (got > 0)
        printf(" (%x)", sum(data, got));
    result(got);
}

static void do_lseek(void)
{
    static const int whence[] = {SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, 9};
    int at = fd(), how = ONE_OF(whence);
    long where = offset();
    struct stat found;
    if (!fstat(at, &found) && S_ISDIR(found.st_mode))
        return; /* what positions of directories are is each file system's own */
    printf("lseek %d %ld %d", at, where, how);
    result(lseek(at, where, how));
}

static void do_ftruncate(void)
{
    int at = fd();
    long where = offset();
    printf("ftruncate %d %ld", at, where);
    result(ftruncate(at, where));
}

static void do_truncate(void)
{
    const char *path = name();
    long where = offset();
    printf("truncate %s %ld", path, where);
    result(truncate(path, where));
}

static void do_fallocate(void)
{
    static const int modes[] = {0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, 0x4000};
    int at = fd(), mode = ONE_OF(modes);
    long where = offset(), length = size();
    printf("fallocate %d %#x %ld %ld", at, mode, where, length);
    result(fallocate(at, mode, where, length));
}

static void do_rename(void)
{
    static const unsigned all[] = {0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, 3, 8};
    const char *from = name(), *to = name();
    unsigned flags = ONE_OF(all);
    printf("rename %s %s %u", from, to, flags);
    result(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

static void do_link(void)
{
    const char *from = name(), *to = name();
    int flags = chance(30) ? AT_SYMLINK_FOLLOW : 0;
    printf("link %s %s %x", from, to, flags);
    result(linkat(AT_FDCWD, from, AT_FDCWD, to, flags));
}

static void do_symlink(void)
{
    static const char *const targets[] = {"a", "b", "d", "d/a", "l", "../a", "none", ".", "", "d/"};
    const char *target = ONE_OF(targets), *path = name();
    printf("symlink '%s' %s", target, path);
    result(symlink(target, path));
}

static void do_unlink(void)
{
    const char *path = name();
    int flags = chance(30) ? AT_REMOVEDIR : 0;
    printf("unlink %s %x", path, flags);
    result(unlinkat(AT_FDCWD, path, flags));
}

static void do_mkdir(void)
{
    const char *path = name();
    printf("mkdir %s", path);
    result(mkdir(path, 0755));
}

static void do_mknod(void)
{
    static const mode_t kinds[] = {S_IFREG, S_IFIFO, S_IFSOCK, 0, S_IFDIR};
    const char *path = name();
    mode_t kind = ONE_OF(kinds);
    printf("mknod %s %o", path, kind);
    result(mknod(path, kind | 0640, 0));
}

static void do_stat(void)
{
    const char *path = name();
    struct stat found;
    int flags = chance(50) ? AT_SYMLINK_NOFOLLOW : 0;
    printf("stat %s %x", path, flags);
    int got = fstatat(AT_FDCWD, path, &found, flags);
    if (!got)
        describe(&found);
    result(got);
}

static void do_fstat(void)
{
    int at = fd();
    struct stat found;
    printf("fstat %d", at);
    int got = fstat(at, &found);
    if (!got)
        describe(&found);
    result(got);
}

static void do_readlink(void)
{
    const char *path = name();
    char target[16];
    printf("readlink %s", path);
    long got = readlink(path, target, 3);
    if (got > 0)
        printf(" '%.*s'", (int)got, target);
    result(got);
}

static void do_chmod(void)
{
    static const mode_t modes[] = {0644, 0600, 0755, 07777, 0};
    const char *path = name();
    mode_t mode = ONE_OF(modes);
    printf("chmod %s %o", path, mode);
    result(chmod(path, mode));
}

static void do_fchmod(void)
{
    int at = fd();
    printf("fchmod %d", at);
    result(fchmod(at, 0666));
}

static void do_access(void)
{
    const char *path = name();
    int mode = below(8);
    printf("access %s %d", path, mode);
    result(access(path, mode));
}

static void do_utimens(void)
{
    const char *path = name();
    struct timespec times[2] = {{below(1000), below(2) ? UTIME_OMIT : 5}, {below(1000), 7}};
    struct stat found;
    printf("utimens %s", path);
    int got = utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
    if (!got && !lstat(path, &found))
        printf(" [%ld.%ld]", (long)found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
    result(got);
}

static int by_name(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static void do_list(void)
{
    static const char *const folders[] = {".", "d", "e", "d/e", "a"};
    const char *path = ONE_OF(folders);
    struct dirent **entries;
    printf("list %s", path);
    int got = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < got; i++) {
        printf(" %s:%d", entries[i]->d_name, entries[i]->d_type);
        free(entries[i]);
    }
    if (got >= 0)
        free(entries);
    result(got);
}

static void do_fcntl(void)
{
    static const int flags[] = {0, O_APPEND, O_NOATIME};
    int at = fd(), flag = ONE_OF(flags);
    switch (below(4)) {
    case 0:
        printf("getfl %d", at);
        result(fcntl(at, F_GETFL));
        break;
    case 1:
        printf("setfl %d %#x", at, flag);
        result(fcntl(at, F_SETFL, flag | O_NONBLOCK));
        break;
    case 2:
        printf("getfd %d", at);
        result(fcntl(at, F_GETFD));
        break;
    default:
        printf("setfd %d", at);
        result(fcntl(at, F_SETFD, below(2)));
    }
}

static void do_lock(void)
{
    static const short types[] = {F_RDLCK, F_WRLCK, F_UNLCK};
    static const int commands[] = {F_SETLK, F_OFD_SETLK, F_GETLK, F_OFD_GETLK};
    struct flock lock = {.l_type = ONE_OF(types), .l_start = below(100), .l_len = below(3) * 50, .l_whence = below(3)};
    int at = fd(), command = ONE_OF(commands);
    printf("lock %d %d type %d %ld+%ld by %d", at, command, lock.l_type, (long)lock.l_start, (long)lock.l_len, lock.l_whence);
    int got = fcntl(at, command, &lock);
    if (!got && (command == F_GETLK || command == F_OFD_GETLK))
        printf(" [%d %d %ld %ld %d]", lock.l_type, lock.l_whence, (long)lock.l_start, (long)lock.l_len, lock.l_pid > 0);
    result(got);
}

static void do_flock(void)
{
    static const int all[] = {LOCK_SH, LOCK_EX, LOCK_UN};
    int at = fd(), how = ONE_OF(all) | LOCK_NB;
    printf("flock %d %d", at, how);
    result(flock(at, how));
}

static void do_copy(void)
{
    int from = fd(), to = fd();
    unsigned count = size();
    loff_t at = offset(), there = offset();
    int given = below(4);
    printf("copy %d %d %u", from, to, count);
    if (given & 1)
        printf(" from %lld", (long long)at);
    if (given & 2)
        printf(" to %lld", (long long)there);
    result(copy_file_range(from, given & 1 ? &at : NULL, to, given & 2 ? &there : NULL, count, 0));
}

static void do_sendfile(void)
{
    int from = fd(), to = fd();
    unsigned count = size();
    off_t at = offset();
    int given = below(2);
    printf("sendfile %d %d %u %ld", to, from, count, given ? (long)at : -9);
    long got = sendfile(to, from, given ? &at : NULL, count);
    if (given)
        printf(" at %ld", (long)at);
    result(got);
}

static void do_map(void)
{
    static const int all[] = {PROT_READ, PROT_READ | PROT_WRITE, PROT_WRITE, PROT_NONE};
    int at = fd(), prot = ONE_OF(all), flags = chance(50) ? MAP_SHARED : MAP_PRIVATE;
    struct stat found;
    printf("map %d %d %d", at, prot, flags);
    char *there = mmap(NULL, 8192, prot, flags, at, 0);
    if (there == MAP_FAILED) {
        result(-1);
        return;
    }
    if (!fstat(at, &found) && found.st_size > 0 && prot & PROT_WRITE)
        there[below(found.st_size < 4096 ? found.st_size : 4096)] = 'M';
    munmap(there, 8192);
    result(0);
}

static void do_sync(void)
{
    int at = fd();
    printf("sync %d", at);
    result(below(2) ? fsync(at) : fdatasync(at));
}

static void do_chdir(void)
{
    int at = fd(), home = open(".", O_RDONLY | O_DIRECTORY);
    printf("fchdir %d", at);
    int got = fchdir(at);
    if (!got) {
        struct stat found;
        printf(" a:%d", fstatat(AT_FDCWD, "a", &found, 0));
        fchdir(home);
    }
    close(home);
    result(got);
}

static const struct operation operations[] = {
    {12, do_open}, {2, do_tmpfile}, {1, do_linkat}, {4, do_close}, {2, do_dup}, {6, do_write}, {4, do_pwrite}, {2, do_writev},
    {2, do_pwritev2}, {5, do_read}, {5, do_pread}, {4, do_lseek}, {3, do_ftruncate}, {2, do_truncate}, {3, do_fallocate},
    {5, do_rename}, {4, do_link}, {3, do_symlink}, {4, do_unlink}, {4, do_mkdir}, {2, do_mknod}, {6, do_stat}, {3, do_fstat},
    {2, do_readlink}, {1, do_chmod}, {1, do_fchmod}, {2, do_access}, {2, do_utimens}, {3, do_list}, {3, do_fcntl}, {4, do_lock},
    {2, do_flock}, {3, do_copy}, {3, do_sendfile}, {3, do_map}, {1, do_sync}, {1, do_chdir},
};

int main(int argc, char **argv)
{
    umask(022);
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
