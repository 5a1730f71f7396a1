"""timer_create(2) and its relatives: timers that send a signal, as many as a process wants.

A timer has one signal on the way at most. It starts again when that is taken, and says then how often it would have
expired meanwhile. Source: kernel/time/posix-timers.c of Linux 6.x.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.signals.send import RLIMIT_SIGPENDING, queued_for
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


def _create(task: LinuxTask, number: int, event: int, address: int, narrow: bool) -> int:
    clock = clock_to_wait_by(task, number)
    if clock.for_timers is not None:
        raise Errno(clock.for_timers)
    process = task.process
    if queued_for(task.kernel, task.credentials.uid) >= task.rlimits[RLIMIT_SIGPENDING][0]:
        raise Errno(E.EAGAIN)
    timer = PosixTimer(task, process.next_timer, clock)
    process.next_timer = timer.number + 1 & MOST_OVERRUNS  # also if it is not made after all
    if event:
        raw = task.memory.read(event, 64)
        timer.notify(task, *struct.unpack_from("<Iiii" if narrow else "<Qiii", raw))
    task.memory.write_u32(address, timer.number)
    process.posix_timers[timer.number] = timer
    return 0


@syscall("full")
def sys_timer_create(
    task: LinuxTask, which_clock: Int, timer_event_spec: Pointer, created_timer_id: Pointer
) -> int:
    """Makes a timer."""
    return _create(task, which_clock, timer_event_spec, created_timer_id, False)


@syscall("full")
def compat_sys_timer_create(
    task: LinuxTask, which_clock: Int, timer_event_spec: Pointer, created_timer_id: Pointer
) -> int:
    """Makes a timer for a 32-bit program."""
    return _create(task, which_clock, timer_event_spec, created_timer_id, True)


@syscall("full")
def sys_timer_delete(task: LinuxTask, timer_id: Int) -> int:
    """Deletes a timer."""
    _find(task, timer_id).stop()
    del task.process.posix_timers[timer_id]
    return 0


# -- setting and looking -----------------------------------------------------------------------------------------


def _settime(task: LinuxTask, number: int, flags: int, new: int, old: int, narrow: bool) -> int:
    if not new:
        raise Errno(E.EINVAL)
    interval, value = read_itimerspec(task, new, narrow)
    timer = _find(task, number)
    before = pack_itimerspec(timer.interval, timer.remaining(), narrow)
    timer.set(value, interval, bool(flags & TIMER_ABSTIME))
    if old:
        task.memory.write(old, before)
    return 0


@syscall("full")
def sys_timer_settime(
    task: LinuxTask, timer_id: Int, flags: Int, new_setting: Pointer, old_setting: Pointer
) -> int:
    """Starts or stops a timer."""
    return _settime(task, timer_id, flags, new_setting, old_setting, False)


@syscall("full")
def sys_timer_settime32(task: LinuxTask, timer_id: Int, flags: Int, new: Pointer, old: Pointer) -> int:
    """Starts or stops a timer, with i386's first ``struct itimerspec``."""
    return _settime(task, timer_id, flags, new, old, True)


def _gettime(task: LinuxTask, number: int, setting: int, narrow: bool) -> int:
    timer = _find(task, number)
    task.memory.write(setting, pack_itimerspec(timer.interval, timer.remaining(), narrow))
    return 0


@syscall("full")
def sys_timer_gettime(task: LinuxTask, timer_id: Int, setting: Pointer) -> int:
    """What is left of a timer."""
    return _gettime(task, timer_id, setting, False)


@syscall("full")
def sys_timer_gettime32(task: LinuxTask, timer_id: Int, setting: Pointer) -> int:
    """What is left of a timer, as i386's first ``struct itimerspec``."""
    return _gettime(task, timer_id, setting, True)


@syscall("full")
def sys_timer_getoverrun(task: LinuxTask, timer_id: Int) -> int:
    """How often a timer expired between its last signal and when that was taken."""
    return _find(task, timer_id).overrun
