/* dup, fcntl, close_range, locks: what descriptors are and what hangs on them. */
#include "try.h"

#include <sys/file.h>
#include <sys/resource.h>

static void duplicates(void) {
    int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
    printf("%d\n", fd);
    TRY(dup, fd);
    TRY(dup, 99);
    TRY(dup2, fd, 10);
    TRY(dup2, fd, fd);
    TRY(dup2, 99, 99);
    TRY(dup2, 99, 5);
    TRY(dup2, fd, -1);
    TRY(dup2, fd, 100000);
    TRY(dup3, fd, 11, O_CLOEXEC);
    TRY(dup3, fd, fd, 0);
    TRY(dup3, fd, 12, O_NONBLOCK);
    TRY(fcntl, 11, F_GETFD);
    TRY(fcntl, 10, F_GETFD);
    TRY(fcntl, 10, F_SETFD, FD_CLOEXEC);
    TRY(fcntl, 10, F_GETFD);
    TRY(fcntl, fd, F_GETFD);
    TRY(write, fd, "shared", 6);
    TRY(lseek, 10, 0, SEEK_CUR);
    TRY(fcntl, fd, F_DUPFD, 20);
    TRY(fcntl, fd, F_DUPFD, 20);
    TRY(fcntl, fd, F_DUPFD_CLOEXEC, 0);
    TRY(fcntl, 5, F_GETFD);
    TRY(fcntl, fd, F_DUPFD, -1);
    TRY(fcntl, fd, F_DUPFD, 100000);
    TRY(fcntl, 99, F_GETFD);
    TRY(fcntl, fd, 999, 0);
    TRY(fcntl, fd, F_SETFL, O_APPEND | O_NONBLOCK | O_RDONLY | O_CREAT);
    printf("%lo\n", call(SYS_fcntl, 10, F_GETFL) & ~(long)0100000);
    TRY(fcntl, fd, F_SETFL, 0);
    TRY(fcntl, fd, F_GETOWN);
    TRY(fcntl, fd, F_GETPIPE_SZ);
    int flag = 1;
    TRY(ioctl, fd, 0x5421, &flag);
    printf("%lo\n", call(SYS_fcntl, fd, F_GETFL) & ~(long)0100000);
    TRY(ioctl, fd, 0x5451, 0);
    TRY(fcntl, fd, F_GETFD);
    TRY(ioctl, fd, 0x5450, 0);
    TRY(ioctl, fd, 0x541b, &flag);
    printf("%d\n", flag);
    TRY(ioctl, fd, 0x5401, &flag);
    TRY(ioctl, fd, 0x1234, &flag);
    TRY(ioctl, 99, 0x5401, &flag);
    TRY(close, fd);
    TRY(close, fd);
    TRY(write, 10, "on", 2);
    get("f");
    TRY(close_range, 20, 21, 0);
    TRY(fcntl, 20, F_GETFD);
    TRY(close_range, 10, 11, 4);
    TRY(fcntl, 10, F_GETFD);
    TRY(close_range, 10, 5, 0);
    TRY(close_range, 10, 11, 8);
    TRY(close_range, 3, -1, 0);
    TRY(fcntl, 10, F_GETFD);
    struct rlimit limit = {5, 5};
    setrlimit(RLIMIT_NOFILE, &limit);
    TRY(dup, 0);
    TRY(dup, 0);
    TRY(dup, 0);
    TRY(fcntl, 0, F_DUPFD, 5);
    TRY(openat, AT_FDCWD, "f", O_RDONLY);
    TRY(openat, AT_FDCWD, "none", O_RDONLY);
    TRY(dup2, 0, 5);
}

static long lock(int fd, int cmd, int type, long start, long length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    long result = fcntl(fd, cmd, &lock);
    printf("lock(cmd %d, type %d, %ld, %ld) = %ld", cmd, type, start, length, result < 0 ? -errno : result);
    if (cmd == F_GETLK || cmd == F_OFD_GETLK)
        printf(" type %d from %lld len %lld pid %s", lock.l_type, (long long)lock.l_start, (long long)lock.l_len,
               lock.l_pid == getppid() ? "parent" : lock.l_pid == -1 ? "-1" : "other");
    printf("\n");
    return result;
}

static int locked_fd, about_to_wait[2];

static void against_parent(void) {
    int fd = open("l", O_RDWR);
    lock(fd, F_GETLK, F_WRLCK, 0, 0);
    lock(fd, F_GETLK, F_RDLCK, 0, 5);
    lock(fd, F_GETLK, F_RDLCK, 10, 10);
    lock(fd, F_GETLK, F_RDLCK, 30, 10);
    lock(fd, F_SETLK, F_RDLCK, 0, 5);
    lock(fd, F_SETLK, F_WRLCK, 0, 5);
    lock(fd, F_SETLK, F_WRLCK, 5, 5);
    lock(fd, F_SETLK, F_WRLCK, 15, 1);
    lock(fd, F_SETLK, F_UNLCK, 0, 100);
    lock(fd, F_OFD_GETLK, F_WRLCK, 0, 0);
    LIBC(flock(fd, LOCK_SH | LOCK_NB));
    LIBC(flock(fd, LOCK_EX | LOCK_NB));
    LIBC(flock(locked_fd, LOCK_EX | LOCK_NB));
    LIBC(flock(fd, LOCK_SH | LOCK_NB));
    LIBC(flock(locked_fd, LOCK_SH));
    write(about_to_wait[1], "w", 1);
    lock(fd, F_SETLKW, F_WRLCK, 50, 10);
    printf("waited\n");
}

static void look_for_lock(void) { lock(locked_fd, F_GETLK, F_WRLCK, 0, 0); }

static void locks(void) {
    put("l", "0123456789");
    int fd = locked_fd = open("l", O_RDWR), read_only = open("l", O_RDONLY), write_only = open("l", O_WRONLY);
    lock(fd, F_SETLK, F_RDLCK, 0, 5);
    lock(fd, F_SETLK, F_WRLCK, 10, 20);
    lock(fd, F_SETLK, F_UNLCK, 15, 5);
    lock(fd, F_SETLK, F_WRLCK, 40, 0);
    lock(fd, F_SETLK, 9, 0, 5);
    lock(fd, F_SETLK, F_RDLCK, -5, 5);
    lock(fd, F_SETLK, F_RDLCK, 5, -5);
    lock(fd, F_SETLK, F_RDLCK, 5, -6);
    lock(read_only, F_SETLK, F_WRLCK, 0, 1);
    lock(write_only, F_SETLK, F_RDLCK, 0, 1);
    lock(fd, F_GETLK, F_WRLCK, 0, 0);
    lock(99, F_SETLK, F_WRLCK, 0, 0);
    TRY(fcntl, fd, F_SETLK, BAD);
    LIBC(flock(fd, LOCK_SH));
    LIBC(flock(fd, LOCK_SH | LOCK_EX));
    LIBC(flock(99, LOCK_SH));
    pipe(about_to_wait);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        against_parent();
        fflush(stdout);
        _exit(0);
    }
    char byte;
    read(about_to_wait[0], &byte, 1);
    usleep(10000);
    lock(fd, F_SETLK, F_UNLCK, 0, 0); /* printed after what the child prints: nothing is flushed before it ends */
    waitpid(child, NULL, 0);
    lock(fd, F_SETLK, F_WRLCK, 0, 0);
    close(open("l", O_PATH)); /* which opens nothing */
    in_child("a place was closed", look_for_lock);
    close(read_only); /* closing any descriptor of the file loses all locks of the process */
    in_child("a file was closed", look_for_lock);
    lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10);
    lock(write_only, F_OFD_SETLK, F_WRLCK, 5, 10);
    lock(write_only, F_OFD_GETLK, F_WRLCK, 5, 10);
    lock(write_only, F_SETLK, F_WRLCK, 5, 10);
    close(fd);
    lock(write_only, F_OFD_SETLK, F_WRLCK, 5, 10);
}

int main(void) {
    umask(022);
    in_child("duplicates", duplicates);
    locks();
    return 0;
}
