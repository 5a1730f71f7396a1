"""Descriptors of the host that only so much may be written to."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from ring3.abi.errno import E, Errno
from ring3.fs.host import HostFile

Data = TypeVar("Data", bytes, memoryview, bytes | memoryview)


class Allowance:
    """How many bytes may still be written, to several files together.

    Attributes:
        left: That many.
    """

    def __init__(self, left: int, exceeded: Callable[[], None]) -> None:
        """Allows some bytes.

        Args:
            left: How many.
            exceeded: Called when somebody writes although there are none left.
        """
        self.left = left
        self._exceeded = exceeded

    def take(self, data: Data) -> Data:
        """What of some data may be written.

        Raises:
            Errno: EFBIG, nothing.
        """
        if data and not self.left:
            self._exceeded()
            raise Errno(E.EFBIG)
        return data[: self.left]


class MeteredFile(HostFile):
    """A descriptor of the host that is charged for what is written."""

    def __init__(self, file: HostFile, allowance: Allowance) -> None:
        """Takes the place of a file."""
        super().__init__(file.fd, file.events, file.vfs, owned=file.owned)
        file.owned = False
        self._allowance = allowance

    def write(self, data: bytes | memoryview) -> int:
        """Writes what is allowed."""
        done = super().write(self._allowance.take(data))
        self._allowance.left -= done
        return done

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Writes what is allowed."""
        done = super().pwrite(self._allowance.take(data), offset)
        self._allowance.left -= done
        return done

    def truncate(self, size: int) -> None:
        """Changes the size of a regular file; what it grows by is charged."""
        more = max(0, size - os.fstat(self.fd).st_size)
        if more:
            self._allowance.take(b"1")
        if more > self._allowance.left:
            raise Errno(E.EFBIG)
        super().truncate(size)
        self._allowance.left -= more

    def reopen(self, flags: int) -> HostFile:
        """The same thing, opened anew, and charged all the same."""
        return MeteredFile(super().reopen(flags), self._allowance)
