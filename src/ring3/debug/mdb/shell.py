"""``! command``: the host's shell reads what a dcmd prints, while it prints it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Final, cast

from ring3.debug.mdb.errors import Enough

_HELD: Final = 4096
"""So many characters are held back, to be written at once."""


class Shell:
    """A shell command that reads text, as a context. What it prints lies in a file: nobody waits for anybody."""

    def __init__(self, command: str, tell: Callable[[str], object]) -> None:
        """Starts it.

        Args:
            command: What the shell is to run.
            tell: Gets what it has printed, at the end of the context.
        """
        self._tell = tell
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- this is a context itself
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=self._file, bufsize=0
        )
        self._input = cast("IO[bytes]", self._process.stdin)
        self._text = ""
        self._ends_line = True

    def write(self, text: str) -> None:
        """Gives it text.

        Raises:
            Enough: It reads no more.
        """
        self._text += text
        self._ends_line = text.endswith("\n")
        if len(self._text) >= _HELD:
            self._flush()

    def _flush(self) -> None:
        left = memoryview(self._text.encode("utf-8", "surrogateescape"))
        self._text = ""
        try:
            while left:
                left = left[self._input.write(left) :]
        except BrokenPipeError:
            raise Enough from None

    def __enter__(self) -> Shell:
        """It runs already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """There is no more text: waits for its end, or ends it where the user has interrupted."""
        with self._file:
            if kind is not None and not issubclass(kind, Exception):
                self._process.kill()
            with suppress(Enough), self._input:
                self._text += "" if self._ends_line else "\n"
                self._flush()
            self._process.wait()
            self._file.seek(0)
            self._tell(self._file.read().decode("utf-8", "replace"))


def run(command: str) -> str:
    """Runs a shell command that reads what this process reads; returns what it has printed."""
    done = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, check=False)
    return done.stdout.decode("utf-8", "replace")
