"""Where commands come from and where output goes: a terminal, a pipe, or whatever a server has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TextIO


class Console(Protocol):
    """Somebody who types, and reads.

    Attributes:
        interactive: Whether it is a person, who wants prompts.
    """

    interactive: bool

    def line(self, prompt: str) -> str | None:
        """The next line, with its end; None where there are no more."""

    def write(self, text: str) -> None:
        """Shows text."""

    def complain(self, text: str) -> None:
        """Shows what went wrong."""

    def flush(self) -> None:
        """Has what was written appear."""


class StreamConsole:
    """Streams of this process."""

    def __init__(self, source: TextIO, out: TextIO, err: TextIO) -> None:
        self._source = source
        self._out = out
        self._err = err
        self.interactive = source.isatty()

    def line(self, prompt: str) -> str | None:
        """The next line; on a terminal it can be edited, and lines before it come back."""
        if not self.interactive:
            return self._source.readline() or None
        self.flush()
        try:
            return f"{input(prompt)}\n"
        except EOFError:
            return None

    def write(self, text: str) -> None:
        """Shows text."""
        self._out.write(text)

    def complain(self, text: str) -> None:
        """Shows what went wrong, behind what was shown before."""
        self._out.flush()
        self._err.write(text)
        self._err.flush()

    def flush(self) -> None:
        """Has what was written appear."""
        self._out.flush()

    def complete_with(self, candidates: Callable[[str, str], list[str]]) -> None:
        """Has the Tab key complete words.

        Args:
            candidates: Gives what a word can become; gets what stands before it on the line, too.
        """
        if not self.interactive:
            return
        import readline  # noqa: PLC0415 - for terminals only

        def complete(text: str, number: int) -> str | None:
            found = candidates(readline.get_line_buffer()[: readline.get_begidx()], text)
            return found[number] if number < len(found) else None

        readline.set_completer(complete)
        readline.set_completer_delims(" \t\n|;,()+-*%#&^<>=/.")
        readline.parse_and_bind("tab: complete")
