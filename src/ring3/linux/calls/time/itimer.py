"""The three interval timers of a process: alarm(2), getitimer(2), setitimer(2).

ITIMER_REAL goes by the wall clock's pace and sends SIGALRM; after that it starts again when the signal is taken.
ITIMER_VIRTUAL and ITIMER_PROF go by the CPU time of the process, all of which counts as user time here, and are looked
at when a task leaves the CPU. Source: kernel/time/itimer.c, posix-cpu-timers.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.time import ITIMERVAL, TIMEVAL
from ring3.linux.definition import syscall
from ring3.linux.timers.interval import ITIMER_REAL, SIGNALS, IntervalTimer
from ring3.linux.timers.timespec import SECOND, pack_timeval, read_timeval

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.model.timers import Itimer


def _timer(task: LinuxTask, which: int) -> Itimer:
    if which not in SIGNALS:
        raise Errno(E.EINVAL)
    timers = task.process.itimers
    if which not in timers:
        timers[which] = IntervalTimer(task.kernel, task.process, which)
    return timers[which]


def _pack(timer: Itimer, bits: int) -> bytes:
    """``struct itimerval``: interval and value."""
    return pack_timeval(timer.interval, bits) + pack_timeval(timer.remaining(), bits)


@syscall("full")
def sys_alarm(task: LinuxTask, seconds: UnsignedInt) -> int:
    """Sends SIGALRM after some seconds; returns how many were left of the alarm before."""
    timer = _timer(task, ITIMER_REAL)
    left, rest = divmod(timer.remaining(), SECOND)
    timer.set(min(seconds, (1 << 31) - 1) * SECOND, 0)
    return left + (rest >= SECOND // 2 or (not left and rest > 0))


@syscall("full", compat_sys_getitimer=32)
def sys_getitimer(task: LinuxTask, which: Int, value: Pointer, *, bits: int = 64) -> int:
    """What is left of an interval timer."""
    task.memory.write(value, _pack(_timer(task, which), bits))
    return 0


@syscall("full", compat_sys_setitimer=32)
def sys_setitimer(task: LinuxTask, which: Int, value: Pointer, ovalue: Pointer, *, bits: int = 64) -> int:
    """Starts or stops an interval timer."""
    interval = first = 0
    if value:
        task.memory.read(value, ITIMERVAL.size(bits))
        first = read_timeval(task, value + TIMEVAL.size(bits), bits)
        interval = read_timeval(task, value, bits)
    timer = _timer(task, which)
    before = _pack(timer, bits)
    timer.set(first, interval)
    if ovalue:
        task.memory.write(ovalue, before)
    return 0
