"""Watchpoints: memory whose accesses stop a thread, behind the instruction that has made one.

The emulator tells of an access before it is made, in the middle of a run. So the access is noted and the run is ended
at once: while anything is watched, the CPU executes blocks of one instruction each, and stops behind this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.debug.target import Target
    from ring3.debug.thread import Thread
    from ring3.kernel.events import DataAccess
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.probes import Attachment


class Watchpoint(NamedTuple):
    """Memory that is watched.

    Attributes:
        mm: The address space.
        address: Of the first byte.
        size: Bytes.
        read: Whether loads count.
        write: Whether stores count.
    """

    mm: Mm
    address: int
    size: int
    read: bool
    write: bool


class Access(NamedTuple):
    """An access that has been made, or is just being made.

    Attributes:
        watchpoint: What it met.
        address: The first watched byte of it.
    """

    watchpoint: Watchpoint
    address: int


class Watchpoints:
    """All watchpoints of a target."""

    def __init__(self, target: Target, accessed: Callable[[Thread, Access], None]) -> None:
        """Begins with none.

        Args:
            target: Whose threads are watched.
            accessed: Is told when a thread stands behind an access.
        """
        self._target = target
        self._accessed = accessed
        self._wanted: dict[Watchpoint, int] = {}
        self._attached: dict[Watchpoint, Attachment] = {}
        self._noted: dict[Thread, Access] = {}

    def add(self, mm: Mm, address: int, size: int, *, read: bool = False, write: bool = True) -> Watchpoint:
        """One more; the same one can be added several times."""
        made = Watchpoint(mm, address, size, read, write)
        self._wanted[made] = self._wanted.get(made, 0) + 1
        return made

    def remove(self, watchpoint: Watchpoint) -> None:
        """One less; nothing happens if it is gone."""
        count = self._wanted.get(watchpoint, 0)
        if count > 1:
            self._wanted[watchpoint] = count - 1
        else:
            self._wanted.pop(watchpoint, None)

    def forget(self, mm: Mm) -> None:
        """An address space is gone, and what was in it."""
        self._wanted = {found: count for found, count in self._wanted.items() if found.mm is not mm}

    def apply(self) -> None:
        """Something is about to run: the probes are told what has changed."""
        probes = self._target.kernel.probes
        for found in self._attached.keys() - self._wanted.keys():
            self._attached.pop(found).detach()
        for found in self._wanted.keys() - self._attached.keys():
            point = points.Data(found.mm, found.address, found.size, read=found.read, write=found.write)
            self._attached[found] = probes.attach(point, self._observer(found))

    def take(self, thread: Thread) -> Access | None:
        """The access behind which a thread stands, once."""
        return self._noted.pop(thread, None)

    def tell(self) -> None:
        """The CPU has stopped: threads that stand behind accesses are told of."""
        while self._noted:
            thread, access = self._noted.popitem()
            if thread.stop is None:
                self._accessed(thread, access)

    def close(self) -> None:
        """Takes all away."""
        self._wanted.clear()
        self._noted.clear()
        self.apply()

    def _observer(self, watchpoint: Watchpoint) -> Callable[[DataAccess], None]:
        def on_access(event: DataAccess) -> None:
            thread = self._target.thread_of(event.task)
            if thread is not None and thread not in self._noted:
                self._noted[thread] = Access(watchpoint, max(event.address, watchpoint.address))
                self._target.kernel.machine.cpu.interrupt()

        return on_access
