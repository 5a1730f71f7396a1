"""How threads are called in packets, and which threads a word of a packet means: GDB's manual, E.1 ("thread-id")."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.debug.gdb.packets import number

if TYPE_CHECKING:
    from ring3.debug.target import Target
    from ring3.debug.thread import Thread

THE_MACHINE = 1
"""The number of the one process that the machine is, where ring 0 is shown."""


class Naming:
    """The identifiers of a target's threads.

    Attributes:
        pid_of: Gives the process that a thread is shown in.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        shows_machine = 0 in target.rings
        self.pid_of: Callable[[Thread], int] = lambda thread: THE_MACHINE if shows_machine else thread.pid

    def name(self, thread: Thread) -> str:
        """A thread's identifier."""
        return f"p{self.pid_of(thread):x}.{thread.tid:x}"

    def meant(self, word: str) -> list[Thread]:
        """The threads that an identifier means; all for -1, and any one for 0.

        Raises:
            Malformed: It is none.
        """
        threads = self._target.threads
        process, thread = "-1", word
        if word.startswith("p"):
            process, _, thread = word[1:].partition(".")
            thread = thread or "-1"
        if process not in ("-1", "0"):
            pid = number(process)
            threads = [found for found in threads if self.pid_of(found) == pid]
        if thread in ("-1", "0"):
            return threads
        tid = number(thread)
        return [found for found in threads if found.tid == tid]
