"""nanosleep(2) and clock_nanosleep(2).

A sleep that a signal ends is made again by restart_syscall(2) if the signal has no handler; so an interval goes on
from where it was. Sources: kernel/time/hrtimer.c, posix-timers.c, posix-cpu-timers.c of Linux 6.x.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.kernel.task import GivenUp
from ring3.kernel.wait import UNTIL_READY, Timeout, deadline_after, keep_deadline
from ring3.linux.definition import syscall
from ring3.linux.timers.clocks import CLOCK_MONOTONIC, TIMER_ABSTIME, Base, Clock, clock_of, clock_to_wait_by
from ring3.linux.timers.timespec import FOREVER, pack_timespec, read_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Waiting = Coroutine[Any, Any, int]


def timeout_by(task: LinuxTask, clock: Clock, deadline: int) -> Timeout:
    """Starts the timeout of a task that waits for a time of any clock."""
    by_cpu_time = clock.base is Base.CPU
    return Timeout(task, deadline, clock.base is Base.WALL, clock.now if by_cpu_time else None)


async def _sleep(task: LinuxTask, clock: Clock, deadline: int, remaining: tuple[int, int] | None) -> int:
    """Sleeps until a time.

    Args:
        task: Who sleeps.
        clock: By which clock.
        deadline: Until when.
        remaining: Where to store what is left of an interval that a signal ends (0 for nowhere) and the width of that
            ``struct timespec``; None if an absolute time was asked for.

    Raises:
        Errno: A signal came: ERESTARTNOHAND for an absolute time, else ERESTART_RESTARTBLOCK.
    """
    timeout = timeout_by(task, clock, deadline)
    try:
        while not timeout.passed and not task.interrupted():
            await UNTIL_READY
    except GivenUp:
        keep_deadline(task, deadline)
        raise
    finally:
        timeout.cancel()
    if timeout.passed:
        return 0
    if remaining is None:
        raise Errno(E.ERESTARTNOHAND)
    left = deadline - clock.now()
    if left <= 0:
        return 0
    address, bits = remaining
    if address:
        task.memory.write(address, pack_timespec(left, bits))
    task.restart = lambda: _sleep(task, clock, deadline, remaining)
    raise Errno(E.ERESTART_RESTARTBLOCK)


def _sleep_for(task: LinuxTask, clock: Clock, interval: int, rmtp: int, bits: int) -> Waiting:
    clock = clock.plain(task)
    return _sleep(task, clock, min(deadline_after(task, interval, clock.now), FOREVER), (rmtp, bits))


@syscall("full", sys_nanosleep_time32=32)
def sys_nanosleep(task: LinuxTask, rqtp: Pointer, rmtp: Pointer, *, bits: int = 64) -> Waiting:
    """Sleeps for an interval."""
    interval = read_timespec(task, rqtp, bits)
    return _sleep_for(task, clock_of(task, CLOCK_MONOTONIC), interval, rmtp, bits)


@syscall("full", sys_clock_nanosleep_time32=32)
def sys_clock_nanosleep(
    task: LinuxTask, which_clock: Int, flags: Int, rqtp: Pointer, rmtp: Pointer, *, bits: int = 64
) -> Waiting:
    """Sleeps for an interval or until a time of a clock."""
    clock = clock_to_wait_by(task, which_clock)
    if clock.for_sleep is not None and not clock.says_itself:
        raise Errno(clock.for_sleep)
    time = read_timespec(task, rqtp, bits)
    if clock.for_sleep is not None:
        raise Errno(clock.for_sleep)
    if flags & TIMER_ABSTIME:
        return _sleep(task, clock.plain(task), max(0, time - clock.offset), None)
    if clock.base is Base.WALL:
        clock = clock_of(task, CLOCK_MONOTONIC)  # setting the clock does not change an interval
    return _sleep_for(task, clock, time, rmtp, bits)
