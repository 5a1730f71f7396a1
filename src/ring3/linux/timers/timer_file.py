"""A timer that is read from a descriptor (fs/timerfd.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR, WouldBlock
from ring3.fs.readiness import POLLIN, READABLE
from ring3.kernel.wait import WaitQueue
from ring3.linux.timers.clocks import CLOCK_REALTIME, CLOCK_REALTIME_ALARM
from ring3.linux.timers.timespec import FOREVER, SECOND

if TYPE_CHECKING:
    from ring3.kernel.timers import Timer
    from ring3.kernel.wait import Listening
    from ring3.linux.model.system import LinuxSystem


TFD_TIMER_ABSTIME: Final = 1
TFD_TIMER_CANCEL_ON_SET: Final = 2


class TimerFile(AnonymousFile):
    """A timer.

    Attributes:
        interval: Nanoseconds after which it starts again, 0 for never.
        ticks: How often it has expired since it was read.
    """

    kind = b"[timerfd]"
    requests = "timer"

    def __init__(self, kernel: LinuxSystem, clock: int, flags: int, offset: int = 0) -> None:
        """Makes one that does not run, of a clock that is ahead of the machine's by ``offset``."""
        super().__init__(kernel.vfs, O_RDWR | flags)
        self._clock = clock
        self.interval = 0
        self.ticks = 0
        self._kernel = kernel
        self._of_wall = clock in (CLOCK_REALTIME, CLOCK_REALTIME_ALARM)
        self._set_with = 0
        self._offset = offset
        self._wall = False
        self._deadline: int | None = None
        self._timer: Timer | None = None
        self._queue = WaitQueue()
        self._was_set = False
        self._watch: Listening | None = None

    # -- the timer ---------------------------------------------------------------------------------------------

    def set(self, value: int, interval: int, flags: int) -> None:
        """Starts it anew, or stops it with a value of 0.

        Args:
            value: Nanoseconds: a time, or how long.
            interval: After which it starts again.
            flags: TFD_TIMER_ABSTIME, the value is a time; TFD_TIMER_CANCEL_ON_SET, a read fails after the wall clock
                was set.
        """
        absolute = bool(flags & TFD_TIMER_ABSTIME)
        self._stop()
        self.interval, self.ticks = interval, 0
        self._was_set = False
        self._set_with = flags
        if flags & TFD_TIMER_CANCEL_ON_SET and absolute and self._of_wall:
            self._watch = self._kernel.clock_was_set.listen(self._clock_was_set)
        if value:
            self._wall = absolute and self._of_wall
            self._start(max(1, value - self._offset) if absolute else min(self._now() + value, FOREVER))

    def remaining(self) -> int:
        """Nanoseconds until it expires next, 0 if it does not run."""
        self._go_on()
        return self._left()

    def _left(self) -> int:
        if self._deadline is None or self._timer is None:
            return 0
        return max(self._deadline - self._now(), 0)

    def _now(self) -> int:
        clocks = self._kernel.clocks
        return clocks.realtime() if self._wall else clocks.monotonic()

    def _start(self, deadline: int) -> None:
        self._deadline = deadline
        self._timer = self._kernel.timers.add(deadline, self._expire, self._wall)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        self._timer = self._watch = self._deadline = None

    def _expire(self) -> None:
        self._timer = None
        self.ticks += 1
        self._queue.wake(READABLE)

    def _catch_up(self) -> None:
        """Expires it if it is due and the kernel has not seen that yet."""
        if self._timer is not None and self._deadline is not None and self._now() >= self._deadline:
            self._timer.cancel()
            self._expire()

    def _go_on(self) -> None:
        """Starts an expired timer again, and counts how often it would have expired since."""
        self._catch_up()
        if self._timer is None and self._deadline is not None and self.interval:
            missed = max(0, self._now() - self._deadline) // self.interval
            self.ticks += missed
            self._start(self._deadline + (missed + 1) * self.interval)

    def _clock_was_set(self) -> None:
        self._was_set = True
        self.ticks += 1
        self._queue.wake(READABLE)

    def set_ticks(self, ticks: int) -> None:
        """Says how often it has expired since it was read.

        Raises:
            Errno: ECANCELED, the wall clock was set.
        """
        self._fail_if_canceled()
        self.ticks = ticks
        self._queue.wake(READABLE)

    def _fail_if_canceled(self) -> None:
        if self._was_set:
            self._was_set = False
            self.ticks = 0
            raise Errno(E.ECANCELED)

    # -- the file ----------------------------------------------------------------------------------------------

    def read(self, size: int) -> bytes:
        """How often it has expired since the last read.

        Raises:
            Errno: EINVAL, fewer than 8 bytes are asked for; ECANCELED, the wall clock was set.
            WouldBlock: It has not.
        """
        if size < 8:
            raise Errno(E.EINVAL)
        self._fail_if_canceled()
        self._catch_up()
        if not self.ticks:
            raise WouldBlock(self, READABLE)
        self._go_on()
        taken, self.ticks = self.ticks, 0
        return taken.to_bytes(8, "little")

    def unread(self, data: bytes) -> None:
        """Counts them again."""
        self.ticks += int.from_bytes(data, "little")

    def poll(self) -> int:
        """Readable if it has expired."""
        self._catch_up()
        return POLLIN if self.ticks else 0

    def details(self) -> str:
        """How it was set, and what is left (timerfd_show)."""
        value, interval = divmod(self._left(), SECOND), divmod(self.interval, SECOND)
        return (
            f"clockid: {self._clock}\nticks: {self.ticks}\nsettime flags: 0{self._set_with:o}\n"
            f"it_value: ({value[0]}, {value[1]})\nit_interval: ({interval[0]}, {interval[1]})\n"
        )

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when it expires."""
        return self._queue.listen(callback, events)

    def close(self) -> None:
        """Nobody will read it."""
        self._stop()
