"""The machine's clock, virtual or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel


class MachineClock:
    """Time as programs on the machine see it."""

    def __init__(self, kernel: Kernel[Any]) -> None:
        """Take the kernel's clocks."""
        self._kernel = kernel

    def now(self) -> int:
        """Nanoseconds that only grow."""
        return self._kernel.clocks.monotonic()

    def wall(self) -> int:
        """Nanoseconds since 1970."""
        return self._kernel.clocks.realtime()

    def every(self, interval: int, call: Callable[[], None]) -> Callable[[], None]:
        """Call something at every interval; returns what ends it."""
        return self._kernel.probes.attach(points.Tick(interval), lambda _task: call()).detach
