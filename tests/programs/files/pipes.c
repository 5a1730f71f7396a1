/* Pipes, FIFOs and event counters: capacity, blocking, ends that are closed. */
#include "try.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char data[200000];

static short ready(int fd) {
    struct pollfd poll_fd = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    poll(&poll_fd, 1, 0);
    return poll_fd.revents;
}

static void got_signal(int number) {
    printf("signal %d\n", number);
}

static void plain(void) {
    int p[2];
    TRY(pipe2, BAD, 0);
    TRY(pipe2, p, 12345);
    LIBC(pipe2(p, O_NONBLOCK | O_CLOEXEC));
    printf("%d %d %d %d\n", fcntl(p[0], F_GETFD), fcntl(p[1], F_GETFD), fcntl(p[0], F_GETFL) & 04003,
           fcntl(p[1], F_GETFL) & 04003);
    printf("%x %x\n", ready(p[0]), ready(p[1]));
    LIBC(read(p[0], data, 10));
    LIBC(read(p[0], data, 0));
    LIBC(write(p[0], data, 10));
    LIBC(read(p[1], data, 10));
    LIBC(write(p[1], "hello", 5));
    LIBC(write(p[1], "", 0));
    int available = 0;
    LIBC(ioctl(p[0], FIONREAD, &available));
    printf("%d %x %x\n", available, ready(p[0]), ready(p[1]));
    LIBC(read(p[0], data, 3));
    LIBC(read(p[0], data + 3, 30));
    printf("%.5s\n", data);
    LIBC(fcntl(p[0], F_GETPIPE_SZ));
    LIBC(write(p[1], data, 65536));
    LIBC(write(p[1], data, 1));
    printf("%x %x\n", ready(p[0]), ready(p[1]));
    LIBC(read(p[0], data, 4095));
    LIBC(read(p[0], data, 1));
    printf("%x\n", ready(p[1]));
    LIBC(write(p[1], data, 4096));
    LIBC(write(p[1], data, 5000));
    LIBC(fcntl(p[0], F_SETPIPE_SZ, 4096));
    LIBC(fcntl(p[0], F_SETPIPE_SZ, 100000));
    LIBC(fcntl(p[0], F_GETPIPE_SZ));
    LIBC(write(p[1], data, 200000));
    LIBC(read(p[0], data, 200000));
    LIBC(fcntl(p[0], F_SETPIPE_SZ, 0));
    LIBC(fcntl(p[0], F_SETPIPE_SZ, 1));
    LIBC(write(p[1], data, 5000));
    LIBC(lseek(p[0], 0, SEEK_CUR));
    LIBC(pread(p[0], data, 1, 0));
    LIBC(pwrite(p[1], data, 1, 0));
    LIBC(fsync(p[0]));
    LIBC(ftruncate(p[1], 0));
    LIBC(fallocate(p[1], 0, 0, 10));
    LIBC(posix_fadvise(p[0], 0, 0, 0));
    LIBC(write(p[1], data, 4096));
    LIBC(read(p[0], (void *)8, 10));
    LIBC(read(p[0], data, 4096));
    LIBC(write(p[1], "last", 4));
    close(p[1]);
    printf("%x\n", ready(p[0]));
    LIBC(read(p[0], data, 100));
    printf("%x\n", ready(p[0]));
    LIBC(read(p[0], data, 100));
    close(p[0]);
    LIBC(pipe(p));
    close(p[0]);
    printf("%x\n", ready(p[1]));
    signal(SIGPIPE, got_signal);
    LIBC(write(p[1], data, 1));
    struct iovec parts[] = {{data, 1}, {data, 2}};
    LIBC(writev(p[1], parts, 2));
    signal(SIGPIPE, SIG_DFL);
    fflush(stdout);
    LIBC(write(p[1], data, 1));
}

static void blocking(void) {
    int p[2], q[2];
    LIBC(pipe(p));
    LIBC(pipe(q));
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        close(p[1]);
        long total = 0, count;
        while ((count = read(p[0], data, 777)) > 0)
            total += count;
        write(q[1], &total, sizeof total);
        _exit(0);
    }
    close(p[0]);
    LIBC(write(p[1], data, sizeof data));
    close(p[1]);
    long total = 0;
    LIBC(read(q[0], &total, sizeof total) == sizeof total);
    printf("%ld\n", total);
    waitpid(child, NULL, 0);
}

static void fifos(void) {
    LIBC(mkfifo("fifo", 0644));
    LIBC(mkfifo("fifo", 0644));
    kind("fifo");
    LIBC(open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    SHOW(reader >= 0);
    printf("%x\n", ready(reader));
    LIBC(read(reader, data, 10));
    int writer = open("fifo", O_WRONLY | O_NONBLOCK);
    SHOW(writer >= 0);
    LIBC(write(writer, "named", 5));
    LIBC(read(reader, data, 10));
    LIBC(read(reader, data, 10));
    close(writer);
    printf("%x\n", ready(reader));
    LIBC(read(reader, data, 10));
    close(reader);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        int out = open("fifo", O_WRONLY);
        write(out, "from child", 10);
        _exit(0);
    }
    int in = open("fifo", O_RDONLY);
    memset(data, 0, 20);
    LIBC(read(in, data, 20));
    printf("[%s]\n", data);
    waitpid(child, NULL, 0);
    LIBC(read(in, data, 20));
    close(in);
    int both = open("fifo", O_RDWR);
    LIBC(write(both, "self", 4));
    LIBC(read(both, data, 10));
    printf("%x\n", ready(both));
    struct stat st;
    LIBC(fstat(both, &st));
    printf("%o\n", st.st_mode);
    LIBC(unlink("fifo"));
}

static void events(void) {
    int fd = eventfd(3, EFD_NONBLOCK);
    uint64_t value = 0;
    printf("%x\n", ready(fd));
    LIBC(read(fd, &value, 8));
    printf("%llu %x\n", (unsigned long long)value, ready(fd));
    LIBC(read(fd, &value, 8));
    LIBC(read(fd, &value, 7));
    value = 5;
    LIBC(write(fd, &value, 8));
    LIBC(write(fd, &value, 7));
    LIBC(write(fd, &value, 16));
    value = ~0ULL;
    LIBC(write(fd, &value, 8));
    value = ~0ULL - 1;
    LIBC(write(fd, &value, 8));
    value = ~0ULL - 1 - 10;
    LIBC(write(fd, &value, 8));
    printf("%x\n", ready(fd));
    LIBC(read(fd, &value, 8));
    printf("%llx\n", (unsigned long long)value);
    LIBC(lseek(fd, 0, SEEK_CUR));
    close(fd);
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    LIBC(read(fd, &value, 8));
    printf("%llu\n", (unsigned long long)value);
    LIBC(read(fd, &value, 8));
    LIBC(read(fd, &value, 8));
    LIBC(eventfd(0, 0x100));
    int waits = eventfd(0, 0);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        usleep(20000);
        value = 42;
        write(waits, &value, 8);
        _exit(0);
    }
    LIBC(read(waits, &value, 8));
    printf("%llu\n", (unsigned long long)value);
    waitpid(child, NULL, 0);
}

int main(void) {
    umask(022);
    in_child("plain", plain);
    blocking();
    fifos();
    events();
    return 0;
}
