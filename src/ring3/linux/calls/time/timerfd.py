"""timerfd_create(2) and its relatives: a timer that is read from a descriptor.

A timer with an interval starts again when it is read or looked at. Source: fs/timerfd.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.fs.file import O_NONBLOCK
from ring3.fs.opening import O_CLOEXEC
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened
from ring3.linux.timers.clocks import (
    CLOCK_BOOTTIME,
    CLOCK_BOOTTIME_ALARM,
    CLOCK_MONOTONIC,
    CLOCK_REALTIME,
    CLOCK_REALTIME_ALARM,
    clock_of,
)
from ring3.linux.timers.timer_file import TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET, TimerFile
from ring3.linux.timers.timespec import pack_itimerspec, read_itimerspec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

TFD_IOC_SET_TICKS: Final = 0x4008_5400
_CLOCKS: Final = (
    CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM
)  # fmt: skip
_ALARMS: Final = (CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM)


def _timer(task: LinuxTask, fd: int) -> TimerFile:
    file = opened(task, fd)
    if not isinstance(file, TimerFile):
        raise Errno(E.EINVAL)
    return file


@syscall("partial", "no clock wakes the computer: the alarm clocks go like the others")
def sys_timerfd_create(task: LinuxTask, clockid: Int, flags: Int) -> int:
    """Makes a timer that is read from a descriptor."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK) or clockid not in _CLOCKS:
        raise Errno(E.EINVAL)
    if clockid in _ALARMS and task.credentials.euid:
        raise Errno(E.EPERM)
    offset = 0 if clockid in _ALARMS else clock_of(task, clockid).offset
    file = TimerFile(task.kernel, clockid, flags & O_NONBLOCK, offset)
    return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))


@syscall("full", sys_timerfd_settime32=32)
def sys_timerfd_settime(
    task: LinuxTask, ufd: Int, flags: Int, utmr: Pointer, otmr: Pointer, *, bits: int = 64
) -> int:
    """Starts or stops a timer."""
    interval, value = read_itimerspec(task, utmr, bits)
    if flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET):
        raise Errno(E.EINVAL)
    file = _timer(task, ufd)
    before = pack_itimerspec(file.interval, file.remaining(), bits)
    file.set(value, interval, flags)
    if otmr:
        task.memory.write(otmr, before)
    return 0


@syscall("full", sys_timerfd_gettime32=32)
def sys_timerfd_gettime(task: LinuxTask, ufd: Int, otmr: Pointer, *, bits: int = 64) -> int:
    """What is left of a timer."""
    file = _timer(task, ufd)
    left = file.remaining()
    task.memory.write(otmr, pack_itimerspec(file.interval, left, bits))
    return 0


def timer_ioctl(task: LinuxTask, file: TimerFile, cmd: int, arg: int) -> int:
    """Sets how often a timer has expired: what brings a program back needs that (timerfd_ioctl).

    Raises:
        Errno: ENOTTY, another request, or by a 32-bit call; EINVAL, a number of 0; ECANCELED, the wall clock was set;
            EFAULT.
    """
    if cmd != TFD_IOC_SET_TICKS or task.in_ia32_syscall:  # it has no compat_ioctl
        raise Errno(E.ENOTTY)
    ticks = task.memory.read_u64(arg)
    if not ticks:
        raise Errno(E.EINVAL)
    file.set_ticks(ticks)
    return 0
