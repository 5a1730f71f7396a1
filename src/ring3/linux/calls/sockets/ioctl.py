"""Requests of ioctl(2) that sockets answer (include/uapi/linux/sockios.h, include/uapi/asm-generic/sockios.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.kinds import IntEnum
from ring3.linux.calls.sockets.interfaces import interface_ioctl

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket


class SocketIoctl(IntEnum):
    """Requests."""

    SIOCOUTQ = 0x5411
    SIOCATMARK = 0x8905


def socket_ioctl(task: LinuxTask, socket: Socket, cmd: int, arg: int) -> int:
    """Answers a request.

    Raises:
        Errno: ENOTTY, it knows no such request; EFAULT; as `interface_ioctl`.
    """
    if cmd == SocketIoctl.SIOCOUTQ:
        value = socket.unsent()
    elif cmd == SocketIoctl.SIOCATMARK:
        value = int(socket.at_mark())
    else:
        return interface_ioctl(task, cmd, arg)
    task.memory.write_u32(arg, value)
    return 0
