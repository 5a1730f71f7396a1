"""The host's calls on sockets, with addresses and control messages as the bytes that programs give and get.

Nothing here waits: descriptors are non-blocking, and EAGAIN is an errno as any other. No call raises SIGPIPE.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import (
    MSG_CMSG_CLOEXEC,
    MSG_CMSG_COMPAT,
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCKADDR_MAX,
)
from ring3.fs import host_os

CONTROL_ROOM: Final = 4096
"""Bytes of control messages that are received at most."""
OPTION_ROOM: Final = 4096
"""Bytes of an option's value that are asked for at most."""
MSG_ZEROCOPY: Final = 0x400_0000
NOT_PASSED: Final = MSG_CMSG_COMPAT | MSG_CMSG_CLOEXEC | MSG_ZEROCOPY
"""Flags that are about the program's memory and descriptors."""
_HEADER: Final = struct.Struct("<Qii")
"""``struct cmsghdr``: length, level, type."""

_libc = ctypes.CDLL(None, use_errno=True)
for _name in ("sendmsg", "recvmsg"):
    getattr(_libc, _name).restype = ctypes.c_ssize_t


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Arrived(NamedTuple):
    """What recvmsg(2) has given.

    Attributes:
        data: The bytes.
        size: What it returned: how long the message was, with MSG_TRUNC.
        address: Whom it is from, as a ``struct sockaddr``.
        control: Control messages: level, type and data.
        flags: ``MSG_`` bits.
    """

    data: bytes
    size: int
    address: bytes
    control: tuple[tuple[int, int, bytes], ...]
    flags: int


def _checked(result: int) -> int:
    """A call's result.

    Raises:
        Errno: The call has failed.
    """
    if result >= 0:
        return result
    error = ctypes.get_errno()
    raise host_os.translated(OSError(error, os.strerror(error)))


def socket(family: int, kind: int, protocol: int) -> int:
    """A new descriptor."""
    return _checked(_libc.socket(family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol))


def bind(fd: int, address: bytes) -> None:
    """As bind(2)."""
    _checked(_libc.bind(fd, address, len(address)))


def listen(fd: int, backlog: int) -> None:
    """As listen(2)."""
    _checked(_libc.listen(fd, backlog))


def connect(fd: int, address: bytes) -> None:
    """As connect(2)."""
    _checked(_libc.connect(fd, address, len(address)))


def accept(fd: int) -> int:
    """As accept(2)."""
    return _checked(_libc.accept4(fd, None, None, SOCK_NONBLOCK | SOCK_CLOEXEC))


def shutdown(fd: int, how: int) -> None:
    """As shutdown(2)."""
    _checked(_libc.shutdown(fd, how))


def name(fd: int) -> bytes:
    """As getsockname(2)."""
    return _address_by(_libc.getsockname, fd)


def peer_name(fd: int) -> bytes:
    """As getpeername(2)."""
    return _address_by(_libc.getpeername, fd)


def _address_by(call: ctypes._NamedFuncPointer, fd: int) -> bytes:
    room, size = ctypes.create_string_buffer(SOCKADDR_MAX), ctypes.c_uint32(SOCKADDR_MAX)
    _checked(call(fd, room, ctypes.byref(size)))
    return room.raw[: size.value]


def set_option(fd: int, level: int, option: int, value: bytes) -> None:
    """As setsockopt(2)."""
    _checked(_libc.setsockopt(fd, level, option, value, len(value)))


def get_option(fd: int, level: int, option: int, size: int) -> bytes:
    """As getsockopt(2), into so many bytes."""
    size = min(size, OPTION_ROOM)
    room, used = ctypes.create_string_buffer(size or 1), ctypes.c_uint32(size)
    _checked(_libc.getsockopt(fd, level, option, room, ctypes.byref(used)))
    return room.raw[: min(used.value, size)]


def send(
    fd: int, data: bytes, flags: int, address: bytes, control: tuple[tuple[int, int, bytes], ...]
) -> int:
    """As sendmsg(2)."""
    held = ctypes.create_string_buffer(data, len(data) or 1)
    vector = _Vector(ctypes.cast(held, ctypes.c_void_p), len(data))
    told = b"".join(_packed(*message) for message in control)
    name, extra = ctypes.create_string_buffer(address, len(address)), ctypes.create_string_buffer(told)
    message = _Message(
        ctypes.cast(name, ctypes.c_void_p) if address else None,
        len(address),
        ctypes.pointer(vector),
        1,
        ctypes.cast(extra, ctypes.c_void_p) if told else None,
        len(told),
        0,
    )
    sent = flags & ~NOT_PASSED | MSG_DONTWAIT | MSG_NOSIGNAL
    return _checked(_libc.sendmsg(fd, ctypes.byref(message), _int(sent)))


def _packed(level: int, kind: int, data: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(data), level, kind) + data + bytes(-len(data) % 8)


def receive(fd: int, size: int, flags: int) -> Arrived:
    """As recvmsg(2)."""
    room = ctypes.create_string_buffer(size or 1)
    name, extra = ctypes.create_string_buffer(SOCKADDR_MAX), ctypes.create_string_buffer(CONTROL_ROOM)
    vector = _Vector(ctypes.cast(room, ctypes.c_void_p), size)
    message = _Message(
        ctypes.cast(name, ctypes.c_void_p),
        SOCKADDR_MAX,
        ctypes.pointer(vector),
        1,
        ctypes.cast(extra, ctypes.c_void_p),
        CONTROL_ROOM,
        0,
    )
    got = _checked(_libc.recvmsg(fd, ctypes.byref(message), _int(flags & ~NOT_PASSED | MSG_DONTWAIT)))
    return Arrived(
        room.raw[: min(got, size)],
        got,
        name.raw[: message.name_size],
        tuple(_control_in(extra.raw[: message.control_size])),
        message.flags & ~MSG_DONTWAIT,
    )


def _control_in(raw: bytes) -> list[tuple[int, int, bytes]]:
    found, at = [], 0
    while at + _HEADER.size <= len(raw):
        length, level, kind = _HEADER.unpack_from(raw, at)
        if length < _HEADER.size:
            break
        found.append((level, kind, raw[at + _HEADER.size : at + length]))
        at += (length + 7) & ~7
    return found


def ask_number(fd: int, request: int) -> int:
    """What ioctl(2) says in an ``int``."""
    (found,) = struct.unpack("<i", host_os.ioctl(fd, request, bytes(4)))
    return int(found)


def _int(flags: int) -> int:
    return flags - (1 << 32) if flags >> 31 else flags


def refuse_descriptors(control: tuple[tuple[int, int, bytes], ...]) -> None:
    """Control messages of SOL_SOCKET say nothing that the host should hear: descriptors, ids, times to send at.

    Raises:
        Errno: EINVAL, there is one.
    """
    if any(level == 1 for level, _, _ in control):
        raise Errno(E.EINVAL)
