"""Requests of ioctl(2) that sockets answer (include/uapi/linux/sockios.h, include/uapi/asm-generic/sockios.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import INT
from ring3.abi.kinds import IntEnum
from ring3.linux.calls.sockets.interfaces import interface_ioctl
from ring3.linux.signals.sigio import number_of, set_by_number

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket


class SocketIoctl(IntEnum):
    """Requests."""

    SIOCOUTQ = 0x5411
    FIOSETOWN = 0x8901
    SIOCSPGRP = 0x8902
    FIOGETOWN = 0x8903
    SIOCGPGRP = 0x8904
    SIOCATMARK = 0x8905


def socket_ioctl(task: LinuxTask, socket: Socket, cmd: int, arg: int) -> int:
    """Answers a request.

    Raises:
        Errno: ENOTTY, it knows no such request; EFAULT; as `interface_ioctl`.
    """
    if cmd == SocketIoctl.SIOCOUTQ:
        value = socket.unsent()
    elif cmd in (SocketIoctl.FIOSETOWN, SocketIoctl.SIOCSPGRP):
        set_by_number(task, socket, INT.cast(task.memory.read_u32(arg)))
        return 0
    elif cmd in (SocketIoctl.FIOGETOWN, SocketIoctl.SIOCGPGRP):
        value = number_of(task, socket) & 0xFFFF_FFFF
    elif cmd == SocketIoctl.SIOCATMARK:
        value = int(socket.at_mark())
    else:
        return interface_ioctl(task, socket, cmd, arg)
    task.memory.write_u32(arg, value)
    return 0
