"""How much what programs have under way may take of the host's memory: messages in sockets and queues.

Nothing is booked when bytes come and go, for that would have to be right on every way on which a message can vanish.
What has come is added up, and when that may be too much, what is there is counted anew.
"""

from __future__ import annotations

from typing import Protocol
from weakref import WeakSet


class Holder(Protocol):
    """Something with messages in it."""

    def held_bytes(self) -> int:
        """How many bytes there are, counted now."""


class Room:
    """A share of guest RAM.

    Attributes:
        most: Bytes that all messages may have together.
        holders: Where they are.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.holders: WeakSet[Holder] = WeakSet()
        self._counted = 0

    def has(self, size: int) -> bool:
        """Whether so many bytes more may come, which they do if so."""
        if self._counted + size > self.most:
            self._counted = sum(holder.held_bytes() for holder in list(self.holders))
            if self._counted + size > self.most:
                return False
        self._counted += size
        return True
