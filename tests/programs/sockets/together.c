/* What is put together before it goes (MSG_MORE, TCP_CORK, UDP_CORK), what is taken apart (UDP_SEGMENT), errors that
 * are kept. */
#include "sockets.h"

#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <netinet/udp.h>
#include <poll.h>

static struct sockaddr_in at(const char *a, int p) {
    struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons(p)};
    inet_pton(AF_INET, a, &s.sin_addr);
    return s;
}
static void take(const char *w, int s) {
    char b[64];
    int n = recv(s, b, 63, MSG_DONTWAIT);
    if (n < 0)
        printf("%s: %d\n", w, -errno);
    else
        printf("%s: %d %.*s\n", w, n, n, b);
}
static int on = 1, off = 0;
static int connected(int *other) {
    int l = socket(AF_INET, SOCK_STREAM, 0), s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = at("127.0.0.1", 0);
    socklen_t n = sizeof a;
    bind(l, (void *)&a, n);
    listen(l, 1);
    getsockname(l, (void *)&a, &n);
    connect(s, (void *)&a, n);
    *other = accept(l, 0, 0);
    close(l);
    return s;
}
static int out(int s) {
    int n = -1;
    ioctl(s, SIOCOUTQ, &n);
    return n;
}
static int pending(int s) {
    int n = -1;
    ioctl(s, FIONREAD, &n);
    return n;
}
static void error(int s) {
    char d[64] = "", c[512];
    struct sockaddr_in6 from;
    struct iovec v = {d, 3};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof from,
                       .msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = c,
                       .msg_controllen = sizeof c};
    int n = recvmsg(s, &m, MSG_ERRQUEUE);
    printf("error queue: %d flags %x name %d", n < 0 ? -errno : n, m.msg_flags, m.msg_namelen);
    if (n >= 0) {
        struct sockaddr_in *f = (void *)&from;
        printf(" %s family %d port ok %d", d, f->sin_family, ntohs(f->sin_port) == 9);
        for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
            struct sock_extended_err *e = (void *)CMSG_DATA(h);
            printf(" [%d %d len %d: %d %d %d %d %d %d off %d]", h->cmsg_level, h->cmsg_type, (int)h->cmsg_len,
                   e->ee_errno, e->ee_origin, e->ee_type, e->ee_code, e->ee_info, e->ee_data,
                   SO_EE_OFFENDER(e)->sa_family);
        }
    }
    puts("");
}
int main(void) {
    int o, s = connected(&o);
    send(s, "a", 1, MSG_MORE);
    printf("more %d out %d\n", pending(o), out(s));
    send(s, "b", 1, 0);
    take("both", o);
    setsockopt(s, 6, TCP_CORK, &on, 4);
    send(s, "c", 1, 0);
    printf("cork %d\n", pending(o));
    setsockopt(s, 6, TCP_CORK, &off, 4);
    take("uncorked", o);
    setsockopt(s, 6, TCP_CORK, &on, 4);
    send(s, "d", 1, 0);
    setsockopt(s, 6, TCP_NODELAY, &on, 4);
    take("nodelay", o);
    send(s, "d", 1, 0);
    take("corked again", o);
    setsockopt(s, 6, TCP_CORK, &off, 4);
    take("now", o);
    setsockopt(s, 6, TCP_NODELAY, &off, 4);
    send(s, "e", 1, MSG_MORE);
    shutdown(s, SHUT_WR);
    take("shut", o);
    take("end", o);
    close(s);
    close(o);
    s = connected(&o);
    send(s, "f", 1, MSG_MORE);
    close(s);
    take("closed", o);
    take("end", o);
    close(o);
    s = connected(&o);
    send(s, "g", 1, MSG_MORE);
    struct pollfd p = {o, POLLIN};
    SHOW(poll(&p, 1, 2000));
    take("after a time", o);
    close(s);
    close(o);
    s = connected(&o);
    struct tcp_info i;
    socklen_t n = sizeof i;
    send(s, "hello", 5, 0);
    getsockopt(s, 6, TCP_INFO, &i, &n);
    printf("info %d %d %d\n", i.tcpi_state, i.tcpi_advmss, i.tcpi_pmtu);
    n = sizeof i;
    getsockopt(o, 6, TCP_INFO, &i, &n);
    printf("%d\n", i.tcpi_state);
    close(s);
    close(o);
    struct sockaddr_in a = at("127.0.0.1", 0), b = at("127.0.0.1", 9);
    int u = socket(AF_INET, SOCK_DGRAM, 0), v = socket(AF_INET, SOCK_DGRAM, 0);
    n = sizeof a;
    bind(u, (void *)&a, n);
    getsockname(u, (void *)&a, &n);
    SHOW(sendto(v, "one ", 4, MSG_MORE, (void *)&a, n));
    take("not yet", u);
    SHOW(sendto(v, "two", 3, 0, (void *)&b, n));
    take("both", u);
    setsockopt(v, 17, UDP_CORK, &on, 4);
    SHOW(sendto(v, "x", 1, 0, (void *)&a, n));
    SHOW(sendto(v, "y", 1, 0, (void *)&a, n));
    setsockopt(v, 17, UDP_CORK, &off, 4);
    take("corked", u);
    int size = 4;
    SHOW(setsockopt(v, 17, UDP_SEGMENT, &size, 4));
    SHOW(sendto(v, "abcdefghij", 10, 0, (void *)&a, n));
    take("1", u);
    take("2", u);
    take("3", u);
    take("4", u);
    setsockopt(v, 17, UDP_SEGMENT, &off, 4);
    SHOW(sendto(v, "lost", 4, 0, (void *)&b, n));
    take("unconnected", v);
    error(v);
    SHOW(setsockopt(v, 0, IP_RECVERR, &on, 4));
    SHOW(sendto(v, "lost1", 5, 0, (void *)&b, n));
    p.fd = v;
    p.events = POLLIN;
    SHOW(poll(&p, 1, 0));
    printf("%x\n", p.revents);
    take("told", v);
    SHOW(poll(&p, 1, 0));
    printf("%x\n", p.revents);
    error(v);
    error(v);
    SHOW(sendto(v, "lost2", 5, 0, (void *)&b, n));
    SHOW(sendto(v, "lost3", 5, 0, (void *)&b, n));
    SHOW(sendto(v, "lost3", 5, 0, (void *)&b, n));
    error(v);
    int e;
    n = 4;
    SHOW(getsockopt(v, 1, SO_ERROR, &e, &n));
    printf("%d\n", e);
    error(v);
    n = 4;
    SHOW(getsockopt(v, 1, SO_ERROR, &e, &n));
    printf("%d\n", e);
    error(v);
    int w = socket(AF_INET6, SOCK_DGRAM, 0);
    setsockopt(w, 41, IPV6_RECVERR, &on, 4);
    struct sockaddr_in6 b6 = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = in6addr_loopback};
    SHOW(sendto(w, "six", 3, 0, (void *)&b6, sizeof b6));
    error(w);
    int r[3];
    struct sockaddr_in q = at("127.0.0.1", 0);
    n = sizeof q;
    for (int k = 0; k < 3; k++) {
        r[k] = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(r[k], 1, SO_REUSEADDR, &on, 4);
        bind(r[k], (void *)&q, n);
        n = sizeof q;
        getsockname(r[k], (void *)&q, &n);
    }
    int f = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(f, "newest", 6, 0, (void *)&q, n);
    take("0", r[0]);
    take("1", r[1]);
    take("2", r[2]);
    int t6 = socket(AF_INET6, SOCK_STREAM, 0), l4 = socket(AF_INET, SOCK_STREAM, 0);
    a = at("127.0.0.1", 0);
    n = sizeof a;
    bind(l4, (void *)&a, n);
    listen(l4, 1);
    getsockname(l4, (void *)&a, &n);
    struct sockaddr_in6 m6 = {.sin6_family = AF_INET6, .sin6_port = a.sin_port};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &m6.sin6_addr);
    int four = AF_INET;
    SHOW(setsockopt(t6, 41, 1, &four, 4));
    SHOW(connect(t6, (void *)&m6, sizeof m6));
    n = 4;
    SHOW(getsockopt(t6, 41, 1, &e, &n));
    printf("%d\n", e);
    SHOW(setsockopt(t6, 41, 1, &four, 4));
    SHOW(setsockopt(t6, 41, 1, &four, 4));
    n = sizeof m6;
    SHOW(getpeername(t6, (void *)&m6, &n));
    printf("%d %d\n", m6.sin6_family, n);
    n = 4;
    SHOW(getsockopt(t6, 1, SO_DOMAIN, &e, &n));
    printf("%d\n", e);
    SHOW(send(t6, "x", 1, 0));
    n = 4;
    SHOW(getsockopt(t6, 0, IP_MTU, &e, &n));
    printf("%d\n", e);
}
