"""The files that dtrace(1M) reads and writes: those of whoever has called it."""

from __future__ import annotations

import os
import sys
from typing import IO, Protocol

from ring3.trace.dtrace.errors import DtraceError


class Files(Protocol):
    """The files of whoever has called."""

    def read(self, path: str) -> bytes:
        """The contents of a file, or of standard input for ``-``."""

    def append_to(self, path: str) -> IO[bytes]:
        """A file to write to the end of."""

    def create(self, path: str) -> IO[bytes]:
        """An empty file to write to."""

    def run(self, command: str) -> None:
        """Run a command by a shell."""


class OwnFiles:
    """Those of this process."""

    def read(self, path: str) -> bytes:
        """The contents of a file, or of standard input for ``-``."""
        if path == "-":
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:
            return file.read()

    def append_to(self, path: str) -> IO[bytes]:
        """A file to write to the end of."""
        return open(path, "ab")

    def create(self, path: str) -> IO[bytes]:
        """An empty file to write to."""
        return open(path, "wb")

    def run(self, command: str) -> None:
        """Run a command by the shell of the user who runs dtrace."""
        if os.system(command) == -1:
            raise DtraceError("failed to run command")
