"""Names and connections: bind(2), listen(2), accept(2), connect(2), getsockname(2), getpeername(2), shutdown(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SHUT_RD, SHUT_RDWR, SOCK_CLOEXEC, SOCK_NONBLOCK
from ring3.fs.landlock import AccessNet
from ring3.fs.waiting import Waiting, retry
from ring3.linux.calls.sockets.arguments import (
    TaskCaller,
    as_socket,
    read_address,
    socket_of,
    write_address,
)
from ring3.linux.calls.sockets.restricted import require_port
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket


@syscall("full")
def sys_bind(task: LinuxTask, fd: Int, umyaddr: Pointer, addrlen: Int) -> int:
    """Gives a socket a name."""
    socket = socket_of(task, fd)
    address = read_address(task, umyaddr, addrlen)
    if task.credentials.domain is not None:
        require_port(task.credentials.domain, socket, address, AccessNet.BIND_TCP)
    socket.bind(address, TaskCaller(task))
    return 0


@syscall("full")
def sys_listen(task: LinuxTask, fd: Int, backlog: Int) -> int:
    """Lets others connect with a socket."""
    socket_of(task, fd).listen_for(backlog, TaskCaller(task))
    return 0


def _accept(task: LinuxTask, fd: int, address: int, size_at: int, flags: int) -> int | Waiting:
    file = opened(task, fd & 0xFFFF_FFFF)
    if flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK):
        raise Errno(E.EINVAL)
    task.files.free_from()
    socket = as_socket(file)

    def accept() -> int:
        made = socket.accept()
        made.flags |= flags & SOCK_NONBLOCK
        made.hold()
        try:
            if address:
                write_address(task, _peer_of(made), address, size_at)
            return task.files.install(made, cloexec=bool(flags & SOCK_CLOEXEC))
        finally:
            made.drop()

    return retry(task, socket, accept)


def _peer_of(made: Socket) -> bytes:
    """Whom a new connection is with.

    Raises:
        Errno: ECONNABORTED, nobody any more.
    """
    try:
        return made.peer_name()
    except Errno:
        raise Errno(E.ECONNABORTED) from None


@syscall("full")
def sys_accept(task: LinuxTask, fd: Int, upeer_sockaddr: Pointer, upeer_addrlen: Pointer) -> int | Waiting:
    """Takes the next connection of a socket that listens."""
    return _accept(task, fd, upeer_sockaddr, upeer_addrlen, 0)


@syscall("full")
def sys_accept4(
    task: LinuxTask, fd: Int, upeer_sockaddr: Pointer, upeer_addrlen: Pointer, flags: Int
) -> int | Waiting:
    """The same with flags for the new socket."""
    return _accept(task, fd, upeer_sockaddr, upeer_addrlen, flags)


@syscall("full")
def sys_connect(task: LinuxTask, fd: Int, uservaddr: Pointer, addrlen: Int) -> int | Waiting:
    """Connects a socket."""
    file = opened(task, fd & 0xFFFF_FFFF)
    address = read_address(task, uservaddr, addrlen)
    socket = as_socket(file)
    caller = TaskCaller(task)
    if caller.domain is not None:
        require_port(caller.domain, socket, address, AccessNet.CONNECT_TCP)

    def connect() -> int:
        socket.connect(address, caller)
        return 0

    return retry(task, socket, connect)


@syscall("full")
def sys_getsockname(task: LinuxTask, fd: Int, usockaddr: Pointer, usockaddr_len: Pointer) -> int:
    """The name of a socket."""
    write_address(task, socket_of(task, fd).name(), usockaddr, usockaddr_len)
    return 0


@syscall("full")
def sys_getpeername(task: LinuxTask, fd: Int, usockaddr: Pointer, usockaddr_len: Pointer) -> int:
    """The name of what a socket is connected with."""
    write_address(task, socket_of(task, fd).peer_name(), usockaddr, usockaddr_len)
    return 0


@syscall("full")
def sys_shutdown(task: LinuxTask, fd: Int, how: Int) -> int:
    """Ends one direction of a socket, or both."""
    socket = socket_of(task, fd)
    if not SHUT_RD <= how <= SHUT_RDWR:
        raise Errno(E.EINVAL)
    socket.shutdown(how + 1)
    return 0
