"""A trace of Perfetto beside what a program in D does (`--perfetto`)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ring3.trace.dtrace.errors import DtraceError

if TYPE_CHECKING:
    from ring3.trace.dtrace.command import Files, Host


@contextlib.contextmanager
def to(path: str, files: Files, host: Host) -> Iterator[None]:
    """Record what a host's program does to a file until the context is left; "" for nothing.

    Raises:
        DtraceError: if there is no program, or the file cannot be written.
    """
    if not path:
        yield
        return
    file = _File(path, files)
    try:
        with host.recorded(file.write):
            yield
    finally:
        file.close()
    file.check()


class _File:
    """A file that is written while a program runs: a failure is kept until it has ended."""

    def __init__(self, path: str, files: Files) -> None:
        self._path = path
        self._failure: OSError | None = None
        try:
            self._file = files.create(path)
        except OSError as error:
            self._failure = error
            self.check()

    def write(self, data: bytes) -> None:
        """Write; nothing more after a failure."""
        if self._failure is None:
            try:
                self._file.write(data)
            except OSError as error:
                self._failure = error

    def close(self) -> None:
        """Nothing more comes."""
        try:
            self._file.close()
        except OSError as error:
            self._failure = self._failure or error

    def check(self) -> None:
        """Tell of a failure.

        Raises:
            DtraceError: if there was one.
        """
        if self._failure is not None:
            raise DtraceError(f"failed to write {self._path}: {self._failure.strerror}")
