/* Mode, owner, times and advisory locks of pipes and sockets, which descriptors alone lead to. */
#include "try.h"

#include <sys/file.h>
#include <sys/socket.h>

static void print(const char *what, int fd) {
    struct stat st;
    fstat(fd, &st);
    printf("%s: %o %d %d, mtime %lld, changed %d\n", what, st.st_mode, st.st_uid == getuid(), st.st_gid == getgid(),
           st.st_mtim.tv_sec < 1000 ? (long long)st.st_mtim.tv_sec : -1, st.st_ctim.tv_sec != 0);
}

static void change(const char *what, int fd) {
    struct timespec times[2] = {{5, 0}, {7, 0}};
    struct stat st;
    fstat(fd, &st);
    printf("%s: %o %d %d\n", what, st.st_mode, st.st_uid == getuid(), st.st_gid == getgid()); /* a socket's times are whatever was in memory */
    SHOW(fchmod(fd, 0200));
    SHOW(fchmod(fd, 01755));
    SHOW(fchown(fd, getuid(), getgid()));
    SHOW(futimens(fd, times));
    print(what, fd);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = 9;
    SHOW(futimens(fd, times));
    print(what, fd);
}

static int ends[2];

static void lock_too(void) {
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 0};
    SHOW(fcntl(ends[1], F_SETLK, &lock));
    SHOW(fcntl(ends[1], F_GETLK, &lock));
    printf("against it: %d %d\n", lock.l_type, lock.l_pid == getppid());
}

static void lock(void) {
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 0};
    SHOW(fcntl(ends[1], F_SETLK, &lock));
    in_child("locked by another", lock_too);
    SHOW(close(dup(ends[0])));
    in_child("one of its descriptors is closed", lock_too);
    SHOW(flock(ends[1], LOCK_EX | LOCK_NB));
    SHOW(flock(ends[0], LOCK_SH | LOCK_NB));
    SHOW(flock(ends[1], LOCK_UN));
    SHOW(flock(ends[0], LOCK_SH | LOCK_NB));
}

int main(void) {
    pipe(ends);
    lock();
    change("pipe", ends[1]);
    print("its other end", ends[0]);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    lock();
    change("socket", ends[0]);
    struct stat st;
    fstat(ends[1], &st);
    printf("its peer: %o\n", st.st_mode);
    SHOW(write(ends[0], "x", 1));
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    change("udp", udp);
    return 0;
}
