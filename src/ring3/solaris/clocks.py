"""Time: clocks, sleeping, interval timers (usr/src/uts/common/os/clock.c, timer.c, syscall/times.c of illumos)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.kernel.wait import WaitQueue, wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.lwps import pack_pair, store_timespec, timespec
from ring3.solaris.siginfo import SI_TIMER, Info
from ring3.solaris.signals import sigtoproc

if TYPE_CHECKING:
    from ring3.kernel.timers import CpuTimer, Timer
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_NANOSECONDS: Final = 10**9
_TICK: Final = 10**7
"""Nanoseconds of a clock tick: 100 are a second."""


class Clock(IntEnum):
    """Clocks (sys/time_impl.h)."""

    CLOCK_VIRTUAL = 1
    CLOCK_THREAD_CPUTIME_ID = 2
    CLOCK_REALTIME = 3
    CLOCK_HIGHRES = 4
    CLOCK_PROCESS_CPUTIME_ID = 5


def process_time(process: Process) -> int:
    """Nanoseconds that a process has had the CPU."""
    return process.cpu_time + sum(lwp.kernel.cpu_time(lwp) for lwp in process.lwps.values())


def _read(task: SolarisTask, which: int) -> int:
    clocks = task.kernel.clocks
    if which == Clock.CLOCK_REALTIME:
        return clocks.realtime()
    if which == Clock.CLOCK_HIGHRES:
        return clocks.monotonic()
    if which == Clock.CLOCK_PROCESS_CPUTIME_ID:
        return process_time(task.process)
    if which in (Clock.CLOCK_THREAD_CPUTIME_ID, Clock.CLOCK_VIRTUAL):
        return task.kernel.cpu_time(task)
    raise Errno(SolarisE.EINVAL)


@syscall("full")
def clock_gettime(task: SolarisTask, clock_id: Int, tp: Address) -> int:
    """Stores what a clock shows."""
    store_timespec(task, tp, _read(task, clock_id))
    return 0


@syscall("full")
def clock_getres(task: SolarisTask, clock_id: Int, tp: Address) -> int:
    """Stores how fine a clock is: a tick, or a nanosecond."""
    _read(task, clock_id)
    if tp:
        store_timespec(task, tp, _TICK if clock_id == Clock.CLOCK_REALTIME else 1)
    return 0


@syscall("full")
def gtime(task: SolarisTask) -> int:
    """Seconds since 1970."""
    return task.kernel.clocks.realtime() // _NANOSECONDS


@syscall("full")
def gettimeofday(task: SolarisTask, tp: Address) -> int:
    """Stores seconds and microseconds since 1970."""
    if tp:
        seconds, rest = divmod(task.kernel.clocks.realtime(), _NANOSECONDS)
        task.memory.write(tp, pack_pair(task, (seconds, rest // 1000)))
    return 0


@syscall("full")
def times(task: SolarisTask, tp: Address) -> int:
    """Stores CPU time in ticks, the children's too; returns the ticks since the machine was switched on."""
    process = task.process
    values = (process_time(process), 0, process.children_time, 0)
    if tp:
        size = task.bits // 8
        task.memory.write(tp, b"".join((value // _TICK).to_bytes(size, "little") for value in values))
    return task.kernel.clocks.monotonic() // _TICK


@syscall("full")
def times32(task: SolarisTask, tp: Address) -> int:
    """The same with a struct of 32 bits."""
    return times(task, tp) & 0x7FFF_FFFF


@syscall("full")
async def nanosleep(task: SolarisTask, rqtp: Address, rmtp: Address) -> int:
    """Sleeps; what is left when a signal ends it is stored."""
    clocks = task.kernel.clocks
    deadline = clocks.monotonic() + timespec(task, rqtp)
    try:
        await wait_event(task, WaitQueue(), lambda: False, deadline)
    except Errno:
        if rmtp:
            store_timespec(task, rmtp, max(0, deadline - clocks.monotonic()))
        raise
    if rmtp:
        store_timespec(task, rmtp, 0)
    return 0


class IntervalTimer:
    """One timer of a process (setitimer(2)): it sends a signal and starts again.

    Attributes:
        interval: Nanoseconds after which it starts again, 0 for never.
    """

    def __init__(self, process: Process, task: SolarisTask, which: int) -> None:
        self._process = process
        self._kernel = task.kernel
        self._which = which
        self._deadline = 0
        self._timer: Timer | CpuTimer | None = None
        self.interval = 0

    def _now(self) -> int:
        return self._kernel.clocks.monotonic() if self._which == 0 else process_time(self._process)

    def remaining(self) -> int:
        """Nanoseconds until it expires, 0 if it does not run."""
        return 0 if self._timer is None else max(1, self._deadline - self._now())

    def set(self, value: int, interval: int) -> None:
        """Starts it anew, or stops it with a value of 0."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.interval = interval
        if value:
            self._start(self._now() + value)

    def _start(self, deadline: int) -> None:
        self._deadline = deadline
        if self._which == 0:
            self._timer = self._kernel.timers.add(deadline, self._expire)
        else:
            self._timer = self._kernel.cpu_timers.add(self._now, deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        if self._process.exited:
            return
        sigtoproc(self._process, Info(SIGNALS[self._which], SI_TIMER))
        if self.interval:
            late = max(0, self._now() - self._deadline)
            self._start(self._deadline + (late // self.interval + 1) * self.interval)


SIGNALS: Final = (SolarisSig.SIGALRM, SolarisSig.SIGVTALRM, SolarisSig.SIGPROF)
"""The signal of each timer: ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF."""


def _timer(task: SolarisTask, which: int) -> IntervalTimer:
    if not 0 <= which < len(SIGNALS):
        raise Errno(SolarisE.EINVAL)
    process = task.process
    timer = process.timers.get(which)
    if timer is None:
        timer = process.timers[which] = IntervalTimer(process, task, which)
    return timer


def _store_timer(task: SolarisTask, timer: IntervalTimer, address: int) -> None:
    pairs = [divmod(value // 1000, 10**6) for value in (timer.interval, timer.remaining())]
    task.memory.write(address, b"".join(pack_pair(task, pair) for pair in pairs))


@syscall("full")
def getitimer(task: SolarisTask, which: Int, itv: Address) -> int:
    """What is left of a timer."""
    _store_timer(task, _timer(task, which), itv)
    return 0


@syscall("full")
def setitimer(task: SolarisTask, which: Int, itv: Address, oitv: Address) -> int:
    """Starts or stops a timer."""
    timer = _timer(task, which)
    values = None
    if itv:
        raw = memoryview(task.memory.read(itv, task.bits // 2)).cast("i" if task.ilp32 else "q")
        if any(not 0 <= part < 10**6 for part in (raw[1], raw[3])) or raw[0] < 0 or raw[2] < 0:
            raise Errno(SolarisE.EINVAL)
        values = [raw[n] * _NANOSECONDS + raw[n + 1] * 1000 for n in (0, 2)]
    if oitv:
        _store_timer(task, timer, oitv)
    if values is not None:
        timer.set(values[1], values[0])
    return 0


@syscall("full")
def alarm(task: SolarisTask, deltat: Int) -> int:
    """Has SIGALRM sent after some seconds; returns how many were left."""
    timer = _timer(task, 0)
    left = -(-timer.remaining() // _NANOSECONDS)
    timer.set((deltat & 0xFFFF_FFFF) * _NANOSECONDS, 0)
    return left
