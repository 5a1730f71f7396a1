"""What becomes of records between a probe and the consumer: the buffer policies.

`switch` hands them on at once, and loses some only where bufsize was set and a switch interval brings more; `fill`
keeps them until the end and ends the session when there is no more room, but for what END records; `ring` keeps the
newest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ring3.trace.dtrace.firing import Delivery
from ring3.trace.dtrace.options import Options


class Buffers:
    """The principal buffer."""

    def __init__(self, options: Options, consume: Callable[[Delivery], None]) -> None:
        """Hand records on to `consume`, as the options have it."""
        self.policy = options.word("bufpolicy")
        self.full = False
        self.drops = 0
        self._size = options.number("bufsize")
        self._used = 0
        self._kept: deque[Delivery] = deque()
        self._consume = consume
        self.add: Callable[[Delivery], None] = {
            "switch": consume,
            "fill": self._fill,
            "ring": self._ring,
        }[self.policy]

    def _fill(self, delivery: Delivery) -> None:
        is_end = delivery.probe.provider == "dtrace" and delivery.probe.name == "END"
        if not is_end and (self.full or self._used + delivery.size > self._size):
            self.full = True
            return
        self._used += delivery.size
        self._kept.append(delivery)

    def _ring(self, delivery: Delivery) -> None:
        self._used += delivery.size
        self._kept.append(delivery)
        while self._used > self._size:
            self._used -= self._kept.popleft().size

    def drain(self) -> None:
        """Consume what was kept."""
        while self._kept:
            self._consume(self._kept.popleft())
