"""Files of bytes that are written while a program runs: a failure is kept until it has ended."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.cli.caller import Caller

_ENOUGH: Final = 1 << 16
"""Bytes that are kept back for one write."""


class Recording:
    """A file of the caller's, until the ``with`` block ends."""

    def __init__(self, caller: Caller, path: str) -> None:
        """Opens it.

        Raises:
            UserError: It cannot be opened.
        """
        self._path = path
        self._kept = bytearray()
        self._failure: OSError | None = None
        try:
            stream = caller.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}", 1) from None
        self._file = stream.detach()

    def write(self, data: bytes) -> None:
        """Writes, sooner or later; nothing more after a failure."""
        self._kept += data
        if len(self._kept) >= _ENOUGH:
            self._flush()

    def _flush(self) -> None:
        try:
            if self._failure is None:
                self._file.write(self._kept)
                self._file.flush()
        except OSError as error:
            self._failure = error
        self._kept.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes it.

        Raises:
            UserError: Not all of it could be written, and nothing else went wrong.
        """
        self._flush()
        try:
            self._file.close()
        except OSError as failure:
            self._failure = self._failure or failure
        if self._failure is not None and error is None:
            raise UserError(f"{self._path}: {self._failure.strerror}", 1)
