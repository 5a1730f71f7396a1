"""setsockopt(2) and getsockopt(2)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    SO_ATTACH_FILTER,
    SO_BINDTODEVICE,
    SO_COOKIE,
    SO_PEERCRED,
    SO_PEERGROUPS,
    SO_PEERNAME,
    SO_PEERPIDFD,
    SO_RCVTIMEO_NEW,
    SO_RCVTIMEO_OLD,
    SO_SNDTIMEO_NEW,
    SO_SNDTIMEO_OLD,
    SOL_SOCKET,
)
from ring3.linux.calls.sockets import filters
from ring3.linux.calls.sockets.arguments import TaskCaller, read_int, shown_ucred, socket_of
from ring3.linux.definition import syscall
from ring3.linux.tasks import pid_file

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket

RECEIVE_TIMES: Final = (SO_RCVTIMEO_OLD, SO_RCVTIMEO_NEW)
SEND_TIMES: Final = (SO_SNDTIMEO_OLD, SO_SNDTIMEO_NEW)
LARGEST: Final = 1 << 14
LARGEST_OF_SOCKET: Final = 16
"""Bytes of a value that are taken at most; no option has more."""


def _time_format(task: LinuxTask, name: int) -> struct.Struct:
    """How the time of an option lies in memory: old ones of 32-bit programs are narrow (sock_set_timeout)."""
    narrow = name in (SO_RCVTIMEO_OLD, SO_SNDTIMEO_OLD) and task.in_ia32_syscall
    return struct.Struct("<ii" if narrow else "<qq")


def _set_time(task: LinuxTask, socket: Socket, name: int, value: bytes) -> None:
    """Sets a timeout; a negative one means not to wait at all.

    Raises:
        Errno: EINVAL, too short; EDOM, no microseconds.
    """
    form = _time_format(task, name)
    if len(value) < form.size:
        raise Errno(E.EINVAL)
    seconds, microseconds = form.unpack_from(value)
    if not 0 <= microseconds < 10**6:
        raise Errno(E.EDOM)
    time = None if not seconds and not microseconds else max(0, seconds * 10**9 + microseconds * 1000)
    if seconds < 0:
        time = 0
    if name in RECEIVE_TIMES:
        socket.receive_timeout = time
    else:
        socket.send_timeout = time


def _get_time(task: LinuxTask, socket: Socket, name: int) -> bytes:
    time = socket.receive_timeout if name in RECEIVE_TIMES else socket.send_timeout
    return _time_format(task, name).pack(*divmod((time or 0) // 1000, 10**6))


@syscall(
    "partial",
    "no filters of the extended BPF, SO_TIMESTAMPING, zero copy: ENOPROTOOPT; no times of arrival on streams",
)
def sys_setsockopt(task: LinuxTask, fd: Int, level: Int, optname: Int, optval: Pointer, optlen: Int) -> int:
    """Sets an option of a socket."""
    socket = socket_of(task, fd)
    if optlen < 0:
        raise Errno(E.EINVAL)
    if level != SOL_SOCKET:
        if not socket.has_levels:
            raise Errno(E.EOPNOTSUPP)
        socket.set_option(level, optname, task.memory.read(optval, min(optlen, LARGEST)), TaskCaller(task))
        return 0
    whole = optlen >= 4 or optname == SO_BINDTODEVICE
    value = task.memory.read(optval, min(optlen, LARGEST_OF_SOCKET)) if whole else b""
    if optname in RECEIVE_TIMES or optname in SEND_TIMES:
        _set_time(task, socket, optname, value)
    elif optname == SO_ATTACH_FILTER and socket.takes_filters:
        filters.attach(task, socket, value)
    else:
        socket.set_socket_option(optname, value, TaskCaller(task))
    return 0


@syscall("partial", "as setsockopt")
def sys_getsockopt(
    task: LinuxTask, fd: Int, level: Int, optname: Int, optval: Pointer, optlen: Pointer
) -> int:
    """An option of a socket."""
    socket = socket_of(task, fd)
    if level != SOL_SOCKET and not socket.has_levels:
        raise Errno(E.EOPNOTSUPP)
    room = read_int(task, optlen)
    if room < 0:
        raise Errno(E.EINVAL)
    if (level, optname) in socket.questions:
        value = socket.answer(level, optname, task.memory.read(optval, min(room, LARGEST)))
    elif level != SOL_SOCKET:
        value = socket.get_option(level, optname, room, TaskCaller(task))
    elif optname in RECEIVE_TIMES or optname in SEND_TIMES:
        value = _get_time(task, socket, optname)
    elif optname == SO_ATTACH_FILTER and socket.takes_filters:
        task.memory.write_u32(optlen, filters.get(task, socket, optval, room))
        return 0
    elif optname == SO_PEERPIDFD:
        value = _peer_descriptor(task, socket)
    else:
        value = socket.get_socket_option(optname)
        if optname == SO_PEERCRED:
            value = shown_ucred(task, value)
        _check_room(task, optname, value, room, optlen)
    task.memory.write(optval, value[:room])
    task.memory.write_u32(optlen, min(len(value), room))
    return 0


def _peer_descriptor(task: LinuxTask, socket: Socket) -> bytes:
    """SO_PEERPIDFD: a new descriptor of the process that SO_PEERCRED tells of.

    Raises:
        Errno: ENODATA, there is none; EINVAL, it has ended and was waited for.
    """
    known = socket.peer_credentials()
    if known is None:
        raise Errno(E.ENODATA)
    process = task.kernel.processes.get(known[0].pid)
    if process is None:
        raise Errno(E.EINVAL)
    return struct.pack("<i", pid_file.install(task, process, None, 0))


def _check_room(task: LinuxTask, optname: int, value: bytes, room: int, optlen: int) -> None:
    """Three options do not come cut off.

    Raises:
        Errno: ERANGE, there are more groups, their size is stored; EINVAL, the address is shorter than asked for, or
            the number longer.
    """
    if optname == SO_PEERGROUPS and room < len(value):
        task.memory.write_u32(optlen, len(value))
        raise Errno(E.ERANGE)
    if (optname == SO_PEERNAME and room > len(value)) or (optname == SO_COOKIE and room < len(value)):
        raise Errno(E.EINVAL)
