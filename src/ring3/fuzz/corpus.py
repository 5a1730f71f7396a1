"""The inputs that are worth to be changed: each reached something that none before it had reached."""

from __future__ import annotations

from random import Random
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.machine.edges import SIZE

_CLASSES: Final = bytes(
    0 if n == 0 else 1 if n == 1 else 2 if n == 2 else 4 if n == 3 else 8 if n < 8 else 16 if n < 16
    else 32 if n < 32 else 64 if n < 128 else 128
    for n in range(256)
)  # fmt: skip
"""How often an edge was taken, as far as it matters: the bit of each of AFL's eight classes."""


class Entry(NamedTuple):
    """An input.

    Attributes:
        data: The input itself.
        edges: How many edges it takes.
    """

    data: bytes
    edges: int


class Corpus:
    """The inputs, and all that they have reached together.

    Attributes:
        entries: The inputs, in the order in which they were found.
        edges: How many edges were taken by any run.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.edges = 0
        self._seen = 0
        self._known = set[int]()

    def add(self, data: bytes, edges: bytes) -> bool:
        """Adds an input if it took an edge, or one so often, as no other did; returns whether."""
        if not self.is_new(edges):
            return False
        self.entries.append(Entry(data, len(edges) - edges.count(0)))
        return True

    def is_new(self, edges: bytes) -> bool:
        """Whether a run reached something that no run before did; from now on none does."""
        classes = edges.translate(_CLASSES)
        key = hash(classes)
        if key in self._known:
            return False
        self._known.add(key)
        found = int.from_bytes(classes, "little")
        seen = self._seen | found
        if seen == self._seen:
            return False
        self._seen = seen
        self.edges = SIZE - seen.to_bytes(SIZE, "little").count(0)
        return True

    def choose(self, random: Random) -> Entry:
        """One of the inputs, the last ones rather than the first."""
        entries = self.entries
        return entries[max(random.randrange(len(entries)), random.randrange(len(entries)))]
