"""Timers of a process (timer_create(3C)): they send a signal, or an event to a port, when a time has come.

Sources: usr/src/uts/common/os/timers.c (timer_create, timer_settime, timer_fire), sys/siginfo.h (struct sigevent),
sys/time_impl.h (struct itimerspec), sys/port.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import NSIG, SolarisSig
from ring3.solaris.clocks import Clock
from ring3.solaris.definition import syscall
from ring3.solaris.lwps import store_timespec, timespec
from ring3.solaris.polling import PORT_SOURCE_TIMER, Port, PortEvent, port_of
from ring3.solaris.siginfo import SI_TIMER, Info
from ring3.solaris.signals import sigtoproc

if TYPE_CHECKING:
    from ring3.kernel.timers import Timer
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

TIMER_MAX: Final = 32
"""Timers of a process (``_SC_TIMER_MAX``)."""
TIMER_ABSTIME: Final = 1
DELAYTIMER_MAX: Final = 0x7FFF_FFFF
_SIGEVENT: Final = {64: struct.Struct("<iiQ"), 32: struct.Struct("<iiI")}
_NOTIFY: Final = {64: struct.Struct("<i4xQ"), 32: struct.Struct("<iI")}


class Sigev(IntEnum):
    """How a timer tells (``sigev_notify``); libc makes SIGEV_THREAD of a port."""

    SIGEV_NONE = 1
    SIGEV_SIGNAL = 2
    SIGEV_THREAD = 3
    SIGEV_PORT = 4


class PosixTimer:
    """One timer.

    Attributes:
        interval: Nanoseconds after which it starts again, 0 for never.
        overrun: How often the time had come again before the last signal, or event, was taken.
    """

    def __init__(self, task: SolarisTask, number: int, clock: Clock) -> None:
        self._kernel = task.kernel
        self._process = task.process
        self._number = number
        self._clock = clock
        self._signal = 0
        self._value = 0
        self._port: Port | None = None
        self._sent: Info | PortEvent | None = None
        self._late = 0
        self._deadline = 0
        self._timer: Timer | None = None
        self.interval = 0
        self.overrun = 0

    def send_signal(self, signal: int, value: int) -> None:
        """Has it send a signal with a value."""
        self._signal, self._value = signal, value

    def send_event(self, port: Port, user: int) -> None:
        """Has it send events to a port."""
        port.hold()
        self._port, self._value = port, user

    def now(self) -> int:
        """What its clock shows."""
        clocks = self._kernel.clocks
        return clocks.realtime() if self._clock is Clock.CLOCK_REALTIME else clocks.monotonic()

    def remaining(self) -> int:
        """Nanoseconds until it expires, 0 if it does not run."""
        if self._timer is None:
            return 0
        return max(1, self._deadline - self._kernel.clocks.monotonic())

    def start(self, after: int, interval: int) -> None:
        """Starts it anew."""
        self.stop()
        self.interval, self._late, self._sent = interval, 0, None
        self._start(self._kernel.clocks.monotonic() + after)

    def stop(self) -> None:
        """It does not run."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def delete(self) -> None:
        """It is gone."""
        self.stop()
        if self._port is not None:
            self._port.drop()
            self._port = None

    def _start(self, deadline: int) -> None:
        self._deadline = deadline
        self._timer = self._kernel.timers.add(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        missed = 0
        if self.interval:
            late = max(0, self._kernel.clocks.monotonic() - self._deadline)
            missed = late // self.interval
            self._start(self._deadline + (missed + 1) * self.interval)
        if self._waits():
            self._late = min(self._late + 1 + missed, DELAYTIMER_MAX)
            return
        self.overrun, self._late = self._late + missed, 0
        self._tell()

    def _waits(self) -> bool:
        """Whether what was sent last has not been taken yet."""
        if self._port is not None:
            return any(event is self._sent for event in self._port.sent)
        return self._sent is not None and any(info is self._sent for info in self._process.sigqueue)

    def _tell(self) -> None:
        if self._port is not None:
            event = PortEvent(1, PORT_SOURCE_TIMER, self._number, self._value)
            self._sent = event
            self._port.sent.append(event)
            self._port.waiters.wake()
        elif self._signal:
            info = Info(self._signal, SI_TIMER, status=self._value)
            self._sent = info
            sigtoproc(self._process, info)


def _find(task: SolarisTask, number: int) -> PosixTimer:
    found = task.process.posix_timers.get(number)
    if found is None:
        raise Errno(SolarisE.EINVAL)
    return found


@syscall("partial", "CLOCK_REALTIME and CLOCK_HIGHRES; timers of the other clocks are EINVAL")
def timer_create(task: SolarisTask, clock: Int, evp: Address, tidp: Address) -> int:
    """Makes a timer, which does not run yet, and stores its number."""
    if clock not in (Clock.CLOCK_REALTIME, Clock.CLOCK_HIGHRES):
        raise Errno(SolarisE.EINVAL)
    timers = task.process.posix_timers
    number = next((free for free in range(TIMER_MAX) if free not in timers), None)
    if number is None:
        raise Errno(SolarisE.EAGAIN)
    made = PosixTimer(task, number, Clock(clock))
    if not evp:
        made.send_signal(SolarisSig.SIGALRM, number)
    else:
        _set_notification(task, made, evp)
    try:
        task.memory.write_u32(tidp, number)
    except Errno:
        made.delete()
        raise
    timers[number] = made
    return 0


def _set_notification(task: SolarisTask, timer: PosixTimer, evp: int) -> None:
    """Has a timer tell as a ``struct sigevent`` says.

    Raises:
        Errno: EFAULT; EINVAL, there is no such signal or way; EBADF and its like, no port.
    """
    form = _SIGEVENT[task.bits]
    how, signal, value = form.unpack(task.memory.read(evp, form.size))
    if how == Sigev.SIGEV_SIGNAL:
        if not 0 < signal < NSIG:
            raise Errno(SolarisE.EINVAL)
        timer.send_signal(signal, value)
    elif how in (Sigev.SIGEV_PORT, Sigev.SIGEV_THREAD):
        notify = _NOTIFY[task.bits]
        port, user = notify.unpack(task.memory.read(value, notify.size))
        timer.send_event(port_of(task, port), user)
    elif how != Sigev.SIGEV_NONE:
        raise Errno(SolarisE.EINVAL)


@syscall("full")
def timer_delete(task: SolarisTask, tid: Int) -> int:
    """Removes a timer."""
    _find(task, tid).delete()
    del task.process.posix_timers[tid]
    return 0


def _store(task: SolarisTask, timer: PosixTimer, address: int) -> None:
    store_timespec(task, address, timer.interval)
    store_timespec(task, address + task.bits // 4, timer.remaining())


@syscall("full")
def timer_settime(task: SolarisTask, tid: Int, flags: Int, itp: Address, oitp: Address) -> int:
    """Starts a timer, after a time or at one, or stops it with a time of 0."""
    timer = _find(task, tid)
    interval, value = timespec(task, itp), timespec(task, itp + task.bits // 4)
    if oitp:
        _store(task, timer, oitp)
    if not value:
        timer.stop()
        timer.interval = interval
    else:
        timer.start(max(0, value - timer.now()) if flags & TIMER_ABSTIME else value, interval)
    return 0


@syscall("full")
def timer_gettime(task: SolarisTask, tid: Int, itp: Address) -> int:
    """Stores the interval of a timer and what is left."""
    _store(task, _find(task, tid), itp)
    return 0


@syscall("full")
def timer_getoverrun(task: SolarisTask, tid: Int) -> int:
    """How often the time had come before the last signal was taken."""
    return _find(task, tid).overrun


def end_timers(process: Process) -> None:
    """Removes all timers of a process that ends, or runs another program."""
    for timer in process.posix_timers.values():
        timer.delete()
    process.posix_timers.clear()
