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
