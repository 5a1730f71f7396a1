"""Lines that a person types on this process's terminal: edited, remembered, completed by the Tab key.

Who needs them is a process with a debugger in it, and one that stands for a debugger elsewhere; so nothing of the
debugger is imported. It is readline, which Python brings and which is there in a millisecond; prompt_toolkit needs two
hundred, and an event loop that a confined process cannot have.
"""

from __future__ import annotations

import readline
from collections.abc import Callable
from typing import Final

Candidates = Callable[[str, str], list[str]]
"""What a word can become; gets what stands before it on the line, and the word."""

REMEMBERED: Final = 128
"""Lines that come back: mdb's HISTSIZE."""
_DELIMITERS: Final = " \t\n|;,()+-*%#&^<>=/."


def read_line(prompt: str, candidates: Candidates) -> str:
    """The next line of standard input and output, which are a terminal; without its end.

    Raises:
        EOFError: There are no more.
        KeyboardInterrupt: The key has ended what is typed.
    """
    found: list[str] = []

    def complete(text: str, number: int) -> str | None:
        nonlocal found
        if number == 0:
            found = candidates(readline.get_line_buffer()[: readline.get_begidx()], text)
        return found[number] if number < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(_DELIMITERS)
    readline.parse_and_bind("tab: complete")
    readline.set_history_length(REMEMBERED)
    return input(prompt)
