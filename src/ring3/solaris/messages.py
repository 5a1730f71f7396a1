"""Sending and receiving on sockets: bytes, messages, and messages of several buffers (sys/socket.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, SizeT
from ring3.abi.errno import Errno
from ring3.abi.linux import sockets as core
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.file import O_NONBLOCK
from ring3.fs.waiting import retry, write_all
from ring3.net.socket import Message
from ring3.solaris.control_messages import MSG_XPG4_2, read_rights, write_rights
from ring3.solaris.definition import syscall
from ring3.solaris.rw import broken_pipe
from ring3.solaris.socket_addresses import from_core_address, read_address, write_address
from ring3.solaris.socket_caller import TaskCaller, socket_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.file import File
    from ring3.fs.waiting import Waiting
    from ring3.net.socket import Received, Socket
    from ring3.solaris.task import SolarisTask

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
MSG_TRUNC: Final = 0x20
_MSGHDR: Final = {False: struct.Struct("<QI4xQi4xQIi"), True: struct.Struct("<IIIiIIi")}
"""``struct msghdr`` of programs of 64 and (True) of 32 bits."""
_NAMELEN_AT: Final = {False: 8, True: 4}
_CONTROLLEN_AT: Final = {False: 40, True: 20}


def core_flags(flags: int) -> int:
    """Flags of send and recv in the core's bits."""
    return sum(theirs for ours, theirs in FLAGS if flags & ours)


def _send(
    task: SolarisTask, socket: Socket, data: bytes, flags: int, address: bytes, rights: tuple[File, ...] = ()
) -> int | Waiting:
    wanted, caller = core_flags(flags), TaskCaller(task)
    if socket.is_stream and not address and not rights and not wanted & ~core.MSG_NOSIGNAL:
        return write_all(task, socket, data, broken_pipe)
    socket.check_size(len(data))

    def transfer() -> int:
        return socket.send(Message(data, wanted, address, rights), caller)

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


def _receive(
    task: SolarisTask, sock: int, size: int, flags: int, store: Callable[[Received], int]
) -> int | Waiting:
    socket, wanted = socket_of(task, sock), core_flags(flags)

    def transfer() -> int:
        return store(socket.recv(size, wanted))

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
        for file in received.rights:
            file.drop()
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


@syscall("partial", "control messages are those that pass descriptors: others are EINVAL")
def sendmsg(task: SolarisTask, sock: Int, msg: Address, flags: Int) -> int | Waiting:
    """Sends a message from several buffers, with open files to pass on."""
    form = _MSGHDR[task.ilp32]
    name, namelen, iov, count, control, controllen, _ = form.unpack(task.memory.read(msg, form.size))
    socket = socket_of(task, sock)
    rights = read_rights(task, control, controllen, bool(flags & MSG_XPG4_2))
    if rights and not socket.passes_rights:
        raise Errno(SolarisE.EOPNOTSUPP)
    data = b"".join(task.memory.read(*vector) for vector in _vectors(task, iov, count))
    address = read_address(task, name, namelen) if name else b""
    return _send(task, socket, data, flags, address, rights)


@syscall("partial", "control messages are those that pass descriptors")
def recvmsg(task: SolarisTask, sock: Int, msg: Address, flags: Int) -> int | Waiting:
    """Receives a message into several buffers, and open files that came with it."""
    form, xpg4 = _MSGHDR[task.ilp32], bool(flags & MSG_XPG4_2)
    name, namelen, iov, count, control, controllen, _ = form.unpack(task.memory.read(msg, form.size))
    vectors = _vectors(task, iov, count)

    def store(received: Received) -> int:
        used, cut = write_rights(task, received.rights, control, controllen, xpg4)
        at = 0
        for address, length in vectors:
            task.memory.write(address, received.data[at : at + length])
            at += length
        if name:
            found = from_core_address(received.address) if received.address else b""
            task.memory.write(name, found[:namelen])
            task.memory.write_u32(msg + _NAMELEN_AT[task.ilp32], len(found))
        length_at = msg + _CONTROLLEN_AT[task.ilp32]
        task.memory.write_u32(length_at, used)
        if xpg4:
            task.memory.write_u32(length_at + 4, cut | (MSG_TRUNC if received.flags & core.MSG_TRUNC else 0))
        return len(received.data)

    return _receive(task, sock, min(sum(length for _, length in vectors), 1 << 20), flags, store)
