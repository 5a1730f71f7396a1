/* Sockets as files: vectors, epoll, select, splice, sendfile, descriptors that share one. */
#include "sockets.h"

#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>

static void connected(int p[2]) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    bind(s, (void *)&address, size);
    listen(s, 5);
    getsockname(s, (void *)&address, &size);
    p[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect(p[0], (void *)&address, size);
    p[1] = accept(s, 0, 0);
    close(s);
}

static void vectors(int p[2]) {
    struct iovec out[] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
    char a[3], b[20] = "";
    struct iovec in[] = {{a, 3}, {b, 20}};
    LIBC(writev(p[0], out, 3));
    wait_for(p[1], POLLIN);
    LIBC(readv(p[1], in, 2));
    printf("%.3s|%s\n", a, b);
    LIBC(readv(p[1], in, 0));
    LIBC(preadv(p[1], in, 2, 0));
    LIBC(pwrite(p[1], "x", 1, 0));
    int again = dup(p[1]);
    LIBC(fcntl(again, F_SETFL, O_NONBLOCK));
    printf("%x\n", fcntl(p[1], F_GETFL));
    LIBC(read(p[1], b, 1));
    close(p[1]);
    LIBC(write(p[0], "still", 5));
    wait_for(again, POLLIN);
    LIBC(read(again, b, 9));
    int on = 0;
    LIBC(ioctl(again, FIONBIO, &on));
    printf("%x\n", fcntl(again, F_GETFL));
    p[1] = again;
}

static void moves(int p[2]) {
    int q[2];
    pipe(q);
    put("source", "the contents of a file");
    int file = open("source", O_RDONLY);
    off_t offset = 4;
    LIBC(sendfile(p[0], file, &offset, 8));
    printf("%d\n", (int)offset);
    wait_for(p[1], POLLIN);
    RECV(p[1], 20, 0);
    LIBC(sendfile(p[0], file, NULL, 100));
    wait_for(p[1], POLLIN);
    RECV(p[1], 40, 0);
    LIBC(sendfile(file, p[0], NULL, 10));
    LIBC(write(q[1], "through a pipe", 14));
    LIBC(splice(q[0], NULL, p[0], NULL, 9, 0));
    LIBC(splice(q[0], NULL, p[0], NULL, 100, 0));
    wait_for(p[1], POLLIN);
    LIBC(splice(p[1], NULL, q[1], NULL, 7, 0));
    LIBC(read(q[0], data, 20));
    RECV(p[1], 40, 0);
    LIBC(splice(p[1], &offset, q[1], NULL, 7, 0));
    shutdown(p[0], SHUT_WR);
    wait_for(p[1], POLLIN);
    LIBC(splice(p[1], NULL, q[1], NULL, 7, 0));
    unlink("source");
}

static void events(int p[2]) {
    int e = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u32 = 1}}, got[4];
    LIBC(epoll_ctl(e, EPOLL_CTL_ADD, p[1], &event));
    int n = epoll_wait(e, got, 4, 0);
    printf("%d %x\n", n, got[0].events);
    printf("%d\n", epoll_wait(e, got, 4, 0));
    write(p[0], "x", 1);
    n = epoll_wait(e, got, 4, 1000);
    printf("%d %x\n", n, got[0].events);
    printf("%d\n", epoll_wait(e, got, 4, 0));
    write(p[0], "y", 1);
    n = epoll_wait(e, got, 4, 1000);
    printf("%d %x\n", n, got[0].events);
    shutdown(p[0], SHUT_WR);
    n = epoll_wait(e, got, 4, 1000);
    printf("%d %x\n", n, got[0].events);
    fd_set in, out, odd;
    struct timeval now = {0, 0};
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&odd);
    FD_SET(p[1], &in);
    FD_SET(p[1], &out);
    FD_SET(p[0], &odd);
    LIBC(select(p[1] + p[0] + 1, &in, &out, &odd, &now));
    printf("%d %d %d\n", FD_ISSET(p[1], &in), FD_ISSET(p[1], &out), FD_ISSET(p[0], &odd));
    close(p[0]);
    close(p[1]);
    printf("%d\n", epoll_wait(e, got, 4, 0));
}

static void all(int kind) {
    int p[2];
    void (*deeds[])(int[2]) = {vectors, moves, events};
    for (int i = 0; i < 3; i++) {
        if (kind)
            socketpair(AF_UNIX, SOCK_STREAM, 0, p);
        else
            connected(p);
        deeds[i](p);
    }
}

static void by_unix(void) { all(1); }

static void by_tcp(void) { all(0); }

static void got_signal(int number) { (void)number; }

static void interrupted(void) {
    int p[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    struct sigaction action = {.sa_handler = got_signal};
    struct timeval soon = {10, 0};
    for (int restart = 0; restart < 2; restart++) {
        action.sa_flags = restart ? SA_RESTART : 0;
        sigaction(SIGALRM, &action, NULL);
        pid_t child = fork();
        if (!child) {
            usleep(60000);
            write(p[1], "late", 4);
            _exit(0);
        }
        ualarm(20000, 0);
        RECV(p[0], 10, 0);
        waitpid(child, NULL, 0);
        RECV(p[0], 10, MSG_DONTWAIT);
    }
    setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    ualarm(20000, 0);
    RECV(p[0], 10, 0);
}

int main(void) {
    in_child("unix", by_unix);
    in_child("tcp", by_tcp);
    in_child("interrupted", interrupted);
}
