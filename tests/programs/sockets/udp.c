/* UDP on the loopback interface: messages, connected sockets, errors, who gets what. */
#include "sockets.h"

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

static long send_to(int fd, const char *text, const char *host, int to) {
    struct sockaddr_in address = at(host, to);
    long result = sendto(fd, text, strlen(text), 0, (void *)&address, sizeof address);
    return result < 0 ? -errno : result;
}

static int port_of(int fd) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(fd, (void *)&address, &size);
    return ntohs(address.sin_port);
}

static void messages(void) {
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    READY(a);
    NAME(a);
    PEER(a);
    RESULT(bind_to(a, "127.0.0.1", 0));
    RESULT(bind_to(a, "127.0.0.1", 0));
    NAME(a);
    LIBC(listen(a, 1));
    LIBC(accept(a, 0, 0));
    RECV(a, 9, MSG_DONTWAIT);
    LIBC(send(b, "x", 1, 0));
    RESULT(send_to(b, "first", "127.0.0.1", port_of(a)));
    NAME(b);
    RESULT(send_to(b, "", "127.0.0.1", port_of(a)));
    RESULT(send_to(b, "third", "0.0.0.0", port_of(a)));
    int available = -1;
    LIBC(ioctl(a, FIONREAD, &available));
    printf("%d\n", available);
    READY(a);
    RECV(a, 2, MSG_PEEK);
    MESSAGE(a, 2, 0, 0);
    MESSAGE(a, 9, 0, 0);
    MESSAGE(a, 9, 64, 0);
    RECV(a, 9, MSG_DONTWAIT);
    RESULT(send_to(b, "x", "127.0.0.1", 0));
    RESULT(send_to(b, "x", "255.255.255.255", 9));
    LIBC(sendto(b, data, 65508, 0, (void *)&(struct sockaddr_in){AF_INET, 1}, 16));
    LIBC(sendto(b, "x", 1, 0, (void *)&(struct sockaddr_in){AF_INET6, 1}, 16));
    LIBC(sendto(b, "x", 1, 0, (void *)&(struct sockaddr_in){AF_INET, 1}, 8));
    LIBC(send(b, "x", 1, MSG_OOB));
    SET(a, SOL_IP, IP_PKTINFO, 1);
    SET(a, SOL_IP, IP_RECVTTL, 1);
    RESULT(send_to(b, "told", "127.0.0.1", port_of(a)));
    MESSAGE(a, 9, 128, 0);
}

static void connections(void) {
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
    bind_to(a, "127.0.0.1", 0);
    int port = port_of(a);
    LIBC(shutdown(b, SHUT_RDWR));
    b = socket(AF_INET, SOCK_DGRAM, 0);
    RESULT(connect_to(b, "127.0.0.1", port));
    NAME(b);
    PEER(b);
    LIBC(send(b, "one", 3, 0));
    LIBC(write(b, "two", 3));
    RESULT(connect_to(a, "127.0.0.1", port_of(b)));
    RESULT(send_to(c, "stranger", "127.0.0.1", port));
    LIBC(send(a, "back", 4, 0));
    RECV(b, 9, 0);
    RECV(a, 9, 0);
    RECV(a, 9, 0);
    RECV(a, 9, MSG_DONTWAIT);
    close(a);
    LIBC(send(b, "nobody", 6, 0));
    wait_for(b, POLLERR);
    READY(b);
    LIBC(send(b, "again", 5, 0));
    LIBC(send(b, "again", 5, 0));
    wait_for(b, POLLERR);
    RECV(b, 9, MSG_DONTWAIT);
    RECV(b, 9, MSG_DONTWAIT);
    LIBC(send(b, "again", 5, 0));
    wait_for(b, POLLERR);
    OPTION(b, SOL_SOCKET, SO_ERROR);
    OPTION(b, SOL_SOCKET, SO_ERROR);
    RESULT(send_to(c, "unconnected", "127.0.0.1", port));
    OPTION(c, SOL_SOCKET, SO_ERROR);
    struct sockaddr none = {AF_UNSPEC};
    LIBC(connect(b, &none, sizeof none));
    PEER(b);
    RESULT(connect_to(b, "127.0.0.1", port));
    LIBC(shutdown(b, SHUT_RD));
    READY(b);
    RECV(b, 9, 0);
    signal(SIGPIPE, count_signal);
    LIBC(shutdown(b, SHUT_WR));
    READY(b);
    LIBC(send(b, "x", 1, 0));
}

static void sharing(void) {
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
    bind_to(a, "0.0.0.0", 0);
    int port = port_of(a);
    RESULT(bind_to(b, "127.0.0.1", port));
    SET(a, SOL_SOCKET, SO_REUSEADDR, 1);
    SET(b, SOL_SOCKET, SO_REUSEADDR, 1);
    RESULT(bind_to(b, "127.0.0.1", port));
    RESULT(send_to(c, "special", "127.0.0.1", port));
    RESULT(send_to(c, "general", "127.0.0.2", port));
    RECV(a, 9, MSG_DONTWAIT);
    RECV(b, 9, MSG_DONTWAIT);
    SET(c, SOL_SOCKET, SO_RCVBUF, 1);
    bind_to(c, "127.0.0.1", 0);
    for (int i = 0; i < 100; i++)
        send_to(a, "much", "127.0.0.1", port_of(c));
    int count = 0;
    while (recv(c, data, 9, MSG_DONTWAIT) > 0)
        count++;
    printf("%d\n", count > 0 && count < 100);
}

static void six(void) {
    int a = socket(AF_INET6, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    LIBC(bind(a, (void *)&address, sizeof address));
    RESULT(send_to(b, "four", "127.0.0.1", port_of(a)));
    MESSAGE(a, 9, 0, 0);
    inet_pton(AF_INET6, "::1", &address.sin6_addr);
    address.sin6_port = htons(port_of(a));
    LIBC(sendto(c, "six", 3, 0, (void *)&address, sizeof address));
    MESSAGE(a, 9, 0, 0);
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
    LIBC(sendto(c, "mapped", 6, 0, (void *)&address, sizeof address));
    MESSAGE(a, 9, 0, 0);
    SET(a, SOL_IPV6, IPV6_V6ONLY, 1);
    c = socket(AF_INET6, SOCK_DGRAM, 0);
    SET(c, SOL_IPV6, IPV6_V6ONLY, 1);
    OPTION(c, SOL_IPV6, IPV6_V6ONLY);
    LIBC(sendto(c, "mapped", 6, 0, (void *)&address, sizeof address));
}

int main(void) {
    in_child("messages", messages);
    in_child("connections", connections);
    in_child("sharing", sharing);
    in_child("six", six);
}
