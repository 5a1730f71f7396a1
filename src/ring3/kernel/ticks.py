"""Tells of the passing of time, at equal distances on the machine's own clock, virtual or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task


class Ticks:
    """A timer that fires again and again. Ticks that were missed, because the kernel was busy, are told as one.

    It never keeps a machine waiting that has nothing else to wait for: see `KernelTimers.idle`.
    """

    def __init__(self, kernel: Kernel[Any], period: int, observer: Callable[[Task | None], None]) -> None:
        """Begins; the first tick comes after one period.

        Args:
            kernel: The kernel.
            period: Nanoseconds.
            observer: Gets the task that was on the CPU last.
        """
        self._kernel = kernel
        self._period = period
        self._observer = observer
        self._next = kernel.clocks.monotonic() + period
        self._timer = kernel.timers.add(self._next, self._fire)

    def stop(self) -> None:
        """Ends it."""
        self._timer.cancel()

    def _fire(self) -> None:
        now = self._kernel.clocks.monotonic()
        self._next += self._period * ((now - self._next) // self._period + 1)
        self._timer = self._kernel.timers.add(self._next, self._fire)
        self._observer(self._kernel.current)
