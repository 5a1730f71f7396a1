"""The address space as a data structure: its mappings in order, its private pages, its accounts.

Always true between calls:

* ``vmas`` is sorted and free of overlap; ``starts`` holds their start addresses in step.
* ``anon`` holds one reference to a frame for each private page, by page number of its virtual address: zero-filled
  memory and copies of object pages alike. The key is the address and not the mapping, so cutting and joining
  mappings never touches pages. A frame with more references is shared with another address space by fork: it is
  mapped read-only, and a store copies it.
* The page tables map nothing but frames of ``anon``, of the objects of ``vmas`` and ``zero``, with no more
  permissions than the mapping has. What they do not map comes back by a fault.

No method here checks what a system call has to check: ranges are page-aligned and lie below ``task_size``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.kernel.mm.layout import Layout
from ring3.kernel.mm.limits import Limits, Usage
from ring3.kernel.mm.objects import Objects
from ring3.kernel.mm.vma import SEALED, Vma
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT, Ram

_NOWHERE: Final = Vma(0, 0, 0, 0, 0, 0)


class Space:
    """Mappings, private pages and page tables of one address space.

    Attributes:
        ram: Guest memory.
        pmap: The page tables.
        layout: Its fixed points.
        task_size: First address beyond user memory.
        limits: Resource limits of the task that uses it; replace it at will.
        objects: What it shares with all address spaces of the machine.
        usage: Pages mapped, by kind.
        vmas: The mappings in order of address.
        starts: Their start addresses.
        anon: Frame of each private page, by page number.
        zero: A frame of zeros that untouched memory may show when RAM runs low, 0 until needed.
        hit: The mapping of the last fault.
        default_flags: `VmaFlag` bits that every new mapping gets (mlockall(2) with MCL_FUTURE).
        search: Top of the free range that the last search from above found, and the length it looked for.
        start_brk: Start of the heap, as execve set it.
        brk: End of the heap in bytes.
        start_data: Where initialised data starts and ...
        end_data: ... ends, for RLIMIT_DATA.
        start_stack: The stack pointer at entry, by which the stack is known.
        peak_anon: The most private pages there were.
        families: The last number given to `Vma.family`.
        major_faults: Faults that had to load a page.
    """

    __slots__ = (
        "_kernel",
        "anon",
        "brk",
        "default_flags",
        "end_data",
        "families",
        "hit",
        "layout",
        "limits",
        "major_faults",
        "objects",
        "peak_anon",
        "pmap",
        "ram",
        "search",
        "start_brk",
        "start_data",
        "start_stack",
        "starts",
        "task_size",
        "usage",
        "vmas",
        "zero",
    )

    def __init__(
        self,
        ram: Ram,
        kernel_pmap: Pmap | None,
        layout: Layout,
        limits: Limits | None = None,
        objects: Objects | None = None,
    ) -> None:
        """Makes an empty address space below the kernel's half.

        Raises:
            Errno: ENOMEM, there is no frame for the top page table.
        """
        self.objects = objects or Objects()
        try:
            self.pmap = Pmap(ram, kernel_pmap)
        except OutOfFrames:
            if not self.objects.reclaim(16, mapped=False):
                raise Errno(E.ENOMEM) from None
            self.pmap = Pmap(ram, kernel_pmap)
        self.ram = ram
        self._kernel = kernel_pmap
        self.layout = layout
        self.task_size = layout.task_size
        self.limits = limits or Limits()
        self.usage = Usage()
        self.vmas: list[Vma] = []
        self.starts: list[int] = []
        self.anon: dict[int, int] = {}
        self.zero = 0
        self.hit = _NOWHERE
        self.search = (0, 0)
        self.default_flags = 0
        self.start_brk = self.brk = self.start_data = self.end_data = self.start_stack = 0
        self.peak_anon = self.major_faults = self.families = 0

    def vma_at(self, address: int) -> Vma | None:
        """The mapping that contains an address."""
        index = bisect_right(self.starts, address) - 1
        if index >= 0:
            vma = self.vmas[index]
            if address < vma.end:
                return vma
        return None

    def index_from(self, address: int) -> int:
        """Index of the first mapping that ends above an address (find_vma)."""
        index = bisect_right(self.starts, address)
        return index - 1 if index and self.vmas[index - 1].end > address else index

    def next_vma(self, address: int) -> Vma | None:
        """The first mapping that ends above an address."""
        index = self.index_from(address)
        return self.vmas[index] if index < len(self.vmas) else None

    def overlapping(self, start: int, end: int) -> list[Vma]:
        """The mappings that share bytes with a range, in order."""
        return self.vmas[self.index_from(start) : bisect_left(self.starts, end)]

    def insert(self, vma: Vma) -> None:
        """Adds a mapping where there is none."""
        index = bisect_right(self.starts, vma.start)
        self.vmas.insert(index, vma)
        self.starts.insert(index, vma.start)
        self.usage.count(vma, 1)
        if vma.obj is not None:
            vma.obj.attach(vma, self)

    def remove(self, vma: Vma) -> None:
        """Takes a mapping out of the list; its pages must be gone already."""
        index = bisect_left(self.starts, vma.start)
        del self.vmas[index], self.starts[index]
        self.usage.count(vma, -1)
        self.hit = _NOWHERE
        if vma.end > self.search[0]:
            self.search = (0, 0)
        if vma.obj is not None:
            vma.obj.detach(vma)

    def split(self, vma: Vma, at: int) -> Vma:
        """Cuts a mapping in two; the part from ``at`` on is new and is returned."""
        upper = vma.part(at, vma.end)
        index = bisect_left(self.starts, vma.start) + 1
        vma.end = at
        self.vmas.insert(index, upper)
        self.starts.insert(index, at)
        if upper.obj is not None:
            upper.obj.attach(upper, self)
        return upper

    def carve(self, vma: Vma, start: int, end: int, limited: bool = True) -> Vma:
        """Makes the part of a mapping inside a range a mapping of its own, cutting off what lies outside.

        Raises:
            Errno: ENOMEM, that would be too many mappings.
        """
        cuts = (vma.start < start) + (end < vma.end)
        if limited and cuts and len(self.vmas) + cuts > self.objects.max_map_count:
            raise Errno(E.ENOMEM)
        if vma.start < start:
            vma = self.split(vma, start)
        if end < vma.end:
            self.split(vma, end)
        return vma

    def recast(self, vma: Vma, prot: int, flags: int) -> tuple[int, int]:
        """Gives a whole mapping another protection and other flags; page tables are the caller's business.

        Returns:
            Its range, for `merge` once nobody holds a list of mappings any more.
        """
        self.usage.count(vma, -1)
        vma.prot, vma.flags = prot, flags
        self.usage.count(vma, 1)
        return vma.start, vma.end

    def merge_all(self, ranges: list[tuple[int, int]]) -> None:
        """Joins mappings that were changed with those next to them, where they continue each other now."""
        for start, end in ranges:
            self.merge(start, end)

    def merge(self, start: int, end: int) -> None:
        """Joins what continues each other among the mappings inside a range and those next to it."""
        index = max(bisect_left(self.starts, start) - 1, 0)
        vmas = self.vmas
        while index + 1 < len(vmas) and vmas[index].end <= end:
            after = vmas[index + 1]
            if not after.continues(vmas[index]):
                index += 1
                continue
            vmas[index].end = after.end
            vmas[index].family = vmas[index].family or after.family
            del vmas[index + 1], self.starts[index + 1]
            self.hit = _NOWHERE
            if after.obj is not None:
                after.obj.detach(after)

    def unmap(self, start: int, end: int) -> None:
        """Removes all mappings and pages in a range.

        Raises:
            Errno: EPERM, one is sealed; ENOMEM, a hole in the middle of a mapping would be one mapping too many.
                Nothing has changed then.
        """
        victims = self.overlapping(start, end)
        if not victims:
            return
        if any(vma.flags & SEALED for vma in victims):
            raise Errno(E.EPERM)
        first, last = victims[0], victims[-1]
        if (
            first is last
            and first.start < start
            and end < first.end
            and len(self.vmas) >= self.objects.max_map_count
        ):
            raise Errno(E.ENOMEM)
        victims = [self.carve(vma, start, end, limited=False) for vma in victims]
        self.drop_pages(start, end)
        for vma in victims:
            self.remove(vma)

    def drop_pages(self, start: int, end: int) -> None:
        """Unmaps the pages of a range and frees the private ones."""
        self.pmap.remove(start, end)
        anon, release = self.anon, self.ram.release
        self.peak_anon = max(self.peak_anon, len(anon))
        for page in self.anon_pages(start, end):
            release(anon.pop(page))

    def anon_pages(self, start: int, end: int) -> list[int]:
        """Page numbers of the private pages present in a range."""
        anon, first, last = self.anon, start >> PAGE_SHIFT, end >> PAGE_SHIFT
        if last - first <= len(anon):
            return [page for page in range(first, last) if page in anon]
        return [page for page in anon if first <= page < last]

    def forget_pages(self, start: int, end: int, copies: bool) -> None:
        """Unmaps the pages of a range; with ``copies`` frees the private ones there too."""
        if copies:
            self.drop_pages(start, end)
        else:
            self.pmap.remove(start, end)

    def write_protect(self, start: int, end: int) -> None:
        """Makes the next store to each page of a range fault (and the next fetch, which finds the page again)."""
        self.pmap.protect(start, end, 1)

    def is_mapped(self, address: int) -> bool:
        """Whether the page tables lead somewhere from an address."""
        return self.pmap.lookup(address) != 0

    def destroy(self) -> None:
        """Gives everything back, page tables included; the CPU must no longer use them."""
        for vma in self.vmas:
            if vma.obj is not None:
                vma.obj.detach(vma)
        for frame in self.anon.values():
            self.ram.release(frame)
        if self.zero:
            self.ram.release(self.zero)
        self.vmas.clear()
        self.starts.clear()
        self.anon.clear()
        self.zero = 0
        self.hit = _NOWHERE
        self.usage = Usage()
        self.pmap.destroy()
