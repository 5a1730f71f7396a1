"""The ways through the page tables to what a call touched, gathered once a page."""

from __future__ import annotations

from dataclasses import dataclass

from ring3.machine.board import Machine
from ring3.machine.paging import is_canonical, walk
from ring3.machine.ram import PAGE_SIZE


@dataclass(frozen=True, slots=True)
class EntryRead:
    """An entry of a page table.

    Attributes:
        level: ``pml4``, ``pdpt``, ``pd`` or ``pt``.
        address: Its physical address.
        value: The entry.
    """

    level: str
    address: int
    value: int


@dataclass(frozen=True, slots=True)
class PageWalk:
    """How the CPU finds a page.

    Attributes:
        page: The page's virtual address.
        root: CR3.
        entries: Those read, from the root downwards; the last one leads to the page or is not present.
        physical: The page's physical address, None if it is not mapped.
    """

    page: int
    root: int
    entries: tuple[EntryRead, ...]
    physical: int | None


class Walks:
    """The pages that were touched, each once, or once more when it was mapped otherwise.

    Attributes:
        found: In the order in which they were met.
    """

    def __init__(self, machine: Machine) -> None:
        self.found: dict[PageWalk, None] = {}
        self._machine = machine

    def note(self, address: int) -> None:
        """Looks the page of an address up, in the address space in use; nothing for no address at all."""
        if not is_canonical(address):
            return
        page = address & ~(PAGE_SIZE - 1)
        root = self._machine.cpu.cr3
        entries: list[EntryRead] = []
        reached = walk(self._machine.ram, root, page, lambda *read: entries.append(EntryRead(*read)))
        physical = None if reached is None else reached.physical
        self.found[PageWalk(page, root, tuple(entries), physical)] = None
