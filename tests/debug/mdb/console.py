"""A console at which lines are typed that are known before."""

from __future__ import annotations

from ring3.line_editing import Candidates


class Scripted:
    """Lines, and what is shown between them."""

    interactive = True

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.parts: list[str] = []

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line."""
        del candidates
        self.parts.append(prompt)
        if not self.lines:
            return None
        self.parts.append(f"{self.lines[0]}\n")
        return f"{self.lines.pop(0)}\n"

    def write(self, text: str) -> None:
        """Keeps text."""
        self.parts.append(text)

    complain = write

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> list[str]:
        """The words that were shown since the last time."""
        words = "".join(self.parts).split()
        self.parts.clear()
        return words
