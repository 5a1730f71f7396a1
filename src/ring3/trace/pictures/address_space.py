"""An address space as it is at a moment: its mappings, what of them is in memory, and its page tables.

The tables are read from RAM, as the CPU reads them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.report import row
from ring3.machine.paging import LEVELS, PTE_ADDRESS, PTE_P, PTE_PS
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.vma import Vma
    from ring3.kernel.task import Task

BINS: Final = 32
"""Into how many parts a mapping or a table is divided to show which of them are filled."""
_ENTRIES: Final = 512
_HALF: Final = 256
"""The first entry of the top table whose addresses are in the upper half."""


class Area(NamedTuple):
    """A mapping.

    Attributes:
        start: First address.
        end: Address after the last byte.
        perms: ``rwxp``, as /proc/PID/maps has it.
        name: What is mapped, "" for anonymous memory.
        resident: Bytes that are mapped in the page tables.
        filled: For `BINS` parts of it, how much of each is, from 0 to 1.
    """

    start: int
    end: int
    perms: str
    name: str
    resident: int
    filled: tuple[float, ...]


class Table(NamedTuple):
    """A page table, or the page that an entry leads to by itself.

    Attributes:
        level: ``pml4``, ``pdpt``, ``pd`` or ``pt``.
        entry: Its place in the table above; 0 for the top table.
        physical: Where it lies.
        start: The first address that it is about.
        used: Entries that are present.
        large: Those of them that lead to large pages.
        filled: For `BINS` parts of it, how much of each is used.
        inner: The tables that entries lead to.
        is_kernels: It is the kernel's, and the same one in all address spaces.
    """

    level: str
    entry: int
    physical: int
    start: int
    used: int
    large: int
    filled: tuple[float, ...]
    inner: tuple[Table, ...]
    is_kernels: bool

    @property
    def end(self) -> int:
        """The address after the last one that it is about."""
        return self.start + (_ENTRIES << _SHIFTS[self.level])


class AddressSpace(NamedTuple):
    """A process's memory.

    Attributes:
        program: Its name.
        pid: Its number.
        areas: The mappings, lowest address first.
        root: The top table; its entries for the kernel's half are among its inner tables.
    """

    program: str
    pid: int
    areas: tuple[Area, ...]
    root: Table

    @property
    def size(self) -> int:
        """Bytes that are mapped."""
        return sum(area.end - area.start for area in self.areas)

    @property
    def resident(self) -> int:
        """Bytes of them that are in memory."""
        return sum(area.resident for area in self.areas)

    def tables(self) -> Iterator[Table]:
        """All tables, each before those below it."""
        waiting = [self.root]
        while waiting:
            table = waiting.pop()
            yield table
            waiting.extend(reversed(table.inner))

    def __str__(self) -> str:
        from ring3.trace.pictures.address_space_text import render  # noqa: PLC0415 - it knows this module

        return render(self)

    def _repr_html_(self) -> str:
        from ring3.trace.pictures.address_space_svg import render  # noqa: PLC0415 - as above

        return render(self)


_SHIFTS: Final = dict(LEVELS)
_BELOW: Final = {level: LEVELS[at + 1][0] for at, (level, _) in enumerate(LEVELS[:-1])}


def look(kernel: Kernel[Any], task: Task) -> AddressSpace | None:
    """The address space of a task, None if it has none any more."""
    mm = task.mm
    if mm is None:
        return None
    areas = tuple(_area(mm, vma) for vma in mm.vmas)
    root = _table(kernel.machine.ram.q, "pml4", 0, mm.pmap.root, 0, mm.pmap.first_shared)
    return AddressSpace(task.name, task.tid, areas, root)


def _area(mm: Mm, vma: Vma) -> Area:
    told = row(mm, vma)
    first, pages = vma.start >> PAGE_SHIFT, (vma.end - vma.start) >> PAGE_SHIFT
    present = [(address >> PAGE_SHIFT) - first for address, _ in mm.pmap.mapped(vma.start, vma.end)]
    return Area(vma.start, vma.end, told.perms, told.name, len(present) * PAGE_SIZE, _filled(present, pages))


def _table(q: memoryview, level: str, at: int, physical: int, start: int, first_shared: int) -> Table:
    """A table with those below it.

    Args:
        q: RAM in words of 64 bits.
        level: Which table it is.
        at: Its place in the table above.
        physical: Where it lies.
        start: The first address that it is about.
        first_shared: The first of its entries that is the kernel's: 0 for a table of the kernel's.
    """
    words = q[physical >> 3 : (physical >> 3) + _ENTRIES].tolist()
    present = [number for number, word in enumerate(words) if word & PTE_P]
    inner, large = [], 0
    for number in present:
        word, address = words[number], start + (number << _SHIFTS[level])
        if level == "pml4" and number >= _HALF:
            address |= 0xFFFF << 48  # canonical
        if level != "pml4" and word & PTE_PS:
            large += 1
        elif level in _BELOW:
            below = 0 if number >= first_shared else _ENTRIES
            inner.append(_table(q, _BELOW[level], number, word & PTE_ADDRESS, address, below))
    filled = _filled(present, _ENTRIES)
    return Table(level, at, physical, start, len(present), large, filled, tuple(inner), not first_shared)


def _filled(present: Sequence[int], count: int) -> tuple[float, ...]:
    """How much of each of `BINS` parts is there, of numbers from 0 up to a count; fewer parts if it is less."""
    parts = min(BINS, count)
    firsts = [part * count // parts for part in range(parts + 1)]
    found = [0] * parts
    for number in present:
        found[bisect_right(firsts, number) - 1] += 1
    return tuple(
        there / (after - first) for there, first, after in zip(found, firsts, firsts[1:], strict=False)
    )
