"""Where a debugger's output goes: lines with a margin, tab stops and a width, as mdb's output buffers have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

MARGIN: Final = 16
"""The column at which formatted values stand."""


class Output:
    """Puts text together line by line.

    Attributes:
        columns: Width of a line.
        wrap: Whether lines are broken there.
        column: Characters on the line so far.
        indent: Whether lines begin at the margin.
        tab_stop: Columns between tab stops.
    """

    def __init__(self, sink: Callable[[str], object], columns: int = 80) -> None:
        self.sink = sink
        self.columns = columns
        self.wrap = False
        self.column = 0
        self.indent = False
        self.tab_stop = 8

    def newline(self) -> None:
        """Ends the line, which begins at the margin even if nothing stands there."""
        if self.indent and not self.column:
            self._margin()
        self.sink("\n")
        self.column = 0

    def end_line(self) -> None:
        """Ends the line if there is something on it."""
        if self.column:
            self.newline()

    def blanks(self, count: int) -> None:
        """So many blanks, or the end of the line if they do not fit."""
        if self.wrap and self.column + count >= self.columns:
            self.newline()
        else:
            self._put(" " * count)

    def tab(self, stop: int | None = None) -> None:
        """Goes on at the next tab stop."""
        stop = stop or self.tab_stop
        target = (self.column + stop) // stop * stop
        if target < self.columns or not self.wrap:
            self._put(" " * (target - self.column))
        else:
            self.newline()

    def to_stop(self, stop: int) -> None:
        """Goes to a tab stop, and stays where one is."""
        if self.column % stop:
            self.tab(stop)

    def text(self, text: str) -> None:
        """Text with newlines and tabs."""
        start = 0
        for place, character in enumerate(text):
            if character in "\n\t":
                self._broken(text[start:place])
                if character == "\n":
                    self.newline()
                else:
                    self.tab()
                start = place + 1
        self._broken(text[start:])

    def field(self, text: str, width: int = 0) -> None:
        """Text left-justified in a field; what does not fit on the line stands on the next."""
        if self.wrap and self.column and max(width, len(text)) + self.column > self.columns:
            self.newline()
        if self.indent and not self.column:
            self._margin()
        self._broken(text)
        if len(text) < width:
            self.blanks(width - len(text))

    def right(self, text: str, width: int, fill: str = " ") -> None:
        """Text right-justified in a field."""
        if self.wrap and self.column and max(width, len(text)) + self.column > self.columns:
            self.newline()
        self._broken(text.rjust(width, fill))

    def _margin(self) -> None:
        self.indent = False
        self._put(" " * MARGIN)
        self.indent = True

    def _broken(self, text: str) -> None:
        while self.wrap and len(text) + self.column > self.columns:
            room = self.columns - self.column
            self._put(text[:room])
            self.newline()
            text = text[room:]
        self._put(text)

    def _put(self, text: str) -> None:
        if not text:
            return
        if self.indent and not self.column:
            self._margin()
        self.sink(text)
        self.column += len(text)
