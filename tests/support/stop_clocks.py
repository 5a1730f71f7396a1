"""Time for a machine whose CPU counts no code: each stop of the CPU takes some microseconds.

So turns end at the same stops in every run. Only a program that never stops is interrupted by the host's time, and then
a tick has passed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ring3.computer import Computer
from ring3.kernel.clock import NoCode, VirtualClocks
from ring3.kernel.timers import TICK
from ring3.machine.cpu import Event, Stop

STOP = 20_000
"""Nanoseconds of a stop."""
STUCK = 0.05
"""Seconds without a stop after which a program is taken for one that never stops."""


class StopClocks(VirtualClocks):
    """Virtual clocks that stops move; also what ends turns (`kernel.timers.Slices`).

    Attributes:
        tick: Nanoseconds of a turn.
    """

    def __init__(self, computer: Computer) -> None:
        self._stops = NoCode()
        super().__init__(self._stops)
        self._kernel = computer.kernel
        self._interrupt: Callable[[], None] = computer.machine.cpu.interrupt
        self._end = 0
        self.tick = TICK
        self._seen = -1
        self._is_stuck = False
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def install(cls, computer: Computer) -> None:
        """Gives them to a machine that has not run anything yet."""
        clocks = cls(computer)
        computer.kernel.clocks = computer.kernel.slices = clocks

    def stopped(self, stop: Stop) -> None:
        """The CPU has stopped."""
        if stop is Event.INTERRUPTED:
            self._stops.advance(TICK if self._is_stuck else self.tick)
            self._is_stuck = False
            self._end = self._stops.executed + self.tick
            return
        self._stops.advance(STOP)
        if self._wanted() and (self._stops.executed >= self._end or self._kernel.timers.left(self) <= 0):
            self._end = self._stops.executed + self.tick
            self._interrupt()

    def start(self, others: bool) -> None:
        """A task gets the CPU: a new turn."""
        self._end = self._stops.executed + self.tick
        self.wake()

    def wake(self) -> None:
        """Somebody else wants the CPU from now on."""
        if self._thread is None and self._wanted():
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def timer_added(self) -> None:
        """A timer waits from now on."""
        self.wake()

    def close(self) -> None:
        """The machine is switched off."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _wanted(self) -> bool:
        return self._kernel.has_others() or bool(self._kernel.timers) or bool(self._kernel.cpu_timers)

    def _watch(self) -> None:
        while not self._done.wait(STUCK):
            if self._stops.executed == self._seen and self._wanted():
                self._is_stuck = True
                self._interrupt()
            self._seen = self._stops.executed
