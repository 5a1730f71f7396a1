"""Requests of epoll instances: how the network's devices are asked while somebody waits (fs/eventpoll.c, Linux 6.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.waiting import EPOLL_PARAMS

if TYPE_CHECKING:
    from ring3.fs.epoll import EpollFile
    from ring3.linux.model.task import LinuxTask

NAPI_POLL_WEIGHT: Final = 64
"""Packets that are taken at once, of who may not have more."""
_PARAMS: Final = EPOLL_PARAMS.form(64)
_S32_MAX: Final = (1 << 31) - 1


class EpollIoctl(IntEnum):
    """Requests."""

    EPIOCSPARAMS = 0x4008_8A01
    EPIOCGPARAMS = 0x8008_8A02


def epoll_ioctl(task: LinuxTask, file: EpollFile, cmd: int, arg: int) -> int:
    """Sets or tells what is kept for devices, of which there are none that it would be for.

    Raises:
        Errno: EINVAL, no such request, or a value that is none; EPERM, too many packets at once; EFAULT.
    """
    if cmd == EpollIoctl.EPIOCGPARAMS:
        task.memory.write(arg, _PARAMS.pack(*file.busy_poll, 0))
    elif cmd == EpollIoctl.EPIOCSPARAMS:
        time, budget, preferred, padding = _PARAMS.unpack(task.memory.read(arg, _PARAMS.size))
        if padding or time > _S32_MAX or preferred > 1:
            raise Errno(E.EINVAL)
        if budget > NAPI_POLL_WEIGHT and not task.credentials.capable(Cap.NET_ADMIN):
            raise Errno(E.EPERM)
        file.busy_poll = time, budget, preferred
    else:
        raise Errno(E.EINVAL)
    return 0
