"""timer_create(2) and its relatives: timers that send a signal, as many as a process wants.

A timer has one signal on the way at most. It starts again when that is taken, and says then how often it would have
expired meanwhile. Source: kernel/time/posix-timers.c of Linux 6.x.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.signals import NSIG, SiCode, Sig
from ring3.kernel.task import TaskState
from ring3.linux.calls.time.sleep import TIMER_ABSTIME
from ring3.linux.definition import syscall
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.signals.send import RLIMIT_SIGPENDING, queued_for, send_to_process, send_to_thread
from ring3.linux.timers.clocks import CLOCK_MONOTONIC, HZ_PERIOD, Base, Clock, clock_of, clock_to_wait_by
from ring3.linux.timers.timespec import FOREVER, pack_itimerspec, read_itimerspec

if TYPE_CHECKING:
    from ring3.kernel.timers import CpuTimer, Timer
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask

SIGEV_SIGNAL: Final = 0
SIGEV_NONE: Final = 1
SIGEV_THREAD: Final = 2
SIGEV_THREAD_ID: Final = 4
_MOST_OVERRUNS: Final = (1 << 31) - 1


class PosixTimer:
    """A timer of a process.

    Attributes:
        number: Its number.
        interval: Nanoseconds after which it starts again, 0 for never.
        overrun: How often it would have expired between its last signal and when that was taken.
    """

    def __init__(self, task: LinuxTask, number: int, clock: Clock) -> None:
        """Makes one that does not run and sends SIGALRM with its number."""
        self.number = number
        self.interval = 0
        self.overrun = 0
        self._kernel = task.kernel
        self._process = task.process
        self._clock = self._by = clock
        self._monotonic = clock_of(task, CLOCK_MONOTONIC)
        self._deadline: int | None = None
        self._timer: Timer | CpuTimer | None = None
        self._signal = int(Sig.SIGALRM)
        self._value = number
        self._thread: LinuxTask | None = None
        self._silent = False
        self._sent: SigInfo | None = None

    def notify(self, task: LinuxTask, value: int, signal: int, how: int, tid: int) -> None:
        """Says what its expiration does (good_sigevent).

        Raises:
            Errno: EINVAL, no such signal, way or thread.
        """
        self._value, self._signal = value, signal
        if how == SIGEV_THREAD_ID:
            self._thread = task.kernel.thread(tid)
            if self._thread is None or self._thread.process is not task.process:
                raise Errno(E.EINVAL)
        elif how not in (SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD):
            raise Errno(E.EINVAL)
        self._silent = how == SIGEV_NONE
        if not self._silent and not 1 <= signal <= NSIG:
            raise Errno(E.EINVAL)

    def set(self, value: int, interval: int, absolute: bool) -> None:
        """Starts it anew, or stops it with a value of 0; a signal on its way no longer starts it again."""
        self.stop()
        self.interval = interval
        self.overrun = 0
        if not value:
            return
        # setting the wall clock does not change an interval
        self._by = self._monotonic if self._clock.base is Base.WALL and not absolute else self._clock
        self._start(value if absolute else min(self._by.now() + value, FOREVER))

    def stop(self) -> None:
        """Ends it."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._deadline = self._sent = None

    def remaining(self) -> int:
        """Nanoseconds until it expires next, 0 if it does not run."""
        if self._deadline is None:
            return 0
        left = self._deadline - self._by.now()
        if left <= 0 and self.interval and (self._silent or self._sent is not None):
            left += (-left // self.interval + 1) * self.interval
        if left > 0:
            return left
        return 1 if self._timer is not None else 0

    def taken(self, info: SigInfo) -> SigInfo:
        """Its signal is about to be delivered: it starts again, and says how late that is."""
        if info is self._sent:
            self._sent = None
            missed = self._start_again() if self.interval else 0
            self.overrun = min(missed, _MOST_OVERRUNS)
        return info._replace(uid=self.overrun)

    def dropped(self) -> None:
        """Its signal was forgotten: it starts again all the same."""
        self._sent = None
        if self._timer is None and self._deadline is not None and self.interval:
            self._start_again()

    def _start(self, deadline: int) -> None:
        self._deadline = deadline
        if self._silent:
            return
        if self._by.base is Base.CPU:
            self._timer = self._kernel.cpu_timers.add(self._by.now, deadline, self._expire)
        else:
            self._timer = self._kernel.timers.add(deadline, self._expire, self._by.base is Base.WALL)

    def _start_again(self, least: int = 0) -> int:
        """Starts the next interval that ends in the future; returns how many have ended in the past."""
        assert self._deadline is not None
        missed = max(0, self._by.now() + least - self._deadline) // self.interval
        self._start(self._deadline + (missed + 1) * self.interval)
        return missed

    def _expire(self) -> None:
        self._timer = None
        if self._thread is not None and self._thread.state is TaskState.DEAD:
            return
        self._sent = SigInfo(
            self._signal, int(SiCode.SI_TIMER), Layout.TIMER, self.number, value=self._value, source=self
        )
        if self._thread is not None:
            sent = send_to_thread(self._thread, self._sent)
        else:
            sent = send_to_process(self._process, self._sent)
        if not sent:  # it is ignored: nobody will take it
            self._sent = None
            if self.interval:
                self._start_again(HZ_PERIOD)


def delete_all(process: Process) -> None:
    """Ends the timers of a process that has ended or runs another program."""
    for timer in process.posix_timers.values():
        timer.stop()
    process.posix_timers.clear()


def _find(task: LinuxTask, number: int) -> PosixTimer:
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
    process.next_timer = timer.number + 1 & _MOST_OVERRUNS  # also if it is not made after all
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
