/* What the programs about sockets share: raw results, readiness, addresses, messages. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "../files/try.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static char data[300000];

/* The bits of poll(2) for a descriptor now. */
static inline int ready(int fd) {
    struct pollfd one = {fd, POLLIN | POLLPRI | POLLOUT | POLLRDHUP, 0};
    return poll(&one, 1, 0) < 0 ? -errno : one.revents;
}

#define READY(fd) printf("ready(%s) = %x\n", #fd, ready(fd))

/* Waits until a descriptor is ready for something, which other sockets of the machine bring about. */
static inline void wait_for(int fd, int events) {
    struct pollfd one = {fd, (short)events, 0};
    poll(&one, 1, 2000);
}

static inline void print_address(const char *what, struct sockaddr_storage *address, socklen_t size) {
    char text[64];
    printf("%s: size %d", what, (int)size);
    if (size < 2) {
        printf("\n");
        return;
    }
    printf(" family %d", address->ss_family);
    if (address->ss_family == AF_UNIX) {
        struct sockaddr_un *name = (void *)address;
        for (int i = 0; i < (int)size - 2 && i < 108; i++)
            printf(name->sun_path[i] ? " %c" : " 0", name->sun_path[i]);
    } else if (address->ss_family == AF_INET) {
        struct sockaddr_in *name = (void *)address;
        printf(" %s port %s", inet_ntop(AF_INET, &name->sin_addr, text, sizeof text),
               ntohs(name->sin_port) >= 32768 ? "ephemeral" : ntohs(name->sin_port) ? "given" : "none");
    } else if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 *name = (void *)address;
        printf(" %s port %s scope %u", inet_ntop(AF_INET6, &name->sin6_addr, text, sizeof text),
               ntohs(name->sin6_port) >= 32768 ? "ephemeral" : ntohs(name->sin6_port) ? "given" : "none",
               name->sin6_scope_id);
    }
    printf("\n");
}

static inline void print_name(const char *what, int fd, int peer) {
    struct sockaddr_storage address;
    memset(&address, 0, sizeof address);
    socklen_t size = sizeof address;
    int result = peer ? getpeername(fd, (void *)&address, &size) : getsockname(fd, (void *)&address, &size);
    if (result < 0)
        printf("%s: error %d\n", what, errno);
    else
        print_address(what, &address, size);
}

#define NAME(fd) print_name("name of " #fd, fd, 0)
#define PEER(fd) print_name("peer of " #fd, fd, 1)

static inline void print_option(const char *what, int fd, int level, int name) {
    int value = -77;
    socklen_t size = sizeof value;
    int result = getsockopt(fd, level, name, &value, &size);
    if (result < 0)
        printf("%s: error %d\n", what, errno);
    else
        printf("%s: %d (%d)\n", what, value, (int)size);
}

#define OPTION(fd, level, name) print_option(#fd " " #name, fd, level, name)

static inline void put_option(const char *what, int fd, int level, int name, int value) {
    int result = setsockopt(fd, level, name, &value, sizeof value);
    printf("%s := %d: %d\n", what, value, result < 0 ? -errno : result);
}

#define SET(fd, level, name, value) put_option(#fd " " #name, fd, level, name, value)

/* An address of AF_UNIX: a path, or with a leading @ an abstract name. */
static inline socklen_t unix_address(struct sockaddr_un *address, const char *name) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, name);
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + strlen(name);
    if (*name != '@')
        return size + 1;
    address->sun_path[0] = 0;
    return size;
}

static inline int unix_bind(int fd, const char *name) {
    struct sockaddr_un address;
    socklen_t size = unix_address(&address, name);
    return bind(fd, (void *)&address, size) < 0 ? -errno : 0;
}

static inline int unix_connect(int fd, const char *name) {
    struct sockaddr_un address;
    socklen_t size = unix_address(&address, name);
    return connect(fd, (void *)&address, size) < 0 ? -errno : 0;
}

static inline long unix_send(int fd, const char *name, const char *text) {
    struct sockaddr_un address;
    socklen_t size = unix_address(&address, name);
    long result = sendto(fd, text, strlen(text), 0, (void *)&address, size);
    return result < 0 ? -errno : result;
}

#define RESULT(expression) printf("%s = %ld\n", #expression, (long)(expression))

/* Receives and prints what came. */
static inline void print_received(const char *what, int fd, size_t size, int flags) {
    memset(data, 0, 64);
    long result = recv(fd, data, size, flags);
    if (result < 0)
        printf("%s: error %d\n", what, errno);
    else
        printf("%s: %ld [%.40s]\n", what, result, data);
}

#define RECV(fd, size, flags) print_received("recv " #fd " " #size " " #flags, fd, size, flags)

/* Sends a message with descriptors, up to three; -1 ends them. */
static inline long send_files(int fd, const char *text, int one, int two, int three) {
    union {
        char room[CMSG_SPACE(3 * sizeof(int))];
        struct cmsghdr header;
    } control;
    memset(&control, 0, sizeof control);
    int fds[] = {one, two, three}, count = one < 0 ? 0 : two < 0 ? 1 : three < 0 ? 2 : 3;
    struct iovec part = {(void *)text, strlen(text)};
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (count) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
    }
    long result = sendmsg(fd, &message, MSG_NOSIGNAL);
    return result < 0 ? -errno : result;
}

static int got[16], got_count;

/* Receives a message with room for so many bytes of control messages, and prints all of it. */
static inline void print_message(const char *what, int fd, size_t size, size_t room, int flags) {
    static union {
        char room[512];
        struct cmsghdr header;
    } control;
    struct sockaddr_storage address;
    struct iovec parts[] = {{data, size > 3 ? 3 : size}, {data + 3, size > 3 ? size - 3 : 0}};
    struct msghdr message = {0};
    memset(&address, 0, sizeof address);
    memset(data, 0, 64);
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = room ? &control : NULL;
    message.msg_controllen = room;
    got_count = 0;
    long result = recvmsg(fd, &message, flags);
    if (result < 0) {
        printf("%s: error %d\n", what, errno);
        return;
    }
    printf("%s: %ld [%.40s] flags %x control %s\n", what, result, data, message.msg_flags & ~MSG_CMSG_CLOEXEC,
           message.msg_controllen ? "" : "none");
    print_address("  from", &address, message.msg_namelen);
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one; one = CMSG_NXTHDR(&message, one)) {
        int bytes = (int)(one->cmsg_len - CMSG_LEN(0));
        printf("  level %d type %d bytes %d\n", one->cmsg_level, one->cmsg_type, bytes);
        if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == SCM_RIGHTS) {
            got_count = bytes / (int)sizeof(int);
            memcpy(got, CMSG_DATA(one), bytes);
            for (int i = 0; i < got_count; i++)
                printf("  fd %s cloexec %d\n", got[i] > 2 ? "new" : "old", fcntl(got[i], F_GETFD));
        } else if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == 2) {
            int who[3];
            memcpy(who, CMSG_DATA(one), sizeof who);
            printf("  pid %s uid %s gid %s\n", who[0] == getpid() ? "mine" : who[0] ? "other" : "0",
                   who[1] == (int)getuid() ? "mine" : "other", who[2] == (int)getgid() ? "mine" : "other");
        }
    }
}

#define MESSAGE(fd, size, room, flags) print_message("message " #fd " " #size " " #room " " #flags, fd, size, room, flags)

static inline void count_signal(int number) {
    printf("signal %d\n", number);
    fflush(stdout);
}

#endif
