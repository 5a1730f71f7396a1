"""The clocks of a machine: the host's, or a virtual one that only moves when it is told to."""

from __future__ import annotations

import time
from typing import Protocol


class Clocks(Protocol):
    """Times in nanoseconds."""

    def realtime(self) -> int:
        """Since 1970."""

    def monotonic(self) -> int:
        """Since the machine was switched on."""

    def cpu(self) -> int:
        """Spent by programs and the kernel on the CPU."""

    def sleep_until(self, deadline: int) -> bool:
        """Moves a clock that does not run by itself to a monotonic time; False if it has to be waited for."""


class HostClocks:
    """The host's clocks."""

    def __init__(self) -> None:
        self._start = time.monotonic_ns()
        self._cpu = time.process_time_ns()

    def realtime(self) -> int:
        """Since 1970."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Since the machine was switched on."""
        return time.monotonic_ns() - self._start

    def cpu(self) -> int:
        """Spent by this process."""
        return time.process_time_ns() - self._cpu

    def sleep_until(self, deadline: int) -> bool:
        """Waiting is the caller's."""
        return False


class VirtualClocks:
    """Clocks that stand still but for what is asked of them: sleeping costs nothing, and every run is the same.

    Each reading moves them by a microsecond, so that a program that waits for time to pass sees it pass.
    """

    _STEP = 1000
    _EPOCH = 1_700_000_000 * 10**9

    def __init__(self) -> None:
        self._now = 0

    def realtime(self) -> int:
        """Since 1970; the machine was switched on at a fixed date in 2023."""
        return self._EPOCH + self.monotonic()

    def monotonic(self) -> int:
        """Since the machine was switched on."""
        self._now += self._STEP
        return self._now

    def cpu(self) -> int:
        """As if all time had been spent on the CPU."""
        return self.monotonic()

    def sleep_until(self, deadline: int) -> bool:
        """Moves the clocks on."""
        self._now = max(self._now, deadline)
        return True
