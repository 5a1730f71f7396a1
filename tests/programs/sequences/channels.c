/* channels SEED STEPS: random sequences of calls on pipes, sockets, eventfds and epoll; nothing waits. */
#include "sequence.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

enum { BASE = 100, TOP = 112 };

static int fd(void) { return BASE + below(TOP - BASE); }

/* Gives a descriptor one of our numbers. */
static long put(int got)
{
    int to = fd();
    printf(" -> %d", to);
    if (got < 0)
        return result(got);
    dup2(got, to);
    close(got);
    return result(to);
}

static void put_both(int got, int pair[2])
{
    if (got < 0) {
        result(got);
        return;
    }
    put(pair[0]);
    printf("  and");
    put(pair[1]);
}

static void do_pipe(void)
{
    int pair[2], flags = O_NONBLOCK | (chance(20) ? O_DIRECT : 0);
    printf("pipe %x", flags);
    put_both(pipe2(pair, flags), pair);
}

static void do_pair(void)
{
    static const int kinds[] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW};
    int pair[2], kind = ONE_OF(kinds);
    printf("socketpair %d", kind);
    put_both(socketpair(AF_UNIX, kind | SOCK_NONBLOCK, 0, pair), pair);
}

static void do_eventfd(void)
{
    int flags = EFD_NONBLOCK | (chance(50) ? EFD_SEMAPHORE : 0);
    unsigned value = below(3);
    printf("eventfd %u %x", value, flags);
    put(eventfd(value, flags));
}

static void do_epoll_create(void)
{
    printf("epoll_create");
    put(epoll_create1(0));
}

static void do_socket(void)
{
    static const int families[] = {AF_UNIX, AF_UNIX, AF_INET, AF_INET, AF_INET6, AF_NETLINK, 77};
    static const int kinds[] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 9};
    int family = ONE_OF(families), kind = ONE_OF(kinds);
    if (family == AF_NETLINK)
        kind = SOCK_STREAM;
    printf("socket %d %d", family, kind);
    put(socket(family, kind | SOCK_NONBLOCK, 0));
}

static int given[2]; /* a pipe, to be passed: in what could hold a message, that could be in a circle, and who ends it when? */
static struct sockaddr_in ports[2];
static union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
} address;

/* An address that somebody may have: abstract names, and two ports of the loopback interface. */
static socklen_t choose(void)
{
    unsigned which = below(6);
    memset(&address, 0, sizeof address);
    if (which < 3) {
        address.local.sun_family = AF_UNIX;
        snprintf(address.local.sun_path + 1, 40, "ring3-test-%d-%u", getpid(), which);
        printf(" @%u", which);
        return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address.local.sun_path + 1);
    }
    if (which == 3) {
        address.any.sa_family = AF_UNSPEC;
        printf(" unspec");
        return sizeof address.any.sa_family + below(2) * 14;
    }
    address.in = ports[which - 4];
    printf(" port%u", which - 4);
    return sizeof address.in;
}

static void do_bind(void)
{
    int at = fd();
    printf("bind %d", at);
    socklen_t size = choose();
    result(bind(at, &address.any, size));
}

static void do_connect(void)
{
    int at = fd();
    printf("connect %d", at);
    socklen_t size = choose();
    result(connect(at, &address.any, size));
}

static void do_listen(void)
{
    int at = fd(), backlog = below(3);
    printf("listen %d %d", at, backlog);
    result(listen(at, backlog));
}

static void say_name(socklen_t size)
{
    if (size >= sizeof address)
        size = sizeof address;
    if (address.any.sa_family == AF_INET && size >= sizeof address.in)
        printf(" [in %d]", address.in.sin_port == ports[0].sin_port ? 0 : address.in.sin_port == ports[1].sin_port ? 1 : address.in.sin_port ? 2 : 3);
    else
        printf(" [%d %u]", size >= 2 ? address.any.sa_family : 0, address.any.sa_family == AF_UNIX && size > 2 ? 1 : 0);
}

static void do_accept(void)
{
    socklen_t size = sizeof address;
    int at = fd();
    printf("accept %d", at);
    int got = accept4(at, &address.any, &size, SOCK_NONBLOCK);
    put(got);
}

static void do_name(void)
{
    socklen_t size = sizeof address;
    int at = fd(), peer = below(2);
    memset(&address, 0, sizeof address);
    printf("name %d %d", at, peer);
    int got = peer ? getpeername(at, &address.any, &size) : getsockname(at, &address.any, &size);
    if (!got)
        say_name(size);
    result(got);
}

static void do_close(void)
{
    int at = fd();
    printf("close %d", at);
    result(close(at));
}

static void do_dup(void)
{
    int from = fd(), to = fd();
    printf("dup2 %d %d", from, to);
    result(dup2(from, to));
}

static char data[200000];

static unsigned size(void)
{
    static const unsigned sizes[] = {0, 1, 3, 8, 8, 10, 100, 4096, 5000, 60000};
    return ONE_OF(sizes);
}

static void do_write(void)
{
    int at = fd();
    unsigned count = size();
    memset(data, 'a' + below(26), count);
    printf("write %d %u", at, count);
    result(write(at, data, count));
}

static void do_send(void)
{
    static const int all[] = {0, 0, MSG_OOB, MSG_EOR, MSG_MORE, MSG_NOSIGNAL, MSG_DONTROUTE, MSG_CONFIRM};
    int at = fd(), flags = ONE_OF(all) | MSG_NOSIGNAL;
    unsigned count = size();
    memset(data, 'A' + below(26), count);
    printf("send %d %u %#x", at, count, flags);
    result(send(at, data, count, flags));
}

static void do_sendto(void)
{
    int at = fd();
    unsigned count = size();
    memset(data, 'A' + below(26), count);
    printf("sendto %d %u", at, count);
    socklen_t length = choose();
    result(sendto(at, data, count, MSG_NOSIGNAL, &address.any, length));
}

static void do_read(void)
{
    int at = fd();
    unsigned count = size();
    printf("read %d %u", at, count);
    long got = read(at, data, count);
    if (got > 0)
        printf(" (%x)", sum(data, got));
    result(got);
}

static void do_recv(void)
{
    static const int all[] = {0, MSG_PEEK, MSG_TRUNC, MSG_OOB, MSG_PEEK | MSG_TRUNC, MSG_WAITALL, MSG_ERRQUEUE};
    int at = fd(), flags = ONE_OF(all);
    unsigned count = size();
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    printf("recv %d %u %#x", at, count, flags);
    long got = recvfrom(at, data, count, flags | MSG_DONTWAIT, &address.any, &length);
    if (got > 0)
        printf(" (%x)", flags & MSG_TRUNC ? 0 : sum(data, got));
    if (got >= 0)
        say_name(length);
    result(got);
}

static void do_sendmsg(void)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof given)];
    } control;
    int at = fd(), count = below(3);
    unsigned length = size();
    struct iovec parts[2] = {{data, length}, {data, 3}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 1 + below(2)};
    memset(data, 'm', length + 3);
    printf("sendmsg %d %u+%zu passing %d", at, length, message.msg_iovlen, count);
    if (count) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), given, count * sizeof(int));
    }
    result(sendmsg(at, &message, MSG_NOSIGNAL));
}

static void do_recvmsg(void)
{
    char control[100];
    int at = fd();
    unsigned length = size(), room = chance(80) ? sizeof control : below(30);
    struct iovec part = {data, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    printf("recvmsg %d %u room %u", at, length, room);
    long got = recvmsg(at, &message, MSG_DONTWAIT);
    if (got >= 0) {
        printf(" flags %#x", message.msg_flags);
        for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
            printf(" [%d %d %zu]", each->cmsg_level, each->cmsg_type, (size_t)each->cmsg_len);
            if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_RIGHTS)
                for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= each->cmsg_len; i++) {
                    int passed;
                    struct stat found;
                    memcpy(&passed, CMSG_DATA(each) + i * sizeof(int), sizeof passed);
                    printf(" %o", fstat(passed, &found) ? 0 : found.st_mode);
                    close(passed);
                }
        }
    }
    result(got);
}

static void do_shutdown(void)
{
    int at = fd(), how = below(4);
    printf("shutdown %d %d", at, how);
    result(shutdown(at, how));
}

static void do_poll(void)
{
    struct pollfd all[TOP - BASE];
    for (int i = 0; i < TOP - BASE; i++)
        all[i] = (struct pollfd){BASE + i, POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRBAND, 0};
    printf("poll");
    int got = poll(all, TOP - BASE, 0);
    for (int i = 0; i < TOP - BASE; i++)
        printf(" %x", all[i].revents);
    result(got);
}

static void do_epoll_ctl(void)
{
    static const unsigned extra[] = {0, 0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT, EPOLLEXCLUSIVE};
    int at = fd(), target = fd(), operation = 1 + below(3);
    struct epoll_event event = {.events = (EPOLLIN | (chance(50) ? EPOLLOUT : 0) | EPOLLRDHUP) | ONE_OF(extra), .data.fd = target};
    printf("epoll_ctl %d %d %d %x", at, operation, target, event.events);
    result(epoll_ctl(at, operation, target, &event));
}

static int by_data(const void *one, const void *other)
{
    return ((const struct epoll_event *)one)->data.fd - ((const struct epoll_event *)other)->data.fd;
}

static void do_epoll_wait(void)
{
    struct epoll_event events[TOP - BASE];
    int at = fd();
    printf("epoll_wait %d", at);
    int got = epoll_wait(at, events, TOP - BASE, 0);
    if (got > 0)
        qsort(events, got, sizeof *events, by_data);
    for (int i = 0; i < got; i++)
        printf(" %d:%x", events[i].data.fd, events[i].events);
    result(got);
}

static void do_ioctl(void)
{
    static const unsigned long all[] = {FIONREAD, TIOCOUTQ, SIOCATMARK};
    int at = fd(), value = -7;
    unsigned long request = ONE_OF(all);
    struct stat found;
    printf("ioctl %d %#lx", at, request);
    int got = ioctl(at, request, &value);
    if (!got && (request != TIOCOUTQ || fstat(at, &found)))
        printf(" [%d]", value);
    result(got);
}

static void do_fcntl(void)
{
    int at = fd();
    switch (below(4)) {
    case 0:
        printf("getfl %d", at);
        result(fcntl(at, F_GETFL));
        break;
    case 1:
        printf("getpipe %d", at);
        result(fcntl(at, F_GETPIPE_SZ));
        break;
    case 2: {
        int room = 1 << (8 + below(10));
        printf("setpipe %d %d", at, room);
        result(fcntl(at, F_SETPIPE_SZ, room));
        break;
    }
    default:
        printf("setown %d", at);
        result(fcntl(at, F_SETOWN, 0));
    }
}

static void do_getsockopt(void)
{
    static const int all[][2] = {
        {SOL_SOCKET, SO_TYPE}, {SOL_SOCKET, SO_ERROR}, {SOL_SOCKET, SO_ERROR}, {SOL_SOCKET, SO_DOMAIN}, {SOL_SOCKET, SO_ACCEPTCONN}, {SOL_SOCKET, SO_PROTOCOL},
        {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_PASSCRED}, {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_IP, IP_TTL},
        {SOL_SOCKET, SO_PEERCRED}, {IPPROTO_TCP, TCP_CORK}, {SOL_SOCKET, 9999},
    };
    const int *which = ONE_OF(all);
    int at = fd(), value[8] = {0};
    socklen_t length = chance(80) ? 4 : below(16);
    printf("getsockopt %d %d %d room %u", at, which[0], which[1], length);
    int got = getsockopt(at, which[0], which[1], value, &length);
    if (!got)
        printf(" [%u %d]", length, which[1] == SO_PEERCRED ? value[0] > 0 : value[0]);
    result(got);
}

static void do_setsockopt(void)
{
    static const int all[][2] = {
        {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_PASSCRED}, {IPPROTO_TCP, TCP_NODELAY},
        {IPPROTO_IP, IP_TTL}, {SOL_SOCKET, SO_OOBINLINE}, {SOL_SOCKET, SO_LINGER}, {SOL_SOCKET, 9999}, {IPPROTO_TCP, TCP_CORK},
    };
    const int *which = ONE_OF(all);
    int at = fd(), value[2] = {below(3), 0};
    printf("setsockopt %d %d %d %d", at, which[0], which[1], value[0]);
    result(setsockopt(at, which[0], which[1], value, which[1] == SO_LINGER ? 8 : 4));
}

static void do_splice(void)
{
    int from = fd(), to = fd();
    unsigned count = size();
    printf("splice %d %d %u", from, to, count);
    result(splice(from, NULL, to, NULL, count, SPLICE_F_NONBLOCK));
}

static void do_tee(void)
{
    int from = fd(), to = fd();
    unsigned count = size();
    printf("tee %d %d %u", from, to, count);
    result(tee(from, to, count, SPLICE_F_NONBLOCK));
}

static void do_fstat(void)
{
    struct stat found;
    int at = fd();
    printf("fstat %d", at);
    int got = fstat(at, &found);
    if (!got)
        printf(" [%o %ld]", found.st_mode, (long)found.st_size);
    result(got);
}

static const struct operation operations[] = {
    {4, do_pipe}, {6, do_pair}, {2, do_eventfd}, {3, do_epoll_create}, {7, do_socket}, {5, do_bind}, {6, do_connect}, {4, do_listen}, {5, do_accept},
    {3, do_name}, {3, do_close}, {2, do_dup}, {7, do_write}, {6, do_send}, {4, do_sendto}, {7, do_read}, {7, do_recv}, {4, do_sendmsg}, {4, do_recvmsg},
    {4, do_shutdown}, {5, do_poll}, {6, do_epoll_ctl}, {5, do_epoll_wait}, {2, do_ioctl}, {2, do_fcntl}, {3, do_getsockopt}, {3, do_setsockopt}, {3, do_splice},
    {1, do_tee}, {1, do_fstat},
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGIO, SIG_IGN);
    if (pipe(given))
        return 2;
    for (int i = 0; i < 2; i++) { /* two ports that are free */
        socklen_t length = sizeof ports[i];
        int reserved = socket(AF_INET, SOCK_STREAM, 0);
        ports[i].sin_family = AF_INET;
        ports[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(reserved, (struct sockaddr *)&ports[i], length) || getsockname(reserved, (struct sockaddr *)&ports[i], &length))
            return 2;
        close(reserved);
    }
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
