"""Sockets: the calls, on the sockets of `net` (usr/src/uts/common/fs/sockfs/socksyscalls.c; sys/socket.h, netinet).

Families, types, options, flags and addresses have numbers of their own here; what they are is the core's.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.abi.linux import sockets as core
from ring3.abi.linux.capabilities import ALL
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.file import O_NONBLOCK
from ring3.fs.waiting import retry, write_all
from ring3.net.caller import Ucred
from ring3.net.socket import Message, Socket
from ring3.solaris.definition import syscall
from ring3.solaris.lookup import walk
from ring3.solaris.lwps import pack_pair
from ring3.solaris.rw import broken_pipe

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.namei import Walk
    from ring3.fs.waiting import Waiting
    from ring3.net.socket import Received
    from ring3.solaris.task import SolarisTask

FAMILIES: Final = {1: core.AF_UNIX, 2: core.AF_INET, 26: core.AF_INET6}
KINDS: Final = {1: core.SOCK_DGRAM, 2: core.SOCK_STREAM, 4: core.SOCK_RAW, 6: core.SOCK_SEQPACKET}
SOCK_TYPE_MASK: Final = 0xFFFF
SOCK_CLOEXEC: Final = 0x8_0000
SOCK_NDELAY: Final = 0x20_0000
SOCK_NONBLOCK: Final = 0x10_0000
_AF_UNIX: Final = 1
_AF_INET6: Final = 26
_SIN6_SIZE: Final = 32
"""Solaris's ``struct sockaddr_in6`` ends in four bytes more than the core's."""
_CORE_SIN6_SIZE: Final = 28
_SUN_SIZE: Final = 110
_ADDRESS_MAX: Final = 256

SOL_SOCKET: Final = 0xFFFF
SO_OPTIONS: Final = {
    0x1: core.SO_DEBUG,
    0x4: core.SO_REUSEADDR,
    0x8: core.SO_KEEPALIVE,
    0x10: core.SO_DONTROUTE,
    0x20: core.SO_BROADCAST,
    0x80: core.SO_LINGER,
    0x100: core.SO_OOBINLINE,
    0x1001: core.SO_SNDBUF,
    0x1002: core.SO_RCVBUF,
    0x1004: core.SO_RCVLOWAT,
    0x1007: core.SO_ERROR,
    0x1008: core.SO_TYPE,
    0x1014: core.SO_PROTOCOL,
    0x1009: core.SO_ACCEPTCONN,
    0x100C: core.SO_DOMAIN,
    0x100E: core.SO_REUSEPORT,
}
"""Options of SOL_SOCKET (sys/socket.h)."""
SO_SNDTIMEO: Final = 0x1005
SO_RCVTIMEO: Final = 0x1006
_IPPROTO_TCP: Final = 6
_IPPROTO_IPV6: Final = 41
LEVEL_OPTIONS: Final = {
    (_IPPROTO_TCP, 1): 1,  # TCP_NODELAY
    (_IPPROTO_TCP, 2): 2,  # TCP_MAXSEG
    (_IPPROTO_TCP, 0x22): 4,  # TCP_KEEPIDLE
    (_IPPROTO_TCP, 0x23): 6,  # TCP_KEEPCNT
    (_IPPROTO_TCP, 0x24): 5,  # TCP_KEEPINTVL
    (_IPPROTO_IPV6, 0x27): 26,  # IPV6_V6ONLY
}
"""Options of other levels that the core has, with its numbers (netinet/tcp.h, netinet/in.h)."""
FLAGS: Final = (
    (0x1, core.MSG_OOB),
    (0x2, core.MSG_PEEK),
    (0x4, core.MSG_DONTROUTE),
    (0x8, core.MSG_EOR),
    (0x20, core.MSG_TRUNC),
    (0x40, core.MSG_WAITALL),
    (0x80, core.MSG_DONTWAIT),
    (0x200, core.MSG_NOSIGNAL),
)
_MSGHDR: Final = {False: struct.Struct("<QI4xQi4xQIi"), True: struct.Struct("<IIIiIIi")}
"""``struct msghdr`` of programs of 64 and (True) of 32 bits."""
_NAMELEN_AT: Final = {False: 8, True: 4}
_CONTROLLEN_AT: Final = {False: 40, True: 20}
_NANOSECONDS: Final = 10**9


class TaskCaller:
    """A thread that makes a call on a socket."""

    __slots__ = ("_task",)

    def __init__(self, task: SolarisTask) -> None:
        self._task = task

    @property
    def real(self) -> Ucred:
        """Process and real ids."""
        return Ucred(self._task.pid, self._task.cred.ruid, self._task.cred.rgid)

    @property
    def effective(self) -> Ucred:
        """Process and effective ids."""
        return Ucred(self._task.pid, self._task.cred.uid, self._task.cred.gid)

    @property
    def groups(self) -> tuple[int, ...]:
        """Supplementary groups."""
        return self._task.cred.groups

    @property
    def cwd(self) -> Dentry:
        """Where relative paths start."""
        return self._task.process.fs.cwd

    @property
    def umask(self) -> int:
        """Permission bits that new files do not get."""
        return self._task.process.fs.umask

    @property
    def descriptor_limit(self) -> int:
        """How many descriptors may be under way in messages."""
        return self._task.files.limit

    @property
    def domain(self) -> None:
        """Nothing is given up for good."""

    def walk(self) -> Walk:
        """A walk from its root with its permissions."""
        return walk(self._task)

    def may(self, capability: int) -> bool:
        """Whether it may do what takes a privilege."""
        return bool(capability & ALL) and self._task.cred.all_privileges


def socket_of(task: SolarisTask, fd: int) -> Socket:
    """The socket behind a descriptor.

    Raises:
        Errno: EBADF; ENOTSOCK.
    """
    file = task.files[fd & 0xFFFF_FFFF]
    if not isinstance(file, Socket):
        raise Errno(E.ENOTSOCK)
    return file


def core_flags(flags: int) -> int:
    """Flags of send and recv in the core's bits."""
    return sum(theirs for ours, theirs in FLAGS if flags & ours)


def to_core_address(raw: bytes) -> bytes:
    """A ``struct sockaddr`` of Solaris as the core has it."""
    family = int.from_bytes(raw[:2], "little")
    theirs = FAMILIES.get(family, family)
    if family == _AF_UNIX:
        raw = raw[: 2 + len(raw[2:].split(b"\0", 1)[0]) + 1] if raw[2:3] != b"\0" else raw
    if family == _AF_INET6:
        raw = raw[:_CORE_SIN6_SIZE]
    return theirs.to_bytes(2, "little") + raw[2:]


def from_core_address(raw: bytes) -> bytes:
    """The core's ``struct sockaddr`` as Solaris has it."""
    theirs = int.from_bytes(raw[:2], "little")
    family = next((ours for ours, found in FAMILIES.items() if found == theirs), theirs)
    tail = bytes(_SIN6_SIZE - _CORE_SIN6_SIZE) if family == _AF_INET6 else b""
    return family.to_bytes(2, "little") + raw[2:] + tail


def read_address(task: SolarisTask, address: int, size: int) -> bytes:
    """An address in user memory, as the core has it.

    Raises:
        Errno: EINVAL, no possible size; EFAULT.
    """
    if not 2 <= size & 0xFFFF_FFFF <= _ADDRESS_MAX:
        raise Errno(SolarisE.EINVAL)
    return to_core_address(task.memory.read(address, size))


def write_address(task: SolarisTask, raw: bytes, address: int, size_at: int) -> None:
    """Stores as much of an address as there is room for, and how long it is."""
    if not address or not size_at:
        return
    found = from_core_address(raw) if raw else b""
    task.memory.write(address, found[: task.memory.read_u32(size_at)])
    task.memory.write_u32(size_at, len(found))


# -- making ------------------------------------------------------------------------------------------------------


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


# -- options -----------------------------------------------------------------------------------------------------


@syscall("partial", "options of SOL_SOCKET, TCP_NODELAY and keeping alive, IPV6_V6ONLY; others: ENOPROTOOPT")
def setsockopt(
    task: SolarisTask,
    sock: Int,
    level: Int,
    option_name: Int,
    option_value: Address,
    option_len: Int,
    version: Int,
) -> int:
    """Sets an option of a socket."""
    socket = socket_of(task, sock)
    value = task.memory.read(option_value, option_len & 0xFFF)
    if level != SOL_SOCKET:
        theirs = LEVEL_OPTIONS.get((level, option_name))
        if theirs is None:
            raise Errno(E.ENOPROTOOPT)
        socket.set_option(level, theirs, value, TaskCaller(task))
    elif option_name in (SO_SNDTIMEO, SO_RCVTIMEO):
        _set_time(task, socket, option_name, value)
    elif option_name in SO_OPTIONS:
        socket.set_socket_option(SO_OPTIONS[option_name], value, TaskCaller(task))
    else:
        raise Errno(E.ENOPROTOOPT)
    return 0


def _set_time(task: SolarisTask, socket: Socket, name: int, value: bytes) -> None:
    if len(value) < task.bits // 4:
        raise Errno(SolarisE.EINVAL)
    seconds, microseconds = struct.unpack_from("<ii" if task.ilp32 else "<qq", value)
    time = seconds * _NANOSECONDS + microseconds * 1000 or None
    if name == SO_RCVTIMEO:
        socket.receive_timeout = time
    else:
        socket.send_timeout = time


def _own_number(error: int) -> int:
    """An error of the core as Solaris numbers it."""
    return int(SolarisE[E(error).name]) if error else 0


@syscall("partial", "as setsockopt")
def getsockopt(
    task: SolarisTask,
    sock: Int,
    level: Int,
    option_name: Int,
    option_value: Address,
    option_lenp: Address,
    version: Int,
) -> int:
    """An option of a socket."""
    socket = socket_of(task, sock)
    room = task.memory.read_u32(option_lenp)
    if level != SOL_SOCKET:
        theirs = LEVEL_OPTIONS.get((level, option_name))
        if theirs is None:
            raise Errno(E.ENOPROTOOPT)
        value = socket.get_option(level, theirs, room, TaskCaller(task))
    elif option_name in (SO_SNDTIMEO, SO_RCVTIMEO):
        time = socket.receive_timeout if option_name == SO_RCVTIMEO else socket.send_timeout
        value = pack_pair(task, divmod((time or 0) // 1000, 10**6))
    elif option_name in SO_OPTIONS:
        value = socket.get_socket_option(SO_OPTIONS[option_name])
        number = int.from_bytes(value[:4], "little")
        if SO_OPTIONS[option_name] == core.SO_ERROR:
            value = _own_number(number).to_bytes(4, "little")
        elif SO_OPTIONS[option_name] == core.SO_TYPE:
            value = next(ours for ours, kind in KINDS.items() if kind == number).to_bytes(4, "little")
        elif SO_OPTIONS[option_name] == core.SO_DOMAIN:
            value = next(ours for ours, found in FAMILIES.items() if found == number).to_bytes(4, "little")
    else:
        raise Errno(E.ENOPROTOOPT)
    task.memory.write(option_value, value[:room])
    task.memory.write_u32(option_lenp, min(len(value), room))
    return 0


# -- sending and receiving ---------------------------------------------------------------------------------------


def _send(task: SolarisTask, socket: Socket, data: bytes, flags: int, address: bytes) -> int | Waiting:
    wanted, caller = core_flags(flags), TaskCaller(task)
    if socket.is_stream and not address and not wanted & ~core.MSG_NOSIGNAL:
        return write_all(task, socket, data, broken_pipe)
    socket.check_size(len(data))

    def transfer() -> int:
        return socket.send(Message(data, wanted, address), caller)

    return retry(task, socket, transfer)


@syscall("full")
def sendto(
    task: SolarisTask, sock: Int, buffer: Address, size: SizeT, flags: Int, name: Address, namelen: Int
) -> int | Waiting:
    """Sends bytes or a message."""
    socket = socket_of(task, sock)
    address = read_address(task, name, namelen) if name else b""
    return _send(task, socket, task.memory.read(buffer, size), flags, address)


@syscall("full")
def send(task: SolarisTask, sock: Int, buffer: Address, size: SizeT, flags: Int) -> int | Waiting:
    """Sends bytes or a message to the peer."""
    return _send(task, socket_of(task, sock), task.memory.read(buffer, size), flags, b"")


def _receive(task: SolarisTask, sock: int, size: int, flags: int, store: object) -> int | Waiting:
    socket, wanted = socket_of(task, sock), core_flags(flags)
    assert callable(store)

    def transfer() -> int:
        received = socket.recv(size, wanted)
        for file in received.rights:
            file.drop()
        return int(store(received))

    if wanted & core.MSG_DONTWAIT and not socket.flags & O_NONBLOCK:
        socket.flags |= O_NONBLOCK
        try:
            return retry(task, socket, transfer)
        finally:
            socket.flags &= ~O_NONBLOCK
    return retry(task, socket, transfer)


@syscall("full")
def recvfrom(
    task: SolarisTask, sock: Int, buffer: Address, size: SizeT, flags: Int, name: Address, namelenp: Address
) -> int | Waiting:
    """Receives bytes or a message, and whom it is from."""

    def store(received: Received) -> int:
        task.memory.write(buffer, received.data)
        write_address(task, received.address or b"", name, namelenp)
        return len(received.data)

    return _receive(task, sock, min(size, 1 << 20), flags, store)


@syscall("full")
def recv(task: SolarisTask, sock: Int, buffer: Address, size: SizeT, flags: Int) -> int | Waiting:
    """Receives bytes or a message."""
    return recvfrom(task, sock, buffer, size, flags, 0, 0)


def _vectors(task: SolarisTask, address: int, count: int) -> list[tuple[int, int]]:
    if not 0 <= count <= 1024:
        raise Errno(SolarisE.EMSGSIZE)
    if not count:
        return []
    raw = memoryview(task.memory.read(address, task.bits // 4 * count)).cast("I" if task.ilp32 else "Q")
    return list(zip(raw[::2], raw[1::2], strict=True))


@syscall("partial", "no control messages: what is to be passed on is EINVAL")
def sendmsg(task: SolarisTask, sock: Int, msg: Address, flags: Int) -> int | Waiting:
    """Sends a message from several buffers."""
    form = _MSGHDR[task.ilp32]
    name, namelen, iov, count, _, controllen, _ = form.unpack(task.memory.read(msg, form.size))
    if controllen:
        raise Errno(SolarisE.EINVAL)
    data = b"".join(task.memory.read(*vector) for vector in _vectors(task, iov, count))
    address = read_address(task, name, namelen) if name else b""
    return _send(task, socket_of(task, sock), data, flags, address)


@syscall("partial", "no control messages: there are none")
def recvmsg(task: SolarisTask, sock: Int, msg: Address, flags: Int) -> int | Waiting:
    """Receives a message into several buffers."""
    form = _MSGHDR[task.ilp32]
    name, namelen, iov, count, _, _, _ = form.unpack(task.memory.read(msg, form.size))
    vectors = _vectors(task, iov, count)

    def store(received: Received) -> int:
        at = 0
        for address, length in vectors:
            task.memory.write(address, received.data[at : at + length])
            at += length
        if name:
            found = from_core_address(received.address) if received.address else b""
            task.memory.write(name, found[:namelen])
            task.memory.write_u32(msg + _NAMELEN_AT[task.ilp32], len(found))
        controllen = msg + _CONTROLLEN_AT[task.ilp32]
        task.memory.write(controllen, bytes(4))
        task.memory.write_u32(controllen + 4, 0x20 if received.flags & core.MSG_TRUNC else 0)
        return len(received.data)

    return _receive(task, sock, min(sum(length for _, length in vectors), 1 << 20), flags, store)
