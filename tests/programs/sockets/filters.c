/* Filters on sockets: what programs the kernel takes, what they see of packets, and what they keep out. */
#include "sockets.h"
#include <linux/filter.h>

#ifndef SO_LOCK_FILTER
#define SO_LOCK_FILTER 44
#endif

#define ERR(expression) printf("%s = %d\n", #expression, (expression) < 0 ? -errno : 0)

static int attach(int fd, struct sock_filter *code, unsigned short count) {
    struct sock_fprog program = {count, code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

static int detach(int fd) {
    int value = 0;
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value) < 0 ? -errno : 0;
}

#define ATTACH(fd, ...) \
    do { \
        struct sock_filter code[] = {__VA_ARGS__}; \
        printf("%s: %s: %d\n", #fd, #__VA_ARGS__, attach(fd, code, sizeof code / sizeof *code)); \
    } while (0)

/* What a program of two instructions, a load and a return of it, makes of a packet of UDP: the bytes kept say it. */
static void loaded(int to, int fd, const char *what, unsigned short code, unsigned k) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LDX | BPF_IMM, 3), BPF_STMT(code, k),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3f), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 8),
        BPF_STMT(BPF_RET | BPF_A, 0)};
    int done = attach(fd, program, 5);
    send(to, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 78, 0);
    long size = recv(fd, data, 100, MSG_DONTWAIT);
    printf("%s: %d %ld\n", what, done, size < 0 ? -errno : size);
}

#define LOADED(code, k) loaded(to, fd, #code " " #k, code, k)

static int connected(int family, int *fd) {
    struct sockaddr_storage address = {.ss_family = family};
    struct sockaddr_in *four = (void *)&address;
    struct sockaddr_in6 *six = (void *)&address;
    socklen_t size = family == AF_INET ? sizeof *four : sizeof *six;
    if (family == AF_INET)
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        six->sin6_addr = in6addr_loopback;
    *fd = socket(family, SOCK_DGRAM, 0);
    bind(*fd, (void *)&address, size);
    size = sizeof address;
    getsockname(*fd, (void *)&address, &size);
    int to = socket(family, SOCK_DGRAM, 0);
    connect(to, (void *)&address, size);
    return to;
}

static void datagrams(int family) {
    int fd, to = connected(family, &fd);
    printf("family %d\n", family);
    ATTACH(fd, BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'a', 0, 1),
           BPF_STMT(BPF_RET | BPF_K, -1), BPF_STMT(BPF_RET | BPF_K, 0));
    RESULT(send(to, "b no", 4, 0));
    RESULT(send(to, "a yes", 5, 0));
    RESULT(send(to, "", 0, 0));
    RECV(fd, 40, MSG_DONTWAIT);
    RECV(fd, 40, MSG_DONTWAIT);
    ATTACH(fd, BPF_STMT(BPF_RET | BPF_K, 3));
    send(to, "shorter than a header", 21, 0);
    RECV(fd, 40, MSG_DONTWAIT | MSG_TRUNC);
    ATTACH(fd, BPF_STMT(BPF_RET | BPF_K, 12));
    send(to, "four", 4, 0);
    send(to, "cut off", 7, 0);
    RECV(fd, 40, MSG_DONTWAIT | MSG_TRUNC);
    RECV(fd, 40, MSG_DONTWAIT | MSG_TRUNC);
    LOADED(BPF_LD | BPF_LEN, 0);
    LOADED(BPF_LD | BPF_H | BPF_ABS, 4);
    LOADED(BPF_LD | BPF_W | BPF_ABS, 82);
    LOADED(BPF_LD | BPF_W | BPF_ABS, 83);
    LOADED(BPF_LD | BPF_B | BPF_IND, 7);
    LOADED(BPF_LD | BPF_B | BPF_IND, 83);
    LOADED(BPF_LD | BPF_B | BPF_IND, -4);
    LOADED(BPF_LDX | BPF_B | BPF_MSH, 8);
    LOADED(BPF_ALU | BPF_MOD | BPF_X, 0);
    LOADED(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF);
    LOADED(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF + 9);
    LOADED(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF + 6);
    LOADED(BPF_LD | BPF_H | BPF_ABS, SKF_LL_OFF + 12);
    LOADED(BPF_LD | BPF_B | BPF_ABS, SKF_LL_OFF);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_MARK);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_HATYPE);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_ALU_XOR_X);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PAY_OFFSET);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + 62);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + 64);
    LOADED(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF - 4);
    close(fd);
    close(to);
}

static void programs(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), value = 1;
    struct sock_fprog none = {1, NULL};
    struct sock_filter one = BPF_STMT(BPF_RET | BPF_K, 0), got_code[4];
    socklen_t size;
    RESULT(detach(fd));
    RESULT(attach(fd, &one, 0));
    RESULT(attach(fd, &one, 5000));
    ERR(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof none));
    ERR(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &none, 4));
    RESULT(attach(fd, (void *)8, 1));
    ATTACH(fd, BPF_STMT(BPF_LD | BPF_IMM, 0));
    ATTACH(fd, BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0));
    ATTACH(fd, BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), BPF_STMT(BPF_RET | BPF_K, 0));
    ATTACH(fd, BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_RET | BPF_K, 0));
    ATTACH(fd, BPF_STMT(BPF_LD | BPF_B | BPF_MSH, 0), BPF_STMT(BPF_RET | BPF_K, 0));
    ATTACH(fd, BPF_STMT(BPF_LDX | BPF_W | BPF_MSH, 0), BPF_STMT(BPF_RET | BPF_K, 0));
    ATTACH(fd, BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 0));
    ATTACH(fd, BPF_STMT(0xffff, 1), BPF_STMT(BPF_RET | BPF_K, 0));
    size = 0;
    ERR(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &size));
    printf("count %d\n", (int)size);
    size = 1;
    ERR(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got_code, &size));
    size = 4;
    memset(got_code, 0x55, sizeof got_code);
    ERR(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got_code, &size));
    printf("count %d %x %x %x\n", (int)size, got_code[0].code, got_code[0].k, got_code[2].k);
    OPTION(fd, SOL_SOCKET, SO_LOCK_FILTER);
    SET(fd, SOL_SOCKET, SO_LOCK_FILTER, 0);
    SET(fd, SOL_SOCKET, SO_LOCK_FILTER, 5);
    OPTION(fd, SOL_SOCKET, SO_LOCK_FILTER);
    SET(fd, SOL_SOCKET, SO_LOCK_FILTER, 0);
    SET(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
    RESULT(detach(fd));
    RESULT(attach(fd, &one, 1));
    RESULT(attach(fd, NULL, 0));
    ERR(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, 2));
    OPTION(fd, SOL_SOCKET, 48);
    close(fd);
}

static void local(void) {
    int pair[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    ATTACH(pair[1], BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 'm', 0, 1),
           BPF_STMT(BPF_RET | BPF_K, 4), BPF_STMT(BPF_RET | BPF_K, 0));
    RESULT(send(pair[0], "apple", 5, 0));
    RESULT(send(pair[0], "zebra", 5, 0));
    RECV(pair[1], 40, MSG_DONTWAIT);
    RECV(pair[1], 40, MSG_DONTWAIT);
    RESULT(detach(pair[1]));
    RESULT(send(pair[0], "apple", 5, 0));
    RECV(pair[1], 40, MSG_DONTWAIT);
    close(pair[0]);
    close(pair[1]);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    ATTACH(pair[1], BPF_STMT(BPF_RET | BPF_K, 0));
    RESULT(send(pair[0], "stream", 6, 0));
    RECV(pair[1], 40, MSG_DONTWAIT);
    close(pair[0]);
    close(pair[1]);
}

static void streams(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (void *)&address, size);
    getsockname(listener, (void *)&address, &size);
    listen(listener, 5);
    ATTACH(listener, BPF_STMT(BPF_RET | BPF_K, 0));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ERR(connect(fd, (void *)&address, size));
    READY(fd);
    READY(listener);
    RESULT(detach(listener));
    wait_for(listener, POLLIN);
    wait_for(fd, POLLOUT);
    READY(fd);
    int other = accept(listener, NULL, NULL);
    RESULT(send(fd, "one ", 4, 0));
    RECV(other, 40, 0);
    ATTACH(other, BPF_STMT(BPF_RET | BPF_K, 0));
    RESULT(send(fd, "two ", 4, 0));
    RESULT(send(fd, "three", 5, 0));
    RECV(other, 40, MSG_DONTWAIT);
    RESULT(detach(other));
    wait_for(other, POLLIN);
    for (int left = 9; left > 0;) {
        long count = recv(other, data + 9 - left, left, 0);
        if (count <= 0)
            break;
        left -= (int)count;
    }
    printf("%.9s\n", data);
    close(other);
    close(fd);
    close(listener);
}

int main(void) {
    datagrams(AF_INET);
    datagrams(AF_INET6);
    programs();
    local();
    streams();
    return 0;
}
