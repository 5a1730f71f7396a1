"""Requests of /dev/random and /dev/urandom (random_ioctl in drivers/char/random.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask

ENTROPY: Final = 256
"""Bits in the pool: it is full from the start."""


class Request(IntEnum):
    """Their numbers (include/uapi/linux/random.h)."""

    RNDGETENTCNT = 0x8004_5200
    RNDADDTOENTCNT = 0x4004_5201
    RNDADDENTROPY = 0x4008_5203
    RNDZAPENTCNT = 0x5204
    RNDCLEARPOOL = 0x5206
    RNDRESEEDCRNG = 0x5207


def random_ioctl(task: LinuxTask, file: File, cmd: int, arg: int) -> int:
    """Answers one: what is added to the pool is taken and makes no difference, as it is random already.

    Raises:
        Errno: EINVAL, there is no such request, or a negative number; EPERM; EFAULT.
    """
    if cmd == Request.RNDGETENTCNT:
        task.memory.write_u32(arg, ENTROPY)
        return 0
    if cmd not in tuple(Request):
        raise Errno(E.EINVAL)
    if not task.credentials.capable(Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    takes_bits = cmd in (Request.RNDADDTOENTCNT, Request.RNDADDENTROPY)
    if takes_bits and INT.cast(task.memory.read_u32(arg)) < 0:
        raise Errno(E.EINVAL)
    if cmd == Request.RNDADDENTROPY:
        task.memory.read(arg + 8, INT.cast(task.memory.read_u32(arg + 4)))
    return 0
