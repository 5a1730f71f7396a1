/* Sockets of AF_PACKET on the loopback interface: what they hear of a datagram, one by one and by rings in memory. */
#include "sockets.h"
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>

static int sender;
static struct sockaddr_in target = {.sin_family = AF_INET};

#define ERR(expression) printf("%s = %d\n", #expression, (int)(expression) < 0 ? -errno : 0)

/* A filter that lets what goes to the target's port pass. */
static int only_ours(int fd, int with_header) {
    unsigned at = with_header ? 14 : 0;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + 9), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, at), BPF_STMT(BPF_LD | BPF_H | BPF_IND, at + 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(target.sin_port), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 60), BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {7, code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int lo(int fd, int protocol) {
    struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = if_nametoindex("lo")};
    return bind(fd, (void *)&name, sizeof name) < 0 ? -errno : 0;
}

static void print_ll(const char *what, const struct sockaddr_ll *name, socklen_t size) {
    printf("%s: size %d family %d protocol %x interface %s hardware %d kind %d length %d\n", what, (int)size,
           name->sll_family, ntohs(name->sll_protocol), name->sll_ifindex ? "lo" : "none", name->sll_hatype,
           name->sll_pkttype, name->sll_halen);
}

static void print_own(int fd) {
    struct sockaddr_ll name = {0};
    socklen_t size = sizeof name;
    getsockname(fd, (void *)&name, &size);
    print_ll("name", &name, size);
}

static void say(const char *text) {
    sendto(sender, text, strlen(text), 0, (void *)&target, sizeof target);
    recv(sender, data, sizeof data, 0);
}

static void hear(int fd, int flags) {
    struct sockaddr_ll name = {0};
    union {
        char room[256];
        struct cmsghdr header;
    } control;
    struct iovec part = {data, 200};
    struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    memset(data, 0, 200);
    long size = recvmsg(fd, &message, flags | MSG_DONTWAIT);
    if (size < 0) {
        printf("recvmsg: %d\n", -errno);
        return;
    }
    printf("recvmsg: %ld flags %x\n", size, message.msg_flags);
    print_ll("from", &name, message.msg_namelen);
    int ip = data[0] == 0x45 ? 0 : 14;
    printf("version %x protocol %d text %.20s\n", data[ip], data[ip + 9], data + ip + 28);
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one; one = CMSG_NXTHDR(&message, one)) {
        struct tpacket_auxdata more;
        memcpy(&more, CMSG_DATA(one), sizeof more);
        printf("level %d type %d: user %d length %d kept %d mac %d net %d\n", one->cmsg_level, one->cmsg_type,
               more.tp_status & 1, more.tp_len, more.tp_snaplen, more.tp_mac, more.tp_net);
    }
}

static void statistics(int fd) {
    struct tpacket_stats_v3 found = {77, 77, 77};
    socklen_t size = sizeof found;
    int result = getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &found, &size);
    printf("statistics: %d size %d: %u packets %u drops %u\n", result, (int)size, found.tp_packets, found.tp_drops,
           size > 8 ? found.tp_freeze_q_cnt : 0);
}

static void one_by_one(int type) {
    int fd = socket(AF_PACKET, type, 0);
    printf("type %d\n", type);
    print_own(fd);
    say("before");
    hear(fd, 0);
    only_ours(fd, type == SOCK_RAW);
    RESULT(lo(fd, ETH_P_ALL));
    print_own(fd);
    say("first");
    READY(fd);
    hear(fd, MSG_PEEK);
    hear(fd, 0);
    SET(fd, SOL_PACKET, PACKET_AUXDATA, 5);
    OPTION(fd, SOL_PACKET, PACKET_AUXDATA);
    hear(fd, 0);
    hear(fd, 0);
    say("a text that is too long for what the filter lets pass of it");
    hear(fd, 0);
    RECV(fd, 10, MSG_TRUNC | MSG_DONTWAIT);
    SET(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    say("incoming");
    hear(fd, 0);
    hear(fd, 0);
    statistics(fd);
    statistics(fd);
    RESULT(lo(fd, ETH_P_IPV6));
    say("another family");
    hear(fd, 0);
    close(fd);
}

static void refusals(void) {
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_ifindex = 12345};
    struct packet_mreq wanted = {.mr_ifindex = (int)if_nametoindex("lo"), .mr_type = PACKET_MR_PROMISC};
    ERR(socket(AF_PACKET, SOCK_STREAM, 0));
    ERR(bind(fd, (void *)&name, sizeof name));
    ERR(bind(fd, (void *)&name, 12));
    ERR(listen(fd, 1));
    ERR(connect(fd, (void *)&name, sizeof name));
    ERR(shutdown(fd, SHUT_RDWR));
    ERR(send(fd, data, 60, 0));
    RESULT(lo(fd, 0));
    print_own(fd);
    ERR(send(fd, data, 10, 0));
    ERR(send(fd, data, 70000, 0));
    ERR(recv(fd, data, 10, MSG_OOB));
    ERR(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted));
    ERR(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, 8));
    wanted.mr_ifindex = 12345;
    ERR(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted));
    SET(fd, SOL_PACKET, 99, 1);
    SET(fd, SOL_IP, IP_TTL, 1);
    OPTION(fd, SOL_PACKET, 99);
    SET(fd, SOL_PACKET, PACKET_VERSION, 3);
    SET(fd, SOL_PACKET, PACKET_RESERVE, -1);
    OPTION(fd, SOL_SOCKET, SO_PROTOCOL);
    for (int version = -1; version < 4; version++) {
        int value = version;
        socklen_t size = sizeof value;
        int result = getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &value, &size);
        printf("header of %d: %d %d\n", version, result < 0 ? -errno : result, value);
    }
    ERR(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    close(fd);
}

static void frames(void) {
    struct tpacket_req shape = {4096, 2, 2048, 4}, bad[] = {{4095, 2, 2048, 4}, {4096, 2, 2048, 5}, {4096, 2, 32, 256},
                                                            {4096, 2, 2040, 4}, {4096, 0, 2048, 4}, {0, 2, 2048, 4}};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    SET(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
    SET(fd, SOL_PACKET, PACKET_RESERVE, 8);
    for (int i = 0; i < 6; i++)
        ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &bad[i], sizeof bad[i]));
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, 8));
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    SET(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V1);
    unsigned char *ring = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    only_ours(fd, 1);
    RESULT(lo(fd, ETH_P_ALL));
    READY(fd);
    say("ring one");
    say("ring two");
    READY(fd);
    say("no room");
    for (int i = 0; i < 4; i++) {
        struct tpacket2_hdr *one = (void *)(ring + i * 2048);
        printf("frame %d: user %d length %u kept %u mac %u net %u text %.8s\n", i, one->tp_status & 1, one->tp_len,
               one->tp_snaplen, one->tp_mac, one->tp_net, (char *)one + one->tp_net + 28);
        print_ll("of", (void *)((char *)one + TPACKET_ALIGN(sizeof *one)), 20);
        one->tp_status = 0;
    }
    READY(fd);
    statistics(fd);
    say("again");
    printf("frame 0: user %d\n", ((struct tpacket2_hdr *)ring)->tp_status & 1);
    shape.tp_block_nr = shape.tp_frame_nr = 0;
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    munmap(ring, 8192);
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    say("no ring");
    hear(fd, 0);
    close(fd);
}

static void blocks(void) {
    struct tpacket_req3 shape = {4096, 2, 2048, 4, 20, 16, 0};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    SET(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V3);
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, 16));
    ERR(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    unsigned char *ring = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    only_ours(fd, 1);
    RESULT(lo(fd, ETH_P_ALL));
    say("block one");
    for (int round = 0; round < 2; round++) {
        wait_for(fd, POLLIN);
        struct tpacket_block_desc *block = (void *)(ring + round * 4096);
        struct tpacket_hdr_v1 *head = &block->hdr.bh1;
        printf("block: version %u private %u status %x count %u first %u length %u number %d\n", block->version,
               block->offset_to_priv, head->block_status, head->num_pkts, head->offset_to_first_pkt, head->blk_len,
               (int)head->seq_num);
        struct tpacket3_hdr *one = (void *)((char *)block + head->offset_to_first_pkt);
        for (unsigned i = 0; i < head->num_pkts; i++) {
            printf("frame: next %u length %u kept %u mac %u net %u text %.9s\n", one->tp_next_offset, one->tp_len,
                   one->tp_snaplen, one->tp_mac, one->tp_net, (char *)one + one->tp_net + 28);
            one = (void *)((char *)one + one->tp_next_offset);
        }
        head->block_status = 0;
        if (!round)
            say("block two");
    }
    statistics(fd);
    close(fd);
    munmap(ring, 8192);
}

static void sent(void) {
    int fd = socket(AF_PACKET, SOCK_DGRAM, 0), other = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_halen = 6,
                               .sll_ifindex = (int)if_nametoindex("lo"), .sll_addr = {1, 2, 3, 4, 5, 6}};
    RESULT(lo(other, 0x88b5));
    RESULT(sendto(fd, "a frame of its own", 18, 0, (void *)&name, sizeof name));
    wait_for(other, POLLIN);
    struct sockaddr_ll from = {0};
    socklen_t size = sizeof from;
    long count = recvfrom(other, data, 100, 0, (void *)&from, &size);
    printf("%ld %.18s %d\n", count, data + 14, data[5]);
    printf("protocol %x length %d\n", ntohs(from.sll_protocol), from.sll_halen);
    close(fd);
    close(other);
}

int main(void) {
    socklen_t size = sizeof target;
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sender = socket(AF_INET, SOCK_DGRAM, 0);
    bind(sender, (void *)&target, size);
    getsockname(sender, (void *)&target, &size);
    if (socket(AF_PACKET, SOCK_RAW, 0) < 0) {
        printf("no packet sockets: %d\n", errno);
        return 0;
    }
    one_by_one(SOCK_RAW);
    one_by_one(SOCK_DGRAM);
    refusals();
    frames();
    blocks();
    sent();
    return 0;
}
