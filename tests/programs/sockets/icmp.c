/* Raw sockets of ICMP and ICMPv6, and the times at which messages came. */
#include "sockets.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <time.h>

/* Receives a message and prints its first bytes and control messages. */
static void told(const char *what, int fd) {
    unsigned char bytes[256];
    char control[256];
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    long got = recvmsg(fd, &message, MSG_DONTWAIT);
    printf("%s: %ld", what, got < 0 ? -(long)errno : got);
    for (int i = 0; i < got && i < 2; i++)
        printf(" %02x", bytes[i]);
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one && got >= 0; one = CMSG_NXTHDR(&message, one)) {
        long *time = (void *)CMSG_DATA(one);
        printf(" [%d %d %d]", one->cmsg_level, one->cmsg_type, (int)(one->cmsg_len - CMSG_LEN(0)));
        if (one->cmsg_level == SOL_SOCKET)
            printf("%s", time[0] > 1500000000 && time[1] >= 0 && time[1] < 1000000000 ? " now" : " never");
        else
            printf(" %d", *(int *)CMSG_DATA(one));
    }
    printf("\n");
}

static void stamps(const char *family, int to, int from, struct sockaddr *address, socklen_t size) {
    printf("%s\n", family);
    SHOW(sendto(to, "early", 5, 0, address, size));
    put_option("SO_TIMESTAMP", from, SOL_SOCKET, SO_TIMESTAMP, 7);
    print_option("SO_TIMESTAMP", from, SOL_SOCKET, SO_TIMESTAMP);
    SHOW(sendto(to, "late", 4, 0, address, size));
    told("before", from);
    told("after", from);
    put_option("SO_TIMESTAMPNS", from, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    print_option("SO_TIMESTAMP", from, SOL_SOCKET, SO_TIMESTAMP);
    SHOW(sendto(to, "ns", 2, 0, address, size));
    told("nanoseconds", from);
    put_option("SO_TIMESTAMPNS", from, SOL_SOCKET, SO_TIMESTAMPNS, 0);
    SHOW(sendto(to, "none", 4, 0, address, size));
    told("none", from);
}

static void echoes(const char *family, int fd, struct sockaddr *here, socklen_t size, int kind) {
    unsigned char request[16] = {kind, 0, 0, 0, 1, 2, 0, 1, 'p', 'i', 'n', 'g'};
    printf("%s\n", family);
    if (kind == ICMP_ECHO)
        request[2] = 0x17, request[3] = 0x2c;
    SHOW(sendto(fd, request, 12, 0, here, size));
    told("request", fd);
    told("reply", fd);
    told("no more", fd);
    SHOW(sendto(fd, request, 3, 0, here, size));
}

int main(void) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
    int udp = socket(AF_INET, SOCK_DGRAM, 0), pair[2];
    socklen_t size = sizeof four;
    bind(udp, (void *)&four, sizeof four);
    getsockname(udp, (void *)&four, &size);
    stamps("udp", udp, udp, (void *)&four, sizeof four);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    stamps("unix", pair[0], pair[1], NULL, 0);

    TRY(socket, AF_INET, SOCK_RAW, 0);
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), raw6 = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    SHOW(raw >= 0);
    SHOW(raw6 >= 0);
    if (raw < 0)
        return 0;
    struct icmp6_filter unwanted;
    four.sin_port = 0;
    echoes("icmp", raw, (void *)&four, sizeof four, ICMP_ECHO);
    echoes("icmp6", raw6, (void *)&six, sizeof six, ICMP6_ECHO_REQUEST);
    told("too short to be one", raw);
    ICMP6_FILTER_SETBLOCKALL(&unwanted);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &unwanted);
    SHOW(setsockopt(raw6, IPPROTO_ICMPV6, ICMP6_FILTER, &unwanted, sizeof unwanted));
    put_option("hops", raw6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    put_option("send hops", raw6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 3);
    put_option("checksum", raw6, SOL_RAW, IPV6_CHECKSUM, 2);
    put_option("odd checksum", raw6, SOL_RAW, IPV6_CHECKSUM, 3);
    put_option("no option", raw6, SOL_RAW, 99, 3);
    size = sizeof unwanted;
    SHOW(getsockopt(raw6, IPPROTO_ICMPV6, ICMP6_FILTER, &unwanted, &size));
    printf("passes a reply: %d, a request: %d\n", !!ICMP6_FILTER_WILLPASS(129, &unwanted), !!ICMP6_FILTER_WILLPASS(128, &unwanted));
    SHOW(setsockopt(raw, SOL_RAW, 1, "\0\1\0\0", 4));
    put_option("ttl", raw, IPPROTO_IP, IP_RECVTTL, 1);
    echoes("icmp, replies", raw, (void *)&four, sizeof four, ICMP_ECHO);
    echoes("icmp6, replies", raw6, (void *)&six, sizeof six, ICMP6_ECHO_REQUEST);
    six.sin6_port = htons(1);
    echoes("to a port", raw6, (void *)&six, sizeof six, ICMP6_ECHO_REQUEST);
    six.sin6_port = htons(IPPROTO_ICMPV6);
    echoes("to its own number", raw6, (void *)&six, sizeof six, ICMP6_ECHO_REQUEST);
    echoes("of another family", raw6, (void *)&four, sizeof four, ICMP6_ECHO_REQUEST);
    SHOW(bind(raw6, (void *)&six, sizeof six));
    print_name("bound", raw6, 0);
}
