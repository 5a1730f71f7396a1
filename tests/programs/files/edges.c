/* Which of several errors comes, and what needs no buffer: offsets, pipes, devices that look at nothing, seals. */
#define _GNU_SOURCE
#include "try.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define NOWHERE ((char *)16)

int main(void) {
    char byte = 'x';
    struct iovec one = {&byte, 1}, nowhere = {NOWHERE, 5};
    int ends[2], file = open("edge.tmp", O_CREAT | O_RDWR | O_TRUNC, 0600), null = open("/dev/null", O_RDWR);
    int zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR), path = open(".", O_PATH);
    pipe(ends);
    write(file, "0123456789", 10);
    SHOW(lseek(file, INT64_MAX, SEEK_END));
    SHOW(lseek(file, 3, SEEK_SET));
    SHOW(lseek(file, INT64_MAX, SEEK_CUR));
    SHOW(lseek(file, -4, SEEK_CUR));
    SHOW(lseek(ends[0], 0, SEEK_SET));
    SHOW(pread(ends[0], &byte, 1, 0));
    SHOW(pread(ends[1], &byte, 1, 0));
    SHOW(pwrite(ends[0], &byte, 1, 0));
    SHOW(pwrite(ends[1], &byte, 1, 0));
    SHOW(preadv(ends[1], &one, 1, 0));
    SHOW(pwritev(ends[0], &one, 1, 0));
    SHOW(pread(ends[1], NOWHERE, 1, -1));
    SHOW(pread(path, &byte, 1, 0));
    SHOW(pwrite(path, &byte, 1, 0));
    SHOW(write(null, NOWHERE, 5));
    SHOW(write(zero, NOWHERE, 5));
    SHOW(write(full, NOWHERE, 5));
    SHOW(pwrite(null, NOWHERE, 5, 3));
    SHOW(pwrite(full, NOWHERE, 5, 3));
    SHOW(writev(null, &nowhere, 1));
    SHOW(writev(full, &nowhere, 1));
    SHOW(read(null, NOWHERE, 5));
    SHOW(read(zero, NOWHERE, 5));
    SHOW(write(ends[1], NOWHERE, 5));
    SHOW(write(ends[1], NOWHERE, 0));
    int sealed = memfd_create("edges", MFD_ALLOW_SEALING);
    write(sealed, "0123456789", 10);
    SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(write(sealed, &byte, 0));
    SHOW(pwrite(sealed, &byte, 0, 2));
    SHOW(write(sealed, &byte, 1));
    SHOW(setxattr(NOWHERE, "user.a", "b", 1, 8));
    SHOW(setxattr(NOWHERE, NOWHERE, "b", 1, 0));
    SHOW(setxattr("absent", "", "b", 1, 0));
    SHOW(fsetxattr(99, "user.a", "b", 1, 8));
    SHOW(fgetxattr(99, NOWHERE, &byte, 1));
    SHOW(fremovexattr(99, NOWHERE));
    SHOW(removexattr("absent", NOWHERE));
    struct epoll_event event;
    int set = epoll_create1(0);
    SHOW(epoll_wait(99, &event, 0, 0));
    SHOW(epoll_wait(set, &event, 0, 0));
    SHOW(epoll_wait(file, &event, 0, 0));
    SHOW(sync_file_range(99, -1, 1, 0));
    SHOW(sync_file_range(file, -1, 1, 0));
    SHOW(fallocate(99, 0, -1, 0));
    SHOW(fallocate(path, 0, -1, 0));
    SHOW(fallocate(ends[0], 0, -1, 0));
    SHOW(preadv2(99, &one, 1, 0, 1 << 20));
    SHOW(preadv2(ends[0], &one, 1, -1, 1 << 20));
    SHOW(preadv2(file, &one, -1, 0, 1 << 20));
    SHOW(preadv2(file, &one, 1, 0, 1 << 20));
    SHOW(pwritev2(99, &one, 1, 0, 1 << 20));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, -1, -1, 0, NOWHERE));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, -1, -1, 0, &one));
    unlink("edge.tmp");
    return 0;
}
