"""Filters of sockets as programs give and get them: ``struct sock_fprog`` (sk_attach_filter, sk_get_filter)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.sockets import SOCK_FPROG
from ring3.kernel.classic_bpf import MAX_INSTRUCTIONS, SIZE, BadProgram
from ring3.net.packet_filter import PacketFilter

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket


def attach(task: LinuxTask, socket: Socket, value: bytes) -> None:
    """Gives a socket a filter (SO_ATTACH_FILTER).

    Raises:
        Errno: EINVAL, the value has another size, or the checks refuse the program; EPERM, the filter that it has is to
            stay; EFAULT.
    """
    form = SOCK_FPROG.form(32 if task.in_ia32_syscall else 64)
    if len(value) != form.size:
        raise Errno(E.EINVAL)
    length, address = form.unpack(value)
    if socket.filter_is_locked:
        raise Errno(E.EPERM)
    if not address or not 1 <= length <= MAX_INSTRUCTIONS:
        raise Errno(E.EINVAL)
    raw = task.memory.read(address, SIZE * length)
    try:
        socket.set_filter(PacketFilter(raw, socket.network.random_bytes))
    except BadProgram:
        raise Errno(E.EINVAL) from None


def get(task: LinuxTask, socket: Socket, optval: int, room: int) -> int:
    """Stores a socket's filter (SO_GET_FILTER); returns how many instructions it has.

    Args:
        task: Who asks.
        socket: The socket.
        optval: Where to store it.
        room: For how many instructions there is room; with 0 nothing is stored.

    Raises:
        Errno: EINVAL, there is room for fewer; EFAULT.
    """
    if socket.filter is None:
        return 0
    count = len(socket.filter.program) // SIZE
    if room:
        if room < count:
            raise Errno(E.EINVAL)
        task.memory.write(optval, socket.filter.program)
    return count
