"""Where commands come from and where output goes: a terminal, a pipe, or whatever a server has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ring3.line_editing import Candidates


class Console(Protocol):
    """Somebody who types, and reads.

    Attributes:
        interactive: Whether it is a person, who wants prompts.
    """

    interactive: bool

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line, with its end; None where there are no more.

        Args:
            prompt: What is shown before it, to a person.
            candidates: Gives what a word can become that is typed.
        """

    def write(self, text: str) -> None:
        """Shows text."""

    def complain(self, text: str) -> None:
        """Shows what went wrong."""

    def flush(self) -> None:
        """Has what was written appear."""
