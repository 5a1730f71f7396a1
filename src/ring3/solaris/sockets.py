"""Making, naming and connecting sockets, on those of `net` (usr/src/uts/common/fs/sockfs/socksyscalls.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.file import O_NONBLOCK
from ring3.fs.waiting import retry
from ring3.solaris.definition import syscall
from ring3.solaris.socket_addresses import FAMILIES, KINDS, read_address, write_address
from ring3.solaris.socket_caller import TaskCaller, socket_of

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

SOCK_TYPE_MASK: Final = 0xFFFF
SOCK_CLOEXEC: Final = 0x8_0000
SOCK_NDELAY: Final = 0x20_0000
SOCK_NONBLOCK: Final = 0x10_0000


@syscall("partial", "AF_UNIX, and TCP, UDP and ICMP on the loopback interface")
def so_socket(
    task: SolarisTask, family: Int, kind: Int, protocol: Int, devpath: Address, version: Int
) -> int:
    """Makes a socket."""
    if family not in FAMILIES:
        raise Errno(E.EAFNOSUPPORT)
    theirs = KINDS.get(kind & SOCK_TYPE_MASK)
    if theirs is None:
        raise Errno(E.EPROTOTYPE)
    made = task.kernel.network.make(FAMILIES[family], theirs, protocol, TaskCaller(task))
    if kind & (SOCK_NONBLOCK | SOCK_NDELAY):
        made.flags |= O_NONBLOCK
    try:
        return task.files.install(made, cloexec=bool(kind & SOCK_CLOEXEC))
    except Errno:
        made.close()
        raise


@syscall("full")
def so_socketpair(task: SolarisTask, sv: Pointer) -> int:
    """Connects two sockets with each other."""
    raw = task.memory.read(sv, 8)
    one, other = (
        socket_of(task, int.from_bytes(raw[:4], "little")),
        socket_of(task, int.from_bytes(raw[4:], "little")),
    )
    one.join(other, TaskCaller(task))
    return 0


@syscall("full")
def bind(task: SolarisTask, sock: Int, name: Address, namelen: Int, version: Int) -> int:
    """Gives a socket a name."""
    socket_of(task, sock).bind(read_address(task, name, namelen), TaskCaller(task))
    return 0


@syscall("full")
def listen(task: SolarisTask, sock: Int, backlog: Int, version: Int) -> int:
    """Lets others connect with a socket."""
    socket_of(task, sock).listen_for(backlog, TaskCaller(task))
    return 0


@syscall("full")
def accept(
    task: SolarisTask, sock: Int, name: Address, namelenp: Address, version: Int, flags: Int
) -> int | Waiting:
    """Takes the next connection of a socket that listens."""
    socket = socket_of(task, sock)
    task.files.free_from()

    def take() -> int:
        made = socket.accept()
        if flags & (SOCK_NONBLOCK | SOCK_NDELAY):
            made.flags |= O_NONBLOCK
        made.hold()
        try:
            if name:
                write_address(task, made.peer_name(), name, namelenp)
            return task.files.install(made, cloexec=bool(flags & SOCK_CLOEXEC))
        finally:
            made.drop()

    return retry(task, socket, take)


@syscall("full")
def connect(task: SolarisTask, sock: Int, name: Address, namelen: Int, version: Int) -> int | Waiting:
    """Connects a socket."""
    address = read_address(task, name, namelen)
    socket, caller = socket_of(task, sock), TaskCaller(task)

    def join() -> int:
        socket.connect(address, caller)
        return 0

    return retry(task, socket, join)


@syscall("full")
def shutdown(task: SolarisTask, sock: Int, how: Int, version: Int) -> int:
    """Ends one direction of a socket, or both."""
    socket = socket_of(task, sock)
    if not 0 <= how <= 2:
        raise Errno(SolarisE.EINVAL)
    socket.shutdown(how + 1)
    return 0


@syscall("full")
def getsockname(task: SolarisTask, sock: Int, name: Address, namelenp: Address, version: Int) -> int:
    """The name of a socket."""
    write_address(task, socket_of(task, sock).name(), name, namelenp)
    return 0


@syscall("full")
def getpeername(task: SolarisTask, sock: Int, name: Address, namelenp: Address, version: Int) -> int:
    """The name of what a socket is connected with."""
    write_address(task, socket_of(task, sock).peer_name(), name, namelenp)
    return 0
