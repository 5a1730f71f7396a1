"""A descriptor table of a program's own (arch/x86/kernel/ldt.c).

The table is made of frames of guest RAM, mapped for the kernel at an address of its own; it belongs to the address
space. While a task that has one runs, entry 10 of the GDT describes it and the CPU's LDTR holds it, so that the
program's own ``mov %ax, %fs``, and a far jump, read their descriptors there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.image.linux.boot import GDT_LDT
from ring3.machine.descriptors import Segment, system_descriptor
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.machine.board import Machine


ENTRY_SIZE: Final = 8
_PER_PAGE: Final = PAGE_SIZE // ENTRY_SIZE
_LDT_ACCESS: Final = 0x82  # present, DPL 0, a 64-bit LDT


class Ldt:
    """A local descriptor table in guest RAM.

    Attributes:
        entries: How many entries it has.
        address: Where the kernel sees it.
    """

    __slots__ = ("_frames", "_tables", "address", "entries")

    def __init__(self, tables: Descriptors) -> None:
        self._tables = tables
        self._frames: list[int] = []
        self.entries = 0
        self.address = tables.take()

    def grow(self, entries: int) -> None:
        """Makes it as large as that, if it is smaller.

        Raises:
            Errno: ENOMEM, there is no frame.
        """
        pages = -(-entries // _PER_PAGE)
        try:
            while len(self._frames) < pages:
                frame = self._tables.machine.ram.alloc()
                at = self.address + len(self._frames) * PAGE_SIZE
                self._frames.append(frame)
                self._tables.machine.kernel_pmap.enter(at, frame, Prot.READ | Prot.WRITE, user=False)
        except OutOfFrames:
            raise Errno(E.ENOMEM) from None
        self.entries = max(self.entries, entries)

    def copy(self) -> Ldt:
        """A table with the same entries.

        Raises:
            Errno: ENOMEM, there is no frame.
        """
        new = Ldt(self._tables)
        try:
            new.grow(self.entries)
        except Errno:
            new.destroy()
            raise
        ram = self._tables.machine.ram.bytes
        for source, target in zip(self._frames, new._frames, strict=False):
            ram[target : target + PAGE_SIZE] = ram[source : source + PAGE_SIZE]
        return new

    def __getitem__(self, number: int) -> int:
        """An entry as a 64-bit word."""
        return self._tables.machine.ram.q[self._slot(number)]

    def __setitem__(self, number: int, value: int) -> None:
        self._tables.machine.ram.q[self._slot(number)] = value

    def raw(self) -> bytes:
        """All entries as they lie in memory."""
        ram = self._tables.machine.ram.bytes
        whole = b"".join(ram[frame : frame + PAGE_SIZE] for frame in self._frames)
        return whole[: self.entries * ENTRY_SIZE]

    def segment(self, selector: int) -> Segment | None:
        """The descriptor that a selector names if a program's data segment register can hold it."""
        number = selector >> 3
        if number >= self.entries:
            return None
        segment = Segment.from_bytes(self[number].to_bytes(8, "little"))
        if not segment.present or not segment.access & 0x10 or (segment.is_code and not segment.access & 2):
            return None
        return segment

    def destroy(self) -> None:
        """Gives its memory back."""
        if self._tables.loaded is self:
            self._tables.unload()
        machine = self._tables.machine
        if self._frames:
            machine.kernel_pmap.remove(self.address, self.address + len(self._frames) * PAGE_SIZE)
        for frame in self._frames:
            machine.ram.release(frame)
        self._frames.clear()
        self._tables.give_back(self.address)

    def _slot(self, number: int) -> int:
        return (self._frames[number // _PER_PAGE] >> 3) + number % _PER_PAGE


LDT_ENTRIES: Final = 8192
WINDOWS: Final = 0xFFFF_C900_0000_0000
"""Where tables are mapped, one window each (VMALLOC_START)."""
WINDOW: Final = 2 * LDT_ENTRIES * 8
"""Bytes from one window to the next; the upper half stays unmapped."""


class Descriptors:
    """The descriptor tables of programs: where the kernel sees them, and which one the CPU has.

    Attributes:
        machine: The computer.
        loaded: The table in the CPU.
    """

    __slots__ = ("_free", "_gdt", "_next", "loaded", "machine")

    def __init__(self, machine: Machine, gdt: int) -> None:
        """Makes the page tables on the way, before any address space copies the kernel's top table.

        Args:
            machine: The computer.
            gdt: Physical address of the GDT.

        Raises:
            OutOfFrames: There is no frame for them.
        """
        self.machine = machine
        self.loaded: Ldt | None = None
        self._gdt = gdt
        machine.kernel_pmap.enter(WINDOWS, 0, Prot.NONE, user=False)
        machine.kernel_pmap.remove(WINDOWS, WINDOWS + PAGE_SIZE)
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

    def load(self, ldt: Ldt) -> None:
        """Makes a table the CPU's: what load_mm_ldt and lldt do."""
        limit = ldt.entries * ENTRY_SIZE - 1
        raw = system_descriptor(ldt.address, limit, _LDT_ACCESS)
        words = int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little")
        self._describe(*words, 8 * GDT_LDT, ldt.address, limit, _LDT_ACCESS << 8)
        self.loaded = ldt

    def unload(self) -> None:
        """Leaves the CPU without any table."""
        self._describe(0, 0, 0, 0, 0, 0)
        self.loaded = None

    def _describe(self, low: int, high: int, selector: int, base: int, limit: int, flags: int) -> None:
        """Sets entry 10 of the GDT and LDTR."""
        at = (self._gdt >> 3) + GDT_LDT
        q = self.machine.ram.q
        q[at], q[at + 1] = low, high
        self.machine.cpu.set_table_register("ldtr", selector, base, limit, flags)
