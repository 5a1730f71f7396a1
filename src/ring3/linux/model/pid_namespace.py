"""Namespaces of process numbers that programs make (pid_namespaces(7), kernel/pid_namespace.c of Linux 6.x).

Everywhere the kernel names threads, processes, groups and sessions by the machine's numbers, those of the first
namespace. A namespace below it translates them where a program gives or gets one: it has a number of its own for each
of those that were born in it or further down, and none for all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.kernel.scheduler import FIRST_REUSED, PID_MAX
from ring3.linux.model.namespaces import PidNamespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.linux.model.user_namespace import UserNamespace


class InnerPidNamespace(PidNamespace):
    """One of them.

    Attributes:
        is_closed: Its first process has ended: nobody is born here any more.
        last_tid: The number that was given away last (kernel.ns_last_pid).
    """

    parent: PidNamespace

    def __init__(self, number: int, owner: UserNamespace, parent: PidNamespace) -> None:
        super().__init__(number, owner)
        self.parent = parent
        self.level = parent.level + 1
        self.is_closed = False
        self.last_tid = 0
        self._shown: dict[int, int] = {}
        self._found: dict[int, int] = {}

    def shown(self, number: int) -> int:
        """What one of the machine's numbers is called here (pid_nr_ns), 0 for what is not seen from here."""
        return self._shown.get(number, 0)

    def found(self, number: int) -> int:
        """The machine's number of what is called so here (find_pid_ns), 0 if there is nothing."""
        return self._found.get(number, 0)

    def next_free(self, in_use: Callable[[int], bool]) -> int:
        """The number that the next one born here gets; the first is 1.

        Args:
            in_use: Whether one of the machine's numbers names anything.

        Raises:
            Errno: EAGAIN, all are taken.
        """
        if self.init is None:
            return 1
        candidate = self.last_tid
        for _ in range(PID_MAX):
            candidate = candidate + 1 if candidate + 1 < PID_MAX else FIRST_REUSED
            if self.is_free(candidate, in_use):
                return candidate
        raise Errno(E.EAGAIN)

    def is_free(self, number: int, in_use: Callable[[int], bool]) -> bool:
        """Whether a number can be given away: nothing that it named is there any more."""
        known = self._found.get(number)
        return known is None or not in_use(known)

    def add(self, number: int, here: int) -> None:
        """Gives one of the machine's numbers a number here."""
        before = self._found.get(here)
        if before is not None:
            self._shown.pop(before, None)
        self._found[here] = number
        self._shown[number] = here

    def close(self) -> None:
        """Its first process has ended: nobody is born here any more."""
        self.is_closed = True

    def forget(self, number: int) -> None:
        """The machine gives one of its numbers to something else."""
        here = self._shown.pop(number, None)
        if here is not None:
            del self._found[here]
