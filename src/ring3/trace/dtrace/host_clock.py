"""The clock of the host: what profile and tick go by when no machine runs."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count


class HostClock:
    """Real time; `step` waits for what is due next."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, int, Callable[[], None]]] = []
        self._ended: set[int] = set()
        self._numbers = count()

    def now(self) -> int:
        """Nanoseconds that only grow."""
        return time.monotonic_ns()

    def wall(self) -> int:
        """Nanoseconds since 1970."""
        return time.time_ns()

    def every(self, interval: int, call: Callable[[], None]) -> Callable[[], None]:
        """Call something every `interval` nanoseconds; returns what ends it."""
        number = next(self._numbers)
        heapq.heappush(self._due, (self.now() + interval, number, interval, call))
        return lambda: self._ended.add(number)

    def step(self) -> None:
        """Wait for what is due next and call it; with nothing due, wait for a signal."""
        if not self._due:
            time.sleep(3600)
            return
        when, number, interval, call = heapq.heappop(self._due)
        if number in self._ended:
            return
        wait = when - self.now()
        if wait > 0:
            time.sleep(wait / 1e9)
        heapq.heappush(self._due, (max(when, self.now() - interval) + interval, number, interval, call))
        call()
