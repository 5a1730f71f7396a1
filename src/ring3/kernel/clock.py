"""The clocks of a machine: the host's, or virtual ones that depend on nothing but what the programs do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol


class Clocks(Protocol):
    """Times in nanoseconds."""

    def realtime(self) -> int:
        """Since 1970."""

    def monotonic(self) -> int:
        """Since the machine was switched on."""

    def cpu(self) -> int:
        """Spent by programs and the kernel on the CPU."""

    def cpu_roughly(self) -> int:
        """The same, up to a millisecond ahead of it; it never runs backwards, nor does `cpu` behind it."""

    def ahead(self) -> int:
        """How far the wall clock is ahead of the monotonic one."""

    def sleep_until(self, deadline: int) -> bool:
        """Moves a clock that does not run by itself to a monotonic time; False if it has to be waited for."""

    def set_realtime(self, now: int) -> None:
        """Sets the wall clock."""


ROUGHLY: Final = 1_000_000
"""How many nanoseconds the CPU time may be told from another clock, which costs the host a tenth."""


class HostClocks:
    """The host's clocks. Setting the wall clock moves that of the machine alone."""

    not_state: Final = {
        "_asked": 0, "_cpu": 0, "_spent": 0, "_start": 0, "_told": 0, "_used": time.process_time_ns,
    }  # fmt: skip

    def __init__(self, used: Callable[[], int] = time.process_time_ns) -> None:
        """Sets those that run with the machine to 0.

        Args:
            used: The CPU time that the machine has used.
        """
        self._start = time.monotonic_ns()
        self._used = used
        self._cpu = used()
        self._ahead = 0
        self._asked = self._spent = self._told = 0

    def realtime(self) -> int:
        """Since 1970."""
        return time.time_ns() + self._ahead

    def monotonic(self) -> int:
        """Since the machine was switched on."""
        return time.monotonic_ns() - self._start

    def cpu(self) -> int:
        """Spent by whatever of the host runs the machine."""
        self._asked = time.monotonic_ns()
        self._spent = spent = self._used() - self._cpu
        self._told = max(self._told, spent)
        return self._told

    def cpu_roughly(self) -> int:
        """The same, if that has run all the time since the host was asked last."""
        since = time.monotonic_ns() - self._asked
        if since > ROUGHLY:
            return self.cpu()
        spent = self._spent + since
        self._told = max(self._told, spent)
        return self._told

    def ahead(self) -> int:
        """How far the wall clock is ahead of the monotonic one; the host may set its own."""
        return self.realtime() - self.monotonic()

    def sleep_until(self, deadline: int) -> bool:
        """Waiting is the caller's."""
        return False

    def set_realtime(self, now: int) -> None:
        """Keeps how far the machine's wall clock is ahead of the host's."""
        self._ahead = now - time.time_ns()

    def outside(self) -> tuple[int, int]:
        """How long the machine has been on, and what it has spent."""
        return self.monotonic(), self.cpu()

    def check_outside(self, then: tuple[int, int]) -> None:
        """They can always be set back."""

    def put_outside(self, then: tuple[int, int]) -> None:
        """The clocks that run with the machine go on from there; the wall clock is the host's."""
        monotonic, cpu = then
        self._start = time.monotonic_ns() - monotonic
        self._cpu = self._used() - cpu
        self._asked = self._spent = self._told = 0


VIRTUAL_START: Final = 1_700_000_000 * 10**9
"""When a machine with virtual clocks is switched on: 14 November 2023, 22:13:20 UTC."""
_LOOK: Final = 1000
_CYCLES: Final = 20


class CodeCounter(Protocol):
    """What counts the code that programs run (see `machine.brake`)."""

    @property
    def executed(self) -> int:
        """Bytes counted so far."""

    def advance(self, amount: int) -> None:
        """Counts as much as if it had been run."""

    def limit(self, amount: int) -> None:
        """Stops the program when that many more were counted."""


class NoCode:
    """Counts no code, but what it is told to."""

    def __init__(self) -> None:
        self.executed = 0

    def advance(self, amount: int) -> None:
        """Counts it."""
        self.executed += amount

    def limit(self, amount: int) -> None:
        """There is no program to stop."""


class VirtualClocks:
    """Clocks that nothing outside of the machine moves: sleeping costs nothing, and every run is the same.

    A byte of code that a program runs takes a nanosecond, and each look at a clock takes a microsecond, so that a
    program that waits for time to pass sees it pass. Sleeping moves all clocks but that of the CPU.
    """

    def __init__(self, counter: CodeCounter | None = None) -> None:
        """Sets all clocks to the start; from now on they go by what is counted."""
        self.counter = NoCode() if counter is None else counter
        self._slept = -self.counter.executed
        self._start = VIRTUAL_START

    def realtime(self) -> int:
        """Since 1970."""
        return self._start + self.monotonic()

    def monotonic(self) -> int:
        """Since the machine was switched on."""
        return self.cpu() + self._slept

    def cpu(self) -> int:
        """Not slept."""
        self.counter.advance(_LOOK)
        return self.counter.executed

    def cpu_roughly(self) -> int:
        """The same: these clocks cost nothing."""
        return self.cpu()

    def now(self) -> int:
        """What the next look at the monotonic clock would show, but for the time that it takes."""
        return self.counter.executed + self._slept

    def cycles(self) -> int:
        """The processor's time-stamp counter, which goes at 1 GHz; a look at it takes some cycles."""
        self.counter.advance(_CYCLES)
        return self.counter.executed

    def ahead(self) -> int:
        """How far the wall clock is ahead of the monotonic one."""
        return self._start

    def sleep_until(self, deadline: int) -> bool:
        """Moves the clocks on."""
        self._slept += max(0, deadline - self.now())
        return True

    def set_realtime(self, now: int) -> None:
        """Moves the start."""
        self._start = now - self.now()
