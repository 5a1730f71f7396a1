/* Calls with results and arguments of many kinds, each of which strace writes in its own way. */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static void handler(int number) { (void)number; }

int main(void) {
    int pipes[2], ends[2], one = 1;
    char bytes[16];
    if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return 1;
    (void)!write(pipes[1], "hello", 5);
    struct pollfd files[2] = {{pipes[0], POLLIN, 0}, {pipes[1], POLLOUT, 0}};
    syscall(SYS_poll, files, 2, -1);
    syscall(SYS_poll, files, 0, 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, 0);
    struct iovec parts[2] = {{bytes, 2}, {bytes + 2, 9}};
    (void)!readv(pipes[0], parts, 2);
    (void)!readv(-1, parts, 2);

    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int) * 2)];
    } control = {0};
    struct iovec data = {"abc", 3};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof(int) * 2);
    memcpy(CMSG_DATA(&control.head), pipes, sizeof pipes);
    sendmsg(ends[0], &message, 0);
    struct iovec room = {bytes, sizeof bytes};
    message.msg_iov = &room;
    message.msg_control = 0;
    message.msg_controllen = 0;
    recvmsg(ends[1], &message, 0);
    recvmsg(ends[1], &message, MSG_DONTWAIT);
    setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    struct linger linger = {1, 2};
    setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    getsockname(ends[0], (struct sockaddr *)&name, &length);

    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 77}};
    epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &event);
    cpu_set_t processors;
    CPU_ZERO(&processors);
    CPU_SET(0, &processors);
    sched_setaffinity(0, sizeof processors, &processors);
    mknod("/nonexistent/device", S_IFCHR | 0644, 0x103);
    mknod("/nonexistent/fifo", S_IFIFO | 0600, 0);
    syscall(SYS_socket, -1, 0x80001, -1);
    syscall(SYS_access, "/nonexistent", 0x40);
    return 0;
}
