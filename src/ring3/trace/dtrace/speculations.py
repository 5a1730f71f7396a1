"""Speculations: records kept aside until a clause commits or discards them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace.errors import Fault, FaultKind

if TYPE_CHECKING:
    from ring3.trace.dtrace.firing import Delivery


class Speculations:
    """The speculative buffers of a session."""

    def __init__(self, count: int, size: int) -> None:
        """Have up to `count` buffers of `size` bytes; each is made when it is first asked for."""
        self._buffers: list[list[Delivery] | None] = []
        self._used: list[int] = []
        self._count = count
        self._size = size
        self.unavailable = 0
        """speculation() calls that found no buffer."""
        self.drops = 0
        """Records that had no room."""

    def create(self) -> int:
        """The number of a new speculation; 0 if no buffer is free."""
        for index, buffer in enumerate(self._buffers):
            if buffer is None:
                self._buffers[index] = []
                self._used[index] = 0
                return index + 1
        if len(self._buffers) < self._count:
            self._buffers.append([])
            self._used.append(0)
            return len(self._buffers)
        self.unavailable += 1
        return 0

    def _index(self, number: int) -> int | None:
        """The index of an active speculation; None for 0 and for one that is not.

        Raises:
            Fault: ILLOP for a number no buffer can have.
        """
        if not 0 <= number <= self._count:
            raise Fault(FaultKind.ILLOP)
        if number == 0 or number > len(self._buffers) or self._buffers[number - 1] is None:
            return None
        return number - 1

    def reserve(self, number: int, size: int) -> bool:
        """Take room for what a clause will record; False if the speculation is not active or full.

        Raises:
            Fault: ILLOP.
        """
        index = self._index(number)
        if index is None:
            return False
        if self._used[index] + size > self._size:
            self.drops += 1
            return False
        self._used[index] += size
        return True

    def record(self, number: int, delivery: Delivery) -> None:
        """Keep what a clause recorded, for which there is room."""
        index = self._index(number)
        buffer = None if index is None else self._buffers[index]
        if buffer is not None:
            buffer.append(delivery)

    def end(self, number: int) -> list[Delivery]:
        """End a speculation; returns what it kept, to be committed or not.

        Raises:
            Fault: ILLOP.
        """
        index = self._index(number)
        if index is None:
            return []
        kept = self._buffers[index] or []
        self._buffers[index] = None
        return kept
