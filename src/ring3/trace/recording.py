"""Files of bytes that are written while a program runs: a failure is kept until it has ended."""

from __future__ import annotations

from typing import Final, Protocol

_ENOUGH: Final = 1 << 16
"""Bytes that are kept back for one write."""


class Sink(Protocol):
    """An open file."""

    def write(self, data: bytes, /) -> object:
        """Writes bytes."""

    def flush(self) -> None:
        """Has what was written go where it is kept."""

    def close(self) -> None:
        """Closes it."""


class Recording:
    """A file, until it is closed.

    Attributes:
        failure: Why not all of it could be written, None while it could.
    """

    def __init__(self, file: Sink) -> None:
        self._file = file
        self._kept = bytearray()
        self.failure: OSError | None = None

    def write(self, data: bytes) -> None:
        """Writes, sooner or later; nothing more after a failure."""
        self._kept += data
        if len(self._kept) >= _ENOUGH:
            self._flush()

    def _flush(self) -> None:
        try:
            if self.failure is None:
                self._file.write(bytes(self._kept))
                self._file.flush()
        except OSError as error:
            self.failure = error
        self._kept.clear()

    def close(self) -> None:
        """Writes what is left, and closes it."""
        self._flush()
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or error
