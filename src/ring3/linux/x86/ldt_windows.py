"""The kernel addresses at which programs' descriptor tables are mapped (see `ring3.linux.calls.system.ldt`)."""

from __future__ import annotations

from typing import Final

from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE

LDT_ENTRIES: Final = 8192
WINDOWS: Final = 0xFFFF_C900_0000_0000
"""Where tables are mapped, one window each (VMALLOC_START)."""
WINDOW: Final = 2 * LDT_ENTRIES * 8
"""Bytes from one window to the next; the upper half stays unmapped."""


class LdtWindows:
    """The kernel addresses at which tables are mapped."""

    __slots__ = ("_free", "_next")

    def __init__(self, kernel_pmap: Pmap) -> None:
        """Makes the page tables on the way, before any address space copies the kernel's top table.

        Raises:
            OutOfFrames: There is no frame for them.
        """
        kernel_pmap.enter(WINDOWS, 0, Prot.NONE, user=False)
        kernel_pmap.remove(WINDOWS, WINDOWS + PAGE_SIZE)
        self._free: list[int] = []
        self._next = WINDOWS

    def take(self) -> int:
        """A free window."""
        if self._free:
            return self._free.pop()
        self._next += WINDOW
        return self._next - WINDOW

    def give_back(self, address: int) -> None:
        """A window is free; translations of it are dropped when the next task is switched to."""
        self._free.append(address)
