"""Timers that send a signal, as many as a process wants (kernel/time/posix-timers.c of Linux 6.x).

A timer has one signal on the way at most. It starts again when that is taken, and says then how often it would have
expired meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import NSIG, SiCode, Sig
from ring3.kernel.task import TaskState
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.signals.send import do_send_specific, group_send_sig_info
from ring3.linux.timers.clocks import CLOCK_MONOTONIC, HZ_PERIOD, Base, clock_of, number_shown
from ring3.linux.timers.timespec import FOREVER

if TYPE_CHECKING:
    from ring3.kernel.timers import CpuTimer, Timer
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.timers.clocks import Clock


SIGEV_SIGNAL: Final = 0
SIGEV_NONE: Final = 1
SIGEV_THREAD: Final = 2
SIGEV_THREAD_ID: Final = 4
_NOTICES: Final = {SIGEV_SIGNAL: "signal", SIGEV_NONE: "none", SIGEV_THREAD: "thread"}
MOST_OVERRUNS: Final = (1 << 31) - 1


class PosixTimer:
    """A timer of a process.

    Attributes:
        number: Its number.
        interval: Nanoseconds after which it starts again, 0 for never.
        overrun: How often it would have expired between its last signal and when that was taken.
    """

    def __init__(self, task: LinuxTask, number: int, clock: Clock, clock_number: int) -> None:
        """Makes one that does not run and sends SIGALRM with its number."""
        self.number = number
        self._clock_number = clock_number
        self.interval = 0
        self.overrun = 0
        self._kernel = task.kernel
        self._process = task.process
        self._clock = self._by = clock.plain(task)
        self._offset = clock.offset
        self._monotonic = clock_of(task, CLOCK_MONOTONIC).plain(task)
        self._deadline: int | None = None
        self._timer: Timer | CpuTimer | None = None
        self._signal = int(Sig.SIGALRM)
        self._value = number
        self._thread: LinuxTask | None = None
        self._how = SIGEV_SIGNAL
        self._sent: SigInfo | None = None

    def notify(self, task: LinuxTask, value: int, signal: int, how: int, tid: int) -> None:
        """Says what its expiration does (good_sigevent).

        Raises:
            Errno: EINVAL, no such signal, way or thread.
        """
        self._value, self._signal, self._how = value, signal, how
        if how == SIGEV_THREAD_ID:
            self._thread = task.kernel.thread(task.pid_ns.found(tid))
            if self._thread is None or self._thread.process is not task.process:
                raise Errno(E.EINVAL)
        elif how not in (SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD):
            raise Errno(E.EINVAL)
        if how != SIGEV_NONE and not 1 <= signal <= NSIG:
            raise Errno(E.EINVAL)

    def set(self, value: int, interval: int, absolute: bool) -> None:
        """Starts it anew, or stops it with a value of 0; a signal on its way no longer starts it again."""
        self.stop()
        self.interval = interval if value else 0  # posix_timer_set_common
        self.overrun = 0
        if not value:
            return
        # setting the wall clock does not change an interval
        self._by = self._monotonic if self._clock.base is Base.WALL and not absolute else self._clock
        self._start(max(1, value - self._offset) if absolute else min(self._by.now() + value, FOREVER))

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
        if left <= 0 and self.interval and (self._how == SIGEV_NONE or self._sent is not None):
            left += (-left // self.interval + 1) * self.interval
        if left > 0:
            return left
        return 1 if self._timer is not None else 0

    def described(self, pid: int) -> str:
        """Its lines in /proc/PID/timers, PID being that number (show_timer of fs/proc/base.c)."""
        notice = _NOTICES[self._how & ~SIGEV_THREAD_ID]
        receiver = "tid" if self._how & SIGEV_THREAD_ID else "pid"
        return (
            f"ID: {self.number}\nsignal: {self._signal}/{self._value & (1 << 64) - 1:016x}\n"
            f"notify: {notice}/{receiver}.{pid}\nClockID: {number_shown(self._clock_number)}\n"
        )

    def taken(self, info: SigInfo) -> SigInfo:
        """Its signal is about to be delivered: it starts again, and says how late that is."""
        if info is self._sent:
            self._sent = None
            missed = self._start_again() if self.interval else 0
            self.overrun = min(missed, MOST_OVERRUNS)
        return info._replace(uid=self.overrun)

    def dropped(self) -> None:
        """Its signal was forgotten: it starts again all the same."""
        self._sent = None
        if self._timer is None and self._deadline is not None and self.interval:
            self._start_again()

    def _start(self, deadline: int) -> None:
        self._deadline = deadline
        if self._how == SIGEV_NONE:
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
            sent = do_send_specific(self._thread, self._sent)
        else:
            sent = group_send_sig_info(self._process, self._sent)
        if not sent:  # it is ignored: nobody will take it
            self._sent = None
            if self.interval:
                self._start_again(HZ_PERIOD)
