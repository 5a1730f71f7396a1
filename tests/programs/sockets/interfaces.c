/* The loopback interface as netdevice(7), getifaddrs(3) and rtnetlink(7) show it. */
#include "sockets.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static void requests(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    int numbers[] = {SIOCGIFINDEX, SIOCGIFMTU, SIOCGIFTXQLEN, SIOCGIFMETRIC};
    int addresses[] = {SIOCGIFADDR, SIOCGIFNETMASK, SIOCGIFBRDADDR};
    struct ifreq request;
    for (unsigned i = 0; i < 4; i++) {
        memset(&request, 0, sizeof request);
        strcpy(request.ifr_name, "lo");
        LIBC(ioctl(s, numbers[i], &request));
        printf("%x: %d\n", numbers[i], request.ifr_ifindex);
    }
    for (unsigned i = 0; i < 3; i++) {
        memset(&request, 0, sizeof request);
        strcpy(request.ifr_name, "lo");
        LIBC(ioctl(s, addresses[i], &request));
        print_address("address", (void *)&request.ifr_addr, 16);
    }
    strcpy(request.ifr_name, "lo");
    LIBC(ioctl(s, SIOCGIFFLAGS, &request));
    printf("flags %x\n", request.ifr_flags);
    LIBC(ioctl(s, SIOCGIFHWADDR, &request));
    printf("hardware %d\n", request.ifr_hwaddr.sa_family);
    request.ifr_ifindex = 1;
    LIBC(ioctl(s, SIOCGIFNAME, &request));
    printf("%s\n", request.ifr_name);
    strcpy(request.ifr_name, "nothing");
    LIBC(ioctl(s, SIOCGIFMTU, &request));
    request.ifr_ifindex = 12345;
    LIBC(ioctl(s, SIOCGIFNAME, &request));
    LIBC(ioctl(s, SIOCGIFMTU, BAD));
    LIBC(ioctl(s, 0x8801, &request));
    LIBC(ioctl(s, TCGETS, &request));
    printf("%d\n", if_nametoindex("lo"));
}

static void addresses(void) {
    struct ifaddrs *all, *one;
    LIBC(getifaddrs(&all));
    for (one = all; one; one = one->ifa_next) {
        if (strcmp(one->ifa_name, "lo"))
            continue;
        printf("%s flags %x\n", one->ifa_name, one->ifa_flags);
        if (one->ifa_addr && one->ifa_addr->sa_family != 17) {
            int size = one->ifa_addr->sa_family == AF_INET ? 16 : 28;
            print_address("  address", (void *)one->ifa_addr, size);
            print_address("  mask", (void *)one->ifa_netmask, size);
        }
    }
}

static long ask(int s, int type, int flags, const void *body, int size) {
    struct {
        struct nlmsghdr head;
        char body[64];
    } request = {{NLMSG_LENGTH(size), type, NLM_F_REQUEST | flags, 7, 0}, {0}};
    memcpy(request.body, body, size);
    return send(s, &request, request.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

static void answer(int s) {
    struct nlmsghdr *head = (void *)data;
    long size = recv(s, data, sizeof data, MSG_DONTWAIT);
    if (size < 0) {
        printf("error %d\n", errno);
        return;
    }
    printf("type %d flags %x seq %u pid %d", head->nlmsg_type, head->nlmsg_flags, head->nlmsg_seq,
           head->nlmsg_pid == (unsigned)getpid());
    if (head->nlmsg_type == NLMSG_ERROR)
        printf(" error %d size %u", ((struct nlmsgerr *)NLMSG_DATA(head))->error, head->nlmsg_len);
    printf("\n");
}

static void netlink(void) {
    LIBC(socket(AF_NETLINK, SOCK_STREAM, 0));
    LIBC(socket(AF_NETLINK, SOCK_RAW, 31));
    LIBC(socket(AF_NETLINK, SOCK_RAW, 99));
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl address = {AF_NETLINK};
    socklen_t size = sizeof address;
    READY(s);
    LIBC(getsockname(s, (void *)&address, &size));
    printf("%d %d\n", address.nl_pid, (int)size);
    LIBC(bind(s, (void *)&address, 4));
    LIBC(bind(s, (void *)&address, sizeof address));
    LIBC(getsockname(s, (void *)&address, &size));
    printf("%d\n", address.nl_pid == (unsigned)getpid());
    LIBC(getpeername(s, (void *)&address, &size));
    answer(s);
    struct ifinfomsg link = {.ifi_index = 1};
    RESULT(ask(s, RTM_GETLINK, 0, &link, sizeof link));
    READY(s);
    RECV(s, 0, MSG_PEEK);
    answer(s);
    answer(s);
    link.ifi_index = 12345;
    RESULT(ask(s, RTM_GETLINK, NLM_F_ACK, &link, sizeof link));
    answer(s);
    SET(s, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    SET(s, SOL_NETLINK, 999, 1);
    OPTION(s, SOL_NETLINK, NETLINK_CAP_ACK);
    SET(s, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    OPTION(s, SOL_NETLINK, NETLINK_CAP_ACK);
    RESULT(ask(s, RTM_GETLINK, NLM_F_ACK, &link, sizeof link));
    RECV(s, 4, MSG_PEEK | MSG_TRUNC);
    answer(s);
    int other = socket(AF_NETLINK, SOCK_DGRAM, 0);
    address.nl_pid = getpid();
    LIBC(bind(other, (void *)&address, sizeof address));
}

int main(void) {
    in_child("requests", requests);
    in_child("addresses", addresses);
    in_child("netlink", netlink);
}
