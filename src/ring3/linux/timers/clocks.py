"""The clocks that a program can name: what they show, how finely, and what waits by them.

A negative number names the CPU time of a process or thread (clock_getcpuclockid(3)), or a file (which no file here
supports). Sources: clock_gettime(2); kernel/time/posix-timers.c, posix-cpu-timers.c, alarmtimer.c of Linux 6.x, on a
computer without a real-time clock that can wake it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import Enum, NamedTuple

if TYPE_CHECKING:
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask

HZ_PERIOD: Final = 4_000_000
"""Nanoseconds between two ticks of the coarse clocks (CONFIG_HZ=250)."""

CLOCK_REALTIME: Final = 0
CLOCK_MONOTONIC: Final = 1
CLOCK_PROCESS_CPUTIME_ID: Final = 2
CLOCK_THREAD_CPUTIME_ID: Final = 3
CLOCK_MONOTONIC_RAW: Final = 4
CLOCK_REALTIME_COARSE: Final = 5
CLOCK_MONOTONIC_COARSE: Final = 6
CLOCK_BOOTTIME: Final = 7
CLOCK_REALTIME_ALARM: Final = 8
CLOCK_BOOTTIME_ALARM: Final = 9
CLOCK_TAI: Final = 11

ALARMS: Final = (CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM)
"""Clocks that are known, and need what is not there."""

_CPU_PER_THREAD: Final = 4
_CPU_KIND: Final = 3
_CPU_SCHED: Final = 2
_FILE: Final = 3


class Base(Enum):
    """What moves a clock."""

    MONOTONIC = "time since boot"
    WALL = "the time of day"
    CPU = "CPU time"


class Clock(NamedTuple):
    """A clock.

    Attributes:
        base: What moves it.
        now: Its time in nanoseconds.
        resolution: Nanoseconds.
        for_sleep: Why nobody can sleep by it, None if one can.
        for_timers: Why no timer can go by it, None if one can.
        offset: Nanoseconds by which it is ahead of the machine's.
        says_itself: The clock itself says that it cannot, after what else a call checks.
    """

    base: Base
    now: Callable[[], int]
    resolution: int = 1
    for_sleep: E | None = None
    for_timers: E | None = None
    offset: int = 0
    says_itself: bool = False

    def plain(self, task: LinuxTask) -> Clock:
        """The machine's own clock behind it."""
        return self._replace(now=task.kernel.clocks.monotonic, offset=0) if self.offset else self


def clock_of(task: LinuxTask, number: int) -> Clock:
    """The clock that a program names, for looking at it.

    Raises:
        Errno: EINVAL, there is no such clock.
    """
    clocks = task.kernel.clocks
    if number in _WALL:
        return Clock(Base.WALL, clocks.realtime)
    if number in _MONOTONIC:
        return _shifted(task, number)
    if number < 0 or number in (CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID):
        return _cpu_clock(task, number)
    no = E.EOPNOTSUPP
    if number == CLOCK_MONOTONIC_RAW:
        return _shifted(task, CLOCK_MONOTONIC)._replace(for_sleep=no, for_timers=no)
    if number == CLOCK_REALTIME_COARSE:
        return Clock(Base.WALL, lambda: clocks.realtime() // HZ_PERIOD * HZ_PERIOD, HZ_PERIOD, no, no)
    if number == CLOCK_MONOTONIC_COARSE:
        now = _shifted(task, CLOCK_MONOTONIC).now
        return Clock(Base.MONOTONIC, lambda: now() // HZ_PERIOD * HZ_PERIOD, HZ_PERIOD, no, no)
    raise Errno(E.EINVAL)


def clock_to_wait_by(task: LinuxTask, number: int) -> Clock:
    """The clock that a program names, for sleeping or a timer.

    Whose CPU time a negative number names is looked at by the clock itself, after what else a call checks: one of
    nobody's is a clock that nobody can wait by (posix_cpu_nsleep, posix_cpu_timer_create). So is one that would need a
    clock that is not there (alarm_timer_create).

    Raises:
        Errno: EINVAL, there is no such clock; EOPNOTSUPP, it is that of a file.
    """
    if number < 0 and number & 7 == _FILE:
        raise Errno(E.EOPNOTSUPP)
    if number in ALARMS:
        no = E.EOPNOTSUPP
        return Clock(Base.MONOTONIC, task.kernel.clocks.monotonic, 1, no, no, says_itself=True)
    try:
        return clock_of(task, number)
    except Errno:
        if number >= 0:
            raise
        return Clock(Base.CPU, task.kernel.clocks.monotonic, 1, E.EINVAL, E.EINVAL, says_itself=True)


def _shifted(task: LinuxTask, number: int) -> Clock:
    """CLOCK_MONOTONIC or CLOCK_BOOTTIME, as they stand in the task's time namespace."""
    monotonic, time = task.kernel.clocks.monotonic, task.namespaces.time
    offset = time.boottime if number == CLOCK_BOOTTIME else time.monotonic
    if not offset:
        return Clock(Base.MONOTONIC, monotonic)
    return Clock(Base.MONOTONIC, lambda: monotonic() + offset, offset=offset)


_WALL: Final = frozenset((CLOCK_REALTIME, CLOCK_TAI))
_MONOTONIC: Final = frozenset((CLOCK_MONOTONIC, CLOCK_BOOTTIME))


def process_cpu_time(process: Process) -> int:
    """Nanoseconds of CPU time that the threads of a process have used, those that have ended too."""
    usage = process.usage
    return usage.utime + usage.stime + sum(thread.kernel.cpu_time(thread) for thread in process.threads)


def number_shown(number: int) -> int:
    """What a timer says that its clock is: for the caller's own CPU time a negative one (process_cpu_timer_create)."""
    return _OWN_CPU_TIME.get(number, number)


_OWN_CPU_TIME: Final = {
    CLOCK_PROCESS_CPUTIME_ID: ~0 << 3 | _CPU_SCHED,
    CLOCK_THREAD_CPUTIME_ID: ~0 << 3 | _CPU_PER_THREAD | _CPU_SCHED,
}


def _cpu_clock(task: LinuxTask, number: int) -> Clock:
    """The clock of a process's or thread's CPU time (pid_for_clock)."""
    if number == CLOCK_PROCESS_CPUTIME_ID:
        number = ~0 << 3 | _CPU_SCHED
    elif number == CLOCK_THREAD_CPUTIME_ID:
        thread = task
        return Clock(Base.CPU, lambda: thread.kernel.cpu_time(thread), 1, E.EOPNOTSUPP)
    kind = number & _CPU_KIND
    if kind == _FILE:
        raise Errno(E.EINVAL)
    resolution = 1 if kind == _CPU_SCHED else HZ_PERIOD
    named = ~(number >> 3)
    pid = task.pid_ns.found(named) if named else task.tid
    if number & _CPU_PER_THREAD:
        found = task if pid == task.tid else task.kernel.thread(pid)
        if found is None or found.process is not task.process:
            raise Errno(E.EINVAL)
        own = E.EINVAL if found is task else None
        return Clock(Base.CPU, lambda: found.kernel.cpu_time(found), resolution, own, says_itself=True)
    process = task.process if pid == task.tid else task.kernel.processes.get(pid)
    if process is None:
        raise Errno(E.EINVAL)
    return Clock(Base.CPU, lambda: process_cpu_time(process), resolution)


TIMER_ABSTIME: Final = 1
