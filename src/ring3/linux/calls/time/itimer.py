"""The three interval timers of a process: alarm(2), getitimer(2), setitimer(2).

ITIMER_REAL goes by the wall clock's pace and sends SIGALRM; after that it starts again when the signal is taken.
ITIMER_VIRTUAL and ITIMER_PROF go by the CPU time of the process, all of which counts as user time here, and are looked
at when a task leaves the CPU. Source: kernel/time/itimer.c, posix-cpu-timers.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.signals import SiCode, Sig
from ring3.linux.definition import syscall
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import send_to_process
from ring3.linux.timers.clocks import process_cpu_time
from ring3.linux.timers.timespec import FOREVER, SECOND, pack_timeval, read_timeval

if TYPE_CHECKING:
    from ring3.kernel.timers import CpuTimer, Timer
    from ring3.linux.kernel import LinuxKernel
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask

ITIMER_REAL: Final = 0
ITIMER_VIRTUAL: Final = 1
ITIMER_PROF: Final = 2
_SIGNALS: Final = {ITIMER_REAL: Sig.SIGALRM, ITIMER_VIRTUAL: Sig.SIGVTALRM, ITIMER_PROF: Sig.SIGPROF}
_LEAST: Final = 1000


class IntervalTimer:
    """One timer of a process.

    Attributes:
        interval: Nanoseconds after which it starts again, 0 for never.
    """

    def __init__(self, kernel: LinuxKernel, process: Process, which: int) -> None:
        self._kernel = kernel
        self._process = process
        self._signal = int(_SIGNALS[which])
        self._by_cpu = which != ITIMER_REAL
        self._deadline = 0
        self._timer: Timer | CpuTimer | None = None
        self.interval = 0

    def remaining(self) -> int:
        """Nanoseconds until it expires, 0 if it does not run."""
        return 0 if self._timer is None else max(self._deadline - self._now(), _LEAST)

    def set(self, value: int, interval: int) -> None:
        """Starts it anew, or stops it with a value of 0; only one by CPU time then keeps the interval."""
        self.stop()
        self.interval = interval if value or self._by_cpu else 0
        if value:
            self._start(min(self._now() + value, FOREVER))

    def stop(self) -> None:
        """Ends it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def taken(self, info: SigInfo) -> SigInfo:
        """Its signal is about to be delivered: it starts again."""
        self.dropped()
        return info

    def dropped(self) -> None:
        """Its signal was forgotten: it starts again all the same."""
        if self._timer is None and self.interval:
            self._start_again()

    def _now(self) -> int:
        return process_cpu_time(self._process) if self._by_cpu else self._kernel.clocks.monotonic()

    def _start(self, deadline: int) -> None:
        self._deadline = deadline
        if self._by_cpu:
            clock = lambda: process_cpu_time(self._process)  # noqa: E731
            self._timer = self._kernel.cpu_timers.add(clock, deadline, self._expire)
        else:
            self._timer = self._kernel.timers.add(deadline, self._expire)

    def _start_again(self) -> None:
        late = max(0, self._now() - self._deadline)
        self._start(self._deadline + (late // self.interval + 1) * self.interval)

    def _expire(self) -> None:
        self._timer = None
        source = None if self._by_cpu else self
        sent = send_to_process(self._process, SigInfo(self._signal, int(SiCode.SI_KERNEL), source=source))
        if self.interval and (self._by_cpu or not sent):
            self._start_again()


def stop_all(process: Process) -> None:
    """Ends the timers of a process that has ended."""
    for timer in process.itimers.values():
        timer.stop()
    process.itimers.clear()
    if process.cpu_limit is not None:
        process.cpu_limit.stop()


def _timer(task: LinuxTask, which: int) -> IntervalTimer:
    if which not in _SIGNALS:
        raise Errno(E.EINVAL)
    timers = task.process.itimers
    if which not in timers:
        timers[which] = IntervalTimer(task.kernel, task.process, which)
    return timers[which]


def _pack(timer: IntervalTimer, narrow: bool) -> bytes:
    """``struct itimerval``: interval and value."""
    return pack_timeval(timer.interval, narrow) + pack_timeval(timer.remaining(), narrow)


def _setitimer(task: LinuxTask, which: int, value: int, ovalue: int, narrow: bool) -> int:
    size = 8 if narrow else 16
    interval = first = 0
    if value:
        task.memory.read(value, 2 * size)
        first, interval = read_timeval(task, value + size, narrow), read_timeval(task, value, narrow)
    timer = _timer(task, which)
    before = _pack(timer, narrow)
    timer.set(first, interval)
    if ovalue:
        task.memory.write(ovalue, before)
    return 0


@syscall("full")
def sys_alarm(task: LinuxTask, seconds: UnsignedInt) -> int:
    """Sends SIGALRM after some seconds; returns how many were left of the alarm before."""
    timer = _timer(task, ITIMER_REAL)
    left, rest = divmod(timer.remaining(), SECOND)
    timer.set(min(seconds, (1 << 31) - 1) * SECOND, 0)
    return left + (rest >= SECOND // 2 or (not left and rest > 0))


@syscall("full")
def sys_getitimer(task: LinuxTask, which: Int, value: Pointer) -> int:
    """What is left of an interval timer."""
    task.memory.write(value, _pack(_timer(task, which), False))
    return 0


@syscall("full")
def compat_sys_getitimer(task: LinuxTask, which: Int, it: Pointer) -> int:
    """What is left of an interval timer, for a 32-bit program."""
    task.memory.write(it, _pack(_timer(task, which), True))
    return 0


@syscall("full")
def sys_setitimer(task: LinuxTask, which: Int, value: Pointer, ovalue: Pointer) -> int:
    """Starts or stops an interval timer."""
    return _setitimer(task, which, value, ovalue, False)


@syscall("full")
def compat_sys_setitimer(task: LinuxTask, which: Int, value: Pointer, ovalue: Pointer) -> int:
    """Starts or stops an interval timer, for a 32-bit program."""
    return _setitimer(task, which, value, ovalue, True)
