"""Times in a program's memory, in both widths; in Python they are nanoseconds.

The width of a ``struct timespec`` is that of its seconds: the first one of i386 has 32 bits, the other one 64, in
programs of both widths. That of a ``struct timeval`` is the program's.

Sources: kernel/time/time.c (get_timespec64, get_old_timespec32 and their like), include/linux/time64.h of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.time import TIMESPEC, TIMESPEC32, TIMEVAL

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SECOND: Final = 10**9
FOREVER: Final = (1 << 63) - 1
"""KTIME_MAX: times beyond it are this one."""


def read_timespec(task: LinuxTask, address: int, bits: int = 64) -> int:
    """A ``struct timespec`` of a program. A 32-bit program leaves the upper half of 64-bit nanoseconds undefined.

    Raises:
        Errno: EFAULT; EINVAL, it is negative or has a second of nanoseconds or more.
    """
    seconds, nanoseconds = unpack_timespec(task, address, bits)
    if seconds < 0 or not 0 <= nanoseconds < SECOND:
        raise Errno(E.EINVAL)
    return min(seconds * SECOND + nanoseconds, FOREVER)


def unpack_timespec(task: LinuxTask, address: int, bits: int = 64) -> tuple[int, int]:
    """The two fields of a ``struct timespec``, whatever they hold.

    Raises:
        Errno: EFAULT.
    """
    if bits == 32:
        seconds, nanoseconds = TIMESPEC32.integers(task.memory, address, 32)
        return seconds, nanoseconds
    seconds, nanoseconds = TIMESPEC.integers(task.memory, address, 64)
    return seconds, nanoseconds & 0xFFFF_FFFF if task.in_ia32_syscall else nanoseconds


def pack_timespec(time: int, bits: int = 64) -> bytes:
    """A ``struct timespec``; seconds that do not fit into 32 bits are cut off."""
    seconds, nanoseconds = divmod(time, SECOND)
    return (
        TIMESPEC32.pack(32, _wrapped(seconds), nanoseconds)
        if bits == 32
        else TIMESPEC.pack(64, seconds, nanoseconds)
    )


def read_timeval(task: LinuxTask, address: int, bits: int = 64) -> int:
    """A ``struct timeval``: seconds and microseconds.

    Raises:
        Errno: EFAULT; EINVAL, it is negative or has a second of microseconds or more.
    """
    seconds, microseconds = TIMEVAL.integers(task.memory, address, bits)
    if seconds < 0 or not 0 <= microseconds < 10**6:
        raise Errno(E.EINVAL)
    return min(seconds * SECOND + microseconds * 1000, FOREVER)


def read_duration(task: LinuxTask, address: int, bits: int = 64) -> int:
    """A ``struct timeval`` as select(2) takes it: with any number of microseconds.

    Raises:
        Errno: EFAULT; EINVAL, it is negative.
    """
    seconds, microseconds = TIMEVAL.integers(task.memory, address, bits)
    seconds, microseconds = seconds + microseconds // 10**6, microseconds % 10**6
    if seconds < 0:
        raise Errno(E.EINVAL)
    return seconds * SECOND + microseconds * 1000


def pack_timeval(time: int, bits: int = 64) -> bytes:
    """A ``struct timeval``."""
    seconds, nanoseconds = divmod(time, SECOND)
    return TIMEVAL.pack(bits, _wrapped(seconds) if bits == 32 else seconds, nanoseconds // 1000)


def read_itimerspec(task: LinuxTask, address: int, bits: int = 64) -> tuple[int, int]:
    """A ``struct itimerspec``: interval and time.

    Raises:
        Errno: EFAULT; EINVAL.
    """
    size = (TIMESPEC32 if bits == 32 else TIMESPEC).size(bits)
    task.memory.read(address, 2 * size)
    return read_timespec(task, address, bits), read_timespec(task, address + size, bits)


def pack_itimerspec(interval: int, value: int, bits: int = 64) -> bytes:
    """A ``struct itimerspec``."""
    return pack_timespec(interval, bits) + pack_timespec(value, bits)


def _wrapped(seconds: int) -> int:
    """Seconds as 32 signed bits have them."""
    return (seconds + (1 << 31)) % (1 << 32) - (1 << 31)
