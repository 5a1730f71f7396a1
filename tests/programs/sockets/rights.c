/* Control messages of AF_UNIX: open files and credentials, and cycles of sockets that hold each other. */
#include "sockets.h"

static int pair_of(int kind, int p[2]) { return socketpair(AF_UNIX, kind, 0, p); }

static void files(void) {
    int p[2], q[2];
    pair_of(SOCK_STREAM, p);
    pipe(q);
    RESULT(send_files(p[0], "one", q[1], -1, -1));
    RESULT(send_files(p[0], "two", q[0], q[1], -1));
    RESULT(send_files(p[0], "plain", -1, -1, -1));
    RESULT(send_files(p[0], "bad", 99, -1, -1));
    RESULT(send_files(p[0], "after", q[1], -1, -1));
    MESSAGE(p[1], 60, 64, MSG_PEEK);
    MESSAGE(p[1], 2, 64, 0);
    LIBC(write(got[0], "through", 7));
    RESULT(read(q[0], data, 20));
    MESSAGE(p[1], 60, 64, MSG_CMSG_CLOEXEC);
    MESSAGE(p[1], 60, 64, 0);
    MESSAGE(p[1], 60, 64, MSG_DONTWAIT);
    RESULT(send_files(p[0], "three", q[0], q[1], 1));
    MESSAGE(p[1], 60, CMSG_LEN(8), 0);
    RESULT(send_files(p[0], "none", q[0], q[1], 1));
    MESSAGE(p[1], 60, 0, 0);
    RESULT(send_files(p[0], "little", q[0], q[1], 1));
    MESSAGE(p[1], 60, CMSG_LEN(0) - 4, 0);
    RESULT(send_files(p[0], "read", q[0], -1, -1));
    RECV(p[1], 20, 0);
    RESULT(send_files(p[0], "", q[0], -1, -1));
    MESSAGE(p[1], 60, 64, MSG_DONTWAIT);
    struct rlimit { unsigned long soft, hard; };
    pair_of(SOCK_DGRAM, p);
    RESULT(send_files(p[0], "", q[0], -1, -1));
    MESSAGE(p[1], 60, 64, MSG_PEEK);
    MESSAGE(p[1], 60, 64, MSG_DONTWAIT);
    RESULT(send_files(p[0], "datagram", p[0], p[1], -1));
    MESSAGE(p[1], 4, 64, MSG_DONTWAIT);
}

static void closed(void) {
    int p[2], q[2];
    pair_of(SOCK_STREAM, p);
    pipe(q);
    RESULT(send_files(p[0], "x", q[1], -1, -1));
    close(q[1]);
    READY(q[0]);
    close(p[1]);
    READY(q[0]);
    pair_of(SOCK_STREAM, p);
    pipe(q);
    RESULT(send_files(p[0], "x", q[1], -1, -1));
    RESULT(send_files(p[0], "x", p[0], p[1], -1));
    RESULT(send_files(p[1], "x", p[0], p[1], -1));
    close(q[1]);
    READY(q[0]);
    close(p[0]);
    READY(q[0]);
    close(p[1]);
    close(socket(AF_UNIX, SOCK_STREAM, 0)); /* Linux looks for garbage when a socket is closed */
    wait_for(q[0], POLLIN);
    READY(q[0]);
}

static void said(int fd, int pid, int uid, int gid, int size) {
    union {
        char room[CMSG_SPACE(12)];
        struct cmsghdr header;
    } control;
    memset(&control, 0, sizeof control);
    int who[] = {pid, uid, gid};
    struct iovec part = {"said", 4};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(12);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = 2;
    control.header.cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(&control.header), who, sizeof who);
    LIBC(sendmsg(fd, &message, 0));
}

static void credentials(int kind) {
    int p[2];
    pair_of(kind, p);
    OPTION(p[0], SOL_SOCKET, SO_PASSCRED);
    LIBC(send(p[0], "before", 6, 0));
    SET(p[1], SOL_SOCKET, SO_PASSCRED, 5);
    OPTION(p[1], SOL_SOCKET, SO_PASSCRED);
    LIBC(send(p[0], "after", 5, 0));
    LIBC(send(p[0], "again", 5, 0));
    MESSAGE(p[1], 40, 64, 0);
    MESSAGE(p[1], 40, 64, 0);
    MESSAGE(p[1], 40, CMSG_LEN(8), MSG_DONTWAIT);
    RESULT(send_files(p[0], "both", p[0], 1, -1));
    MESSAGE(p[1], 40, 128, 0);
    said(p[0], getpid(), getuid(), getgid(), 12);
    MESSAGE(p[1], 40, 64, 0);
    said(p[0], getpid(), getuid(), getgid(), 8);
    said(p[0], getpid(), getuid(), getgid(), -100);
    SET(p[1], SOL_SOCKET, SO_PASSCRED, 0);
    said(p[0], getpid(), getuid(), getgid(), 12);
    MESSAGE(p[1], 40, 64, MSG_DONTWAIT);
    NAME(p[0]);
}

static void by_stream(void) { credentials(SOCK_STREAM); }

static void by_datagram(void) { credentials(SOCK_DGRAM); }

static void several(void) {
    int p[2];
    pair_of(SOCK_DGRAM, p);
    struct iovec parts[3] = {{"one", 3}, {"second", 6}, {"3", 1}};
    struct mmsghdr messages[3];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    LIBC(sendmmsg(p[0], messages, 3, 0));
    printf("%d %d %d\n", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
    char rooms[5][4];
    struct iovec into[5];
    struct mmsghdr got_them[5];
    memset(got_them, 0, sizeof got_them);
    for (int i = 0; i < 5; i++) {
        into[i].iov_base = rooms[i];
        into[i].iov_len = 4;
        got_them[i].msg_hdr.msg_iov = &into[i];
        got_them[i].msg_hdr.msg_iovlen = 1;
    }
    LIBC(recvmmsg(p[1], got_them, 5, MSG_WAITFORONE, NULL));
    for (int i = 0; i < 3; i++)
        printf("%d %x\n", got_them[i].msg_len, got_them[i].msg_hdr.msg_flags);
    LIBC(recvmmsg(p[1], got_them, 5, MSG_DONTWAIT, NULL));
    LIBC(recvmmsg(p[1], got_them, 0, MSG_DONTWAIT, NULL));
    LIBC(recvmmsg(99, got_them, 0, MSG_DONTWAIT, NULL));
    LIBC(sendmmsg(1, messages, 3, 0));
}

static void bounds(void) {
    int p[2];
    pair_of(SOCK_STREAM, p);
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    message.msg_iovlen = 2000;
    LIBC(sendmsg(p[0], &message, 0));
    message.msg_iovlen = 1;
    message.msg_name = BAD;
    message.msg_namelen = -1;
    LIBC(sendmsg(p[0], &message, 0));
    message.msg_namelen = 10;
    LIBC(sendmsg(p[0], &message, 0));
    message.msg_name = NULL;
    LIBC(sendmsg(p[0], &message, 0));
    message.msg_control = BAD;
    message.msg_controllen = 100;
    LIBC(sendmsg(p[0], &message, 0));
    message.msg_controllen = 1000000;
    LIBC(sendmsg(p[0], &message, 0));
    message.msg_controllen = 3;
    LIBC(sendmsg(p[0], &message, 0));
    RECV(p[1], 10, MSG_DONTWAIT);
    message.msg_controllen = 0;
    LIBC(sendmsg(p[0], BAD, 0));
    LIBC(sendmsg(99, BAD, 0));
    LIBC(sendmsg(1, BAD, 0));
    LIBC(sendmsg(p[0], &message, 0x80000000));
    RECV(p[1], 10, MSG_DONTWAIT);
    LIBC(recvmsg(p[0], BAD, 0));
    LIBC(recvmsg(99, BAD, 0));
    LIBC(recvmsg(p[0], &message, 0x80000000 | MSG_DONTWAIT));
}

int main(void) {
    in_child("files", files);
    in_child("closed", closed);
    in_child("stream", by_stream);
    in_child("datagram", by_datagram);
    in_child("several", several);
    in_child("bounds", bounds);
}
