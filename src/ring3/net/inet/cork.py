"""Bytes that wait to be sent together with more (TCP_CORK and MSG_MORE of tcp(7))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ring3.kernel.wait import Listening

PATIENCE: Final = 200_000_000
"""Nanoseconds after which they are sent all the same (TCP_RTO_MIN)."""


SEGMENT: Final = 32741
"""Bytes of one segment on the loopback interface: half of the first window (tcp_bound_to_half_wnd)."""


class Cork:
    """What waits.

    Attributes:
        timer: What ends the waiting; None while nothing waits.
    """

    __slots__ = ("_held", "timer")

    def __init__(self) -> None:
        self._held = bytearray()
        self.timer: Listening | None = None

    def __len__(self) -> int:
        """How many bytes wait."""
        return len(self._held)

    def add(self, data: bytes) -> bool:
        """Adds bytes; whether it is time that they go, being more than a segment."""
        self._held += data
        return len(self._held) > SEGMENT

    def empty(self) -> bytes:
        """All that waits, which goes."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        taken = bytes(self._held)
        self._held.clear()
        return taken
