/* Pipes in packet mode: a read takes what one write has put there. */
#include "try.h"

static char big[70000], got[70000];

static void take(int fd, size_t size) {
    ssize_t count = read(fd, got, size);
    printf("read %zu: %zd %.10s\n", size, count < 0 ? -errno : count, count > 0 ? got : "");
    memset(got, 0, sizeof got);
}

int main(void) {
    int ends[2], plain[2], number;
    memset(big, 'b', sizeof big);
    SHOW(pipe2(ends, O_DIRECT | O_NONBLOCK));
    SHOW((fcntl(ends[0], F_GETFL) & O_DIRECT) != 0);
    write(ends[1], "one", 3);
    write(ends[1], "three", 5);
    write(ends[1], "", 0);
    write(ends[1], "four", 4);
    take(ends[0], 100);
    take(ends[0], 2);
    take(ends[0], 0);
    take(ends[0], 4);
    take(ends[0], 4);
    SHOW(write(ends[1], big, 5000));
    take(ends[0], 5000);
    take(ends[0], 5000);
    for (number = 0; write(ends[1], "x", 1) == 1; number++)
        ;
    printf("%d packets, error %d\n", number, errno);
    struct pollfd polled = {.fd = ends[1], .events = POLLOUT};
    SHOW(poll(&polled, 1, 0));
    take(ends[0], 10);
    SHOW(poll(&polled, 1, 0));
    SHOW(write(ends[1], big, 9000));
    for (; number; number--)
        read(ends[0], got, 1);
    take(ends[0], 10);

    SHOW(pipe2(plain, O_NONBLOCK));
    write(plain[1], "stream", 6);
    SHOW(fcntl(plain[1], F_SETFL, O_DIRECT | O_NONBLOCK));
    write(plain[1], "packet", 6);
    write(plain[1], "more", 4);
    SHOW(fcntl(plain[1], F_SETFL, O_NONBLOCK));
    write(plain[1], "end", 3);
    take(plain[0], 10);
    take(plain[0], 100);
    take(plain[0], 100);
    return 0;
}
