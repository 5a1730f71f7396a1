"""Breakpoints and watchpoints: what a debugger has asked for, and what of it the probes are told.

A breakpoint is an address in one address space or in all; nothing in memory shows it. Debuggers take all breakpoints
away when a program stops and put them back when it goes on; so the probes hear of changes only when something runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.debug.thread import Thread
    from ring3.kernel.core import Kernel
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task

Condition = Callable[["Thread"], bool]
Place = tuple["Mm | None", int]


class Breakpoint:
    """An address at which threads stop before the instruction there.

    Attributes:
        address: Linear address.
        mm: The address space; None for every one, as for addresses of the kernel.
        condition: Asked each time a thread comes there: whether it stops; None for always.
        hits: How often a thread has stopped.
    """

    __slots__ = ("address", "condition", "hits", "mm")

    def __init__(self, address: int, mm: Mm | None, condition: Condition | None) -> None:
        self.address = address
        self.mm = mm
        self.condition = condition
        self.hits = 0


class Breakpoints:
    """All breakpoints of a target."""

    def __init__(self, kernel: Kernel[Any], observer: Callable[[Task, int], None]) -> None:
        """Begins with none.

        Args:
            kernel: The kernel.
            observer: Is told of each task that comes to an address.
        """
        self._kernel = kernel
        self._observer = observer
        self._wanted: dict[Place, list[Breakpoint]] = {}
        self._attached: dict[Place, Attachment] = {}

    def add(self, address: int, mm: Mm | None = None, condition: Condition | None = None) -> Breakpoint:
        """One more.

        Args:
            address: Linear address, of a program or of the kernel.
            mm: The address space; None for every one.
            condition: Whether a thread that comes there stops; None for always.
        """
        made = Breakpoint(address, mm, condition)
        self._wanted.setdefault((mm, address), []).append(made)
        return made

    def remove(self, one: Breakpoint) -> None:
        """One less; nothing happens if it is gone."""
        place = one.mm, one.address
        found = self._wanted.get(place, [])
        if one in found:
            found.remove(one)
        if not found:
            self._wanted.pop(place, None)

    def forget(self, mm: Mm) -> None:
        """An address space is gone, and what was in it."""
        for place in [place for place in self._wanted if place[0] is mm]:
            del self._wanted[place]

    def hit(self, thread: Thread, address: int) -> Breakpoint | None:
        """The first breakpoint that stops a thread that has come to an address, None for none."""
        for mm in (thread.task.mm, None):
            for found in self._wanted.get((mm, address), ()):
                if found.condition is None or found.condition(thread):
                    found.hits += 1
                    return found
        return None

    def apply(self) -> None:
        """Something is about to run: the probes are told what has changed."""
        for place in self._attached.keys() - self._wanted.keys():
            self._attached.pop(place).detach()
        for place in self._wanted.keys() - self._attached.keys():
            mm, address = place
            self._attached[place] = self._kernel.probes.attach(points.Address(address, mm), self._observer)

    def close(self) -> None:
        """Takes all away."""
        self._wanted.clear()
        self.apply()
