"""``struct timespec``, ``timeval`` and ``itimerspec`` in a program's memory, in both widths; times in nanoseconds.

Sources: kernel/time/time.c (get_timespec64, get_old_timespec32 and their like), include/linux/time64.h of Linux 6.x.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SECOND: Final = 10**9
FOREVER: Final = (1 << 63) - 1
"""KTIME_MAX: times beyond it are this one."""

_WIDE: Final = struct.Struct("<qq")
_NARROW: Final = struct.Struct("<ii")


def read_timespec(task: LinuxTask, address: int, narrow: bool = False) -> int:
    """A ``struct timespec`` of a program.

    Args:
        task: The program.
        address: Where it lies.
        narrow: It is i386's first one, with 32-bit fields. In the other one a 32-bit program leaves the upper half of
            the nanoseconds undefined.

    Raises:
        Errno: EFAULT; EINVAL, it is negative or has a second of nanoseconds or more.
    """
    seconds, nanoseconds = unpack_timespec(task, address, narrow)
    if seconds < 0 or not 0 <= nanoseconds < SECOND:
        raise Errno(E.EINVAL)
    return min(seconds * SECOND + nanoseconds, FOREVER)


def unpack_timespec(task: LinuxTask, address: int, narrow: bool = False) -> tuple[int, int]:
    """The two fields of a ``struct timespec``, whatever they hold.

    Raises:
        Errno: EFAULT.
    """
    if narrow:
        seconds, nanoseconds = _NARROW.unpack(task.memory.read(address, 8))
    else:
        seconds, nanoseconds = _WIDE.unpack(task.memory.read(address, 16))
        if task.in_ia32_syscall:
            nanoseconds &= 0xFFFF_FFFF
    return seconds, nanoseconds


def pack_timespec(time: int, narrow: bool = False) -> bytes:
    """A ``struct timespec``; seconds that do not fit into 32 bits are cut off."""
    seconds, nanoseconds = divmod(time, SECOND)
    if narrow:
        return struct.pack("<Ii", seconds & 0xFFFF_FFFF, nanoseconds)
    return _WIDE.pack(seconds, nanoseconds)


def read_timeval(task: LinuxTask, address: int, narrow: bool = False) -> int:
    """A ``struct timeval``: seconds and microseconds.

    Raises:
        Errno: EFAULT; EINVAL, it is negative or has a second of microseconds or more.
    """
    raw = task.memory.read(address, 8 if narrow else 16)
    seconds, microseconds = (_NARROW if narrow else _WIDE).unpack(raw)
    if seconds < 0 or not 0 <= microseconds < 10**6:
        raise Errno(E.EINVAL)
    return int(min(seconds * SECOND + microseconds * 1000, FOREVER))


def pack_timeval(time: int, narrow: bool = False) -> bytes:
    """A ``struct timeval``."""
    seconds, nanoseconds = divmod(time, SECOND)
    if narrow:
        return struct.pack("<Ii", seconds & 0xFFFF_FFFF, nanoseconds // 1000)
    return _WIDE.pack(seconds, nanoseconds // 1000)


def read_itimerspec(task: LinuxTask, address: int, narrow: bool = False) -> tuple[int, int]:
    """A ``struct itimerspec``: interval and time.

    Raises:
        Errno: EFAULT; EINVAL.
    """
    size = 8 if narrow else 16
    task.memory.read(address, 2 * size)
    return read_timespec(task, address, narrow), read_timespec(task, address + size, narrow)


def pack_itimerspec(interval: int, value: int, narrow: bool = False) -> bytes:
    """A ``struct itimerspec``."""
    return pack_timespec(interval, narrow) + pack_timespec(value, narrow)
