/* Names of AF_UNIX sockets, connections by them, and datagrams without one. */
#include "sockets.h"

static void paths(void) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un address;
    struct stat st;
    NAME(s);
    PEER(s);
    READY(s);
    LIBC(listen(s, 1));
    LIBC(bind(s, BAD, 10));
    LIBC(bind(s, (void *)&address, 200));
    LIBC(bind(s, (void *)&address, -1));
    socklen_t size = unix_address(&address, "sock");
    LIBC(bind(s, (void *)&address, 1));
    address.sun_family = AF_INET;
    LIBC(bind(s, (void *)&address, size));
    umask(027);
    RESULT(unix_connect(c, "sock"));
    RESULT(unix_bind(s, "nowhere/sock"));
    RESULT(unix_bind(s, "sock"));
    RESULT(unix_bind(s, "again"));
    RESULT(access("again", F_OK));
    RESULT(unix_bind(other, "sock"));
    RESULT(stat("sock", &st));
    printf("mode %o\n", st.st_mode);
    LIBC(open("sock", O_RDWR));
    NAME(s);
    RESULT(unix_connect(c, "sock"));
    LIBC(accept(s, 0, 0));
    OPTION(s, SOL_SOCKET, SO_ACCEPTCONN);
    LIBC(listen(s, 0));
    OPTION(s, SOL_SOCKET, SO_ACCEPTCONN);
    READY(s);
    RESULT(unix_connect(other, "sock"));
    RESULT(unix_connect(s, "sock"));
    RESULT(unix_connect(c, "sock"));
    READY(s);
    READY(c);
    LIBC(send(c, "early", 5, 0));
    int second = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    RESULT(unix_connect(second, "sock"));
    struct sockaddr_storage from;
    size = sizeof from;
    int a = accept4(s, (void *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    print_address("accepted", &from, size);
    printf("%d %x\n", fcntl(a, F_GETFD), fcntl(a, F_GETFL));
    NAME(a);
    PEER(a);
    NAME(c);
    PEER(c);
    RECV(a, 10, 0);
    RESULT(unix_connect(c, "sock"));
    RESULT(unix_connect(second, "sock"));
    LIBC(accept4(s, 0, 0, 0x1234));
    LIBC(recv(s, data, 1, 0));
    LIBC(send(s, data, 1, 0));
    close(s);
    READY(second);
    RECV(second, 1, 0);
    RECV(second, 1, 0);
    RESULT(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0), "sock"));
    RESULT(access("sock", F_OK));
    unlink("sock");
    put("plain", "text");
    RESULT(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0), "plain"));
    unlink("plain");
}

static void waits_to_connect(void) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    unix_bind(s, "@busy");
    listen(s, 0);
    pid_t child = fork();
    if (!child) {
        for (int i = 0; i < 3; i++) {
            int c = socket(AF_UNIX, SOCK_STREAM, 0);
            if (unix_connect(c, "@busy") < 0 || write(c, "hi", 2) != 2)
                _exit(1);
        }
        _exit(0);
    }
    usleep(50000);
    for (int i = 0; i < 3; i++) {
        int a = accept(s, 0, 0);
        RECV(a, 10, 0);
    }
    int status;
    wait(&status);
    printf("%x\n", status);
    int c = socket(AF_UNIX, SOCK_STREAM, 0);
    struct timeval soon = {0, 30000};
    setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    unix_connect(socket(AF_UNIX, SOCK_STREAM, 0), "@busy");
    RESULT(unix_connect(c, "@busy"));
    accept(s, 0, 0);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    LIBC(accept(s, 0, 0));
    LIBC(shutdown(s, SHUT_RD));
    READY(s);
    LIBC(accept(s, 0, 0));
    RESULT(unix_connect(c, "@busy"));
}

static void abstract(void) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0), e = socket(AF_UNIX, SOCK_DGRAM, 0);
    RESULT(unix_bind(s, "@name"));
    RESULT(unix_bind(s, "@name2"));
    RESULT(unix_bind(d, "@name"));
    RESULT(unix_bind(e, "@name"));
    RESULT(unix_bind(e, "@name\1"));
    NAME(e);
    RESULT(unix_connect(e, "@none"));
    close(d);
    d = socket(AF_UNIX, SOCK_DGRAM, 0);
    RESULT(unix_bind(d, "@name"));
    struct sockaddr_un address = {AF_UNIX};
    int f = socket(AF_UNIX, SOCK_DGRAM, 0);
    LIBC(bind(f, (void *)&address, 2));
    LIBC(bind(f, (void *)&address, 2));
    socklen_t size = sizeof address;
    getsockname(f, (void *)&address, &size);
    printf("autobind %d %d\n", (int)size, address.sun_path[0]);
    size = 3;
    memset(&address, 7, sizeof address);
    LIBC(getsockname(f, (void *)&address, &size));
    printf("%d %d %d\n", (int)size, address.sun_family, ((char *)&address)[3]);
    size = -1;
    LIBC(getsockname(f, (void *)&address, &size));
    LIBC(getsockname(f, (void *)&address, BAD));
}

static void datagrams(void) {
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
    unix_bind(a, "@a");
    unix_bind(b, "@b");
    READY(a);
    LIBC(listen(a, 1));
    LIBC(accept(a, 0, 0));
    RESULT(send(c, "x", 1, 0));
    RESULT(unix_send(c, "@a", "anonymous"));
    RESULT(unix_send(b, "@a", "named"));
    MESSAGE(a, 20, 0, 0);
    MESSAGE(a, 20, 0, 0);
    RESULT(unix_connect(b, "@a"));
    PEER(b);
    RESULT(send(b, "connected", 9, 0));
    RESULT(unix_connect(a, "@b"));
    RESULT(unix_send(c, "@a", "refused"));
    RESULT(unix_connect(c, "@a"));
    MESSAGE(a, 20, 0, 0);
    struct sockaddr none = {AF_UNSPEC};
    RESULT(send(b, "dropped", 7, 0));
    LIBC(connect(a, &none, sizeof none));
    READY(a);
    READY(b);
    OPTION(b, SOL_SOCKET, SO_ERROR);
    RESULT(unix_send(c, "@a", "again"));
    MESSAGE(a, 20, 0, 0);
    int sent = 0;
    while (sendto(c, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&(struct sockaddr_un){AF_UNIX, "\0a"}, 4) == 1)
        sent++;
    printf("%d before it is full, %d\n", sent, errno);
    RESULT(unix_connect(c, "@a"));
    READY(c);
    RECV(a, 1, 0);
    READY(c);
    pid_t child = fork();
    if (!child) {
        usleep(30000);
        for (int i = 0; i < 5; i++)
            recv(a, data, 1, 0);
        _exit(0);
    }
    for (int i = 0; i < 5; i++)
        if (send(c, "y", 1, 0) != 1)
            perror("send");
    wait(NULL);
    close(a);
    RESULT(send(c, "x", 1, 0));
    RESULT(send(c, "x", 1, 0));
}

static void sequences(void) {
    int s = socket(AF_UNIX, SOCK_SEQPACKET, 0), c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    READY(c);
    RESULT(send(c, "x", 1, 0));
    RECV(c, 1, 0);
    unix_bind(s, "@s");
    listen(s, 5);
    RESULT(unix_connect(c, "@s"));
    RESULT(send(c, "one", 3, 0));
    RESULT(unix_send(c, "@nobody", "two"));
    int a = accept(s, 0, 0);
    MESSAGE(a, 2, 0, 0);
    MESSAGE(a, 20, 0, 0);
    PEER(c);
    close(c);
    READY(a);
    MESSAGE(a, 20, 0, 0);
}

static void order(void) {
    int d = open("/dev/null", O_RDWR), path = open("/", O_PATH), s = socket(AF_UNIX, SOCK_STREAM, 0);
    int fds[] = {99, 0, path, s};
    fds[1] = d;
    for (int i = 0; i < 4; i++) {
        int fd = fds[i];
        printf("-- %d\n", i);
        LIBC(bind(fd, BAD, 200));
        LIBC(connect(fd, BAD, 200));
        LIBC(connect(fd, BAD, 20));
        LIBC(listen(fd, 5));
        LIBC(accept(fd, BAD, BAD));
        LIBC(accept4(fd, BAD, BAD, 0x1000));
        LIBC(getsockname(fd, BAD, BAD));
        LIBC(getpeername(fd, BAD, BAD));
        LIBC(sendto(fd, BAD, 5, 0, BAD, 5));
        LIBC(sendto(fd, (void *)-5, 50, 0, BAD, 5));
        LIBC(recvfrom(fd, BAD, 5, MSG_DONTWAIT, BAD, BAD));
        LIBC(sendmsg(fd, BAD, 0));
        LIBC(recvmsg(fd, BAD, 0));
        LIBC(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, BAD, -1));
        LIBC(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, BAD, 2));
        LIBC(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, BAD, 4));
        LIBC(setsockopt(fd, SOL_SOCKET, 12345, data, 4));
        LIBC(setsockopt(fd, 12345, 12345, data, 4));
        LIBC(getsockopt(fd, SOL_SOCKET, SO_TYPE, BAD, BAD));
        LIBC(getsockopt(fd, SOL_SOCKET, 12345, data, (void *)data));
        LIBC(getsockopt(fd, 12345, 12345, data, (void *)data));
        LIBC(shutdown(fd, 9));
        LIBC(shutdown(fd, 0));
    }
    LIBC(socket(AF_UNIX, SOCK_STREAM, 99));
    LIBC(socket(AF_UNIX, 99, 0));
    LIBC(socket(AF_UNIX, 4, 0));
    LIBC(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
    LIBC(socket(-1, SOCK_STREAM, 0));
    LIBC(socket(45, SOCK_STREAM, 0));
    LIBC(socket(46, SOCK_STREAM, 0));
    LIBC(socket(3, SOCK_STREAM, 0));
}

static void options(void) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    int plain[] = {SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF,
                   SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK, SO_PRIORITY, SO_REUSEPORT, SO_PASSCRED, SO_RCVLOWAT,
                   SO_SNDLOWAT, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_PEEK_OFF, SO_MARK, 29, 35, 40, 31, 99};
    for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++) {
        printf("%d: ", plain[i]);
        print_option("is", s, SOL_SOCKET, plain[i]);
        put_option("set", s, SOL_SOCKET, plain[i], 3000);
        print_option("is", s, SOL_SOCKET, plain[i]);
    }
    SET(s, SOL_SOCKET, SO_SNDBUF, 1);
    OPTION(s, SOL_SOCKET, SO_SNDBUF);
    SET(s, SOL_SOCKET, SO_RCVBUF, 1);
    OPTION(s, SOL_SOCKET, SO_RCVBUF);
    SET(s, SOL_SOCKET, SO_SNDBUF, -1);
    SET(s, SOL_SOCKET, SO_PEEK_OFF, -2);
    struct { int on, seconds; } linger = {1, 5};
    LIBC(setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, 4));
    LIBC(setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, 8));
    linger.seconds = 0;
    socklen_t size = 8;
    LIBC(getsockopt(s, SOL_SOCKET, SO_LINGER, &linger, &size));
    printf("%d %d %d\n", linger.on, linger.seconds, (int)size);
    struct timeval time = {1, 500000};
    LIBC(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &time, 4));
    LIBC(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    time.tv_sec = 0;
    size = sizeof time;
    LIBC(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &time, &size));
    printf("%d %d %d\n", (int)time.tv_sec, (int)time.tv_usec, size == sizeof time);
    time.tv_usec = 1000000;
    LIBC(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    size = 2;
    LIBC(getsockopt(s, SOL_SOCKET, SO_TYPE, data, &size));
    printf("%d\n", (int)size);
    size = 12;
    int who[3];
    LIBC(getsockopt(s, SOL_SOCKET, SO_PEERCRED, who, &size));
    printf("%d %d %d\n", who[0], who[1], who[2]);
    size = 100;
    LIBC(getsockopt(s, SOL_SOCKET, 59, data, &size));
    LIBC(getsockopt(s, SOL_SOCKET, SO_PEERNAME, data, &size));
    int p[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, p);
    SET(p[0], SOL_SOCKET, SO_PEEK_OFF, 2);
    send(p[1], "peeked", 6, 0);
    RECV(p[0], 2, MSG_PEEK);
    RECV(p[0], 9, MSG_PEEK);
    OPTION(p[0], SOL_SOCKET, SO_PEEK_OFF);
    RECV(p[0], 3, 0);
    OPTION(p[0], SOL_SOCKET, SO_PEEK_OFF);
    RECV(p[0], 9, 0);
}

int main(void) {
    in_child("paths", paths);
    in_child("waits to connect", waits_to_connect);
    in_child("abstract", abstract);
    in_child("datagrams", datagrams);
    in_child("sequences", sequences);
    in_child("order", order);
    in_child("options", options);
}
