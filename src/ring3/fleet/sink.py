"""Takes what a program writes: counts and hashes it, and keeps the beginning."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ring3.fleet.outcome import Written
from ring3.python.streams import Outflow

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs


class Sink(Outflow):
    """A stream that a program writes to.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, vfs: Vfs, keep: int) -> None:
        super().__init__(vfs)
        self.size = 0
        self._keep = keep
        self._head = bytearray()
        self._hash = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        """Takes everything."""
        count = len(data)
        self._hash.update(data)
        if len(self._head) < self._keep:
            self._head += data[: self._keep - len(self._head)]
        self.size += count
        return count

    def written(self) -> Written:
        """What was written."""
        return Written(self.size, self._hash.hexdigest(), self._head.decode("latin-1"))
