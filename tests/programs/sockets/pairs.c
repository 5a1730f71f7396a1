/* Pairs of AF_UNIX sockets: bytes, messages, bounds, ends that are shut or closed. */
#include "sockets.h"

static void kinds(void) {
    int p[2];
    TRY(socketpair, AF_UNIX, SOCK_STREAM, 0, BAD);
    TRY(socketpair, AF_UNIX, SOCK_STREAM, 5, p);
    TRY(socketpair, AF_UNIX, SOCK_STREAM, PF_UNIX, p);
    TRY(socketpair, AF_UNIX, 4, 0, p);
    TRY(socketpair, AF_UNIX, 12, 0, p);
    TRY(socketpair, AF_UNIX, SOCK_STREAM | 0x100, 0, p);
    TRY(socketpair, 12345, SOCK_STREAM, 0, p);
    TRY(socketpair, -1, SOCK_STREAM, 0, p);
    TRY(socketpair, AF_UNIX, SOCK_RAW, 0, p);
    OPTION(p[0], SOL_SOCKET, SO_TYPE);
    TRY(socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p);
    printf("%x %x %d\n", fcntl(p[0], F_GETFL), fcntl(p[1], F_GETFL), fcntl(p[1], F_GETFD));
    struct stat st;
    fstat(p[0], &st);
    printf("mode %o links %d size %d blocks %d\n", st.st_mode, (int)st.st_nlink, (int)st.st_size, (int)st.st_blksize);
    LIBC(lseek(p[0], 0, SEEK_CUR));
    LIBC(pread(p[0], data, 1, 0));
    LIBC(ftruncate(p[0], 0));
    LIBC(fsync(p[0]));
    NAME(p[0]);
    PEER(p[0]);
    OPTION(p[0], SOL_SOCKET, SO_ERROR);
    OPTION(p[0], SOL_SOCKET, SO_ACCEPTCONN);
    OPTION(p[0], SOL_SOCKET, SO_DOMAIN);
    OPTION(p[0], SOL_SOCKET, SO_PROTOCOL);
    OPTION(p[0], SOL_SOCKET, SO_SNDBUF);
    OPTION(p[0], SOL_TCP, 1);
    SET(p[0], SOL_TCP, 1, 1);
    struct ucred { int pid, uid, gid; } who;
    socklen_t size = sizeof who;
    getsockopt(p[0], SOL_SOCKET, SO_PEERCRED, &who, &size);
    printf("peer %d %d %d\n", who.pid == getpid(), who.uid == (int)geteuid(), who.gid == (int)getegid());
    LIBC(listen(p[0], 1));
    LIBC(accept(p[0], 0, 0));
    RESULT(unix_connect(p[0], "@none"));
}

static void streams(void) {
    int p[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    READY(p[0]);
    RECV(p[0], 10, MSG_DONTWAIT);
    LIBC(send(p[1], "hello", 5, 0));
    LIBC(write(p[1], " world", 6));
    LIBC(write(p[1], "", 0));
    LIBC(send(p[1], "", 0, 0));
    int available = -1;
    LIBC(ioctl(p[0], FIONREAD, &available));
    printf("%d\n", available);
    LIBC(ioctl(p[1], TIOCOUTQ, &available));
    printf("%d\n", available > 0);
    READY(p[0]);
    RECV(p[0], 3, MSG_PEEK);
    RECV(p[0], 30, MSG_PEEK);
    RECV(p[0], 3, 0);
    RECV(p[0], 0, 0);
    RECV(p[0], 5, MSG_WAITALL);
    RECV(p[0], 2, MSG_TRUNC);
    RECV(p[0], 50, MSG_WAITALL | MSG_DONTWAIT);
    RECV(p[0], 50, MSG_DONTWAIT);
    LIBC(read(p[0], data, 0));
    LIBC(recv(p[0], data, 10, MSG_OOB));
    LIBC(send(p[1], "abc", 3, MSG_OOB));
    READY(p[0]);
    RECV(p[0], 10, 0);
    RECV(p[0], 10, MSG_OOB);
    RECV(p[0], 10, MSG_OOB);
    LIBC(send(p[1], "one", 3, 0));
    LIBC(send(p[1], "!", 1, MSG_OOB));
    LIBC(send(p[1], "two", 3, 0));
    RECV(p[0], 20, MSG_PEEK);
    RECV(p[0], 20, 0);
    RECV(p[0], 20, 0);
    TRY(sendto, p[1], BAD, 5, 0, 0, 0);
    LIBC(send(p[1], "kept", 4, 0));
    LIBC(recv(p[0], BAD, 4, 0));
    RECV(p[0], 10, 0);
    LIBC(send(p[1], "address", 7, 0));
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    LIBC(recvfrom(p[0], data, 10, 0, (void *)&address, &size));
    printf("size %d\n", (int)size);
    struct sockaddr_un name;
    size = unix_address(&name, "@x");
    LIBC(sendto(p[1], "x", 1, 0, (void *)&name, size));
    LIBC(shutdown(p[1], 7));
    LIBC(shutdown(p[1], SHUT_WR));
    READY(p[0]);
    READY(p[1]);
    RECV(p[0], 10, 0);
    signal(SIGPIPE, count_signal);
    LIBC(send(p[1], "x", 1, 0));
    LIBC(send(p[1], "x", 1, MSG_NOSIGNAL));
    LIBC(write(p[1], "x", 1));
    LIBC(send(p[0], "back", 4, 0));
    close(p[1]);
    READY(p[0]);
    OPTION(p[0], SOL_SOCKET, SO_ERROR);
    LIBC(send(p[0], "x", 1, MSG_NOSIGNAL));
    RECV(p[0], 10, 0);
    PEER(p[0]);
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    LIBC(send(p[0], "lost", 4, 0));
    LIBC(send(p[1], "seen", 4, 0));
    close(p[0]);
    READY(p[1]);
    RECV(p[1], 10, 0);
    READY(p[1]);
    RECV(p[1], 10, 0);
    RECV(p[1], 10, 0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    LIBC(shutdown(p[0], SHUT_RD));
    READY(p[0]);
    READY(p[1]);
    RECV(p[0], 10, 0);
    LIBC(send(p[1], "x", 1, MSG_NOSIGNAL));
    LIBC(shutdown(p[0], SHUT_RDWR));
    READY(p[0]);
    READY(p[1]);
}

static void messages(int kind) {
    int p[2];
    socketpair(AF_UNIX, kind, 0, p);
    READY(p[0]);
    RECV(p[0], 10, MSG_DONTWAIT);
    LIBC(send(p[1], "first", 5, 0));
    LIBC(send(p[1], "second", 6, MSG_EOR));
    LIBC(send(p[1], "", 0, 0));
    LIBC(write(p[1], "third", 5));
    int available = -1;
    LIBC(ioctl(p[0], FIONREAD, &available));
    printf("%d\n", available);
    RECV(p[0], 3, MSG_PEEK);
    RECV(p[0], 3, MSG_PEEK | MSG_TRUNC);
    MESSAGE(p[0], 3, 64, 0);
    MESSAGE(p[0], 20, 64, 0);
    RECV(p[0], 20, 0);
    LIBC(read(p[0], data, 2));
    RECV(p[0], 20, MSG_DONTWAIT);
    LIBC(send(p[1], "four", 4, MSG_OOB));
    LIBC(recv(p[0], data, 4, MSG_OOB));
    LIBC(send(p[1], data, 300000, MSG_DONTWAIT));
    struct sockaddr_un name;
    socklen_t size = unix_address(&name, "@nobody");
    LIBC(sendto(p[1], "x", 1, 0, (void *)&name, size));
    RECV(p[0], 10, MSG_DONTWAIT);
    LIBC(send(p[1], "bad", 3, 0));
    LIBC(recv(p[0], BAD, 3, 0));
    RECV(p[0], 10, MSG_DONTWAIT);
    signal(SIGPIPE, count_signal);
    LIBC(shutdown(p[1], SHUT_WR));
    LIBC(send(p[1], "x", 1, 0));
    LIBC(write(p[1], "x", 1));
    READY(p[0]);
    READY(p[1]);
    RECV(p[0], 10, MSG_DONTWAIT);
    close(p[1]);
    READY(p[0]);
    LIBC(send(p[0], "x", 1, 0));
    LIBC(send(p[0], "x", 1, 0));
    RECV(p[0], 10, MSG_DONTWAIT);
    socketpair(AF_UNIX, kind, 0, p);
    LIBC(send(p[0], "lost", 4, 0));
    LIBC(send(p[1], "seen", 4, 0));
    close(p[0]);
    READY(p[1]);
    RECV(p[1], 10, MSG_DONTWAIT);
    RECV(p[1], 10, MSG_DONTWAIT);
    RECV(p[1], 10, MSG_DONTWAIT);
    socketpair(AF_UNIX, kind, 0, p);
    LIBC(shutdown(p[0], SHUT_RD));
    LIBC(send(p[1], "x", 1, 0));
    RECV(p[0], 10, 0);
}

static void datagrams(void) { messages(SOCK_DGRAM); }

static void seqpackets(void) { messages(SOCK_SEQPACKET); }

static void waiting(void) {
    int p[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    if (!fork()) {
        close(p[0]);
        for (int i = 0; i < 5; i++) {
            usleep(20000);
            if (write(p[1], "chunk", 5) != 5)
                _exit(1);
        }
        long sum = 0, once;
        while (sum < 3000000 && (once = read(p[1], data, sizeof data)) > 0)
            sum += once;
        printf("child got %ld\n", sum);
        fflush(stdout);
        _exit(0);
    }
    close(p[1]);
    RECV(p[0], 12, MSG_WAITALL);
    RECV(p[0], 13, MSG_WAITALL | MSG_PEEK);
    RECV(p[0], 13, MSG_WAITALL);
    for (int i = 0; i < 10; i++)
        if (send(p[0], data, 300000, 0) != 300000)
            printf("short\n");
    wait(NULL);
    RECV(p[0], 10, 0);
    struct timeval soon = {0, 30000};
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    LIBC(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
    LIBC(setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon));
    RECV(p[0], 10, 0);
    LIBC(read(p[0], data, 10));
    printf("%d\n", send(p[0], data, 300000, 0) > 100000);
    LIBC(send(p[0], data, 300000, 0));
    LIBC(write(p[0], data, 10));
    READY(p[0]);
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    LIBC(write(p[0], data, 10));
    soon.tv_usec = 1000000;
    LIBC(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
    SET(p[1], SOL_SOCKET, SO_RCVLOWAT, 5);
    OPTION(p[1], SOL_SOCKET, SO_RCVLOWAT);
}

int main(void) {
    in_child("kinds", kinds);
    in_child("streams", streams);
    in_child("datagrams", datagrams);
    in_child("seqpackets", seqpackets);
    in_child("waiting", waiting);
}
