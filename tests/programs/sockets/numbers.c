/* Options that are numbers: what each is at first, what may be stored, in how many bytes, and what comes back. */
#include "sockets.h"

static const int values[] = {0, 1, 2, 100, 300, -1, 70000, 1 << 30};
static const int sizes[] = {0, 1, 3, 8};

static void option(const char *kind, int family, int type, int level, int name) {
    int protocol = level == IPPROTO_UDPLITE ? level : 0, fd = socket(family, type, protocol), value = 77;
    socklen_t size = sizeof value;
    int result = getsockopt(fd, level, name, &value, &size);
    printf("%s %d %d: %d %d size %d, set", kind, level, name, result < 0 ? -errno : 0, value, (int)size);
    close(fd);
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        fd = socket(family, type, protocol);
        result = setsockopt(fd, level, name, &values[i], sizeof values[i]);
        if (result < 0)
            printf(" %d", -errno);
        else if (size = sizeof value, getsockopt(fd, level, name, &value, &size) == 0)
            printf(" =%d", value);
        close(fd);
    }
    value = 1;
    long wide[2] = {1, 0};
    fd = socket(family, type, protocol);
    printf(", sizes");
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        printf(" %d", setsockopt(fd, level, name, wide, sizes[i]) < 0 ? -errno : 0);
    size = 1;
    result = getsockopt(fd, level, name, &value, &size);
    printf(", byte %d %d\n", result < 0 ? -errno : 0, (int)size);
    close(fd);
}

int main(void) {
    static const int ip[] = {1, 2, 6, 7, 8, 10, 11, 12, 13, 15, 20, 21, 24, 33, 34, 49};
    static const int ip6[] = {1, 18, 19, 23, 24, 25, 26, 49, 51, 66, 67, 72, 99};
    static const int tcp[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 18, 25, 30, 36, 99};
    static const int udp[] = {1, 101, 102, 103, 99};
    static const int any[] = {2, 4, 9, 12, 14, 15, 18, 19, 25, 40, 43, 45, 46, 49, 53, 57};
    for (int i = 0; i < 16; i++) {
        if (any[i] != 18) /* of TCP bounded by what the machine is set to */
            option("tcp", AF_INET, SOCK_STREAM, SOL_SOCKET, any[i]);
        option("udp", AF_INET, SOCK_DGRAM, SOL_SOCKET, any[i]);
        option("unix", AF_UNIX, SOCK_STREAM, SOL_SOCKET, any[i]);
        option("tcp", AF_INET, SOCK_STREAM, IPPROTO_IP, ip[i]);
        option("udp", AF_INET, SOCK_DGRAM, IPPROTO_IP, ip[i]);
    }
    for (int i = 0; i < 13; i++) {
        option("tcp", AF_INET6, SOCK_STREAM, IPPROTO_IPV6, ip6[i]);
        option("udp", AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, ip6[i]);
        option("udp4", AF_INET, SOCK_DGRAM, IPPROTO_IPV6, ip6[i]);
    }
    for (int i = 0; i < 16; i++) {
        option("tcp", AF_INET, SOCK_STREAM, IPPROTO_TCP, tcp[i]);
        option("udp", AF_INET, SOCK_DGRAM, IPPROTO_TCP, tcp[i]);
    }
    for (int i = 0; i < 5; i++)
        option("udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP, udp[i]);
    for (int name = 9; name < 12; name++)
        option("udp-lite", AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE, name);
    return 0;
}
