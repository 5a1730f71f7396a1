/* What sock_diag tells of a program's own sockets, and how it answers requests that are wrong. */
#include "sockets.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

static int diag;
static unsigned inodes[16];
static const char *names[16];
static int known;
static char answer[1 << 16];

static int named(const char *name, int fd) {
    struct stat about;
    fstat(fd, &about);
    names[known] = name;
    inodes[known++] = about.st_ino;
    return fd;
}

static const char *who(unsigned inode) {
    for (int i = 0; i < known; i++)
        if (inodes[i] == inode)
            return names[i];
    return inode ? NULL : "nobody";
}

static const char *port(int number) { return number >= 32768 ? "ephemeral" : number ? "given" : "none"; }

static char lines[16][512];
static int count;

/* Adds to the line that is being made. */
#define ADD(...) snprintf(lines[count] + strlen(lines[count]), sizeof *lines - strlen(lines[count]), __VA_ARGS__)

static void attributes(struct rtattr *one, int left, const char *(*tell)(int, void *, int)) {
    for (; RTA_OK(one, left); one = RTA_NEXT(one, left)) {
        const char *text = tell(one->rta_type, RTA_DATA(one), RTA_PAYLOAD(one));
        if (text)
            ADD(" %s", text);
    }
    count++;
}

/* Linux tells of sockets in the order of its tables, which is anybody's guess. */
static void print_sorted(void) {
    qsort(lines, count, sizeof *lines, (void *)strcmp);
    for (int i = 0; i < count; i++)
        printf("%s\n", lines[i]);
    memset(lines, 0, sizeof lines);
    count = 0;
}

static const char *of_inet(int type, void *value, int size) {
    static char text[200];
    struct tcp_info *info = value;
    switch (type) {
    case INET_DIAG_SHUTDOWN: sprintf(text, "shutdown %d", *(char *)value); return text;
    case INET_DIAG_TOS: sprintf(text, "tos %d", *(char *)value); return text;
    case INET_DIAG_SKV6ONLY: sprintf(text, "v6only %d", *(char *)value); return text;
    case INET_DIAG_TCLASS: sprintf(text, "tclass %d", *(char *)value); return text;
    case INET_DIAG_CONG: sprintf(text, "congestion %s", size ? "named" : "none"); return text;
    case INET_DIAG_SKMEMINFO: sprintf(text, "skmeminfo %d", size); return text;
    case INET_DIAG_INFO: sprintf(text, "info state %d", info->tcpi_state); return text;
    }
    return NULL;
}

static const char *of_unix(int type, void *value, int size) {
    static char text[200];
    unsigned *words = value;
    switch (type) {
    case UNIX_DIAG_NAME: sprintf(text, "name %d", size); return text;
    case UNIX_DIAG_PEER: sprintf(text, "peer %s", who(*words)); return text;
    case UNIX_DIAG_ICONS: sprintf(text, "waiting %d %s", size / 4, size ? who(*words) : ""); return text;
    case UNIX_DIAG_RQLEN: sprintf(text, "queues %u %s", words[0], words[1] > 99 ? "many" : words[1] ? "some" : "none"); return text;
    case UNIX_DIAG_SHUTDOWN: sprintf(text, "shutdown %d", *(char *)value); return text;
    case UNIX_DIAG_UID: return *words == getuid() ? "mine" : "another's";
    }
    return NULL;
}

static void tell(struct nlmsghdr *message) {
    struct inet_diag_msg *inet = NLMSG_DATA(message);
    struct unix_diag_msg *local = NLMSG_DATA(message);
    if (local->udiag_family == AF_UNIX && who(local->udiag_ino)) {
        ADD("  %s: type %d state %d", who(local->udiag_ino), local->udiag_type, local->udiag_state);
        attributes((void *)(local + 1), NLMSG_PAYLOAD(message, sizeof *local), of_unix);
    } else if (local->udiag_family == AF_INET || local->udiag_family == AF_INET6) {
        int ports[] = {ntohs(inet->id.idiag_sport), ntohs(inet->id.idiag_dport)};
        char source[64], target[64];
        if (!who(inet->idiag_inode) || (inet->idiag_state != TCP_LISTEN && !inet->idiag_inode))
            return;
        ADD("  %s: family %d state %d queue %u", who(inet->idiag_inode), inet->idiag_family, inet->idiag_state,
               inet->idiag_rqueue);
        ADD(" %s %s to %s %s", inet_ntop(inet->idiag_family, inet->id.idiag_src, source, sizeof source), port(ports[0]),
               inet_ntop(inet->idiag_family, inet->id.idiag_dst, target, sizeof target), port(ports[1]));
        attributes((void *)(inet + 1), NLMSG_PAYLOAD(message, sizeof *inet), of_inet);
    }
}

/* Sends a request and prints what is told of sockets of this program. */
static void ask(const char *what, int type, int flags, void *body, int size, void *more, int length) {
    struct nlmsghdr head = {NLMSG_LENGTH(size + length), type, NLM_F_REQUEST | flags, 1, 0};
    struct iovec parts[] = {{&head, sizeof head}, {body, size}, {more, length}};
    printf("%s:\n", what);
    writev(diag, parts, 3);
    for (int ends = 0; !ends;) {
        int got = recv(diag, answer, sizeof answer, 0);
        for (struct nlmsghdr *one = (void *)answer; NLMSG_OK(one, got); one = NLMSG_NEXT(one, got))
            if (one->nlmsg_type == NLMSG_ERROR)
                printf("  error %d\n", ((struct nlmsgerr *)NLMSG_DATA(one))->error), ends = 1;
            else if (one->nlmsg_type == NLMSG_DONE)
                ends = 1;
            else
                tell(one), ends |= !(one->nlmsg_flags & NLM_F_MULTI);
    }
    print_sorted();
}

static void inet(const char *what, int family, int protocol, int states, int extensions, void *program, int size) {
    struct inet_diag_req_v2 asked = {family, protocol, extensions, 0, states, {0}};
    struct rtattr head = {RTA_LENGTH(size), INET_DIAG_REQ_BYTECODE};
    char whole[256];
    memcpy(whole, &head, sizeof head);
    memcpy(whole + sizeof head, program, size);
    ask(what, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &asked, sizeof asked, whole, size ? (int)(sizeof head) + size : 0);
}

#define OP(code, yes, no) {code, yes, no}

int main(void) {
    diag = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
    SHOW(diag >= 0);
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(8083)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(8084)};
    inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
    int listener = named("listener", socket(AF_INET, SOCK_STREAM, 0)), listener6 = named("listener6", socket(AF_INET6, SOCK_STREAM, 0));
    int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener6, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    SHOW(bind(listener, (void *)&four, sizeof four));
    SHOW(listen(listener, 7));
    SHOW(bind(listener6, (void *)&six, sizeof six));
    SHOW(listen(listener6, 3));
    int client = named("client", socket(AF_INET, SOCK_STREAM, 0));
    SHOW(connect(client, (void *)&four, sizeof four));
    inet("a connection that waits", AF_INET, IPPROTO_TCP, 1 << 10, 0, "", 0);
    int server = named("server", accept(listener, NULL, NULL));
    SHOW(send(client, "12345", 5, 0));
    wait_for(server, POLLIN);
    int udp = named("udp", socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(bind(udp, (void *)&four, sizeof four));

    int all = 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1) | 1 << (INET_DIAG_SKMEMINFO - 1) | 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
    inet("tcp", AF_INET, IPPROTO_TCP, -1, all, "", 0);
    inet("tcp6", AF_INET6, IPPROTO_TCP, -1, all, "", 0);
    inet("udp", AF_INET, IPPROTO_UDP, -1, all, "", 0);
    inet("listening", AF_INET, IPPROTO_TCP, 1 << 10, 0, "", 0);
    inet("not listening", AF_INET, IPPROTO_TCP, 1 << 1, 0, "", 0);

    struct inet_diag_bc_op from[] = {OP(INET_DIAG_BC_S_GE, 8, 12), OP(0, 0, 8083), OP(INET_DIAG_BC_S_LE, 8, 12), OP(0, 0, 8083)};
    from[0].no = 20, from[2].no = 12;
    inet("source port", AF_INET, IPPROTO_TCP, -1, 0, from, sizeof from);
    struct { struct inet_diag_bc_op op; struct inet_diag_hostcond host; unsigned address; } host = {OP(INET_DIAG_BC_D_COND, 16, 20), {AF_INET, 8, -1}, htonl(0x7f000000)};
    inet("to 127/8", AF_INET, IPPROTO_TCP, -1, 0, &host, sizeof host);
    host.host.prefix_len = 33;
    inet("a prefix that is too long", AF_INET, IPPROTO_TCP, -1, 0, &host, sizeof host);
    from[0].no = 6;
    inet("a jump into the middle", AF_INET, IPPROTO_TCP, -1, 0, from, sizeof from);
    from[0].no = 12, from[0].code = 99;
    inet("no such operation", AF_INET, IPPROTO_TCP, -1, 0, from, sizeof from);

    struct inet_diag_req_v2 exact = {AF_INET, IPPROTO_TCP, 0, 0, -1, {htons(8083), 0, {four.sin_addr.s_addr}, {0}, 0, {-1, -1}}};
    ask("the one that listens", SOCK_DIAG_BY_FAMILY, 0, &exact, sizeof exact, "", 0);
    exact.id.idiag_sport = htons(1);
    ask("none", SOCK_DIAG_BY_FAMILY, 0, &exact, sizeof exact, "", 0);
    ask("too short", SOCK_DIAG_BY_FAMILY, 0, &exact, 8, "", 0);
    exact.sdiag_family = 200;
    ask("no family", SOCK_DIAG_BY_FAMILY, 0, &exact, sizeof exact, "", 0);
    ask("no request", 77, 0, &exact, sizeof exact, "", 0);

    int pair[2], unix_listener = named("unix listener", socket(AF_UNIX, SOCK_STREAM, 0)), knocker = named("knocker", socket(AF_UNIX, SOCK_STREAM, 0));
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    named("left", pair[0]), named("right", pair[1]);
    write(pair[0], "unread", 6);
    unix_bind(unix_listener, "@diag");
    listen(unix_listener, 4);
    SHOW(unix_connect(knocker, "@diag"));
    struct unix_diag_req local = {AF_UNIX, 0, 0, -1, 0, 0x7f & ~UDIAG_SHOW_VFS & ~UDIAG_SHOW_MEMINFO, {-1, -1}};
    ask("unix", SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &local, sizeof local, "", 0);
    local.udiag_states = 1 << 10, local.udiag_show = 0;
    ask("unix, listening", SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &local, sizeof local, "", 0);
    local.udiag_ino = inodes[known - 2], local.udiag_show = UDIAG_SHOW_PEER;
    ask("unix, one", SOCK_DIAG_BY_FAMILY, 0, &local, sizeof local, "", 0);
    local.udiag_cookie[0] = 1, local.udiag_cookie[1] = 2;
    ask("unix, another", SOCK_DIAG_BY_FAMILY, 0, &local, sizeof local, "", 0);
    local.udiag_ino = -2;
    ask("unix, none", SOCK_DIAG_BY_FAMILY, 0, &local, sizeof local, "", 0);
    local.udiag_ino = 0;
    ask("unix, no number", SOCK_DIAG_BY_FAMILY, 0, &local, sizeof local, "", 0);
    local.sdiag_family = AF_IPX;
    ask("a family that nobody knows", SOCK_DIAG_BY_FAMILY, 0, &local, sizeof local, "", 0);

    close(client);
    close(server);
}
