"""The three interval timers of a process (kernel/time/itimer.c, posix-cpu-timers.c of Linux 6.x).

ITIMER_REAL goes by the wall clock's pace and sends SIGALRM; after that it starts again when the signal is taken.
ITIMER_VIRTUAL and ITIMER_PROF go by the CPU time of the process, all of which counts as user time here, and are looked
at when a task leaves the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.signals import SiCode, Sig
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import group_send_sig_info
from ring3.linux.timers.clocks import process_cpu_time
from ring3.linux.timers.timespec import FOREVER

if TYPE_CHECKING:
    from ring3.kernel.timers import CpuTimer, Timer
    from ring3.linux.model.process import Process
    from ring3.linux.model.system import LinuxSystem


ITIMER_REAL: Final = 0
ITIMER_VIRTUAL: Final = 1
ITIMER_PROF: Final = 2
SIGNALS: Final = {ITIMER_REAL: Sig.SIGALRM, ITIMER_VIRTUAL: Sig.SIGVTALRM, ITIMER_PROF: Sig.SIGPROF}
_LEAST: Final = 1000


class IntervalTimer:
    """One timer of a process.

    Attributes:
        interval: Nanoseconds after which it starts again, 0 for never.
    """

    def __init__(self, kernel: LinuxSystem, process: Process, which: int) -> None:
        self._kernel = kernel
        self._process = process
        self._signal = int(SIGNALS[which])
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
        sent = group_send_sig_info(self._process, SigInfo(self._signal, int(SiCode.SI_KERNEL), source=source))
        if self.interval and (self._by_cpu or not sent):
            self._start_again()
