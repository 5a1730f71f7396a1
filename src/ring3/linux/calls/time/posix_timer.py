"""timer_create(2) and its relatives: timers that send a signal, as many as a process wants.

A timer has one signal on the way at most. It starts again when that is taken, and says then how often it would have
expired meanwhile. Source: kernel/time/posix-timers.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.signals import SIGEVENT
from ring3.linux.definition import syscall
from ring3.linux.model.limits import Resource
from ring3.linux.signals.send import queued_for
from ring3.linux.timers.clocks import (
    TIMER_ABSTIME,
    clock_to_wait_by,
)
from ring3.linux.timers.posix import MOST_OVERRUNS, PosixTimer
from ring3.linux.timers.timespec import pack_itimerspec, read_itimerspec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.model.timers import NumberedTimer


def _find(task: LinuxTask, number: int) -> NumberedTimer:
    timer = task.process.posix_timers.get(number)
    if timer is None:
        raise Errno(E.EINVAL)
    return timer


# -- making and deleting -----------------------------------------------------------------------------------------


@syscall("full", compat_sys_timer_create=32)
def sys_timer_create(
    task: LinuxTask,
    which_clock: Int,
    timer_event_spec: Pointer,
    created_timer_id: Pointer,
    *,
    bits: int = 64,
) -> int:
    """Makes a timer."""
    event = SIGEVENT.integers(task.memory, timer_event_spec, bits) if timer_event_spec else None
    clock = clock_to_wait_by(task, which_clock)
    if clock.for_timers is not None and not clock.says_itself:
        raise Errno(clock.for_timers)
    process = task.process
    if queued_for(task.kernel, task.credentials.uid) >= task.rlimits[Resource.SIGPENDING][0]:
        raise Errno(E.EAGAIN)
    timer = PosixTimer(task, process.next_timer, clock, which_clock)
    process.next_timer = timer.number + 1 & MOST_OVERRUNS  # also if it is not made after all
    if event is not None:
        timer.notify(task, *event)
    task.memory.write_u32(created_timer_id, timer.number)
    if clock.for_timers is not None:
        raise Errno(clock.for_timers)
    process.posix_timers[timer.number] = timer
    return 0


@syscall("full")
def sys_timer_delete(task: LinuxTask, timer_id: Int) -> int:
    """Deletes a timer."""
    _find(task, timer_id).stop()
    del task.process.posix_timers[timer_id]
    return 0


# -- setting and looking -----------------------------------------------------------------------------------------


@syscall("full", sys_timer_settime32=32)
def sys_timer_settime(
    task: LinuxTask, timer_id: Int, flags: Int, new_setting: Pointer, old_setting: Pointer, *, bits: int = 64
) -> int:
    """Starts or stops a timer."""
    if not new_setting:
        raise Errno(E.EINVAL)
    interval, value = read_itimerspec(task, new_setting, bits)
    timer = _find(task, timer_id)
    before = pack_itimerspec(timer.interval, timer.remaining(), bits)
    timer.set(value, interval, bool(flags & TIMER_ABSTIME))
    if old_setting:
        task.memory.write(old_setting, before)
    return 0


@syscall("full", sys_timer_gettime32=32)
def sys_timer_gettime(task: LinuxTask, timer_id: Int, setting: Pointer, *, bits: int = 64) -> int:
    """What is left of a timer."""
    timer = _find(task, timer_id)
    task.memory.write(setting, pack_itimerspec(timer.interval, timer.remaining(), bits))
    return 0


@syscall("full")
def sys_timer_getoverrun(task: LinuxTask, timer_id: Int) -> int:
    """How often a timer expired between its last signal and when that was taken."""
    return _find(task, timer_id).overrun
