"""Puts runs together into batches that take about as long as it pays to send one."""

from __future__ import annotations

import math
from typing import Final

from ring3.fleet.batch import Batch
from ring3.fleet.points import Point
from ring3.fleet.run import Run

_SECONDS: Final = 1.0
"""What a batch is to take: sending one costs a hundredth of that."""
_FIRST: Final = 4
_MOST_RUNS: Final = 500
_MOST_BYTES: Final = 64 << 20
_WEIGHT: Final = 0.05


class Packer:
    """Makes batches.

    Attributes:
        flying: The names of runs that are in a batch and not made yet.
    """

    def __init__(self, places: int) -> None:
        self.flying: set[str] = set()
        self._places = places
        self._cost: float | None = None
        self._runs: list[Run] = []
        self._contents: dict[str, bytes] = {}

    def add(self, name: str, point: Point, left: int) -> Batch | None:
        """Adds a run.

        Args:
            name: Its name.
            point: The run.
            left: How many follow.

        Returns:
            The batch, if it is full now.
        """
        self.flying.add(name)
        self._runs.append(point.run)
        for content in point.contents:
            if content.digest not in self._contents:
                self._contents[content.digest] = content.read()
        wanted = _FIRST if self._cost is None else max(1, int(_SECONDS / self._cost))
        wanted = min(wanted, _MOST_RUNS, max(1, math.ceil((left + len(self._runs)) / self._places / 2)))
        if len(self._runs) >= wanted or sum(map(len, self._contents.values())) > _MOST_BYTES:
            return self.rest()
        return None

    def rest(self) -> Batch | None:
        """What is left for a last batch, None if nothing is."""
        if not self._runs:
            return None
        full = Batch(tuple(self._runs), self._contents)
        self._runs, self._contents = [], {}
        return full

    def made(self, name: str, seconds: float) -> None:
        """A run has been made, and how much of the processor it took."""
        self.flying.discard(name)
        before = seconds if self._cost is None else self._cost
        self._cost = max(before + _WEIGHT * (seconds - before), 1e-4)
