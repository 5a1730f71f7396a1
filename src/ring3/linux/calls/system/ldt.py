"""modify_ldt(2): segments of a program's own, in a descriptor table of its own (arch/x86/kernel/ldt.c).

The table is made of frames of guest RAM, mapped for the kernel at an address of its own; it belongs to the address
space. While a task that has one runs, entry 10 of the GDT describes it and the CPU's LDTR holds it, so that the
program's own ``mov %ax, %fs``, and a far jump, read their descriptors there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.image.linux.boot import GDT_LDT
from ring3.linux.definition import syscall
from ring3.linux.x86.ldt_windows import LDT_ENTRIES
from ring3.linux.x86.user_desc import SIZE, UserDesc
from ring3.machine.descriptors import TI_LDT, Segment, system_descriptor
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.linux.kernel import LinuxKernel
    from ring3.linux.model.task import LinuxTask

ENTRY_SIZE: Final = 8
DEFAULT_SIZE: Final = 128
"""Bytes of the default table that function 2 reads: all zeros."""
_PER_PAGE: Final = PAGE_SIZE // ENTRY_SIZE
_LDT_ACCESS: Final = 0x82  # present, DPL 0, a 64-bit LDT


class Ldt:
    """A local descriptor table in guest RAM.

    Attributes:
        entries: How many entries it has.
        address: Where the kernel sees it.
    """

    __slots__ = ("_frames", "_kernel", "address", "entries")

    def __init__(self, kernel: LinuxKernel) -> None:
        self._kernel = kernel
        self._frames: list[int] = []
        self.entries = 0
        self.address = kernel.ldt_windows.take()

    def grow(self, entries: int) -> None:
        """Makes it as large as that, if it is smaller.

        Raises:
            Errno: ENOMEM, there is no frame.
        """
        pages = -(-entries // _PER_PAGE)
        try:
            while len(self._frames) < pages:
                frame = self._kernel.machine.ram.alloc()
                at = self.address + len(self._frames) * PAGE_SIZE
                self._frames.append(frame)
                self._kernel.machine.kernel_pmap.enter(at, frame, Prot.READ | Prot.WRITE, user=False)
        except OutOfFrames:
            raise Errno(E.ENOMEM) from None
        self.entries = max(self.entries, entries)

    def copy(self) -> Ldt:
        """A table with the same entries.

        Raises:
            Errno: ENOMEM, there is no frame.
        """
        new = Ldt(self._kernel)
        try:
            new.grow(self.entries)
        except Errno:
            new.destroy()
            raise
        ram = self._kernel.machine.ram.bytes
        for source, target in zip(self._frames, new._frames, strict=False):
            ram[target : target + PAGE_SIZE] = ram[source : source + PAGE_SIZE]
        return new

    def __getitem__(self, number: int) -> int:
        """An entry as a 64-bit word."""
        return self._kernel.machine.ram.q[self._slot(number)]

    def __setitem__(self, number: int, value: int) -> None:
        self._kernel.machine.ram.q[self._slot(number)] = value

    def raw(self) -> bytes:
        """All entries as they lie in memory."""
        ram = self._kernel.machine.ram.bytes
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

    def load(self) -> None:
        """Makes it the CPU's: what load_mm_ldt and lldt do."""
        limit = self.entries * ENTRY_SIZE - 1
        raw = system_descriptor(self.address, limit, _LDT_ACCESS)
        words = int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little")
        self._describe(*words, 8 * GDT_LDT, self.address, limit, _LDT_ACCESS << 8)
        self._kernel.loaded_ldt = self

    def unload(self) -> None:
        """Leaves the CPU without any table."""
        self._describe(0, 0, 0, 0, 0, 0)
        self._kernel.loaded_ldt = None

    def _describe(self, low: int, high: int, selector: int, base: int, limit: int, flags: int) -> None:
        """Sets entry 10 of the GDT and LDTR."""
        at = (self._kernel.linux.gdt >> 3) + GDT_LDT
        q = self._kernel.machine.ram.q
        q[at], q[at + 1] = low, high
        self._kernel.machine.cpu.set_table_register("ldtr", selector, base, limit, flags)

    def destroy(self) -> None:
        """Gives its memory back."""
        if self._kernel.loaded_ldt is self:
            self.unload()
        machine = self._kernel.machine
        if self._frames:
            machine.kernel_pmap.remove(self.address, self.address + len(self._frames) * PAGE_SIZE)
        for frame in self._frames:
            machine.ram.release(frame)
        self._frames.clear()
        self._kernel.ldt_windows.give_back(self.address)

    def _slot(self, number: int) -> int:
        return (self._frames[number // _PER_PAGE] >> 3) + number % _PER_PAGE


def _refresh_segments(task: LinuxTask) -> None:
    """Loads DS and ES anew if they lie in the table (refresh_ldt_segments); FS and GS keep what they have."""
    cpu = task.kernel.machine.cpu
    for segment in (Seg.DS, Seg.ES):
        selector = cpu.selector(segment)
        if selector & TI_LDT:
            task.load_user_segment(segment, selector)


def _read(task: LinuxTask, ptr: int, bytecount: int) -> int:
    ldt = task.mm_context.ldt
    if ldt is None:
        return 0
    size = min(bytecount, LDT_ENTRIES * ENTRY_SIZE)
    task.memory.write(ptr, ldt.raw()[:size].ljust(size, b"\0"))
    return size


def _read_default(task: LinuxTask, ptr: int, bytecount: int) -> int:
    size = min(bytecount, DEFAULT_SIZE)
    task.memory.clear(ptr, size)
    return size


def _write(task: LinuxTask, ptr: int, bytecount: int, old_mode: bool) -> int:
    """write_ldt: sets one entry; in the old mode there is no AVL bit, and zeros clear."""
    if bytecount != SIZE:
        raise Errno(E.EINVAL)
    desc = UserDesc.read(task.memory, ptr)
    if desc.entry_number >= LDT_ENTRIES:
        raise Errno(E.EINVAL)
    if desc.contents == 3 and (old_mode or not desc.seg_not_present):
        raise Errno(E.EINVAL)
    value = 0
    if not desc.is_empty and not (old_mode and not desc.base_addr and not desc.limit):
        segment = desc.segment(useable=desc.useable and not old_mode)
        value = int.from_bytes(segment.to_bytes(), "little")
    context = task.mm_context
    if context.ldt is None:
        context.ldt = Ldt(task.kernel)
    context.ldt.grow(desc.entry_number + 1)
    context.ldt[desc.entry_number] = value
    context.ldt.load()
    _refresh_segments(task)
    return 0


@syscall("full")
def sys_modify_ldt(task: LinuxTask, func: Int, ptr: Pointer, bytecount: UnsignedLong) -> int:
    """Reads or writes the program's descriptor table; results and errors come in 32 bits."""
    try:
        if func == 0:
            return _read(task, ptr, bytecount)
        if func == 1:
            return _write(task, ptr, bytecount, old_mode=True)
        if func == 2:
            return _read_default(task, ptr, bytecount)
        if func == 0x11:
            return _write(task, ptr, bytecount, old_mode=False)
    except Errno as error:
        return -error.number & 0xFFFF_FFFF
    return -E.ENOSYS & 0xFFFF_FFFF
