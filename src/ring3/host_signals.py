"""Signals of this process on the host: which of them are meant for a program that runs in it; stopping as by a key.

Who needs them is a process with a machine in it, and one that only stands before a program on a machine elsewhere; so
nothing is imported here.
"""

from __future__ import annotations

import os
import signal
from typing import Final

OUR_OWN: Final = frozenset(
    (
        9, 19,  # SIGKILL, SIGSTOP: cannot be caught
        4, 5, 6, 7, 8, 11, 31,  # SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: a bug of ours
        13, 25, 17, 21, 22,  # SIGPIPE, SIGXFSZ, SIGCHLD, SIGTTIN, SIGTTOU: what our own calls can bring about
    )
)  # fmt: skip
"""Signals that are not passed on (signal(7), x86)."""
PASSED_ON: Final = tuple(
    sorted(number for number in map(int, signal.valid_signals()) if number not in OUR_OWN)
)


def noted(number: int, frame: object) -> None:
    """A handler that does nothing: Python has written the number where somebody reads it."""


def stop_group(number: int) -> None:
    """Stops this process and its group on the host, as a key or the terminal would; returns when it goes on.

    The host does nothing where nobody could let it go on (an orphaned process group).
    """
    before = signal.signal(number, signal.SIG_IGN)
    os.killpg(0, number)  # the others; this one by itself, so that it has stopped when that returns
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    signal.signal(number, before)
