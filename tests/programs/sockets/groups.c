/* Groups: who is in one hears of it, by which interface and from whom; what joining, leaving and blocking answer. */
#include "sockets.h"

static struct sockaddr_in at(const char *a, int p) {
    struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons(p)};
    inet_pton(AF_INET, a, &s.sin_addr);
    return s;
}
static struct sockaddr_in6 at6(const char *a, int p, int i) {
    struct sockaddr_in6 s = {.sin6_family = AF_INET6, .sin6_port = htons(p), .sin6_scope_id = i};
    inet_pton(AF_INET6, a, &s.sin6_addr);
    return s;
}
static void take(const char *w, int s) {
    char b[64];
    int n = recv(s, b, 63, MSG_DONTWAIT);
    if (n < 0)
        printf("%s: %d\n", w, -errno);
    else
        printf("%s: %.*s\n", w, n, b);
}
/* setsourcefilter(3) and its relatives, which not every C library has */
static int set_sources(int fd, int interface, void *group, unsigned mode, unsigned count, struct sockaddr_storage *sources) {
    static char room[GROUP_FILTER_SIZE(16)];
    struct group_filter *filter = (void *)room;
    filter->gf_interface = interface;
    memcpy(&filter->gf_group, group, sizeof(struct sockaddr_in));
    filter->gf_fmode = mode;
    filter->gf_numsrc = count;
    memcpy(filter->gf_slist, sources, count * sizeof *sources);
    return setsockopt(fd, IPPROTO_IP, MCAST_MSFILTER, filter, GROUP_FILTER_SIZE(count));
}

static int get_sources(int fd, int interface, void *group, unsigned *mode, unsigned *count, struct sockaddr_storage *sources) {
    static char room[GROUP_FILTER_SIZE(16)];
    struct group_filter *filter = (void *)room;
    socklen_t size = GROUP_FILTER_SIZE(*count);
    unsigned most = *count;
    filter->gf_interface = interface;
    memcpy(&filter->gf_group, group, sizeof(struct sockaddr_in));
    filter->gf_numsrc = most;
    if (getsockopt(fd, IPPROTO_IP, MCAST_MSFILTER, filter, &size))
        return -1;
    *mode = filter->gf_fmode;
    *count = filter->gf_numsrc;
    memcpy(sources, filter->gf_slist, (*count < most ? *count : most) * sizeof *sources);
    return (int)size - (int)GROUP_FILTER_SIZE(0);
}

static int set_sources4(int fd, struct in_addr interface, struct in_addr group, unsigned mode, unsigned count, struct in_addr *list) {
    uint32_t filter[16] = {group.s_addr, interface.s_addr, mode, count};
    memcpy(filter + 4, list, count * 4);
    return setsockopt(fd, IPPROTO_IP, 41 /* IP_MSFILTER */, filter, 16 + count * 4);
}

static int get_sources4(int fd, struct in_addr interface, struct in_addr group, unsigned *mode, unsigned *count, struct in_addr *list) {
    uint32_t filter[16] = {group.s_addr, interface.s_addr, 0, *count};
    socklen_t size = 16 + *count * 4;
    if (getsockopt(fd, IPPROTO_IP, 41, filter, &size))
        return -1;
    memcpy(list, filter + 4, size - 16);
    *mode = filter[2];
    *count = filter[3];
    return size;
}

static void told(int fd, struct in_addr group) {
    unsigned mode = 7, count = 3;
    struct sockaddr_storage sources[3] = {0};
    struct sockaddr_in name = at("0.0.0.0", 0);
    name.sin_addr = group;
    SHOW(get_sources(fd, 1, &name, &mode, &count, sources));
    printf("mode %u, %u:", mode, count);
    for (unsigned i = 0; i < count && i < 3; i++)
        printf(" %s", inet_ntoa(((struct sockaddr_in *)&sources[i])->sin_addr));
    puts("");
}

static void filters(int fd, struct in_addr group) {
    struct sockaddr_in name = at("0.0.0.0", 0), one = at("127.0.0.1", 0), two = at("127.0.0.9", 0);
    struct sockaddr_storage sources[11] = {0};
    struct in_addr lo = one.sin_addr, list[2] = {two.sin_addr, one.sin_addr};
    struct ip_mreqn m = {group, lo, 1};
    unsigned mode;
    name.sin_addr = group;
    memcpy(&sources[0], &two, sizeof two);
    memcpy(&sources[1], &one, sizeof one);
    SHOW(set_sources(fd, 1, &name, MCAST_INCLUDE, 2, sources));
    SHOW(set_sources(fd, 1, &name, MCAST_INCLUDE, 0, sources));
    SHOW(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
    told(fd, group);
    SHOW(set_sources(fd, 1, &name, MCAST_INCLUDE, 2, sources));
    told(fd, group);
    SHOW(set_sources(fd, 1, &name, 5, 2, sources));
    SHOW(set_sources(fd, 1, &name, MCAST_EXCLUDE, 3, sources));
    SHOW(set_sources(fd, 1, &name, MCAST_EXCLUDE, 11, sources));
    SHOW(set_sources(fd, 9, &name, MCAST_EXCLUDE, 1, sources));
    SHOW(set_sources(fd, 1, &one, MCAST_EXCLUDE, 1, sources));
    SHOW(set_sources(fd, 1, &name, MCAST_EXCLUDE, 1, sources));
    told(fd, group);
    SHOW(set_sources4(fd, lo, group, MCAST_INCLUDE, 2, list));
    unsigned count = 1;
    SHOW(get_sources4(fd, lo, group, &mode, &count, list));
    printf("mode %u, %u: %s\n", mode, count, inet_ntoa(list[0]));
    SHOW(setsockopt(fd, IPPROTO_IP, 41, list, 8));
    SHOW(set_sources(fd, 1, &name, MCAST_INCLUDE, 0, sources));
    told(fd, group);
}

int main(void) {
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0),
        s = socket(AF_INET, SOCK_DGRAM, 0), on = 1, off = 0;
    struct sockaddr_in any = at("0.0.0.0", 5000), group = at("239.1.2.3", 5000), other = at("239.1.2.4", 5000);
    setsockopt(a, SOL_SOCKET, SO_REUSEADDR, &on, 4);
    setsockopt(b, SOL_SOCKET, SO_REUSEADDR, &on, 4);
    setsockopt(c, SOL_SOCKET, SO_REUSEADDR, &on, 4);
    SHOW(bind(a, (void *)&any, sizeof any));
    SHOW(bind(b, (void *)&group, sizeof group));
    SHOW(bind(c, (void *)&any, sizeof any));
    struct ip_mreq m = {group.sin_addr, {0}};
    struct ip_mreqn n = {group.sin_addr, {0}, 1};
    struct in_addr lo = {htonl(INADDR_LOOPBACK)}, back;
    SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &lo, 4));
    socklen_t l = 4;
    SHOW(getsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &back, &l));
    printf("%s %d\n", inet_ntoa(back), (int)l);
    SHOW(sendto(s, "nobody", 6, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    m.imr_interface = lo;
    SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
    SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
    SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &n, sizeof n));
    n.imr_ifindex = 99;
    SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &n, sizeof n));
    n.imr_ifindex = 1;
    SHOW(sendto(s, "member", 6, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    take("c", c);
    take("c", c);
    SHOW(setsockopt(c, IPPROTO_IP, IP_MULTICAST_ALL, &off, 4));
    SHOW(sendto(s, "not all", 7, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    take("c", c);
    SHOW(sendto(s, "other", 5, 0, (void *)&other, sizeof other));
    take("a", a);
    SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &off, 4));
    SHOW(sendto(s, "no loop", 7, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &off, 4));
    SHOW(sendto(s, "no ttl", 6, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    struct ip_mreq_source q = {group.sin_addr, lo, lo};
    SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(setsockopt(a, IPPROTO_IP, IP_BLOCK_SOURCE, &q, sizeof q));
    SHOW(setsockopt(a, IPPROTO_IP, IP_BLOCK_SOURCE, &q, sizeof q));
    SHOW(sendto(s, "blocked", 7, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    SHOW(setsockopt(a, IPPROTO_IP, IP_UNBLOCK_SOURCE, &q, sizeof q));
    SHOW(setsockopt(a, IPPROTO_IP, IP_UNBLOCK_SOURCE, &q, sizeof q));
    SHOW(sendto(s, "unblocked", 9, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(setsockopt(c, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(setsockopt(c, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(sendto(s, "sourced", 7, 0, (void *)&group, sizeof group));
    take("a", a);
    take("c", c);
    take("b", b);
    q.imr_sourceaddr.s_addr = htonl(0x7f000009);
    SHOW(setsockopt(c, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(setsockopt(c, IPPROTO_IP, IP_BLOCK_SOURCE, &q, sizeof q));
    q.imr_sourceaddr = lo;
    SHOW(setsockopt(c, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(sendto(s, "dropped", 7, 0, (void *)&group, sizeof group));
    take("c", c);
    take("b", b);
    q.imr_sourceaddr.s_addr = htonl(0x7f000009);
    SHOW(setsockopt(c, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, &q, sizeof q));
    SHOW(setsockopt(c, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof m));
    struct group_req g = {.gr_interface = 1};
    memcpy(&g.gr_group, &other, sizeof other);
    SHOW(setsockopt(c, IPPROTO_IP, MCAST_JOIN_GROUP, &g, sizeof g));
    SHOW(setsockopt(c, IPPROTO_IP, MCAST_JOIN_GROUP, &g, sizeof g));
    SHOW(sendto(s, "other", 5, 0, (void *)&other, sizeof other));
    take("c", c);
    SHOW(setsockopt(c, IPPROTO_IP, MCAST_LEAVE_GROUP, &g, sizeof g));
    SHOW(setsockopt(c, IPPROTO_IP, MCAST_LEAVE_GROUP, &g, sizeof g));
    SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof m));
    SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof m));
    take("a", a);
    take("a", a);
    take("a", a);
    SHOW(sendto(s, "left", 4, 0, (void *)&group, sizeof group));
    take("a", a);
    take("b", b);
    m.imr_multiaddr = lo;
    SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
    for (int i = 0; i < 22; i++) {
        m.imr_multiaddr.s_addr = htonl(0xefff0000 + i);
        int r = setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m);
        if (r)
            printf("%d: %d\n", i, -errno);
    }
    filters(c, other.sin_addr);
    int t = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(setsockopt(t, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
    SHOW(setsockopt(t, IPPROTO_IP, IP_MULTICAST_TTL, &on, 4));
    SHOW(setsockopt(t, IPPROTO_IP, IP_MULTICAST_IF, &lo, 4));
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in me = at("127.0.0.1", 0);
    bind(u, (void *)&me, sizeof me);
    SHOW(sendto(u, "bound", 5, 0, (void *)&group, sizeof group));
    struct sockaddr_in all = at("224.0.0.1", 5000);
    SHOW(sendto(s, "all hosts", 9, 0, (void *)&all, sizeof all));
    take("a", a);
    int x = socket(AF_INET6, SOCK_DGRAM, 0), y = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 any6 = at6("::", 5006, 0), g6 = at6("ff05::77", 5006, 0);
    SHOW(bind(x, (void *)&any6, sizeof any6));
    struct ipv6_mreq m6 = {g6.sin6_addr, 0};
    m6.ipv6mr_interface = 1;
    SHOW(setsockopt(x, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof m6));
    SHOW(setsockopt(x, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof m6));
    m6.ipv6mr_interface = 9;
    SHOW(setsockopt(x, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof m6));
    m6.ipv6mr_interface = 1;
    SHOW(setsockopt(y, IPPROTO_IPV6, IPV6_MULTICAST_IF, &on, 4));
    SHOW(setsockopt(x, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m6, sizeof m6));
    SHOW(setsockopt(x, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m6, sizeof m6));
    m6.ipv6mr_multiaddr = in6addr_loopback;
    SHOW(setsockopt(x, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof m6));
}
