"""The machine's clock, virtual or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel


class MachineClock:
    """Time as programs on the machine see it."""

    def __init__(self, kernel: Kernel[Any], after: Callable[[], None]) -> None:
        """Take the kernel's clocks; `after` is called after each tick."""
        self._kernel = kernel
        self._after = after

    def now(self) -> int:
        """Nanoseconds that only grow."""
        return self._kernel.clocks.monotonic()

    def wall(self) -> int:
        """Nanoseconds since 1970."""
        return self._kernel.clocks.realtime()

    def every(self, interval: int, call: Callable[[], None]) -> Callable[[], None]:
        """Call something at every interval; returns what ends it."""

        def tick(_task: object) -> None:
            call()
            self._after()

        return self._kernel.probes.attach(points.Tick(interval), tick).detach
