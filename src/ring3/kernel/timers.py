"""Timers: what is to happen at a time of the monotonic clock.

The kernel fires what is due each time it chooses a task, and sleeps until the next one when no task can run. A program
that runs without entering the kernel is interrupted by the `Ticker` so that this happens.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from threading import Event, Thread
from time import sleep
from typing import Final

TICK: Final = 0.01
"""Seconds between two interruptions of a running program, when anything else wants the CPU (CONFIG_HZ=100)."""


class Timer:
    """Something that is to happen once.

    Attributes:
        deadline: When, in nanoseconds of the monotonic clock.
        callback: What; None once it has happened or was cancelled.
    """

    __slots__ = ("callback", "deadline")

    def __init__(self, deadline: int, callback: Callable[[], None]) -> None:
        self.deadline = deadline
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Makes it not happen."""
        self.callback = None


class Timers:
    """All timers of a kernel, the next one first."""

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._order = count()

    def add(self, deadline: int, callback: Callable[[], None]) -> Timer:
        """Calls back at ``deadline``, nanoseconds of the monotonic clock; two at the same time in order of adding."""
        timer = Timer(deadline, callback)
        heapq.heappush(self._heap, (deadline, next(self._order), timer))
        return timer

    def next_deadline(self) -> int | None:
        """When the next timer is due, or None."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def fire(self, now: int) -> None:
        """Calls back what is due."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            callback = heapq.heappop(heap)[2].callback
            if callback is not None:
                callback()

    def __bool__(self) -> bool:
        """Whether any timer is left."""
        return self.next_deadline() is not None


class Ticker:
    """Interrupts the running program every tick, from a thread of the host, while somebody asks for it."""

    def __init__(self, wanted: Callable[[], bool], interrupt: Callable[[], None]) -> None:
        """Makes a ticker that sleeps.

        Args:
            wanted: Whether anything waits for the CPU.
            interrupt: Stops the CPU.
        """
        self._wanted = wanted
        self._interrupt = interrupt
        self._awake = Event()
        self._thread: Thread | None = None
        self._closed = False

    def wake(self) -> None:
        """Something may be wanted from now on."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="ring3-ticker", daemon=True)
            self._thread.start()
        self._awake.set()

    def close(self) -> None:
        """Ends the thread."""
        self._closed = True
        self._awake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._awake.wait()
            if self._closed:
                return
            sleep(TICK)
            if self._wanted():
                self._interrupt()
            else:
                self._awake.clear()
