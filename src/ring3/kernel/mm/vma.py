"""One mapping of an address space: from where to where, what is allowed, and whose pages they are.

A `Vma` is a record; the `Space` that holds it keeps its accounts, its pages and its place in the sorted list, and
is the only one to change it. ``prot`` and ``may`` are plain integers of `Prot` bits, ``flags`` of `VmaFlag` bits:
they are tested at every page fault, where an enum would cost more than the rest of the test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import IntFlag
from ring3.kernel.mm.objects import MemoryObject
from ring3.machine.ram import PAGE_SHIFT

STACK_GUARD_GAP: Final = 256 << PAGE_SHIFT
"""Bytes that stay free below a mapping that grows down (mm/mmap.c, stack_guard_gap)."""


class VmaFlag(IntFlag):
    """What a mapping is beyond its protection: the VM_ flags of include/linux/mm.h that Ring3 has a meaning for."""

    SHARED = 1 << 0
    GROWSDOWN = 1 << 1
    LOCKED = 1 << 2
    LOCKONFAULT = 1 << 3
    DONTFORK = 1 << 4
    WIPEONFORK = 1 << 5
    NORESERVE = 1 << 6
    ACCOUNT = 1 << 7
    """Its pages count as committed memory; stays when a mapping loses its write permission."""
    DONTDUMP = 1 << 8
    DONTEXPAND = 1 << 9
    SEQUENTIAL = 1 << 10
    RANDOM = 1 << 11
    HUGEPAGE = 1 << 12
    NOHUGEPAGE = 1 << 13
    MERGEABLE = 1 << 14
    """madvise(MADV_MERGEABLE) was asked for; nothing else follows from it."""
    IO = 1 << 15
    SEALED = 1 << 16
    """It stays as it is until the program ends (mseal(2))."""


SHARED: Final = int(VmaFlag.SHARED)
GROWSDOWN: Final = int(VmaFlag.GROWSDOWN)
LOCKED: Final = int(VmaFlag.LOCKED)
LOCKONFAULT: Final = int(VmaFlag.LOCKONFAULT)
NORESERVE: Final = int(VmaFlag.NORESERVE)
ACCOUNT: Final = int(VmaFlag.ACCOUNT)
SEALED: Final = int(VmaFlag.SEALED)
READ: Final = 1
WRITE: Final = 2
EXEC: Final = 4

Name = str | Callable[[], str]
"""What /proc/PID/maps calls a mapping; a function where a file may be renamed or deleted later."""


class Vma:
    """A mapping.

    Attributes:
        start: First address, a multiple of the page size.
        end: Address after the last byte, a multiple of the page size.
        prot: What is allowed now.
        may: What mprotect(2) can allow.
        flags: `VmaFlag` bits.
        offset: Page of the object at ``start``. Without an object: the page number of ``start`` at the time the
            mapping's pages were first numbered, so that neighbours can tell whether they continue each other.
        obj: Whose pages are mapped; None for private anonymous memory.
        name: The path for a file, a label given by prctl(PR_SET_VMA) for anonymous memory, or "".
        family: A number from the first private page on, the same for mappings whose private pages may lie in one
            mapping (Linux: the anon_vma). Negative for what fork copied, which joins nothing new.
    """

    __slots__ = ("end", "family", "flags", "may", "name", "obj", "offset", "prot", "start")

    def __init__(
        self,
        start: int,
        end: int,
        prot: int,
        may: int,
        flags: int,
        offset: int,
        obj: MemoryObject | None = None,
        name: Name = "",
        family: int = 0,
    ) -> None:
        self.start = start
        self.end = end
        self.prot = prot
        self.may = may
        self.flags = flags
        self.offset = offset
        self.obj = obj
        self.name = name
        self.family = family

    def part(self, start: int, end: int) -> Vma:
        """A mapping like this one for a part of its range."""
        offset = self.offset + ((start - self.start) >> PAGE_SHIFT)
        return Vma(start, end, self.prot, self.may, self.flags, offset, self.obj, self.name, self.family)

    @property
    def pages(self) -> int:
        """Its length in pages."""
        return (self.end - self.start) >> PAGE_SHIFT

    @property
    def gap_start(self) -> int:
        """The address up to which others may be placed below it: lower than ``start`` if it grows down."""
        return max(self.start - STACK_GUARD_GAP, 0) if self.flags & GROWSDOWN else self.start

    def object_page(self, address: int) -> int:
        """Index in the object of the page at ``address``."""
        return self.offset + ((address - self.start) >> PAGE_SHIFT)

    def continues(self, before: Vma) -> bool:
        """Whether this mapping and the one before it are one mapping cut in two (vma_merge in mm/vma.c)."""
        return (
            before.end == self.start
            and before.prot == self.prot
            and before.flags == self.flags
            and before.may == self.may
            and before.obj is self.obj
            and before.offset + before.pages == self.offset
            and before.name == self.name
            and (self.obj is None or self.obj.mergeable)
            and (
                before.family == self.family
                or (not before.family * self.family and before.family + self.family > 0)
            )
        )

    def may_share_family(self, before: Vma) -> bool:
        """Whether this mapping and the one before it could be joined but for their protection (anon_vma_compatible)."""
        return (
            before.end == self.start
            and before.flags == self.flags
            and before.may == self.may
            and before.obj is self.obj
            and before.offset + before.pages == self.offset
        )
