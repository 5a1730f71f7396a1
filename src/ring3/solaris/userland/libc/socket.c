/* Sockets (socket(3SOCKET)): the kernel's calls take one argument more, the version of the interface. */

#include "solaris.h"

#define SOV_DEFAULT 0
#define SOV_XPG4_2 3

int socket(int family, int type, int protocol)
{
	return __so_socket(family, type, protocol, NULL, SOV_DEFAULT);
}

int __xnet_socket(int family, int type, int protocol)
{
	return __so_socket(family, type, protocol, NULL, SOV_XPG4_2);
}

int socketpair(int family, int type, int protocol, int pair[2])
{
	int made[2] = { __so_socket(family, type, protocol, NULL, SOV_DEFAULT), -1 };
	if (made[0] < 0)
		return -1;
	made[1] = __so_socket(family, type, protocol, NULL, SOV_DEFAULT);
	if (made[1] < 0 || __so_socketpair(made) < 0) {
		int error = errno;
		close(made[0]);
		if (made[1] >= 0)
			close(made[1]);
		errno = error;
		return -1;
	}
	pair[0] = made[0];
	pair[1] = made[1];
	return 0;
}

int __xnet_socketpair(int family, int type, int protocol, int pair[2])
{
	return socketpair(family, type, protocol, pair);
}

int bind(int fd, const void *name, socklen_t size)
{
	return __bind(fd, name, size, SOV_DEFAULT);
}

int __xnet_bind(int fd, const void *name, socklen_t size)
{
	return __bind(fd, name, size, SOV_XPG4_2);
}

int listen(int fd, int backlog)
{
	return __listen(fd, backlog, SOV_DEFAULT);
}

int __xnet_listen(int fd, int backlog)
{
	return __listen(fd, backlog, SOV_XPG4_2);
}

int accept4(int fd, void *name, socklen_t *size, int flags)
{
	return __accept(fd, name, size, SOV_DEFAULT, flags);
}

int accept(int fd, void *name, socklen_t *size)
{
	return accept4(fd, name, size, 0);
}

int connect(int fd, const void *name, socklen_t size)
{
	return __connect(fd, name, size, SOV_DEFAULT);
}

int __xnet_connect(int fd, const void *name, socklen_t size)
{
	return __connect(fd, name, size, SOV_XPG4_2);
}

int shutdown(int fd, int how)
{
	return __shutdown(fd, how, SOV_DEFAULT);
}

ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, void *name, socklen_t *length)
{
	return __recvfrom(fd, buffer, size, flags, name, length);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	return __recvfrom(fd, buffer, size, flags, NULL, NULL);
}

ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const void *name, socklen_t length)
{
	return __sendto(fd, buffer, size, flags, name, length);
}

ssize_t __xnet_sendto(int fd, const void *buffer, size_t size, int flags, const void *name, socklen_t length)
{
	return __sendto(fd, buffer, size, flags, name, length);
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
	return __sendto(fd, buffer, size, flags, NULL, 0);
}

#define MSG_XPG4_2 0x8000

ssize_t recvmsg(int fd, void *message, int flags)
{
	return __recvmsg(fd, message, flags);
}

ssize_t __xnet_recvmsg(int fd, void *message, int flags)
{
	return __recvmsg(fd, message, flags | MSG_XPG4_2);
}

ssize_t sendmsg(int fd, const void *message, int flags)
{
	return __sendmsg(fd, message, flags);
}

ssize_t __xnet_sendmsg(int fd, const void *message, int flags)
{
	return __sendmsg(fd, message, flags | MSG_XPG4_2);
}

int getsockname(int fd, void *name, socklen_t *size)
{
	return __getsockname(fd, name, size, SOV_DEFAULT);
}

int getpeername(int fd, void *name, socklen_t *size)
{
	return __getpeername(fd, name, size, SOV_DEFAULT);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	return __getsockopt(fd, level, option, value, size, SOV_DEFAULT);
}

int __xnet_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	return __getsockopt(fd, level, option, value, size, SOV_XPG4_2);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	return __setsockopt(fd, level, option, value, size, SOV_DEFAULT);
}

struct sendfilevec {
	int fd;
	unsigned flag;
	off_t offset;
	size_t size;
};

ssize_t sendfilev(int fd, const struct sendfilevec *vector, int count, size_t *done)
{
	return __sendfilev(0, fd, vector, count, done);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t size)
{
	struct sendfilevec one = { in, 0, offset ? *offset : lseek(in, 0, 1), size };
	size_t done = 0;
	ssize_t result = __sendfilev(0, out, &one, 1, &done);
	if (offset)
		*offset += (off_t)done;
	else
		lseek(in, (off_t)done, 1);
	return result < 0 && done == 0 ? -1 : (ssize_t)done;
}
