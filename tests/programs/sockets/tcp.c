/* TCP on the loopback interface: connections, ends, errors, options. */
#include "sockets.h"

static int port;

static struct sockaddr_in at(const char *host, int to) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(to)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

static int bind_to(int fd, const char *host, int to) {
    struct sockaddr_in address = at(host, to);
    return bind(fd, (void *)&address, sizeof address) < 0 ? -errno : 0;
}

static int connect_to(int fd, const char *host, int to) {
    struct sockaddr_in address = at(host, to);
    return connect(fd, (void *)&address, sizeof address) < 0 ? -errno : 0;
}

static int port_of(int fd) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(fd, (void *)&address, &size);
    return ntohs(address.sin_port);
}

static int listener(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    bind_to(s, "127.0.0.1", 0);
    listen(s, 5);
    port = port_of(s);
    return s;
}

static void connected(int p[2]) {
    int s = listener();
    p[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect_to(p[0], "127.0.0.1", port);
    p[1] = accept(s, 0, 0);
    close(s);
}

static void making(void) {
    LIBC(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    LIBC(socket(AF_INET, SOCK_STREAM, 999));
    LIBC(socket(AF_INET, SOCK_STREAM, -1));
    LIBC(socket(AF_INET, SOCK_SEQPACKET, 0));
    LIBC(socket(AF_INET, SOCK_RAW, 0));
    int p[2];
    LIBC(socketpair(AF_INET, SOCK_STREAM, 0, p));
    int s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    READY(s);
    NAME(s);
    PEER(s);
    OPTION(s, SOL_SOCKET, SO_PROTOCOL);
    OPTION(s, SOL_SOCKET, SO_DOMAIN);
    signal(SIGPIPE, count_signal);
    LIBC(send(s, "x", 1, 0));
    LIBC(send(s, "x", 1, MSG_NOSIGNAL));
    RECV(s, 1, 0);
    LIBC(shutdown(s, SHUT_RDWR));
    LIBC(accept(s, 0, 0));
    s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = at("127.0.0.1", 0);
    LIBC(bind(s, (void *)&address, 8));
    address.sin_family = AF_INET6;
    LIBC(bind(s, (void *)&address, 16));
    RESULT(bind_to(s, "1.2.3.4", 0));
    RESULT(bind_to(s, "127.0.0.1", 0));
    RESULT(bind_to(s, "127.0.0.1", 0));
    NAME(s);
    LIBC(listen(s, 3));
    READY(s);
    OPTION(s, SOL_SOCKET, SO_ACCEPTCONN);
    port = port_of(s);
    int other = socket(AF_INET, SOCK_STREAM, 0);
    RESULT(bind_to(other, "127.0.0.1", port));
    RESULT(bind_to(other, "0.0.0.0", port));
    RESULT(bind_to(other, "127.0.0.2", port));
    RECV(s, 1, 0);
    LIBC(send(s, "x", 1, MSG_NOSIGNAL));
    RESULT(connect_to(s, "127.0.0.1", port));
    int c = socket(AF_INET, SOCK_STREAM, 0);
    LIBC(connect(c, (void *)&address, 16));
    LIBC(connect(c, (void *)&address, 4));
    RESULT(connect_to(c, "127.0.0.1", port));
    RESULT(connect_to(c, "127.0.0.1", port));
    NAME(c);
    PEER(c);
    READY(c);
    READY(s);
    LIBC(fcntl(s, F_SETFL, O_NONBLOCK));
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int a = accept4(s, (void *)&from, &size, SOCK_NONBLOCK);
    print_address("from", &from, size);
    printf("%x\n", fcntl(a, F_GETFL));
    LIBC(accept(s, 0, 0));
    NAME(a);
    PEER(a);
    LIBC(send(c, "hello", 5, 0));
    RECV(a, 10, MSG_PEEK);
    RECV(a, 10, 0);
    RECV(a, 10, 0);
    LIBC(shutdown(s, SHUT_RD));
    c = socket(AF_INET, SOCK_STREAM, 0);
    RESULT(connect_to(c, "127.0.0.1", port));
    READY(c);
    RESULT(connect_to(c, "0.0.0.0", port));
}

static void ends(void) {
    int p[2];
    signal(SIGPIPE, count_signal);
    connected(p);
    READY(p[0]);
    LIBC(send(p[0], "data", 4, 0));
    LIBC(shutdown(p[0], SHUT_WR));
    READY(p[0]);
    READY(p[1]);
    RECV(p[1], 2, 0);
    RECV(p[1], 9, 0);
    RECV(p[1], 9, 0);
    LIBC(send(p[0], "x", 1, 0));
    LIBC(send(p[1], "back", 4, 0));
    RECV(p[0], 9, 0);
    close(p[1]);
    wait_for(p[0], POLLIN);
    READY(p[0]);
    RECV(p[0], 9, 0);
    PEER(p[0]);
    close(p[0]);
    connected(p);
    LIBC(send(p[0], "unread", 6, 0));
    LIBC(send(p[1], "kept", 4, 0));
    close(p[1]);
    wait_for(p[0], POLLERR);
    READY(p[0]);
    RECV(p[0], 9, 0);
    RECV(p[0], 9, 0);
    RECV(p[0], 9, 0);
    LIBC(send(p[0], "x", 1, 0));
    connected(p);
    close(p[1]);
    wait_for(p[0], POLLIN);
    LIBC(send(p[0], "into nothing", 12, 0));
    wait_for(p[0], POLLERR);
    READY(p[0]);
    LIBC(send(p[0], "x", 1, 0));
    OPTION(p[0], SOL_SOCKET, SO_ERROR);
    RECV(p[0], 9, 0);
    connected(p);
    struct linger linger = {1, 0};
    setsockopt(p[1], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(p[1]);
    wait_for(p[0], POLLERR);
    OPTION(p[0], SOL_SOCKET, SO_ERROR);
    OPTION(p[0], SOL_SOCKET, SO_ERROR);
    RECV(p[0], 9, 0);
    int s = listener(), c = socket(AF_INET, SOCK_STREAM, 0);
    RESULT(connect_to(c, "127.0.0.1", port));
    close(s);
    wait_for(c, POLLERR);
    READY(c);
    RECV(c, 9, 0);
}

static void nonblocking(void) {
    int s = listener();
    int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    RESULT(connect_to(c, "127.0.0.1", port));
    wait_for(c, POLLOUT);
    READY(c);
    OPTION(c, SOL_SOCKET, SO_ERROR);
    RESULT(connect_to(c, "127.0.0.1", port));
    RESULT(connect_to(c, "127.0.0.1", port));
    RECV(c, 1, 0);
    close(s);
    c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    RESULT(connect_to(c, "127.0.0.1", port));
    wait_for(c, POLLOUT);
    READY(c);
    OPTION(c, SOL_SOCKET, SO_ERROR);
    c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    RESULT(connect_to(c, "127.0.0.1", port));
    wait_for(c, POLLOUT);
    RESULT(connect_to(c, "127.0.0.1", port));
    struct sockaddr none = {AF_UNSPEC};
    LIBC(connect(c, &none, sizeof none));
}

static void urgent(void) {
    int p[2], mark = -1;
    connected(p);
    LIBC(send(p[0], "ab!", 3, MSG_OOB));
    LIBC(send(p[0], "cd", 2, 0));
    wait_for(p[1], POLLPRI);
    READY(p[1]);
    RECV(p[1], 1, MSG_OOB | MSG_PEEK);
    RECV(p[1], 1, MSG_OOB);
    RECV(p[1], 1, MSG_OOB);
    RECV(p[1], 9, 0);
    LIBC(ioctl(p[1], SIOCATMARK, &mark));
    printf("mark %d\n", mark);
    RECV(p[1], 9, 0);
    LIBC(ioctl(p[1], SIOCATMARK, &mark));
    printf("mark %d\n", mark);
    RECV(p[1], 9, MSG_OOB);
    SET(p[1], SOL_SOCKET, SO_OOBINLINE, 1);
    LIBC(send(p[0], "ef!", 3, MSG_OOB));
    LIBC(send(p[0], "gh", 2, 0));
    RECV(p[1], 9, MSG_OOB);
    RECV(p[1], 9, 0);
    RECV(p[1], 9, 0);
}

static void waiting(void) {
    int p[2];
    connected(p);
    if (!fork()) {
        close(p[0]);
        for (int i = 0; i < 4; i++) {
            usleep(10000);
            write(p[1], "chunk", 5);
        }
        long sum = 0, once;
        while (sum < 9000000 && (once = read(p[1], data, sizeof data)) > 0)
            sum += once;
        printf("child got %ld\n", sum);
        fflush(stdout);
        _exit(0);
    }
    close(p[1]);
    RECV(p[0], 7, MSG_WAITALL);
    RECV(p[0], 13, MSG_WAITALL | MSG_PEEK);
    RECV(p[0], 13, MSG_WAITALL);
    for (int i = 0; i < 30; i++)
        if (send(p[0], data, 300000, 0) != 300000)
            printf("short\n");
    wait(NULL);
    RECV(p[0], 10, 0);
    connected(p);
    struct timeval soon = {0, 30000};
    LIBC(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
    RECV(p[0], 10, 0);
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    long sent = 0, once;
    while ((once = send(p[0], data, 100000, 0)) > 0)
        sent += once;
    printf("%d %d %x\n", sent > 100000, errno, ready(p[0]));
    SET(p[0], SOL_SOCKET, SO_RCVLOWAT, 5);
    send(p[1], "four", 4, 0);
    READY(p[0]);
    RECV(p[0], 10, 0);
    send(p[1], "trunc", 5, 0);
    memset(data, 'z', 10);
    LIBC(recv(p[0], data, 3, MSG_TRUNC));
    printf("%.3s\n", data);
}

static void options(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    int tcp[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 18, 999};
    for (unsigned i = 0; i < sizeof tcp / sizeof *tcp; i++) {
        printf("%d: ", tcp[i]);
        print_option("is", s, SOL_TCP, tcp[i]);
    }
    SET(s, SOL_TCP, TCP_NODELAY, 5);
    OPTION(s, SOL_TCP, TCP_NODELAY);
    SET(s, SOL_TCP, TCP_KEEPIDLE, 100);
    SET(s, SOL_TCP, TCP_KEEPIDLE, 0);
    OPTION(s, SOL_TCP, TCP_KEEPIDLE);
    SET(s, SOL_TCP, 999, 0);
    SET(s, SOL_IP, IP_TTL, 7);
    OPTION(s, SOL_IP, IP_TTL);
    SET(s, SOL_IP, IP_TTL, 300);
    OPTION(s, SOL_SOCKET, SO_RCVBUF);
    OPTION(s, SOL_SOCKET, SO_SNDBUF);
    SET(s, SOL_SOCKET, SO_REUSEPORT, 1);
    SET(s, SOL_SOCKET, SO_PASSCRED, 1);
    LIBC(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    LIBC(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "none", 5));
    int p[2];
    connected(p);
    struct tcp_info info;
    socklen_t size = sizeof info;
    LIBC(getsockopt(p[0], SOL_TCP, TCP_INFO, &info, &size));
    printf("state %d\n", info.tcpi_state);
    char name[16];
    size = sizeof name;
    LIBC(getsockopt(s, SOL_TCP, TCP_CONGESTION, name, &size));
    printf("%d\n", (int)size);
}

static void reuse(void) {
    int p[2], s = listener(), c, a, again;
    c = socket(AF_INET, SOCK_STREAM, 0);
    connect_to(c, "127.0.0.1", port);
    a = accept(s, 0, 0);
    close(a);
    close(s);
    wait_for(c, POLLIN);
    close(c);
    again = socket(AF_INET, SOCK_STREAM, 0);
    RESULT(bind_to(again, "127.0.0.1", port));
    SET(again, SOL_SOCKET, SO_REUSEADDR, 1);
    p[0] = socket(AF_INET, SOCK_STREAM, 0);
    p[1] = socket(AF_INET, SOCK_STREAM, 0);
    for (int i = 0; i < 2; i++) {
        SET(p[i], SOL_SOCKET, SO_REUSEADDR, 1);
        RESULT(bind_to(p[i], "127.0.0.1", i ? port_of(p[0]) : 0));
    }
    LIBC(listen(p[0], 1));
    LIBC(listen(p[1], 1));
    for (int i = 0; i < 2; i++) {
        p[i] = socket(AF_INET, SOCK_STREAM, 0);
        SET(p[i], SOL_SOCKET, SO_REUSEPORT, 1);
        RESULT(bind_to(p[i], "127.0.0.1", i ? port_of(p[0]) : 0));
        LIBC(listen(p[i], 1));
    }
    c = socket(AF_INET, SOCK_STREAM, 0);
    RESULT(connect_to(c, "127.0.0.1", port_of(p[0])));
}

static void six(void) {
    int s = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), d = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    NAME(s);
    OPTION(s, SOL_IPV6, IPV6_V6ONLY);
    LIBC(bind(s, (void *)&address, sizeof address));
    LIBC(listen(s, 5));
    NAME(s);
    RESULT(connect_to(c, "127.0.0.1", port_of(s)));
    int a = accept(s, 0, 0);
    NAME(a);
    PEER(a);
    inet_pton(AF_INET6, "::1", &address.sin6_addr);
    address.sin6_port = htons(port_of(s));
    LIBC(connect(d, (void *)&address, sizeof address));
    NAME(d);
    PEER(d);
    a = accept(s, 0, 0);
    PEER(a);
    d = socket(AF_INET6, SOCK_STREAM, 0);
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
    LIBC(connect(d, (void *)&address, sizeof address));
    NAME(d);
    PEER(d);
}

int main(void) {
    in_child("making", making);
    in_child("ends", ends);
    in_child("nonblocking", nonblocking);
    in_child("urgent", urgent);
    in_child("waiting", waiting);
    in_child("options", options);
    in_child("reuse", reuse);
    in_child("six", six);
}
