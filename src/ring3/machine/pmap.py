"""The pmap layer: the only code that changes the page tables of an address space.

An address space's mappings are a cache of what the kernel's memory map says: they can be thrown away and faulted in
again. The interface is that of BSD's pmap(9): enter, remove, protect a range of frames. A CPU that has mappings of its
own, on the host's processor, is told by `Pmap.changed` what to map anew.

A `Pmap` holds no references to the frames it maps; whoever enters a frame keeps it alive. The top of the address space
is the kernel's and is shared by all, by copying its entries of the top table when a pmap is made: slots 256 to 511 with
Linux, 507 to 511 with Solaris, whose programs use most of the upper half too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import IntFlag
from ring3.machine.paging import PTE_A, PTE_ADDRESS, PTE_D, PTE_NX, PTE_P, PTE_PS, PTE_U, PTE_W
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, Ram


class Prot(IntFlag):
    """What a mapping allows; the values are those of mmap(2)'s PROT_READ, PROT_WRITE and PROT_EXEC."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXEC = 4


AHEAD: Final = 16
"""What `Pmap.ahead` is where a fault costs a few microseconds."""
_RIGHTS: Final = PTE_W | PTE_U
_W_BELOW_U: Final = (PTE_U // PTE_W).bit_length() - 1
_ALL_W: Final = int.from_bytes(PTE_W.to_bytes(8, "little") * 512, "little")
"""PTE_W in each entry of a table, as one number."""
_TABLE: Final = PTE_P | PTE_W | PTE_U | PTE_A


def _leaf_bits(prot: int, user: bool) -> int:
    bits = PTE_P | PTE_A
    if prot & Prot.WRITE:
        bits |= PTE_W | PTE_D
    if not prot & Prot.EXEC:
        bits |= PTE_NX
    if user:
        bits |= PTE_U
    return bits


USER_BITS: Final = tuple(_leaf_bits(prot, user=True) for prot in range(8))
KERNEL_BITS: Final = tuple(_leaf_bits(prot, user=False) for prot in range(8))


class Pmap:
    """The page tables of one address space.

    Attributes:
        ram: Where its tables and frames lie.
        root: Physical address of the top table, what CR3 gets.
        first_shared: First slot of the top table that is the kernel's.
        stale: A mapping was removed or lost a permission since the CPU last flushed its TLB; the CPU clears it.
        changed: For a CPU that has mappings of its own: each user page whose entry was changed since it looked, with
            the entry that it had then. None while no CPU wants to know.
        is_copy: It began as a copy of another one, as fork makes it: mostly another program will begin soon.
        home: What a CPU that runs programs at two places keeps of this one.
        on_destroy: Called when the address space goes away; such a CPU lets go of its mappings.
        ahead: How many pages may be mapped ahead where a program touches one after the other: the more, the dearer a
            fault is for the CPU.
        translated: The CPU translates code, and notices stores into it only where the page allows its execution too.
    """

    not_state: Final = {"changed": None, "home": None, "on_destroy": None}
    __slots__ = (
        "__weakref__", "_leaves", "_tables", "ahead", "changed", "first_shared", "home", "is_copy", "on_destroy", "ram",
        "root", "stale", "translated",
    )  # fmt: skip

    def __init__(self, ram: Ram, kernel: Pmap | None = None, first_shared: int = 256) -> None:
        """Makes an empty address space.

        Args:
            ram: Where its tables and frames lie.
            kernel: The page tables whose upper slots it shares.
            first_shared: Without ``kernel``: the first slot that others will share.

        Raises:
            OutOfFrames: There is no frame for the top table.
        """
        self.ram = ram
        self.root = ram.alloc()
        self._tables = [self.root]
        self._leaves: dict[int, int] = {}  # address >> 21 -> index in ram.q of its page table
        self.stale = self.is_copy = False
        self.changed: dict[int, int] | None = None
        self.home: object = None
        self.on_destroy: Callable[[], None] | None = None
        self.ahead: int = AHEAD if kernel is None else kernel.ahead
        self.translated: bool = kernel is None or kernel.translated
        self.first_shared: int = first_shared if kernel is None else kernel.first_shared
        if kernel is not None:
            start = 8 * kernel.first_shared
            ram.bytes[self.root + start : self.root + PAGE_SIZE] = ram.bytes[
                kernel.root + start : kernel.root + PAGE_SIZE
            ]

    def enter(self, address: int, frame: int, prot: int, user: bool = True) -> None:
        """Maps the page at ``address`` to the frame at physical address ``frame``, in place of what was there.

        Raises:
            OutOfFrames: There is no frame for a page table.
        """
        q = self.ram.q
        leaf = self._leaves.get(address >> 21)
        if leaf is None:
            leaf = self._make_leaf(address)
        slot = leaf + ((address >> PAGE_SHIFT) & 511)
        bits = USER_BITS[prot] if user else KERNEL_BITS[prot]
        old = q[slot]
        if old and ((old ^ frame) & PTE_ADDRESS or old & ~bits & _RIGHTS or bits & ~old & PTE_NX):
            self.stale = True
        q[slot] = frame | bits
        if self.changed is not None:
            self.changed.setdefault(address >> PAGE_SHIFT, old)
        if not bits & PTE_NX:
            self.ram.mark_code(frame)

    def enter_large(self, address: int, physical: int, size: int, prot: int) -> None:
        """Maps a range for the supervisor only, with pages of 2 MiB; all three numbers are multiples of that.

        Raises:
            OutOfFrames: There is no frame for a page table.
        """
        bits = KERNEL_BITS[prot] | PTE_PS
        table = 0
        for done in range(0, size, 1 << 21):
            slot = (address + done) >> 21 & 511
            if not slot or not table:
                table = self._descend(address + done, 21)
            self.ram.q[table + slot] = (physical + done) | bits

    @property
    def tables(self) -> int:
        """How many frames hold them, the top one included."""
        return len(self._tables)

    def lookup(self, address: int) -> int:
        """The page-table entry for a page of 4 KiB, 0 where there is none."""
        leaf = self._leaves.get(address >> 21)
        return 0 if leaf is None else self.ram.q[leaf + ((address >> PAGE_SHIFT) & 511)]

    def remove(self, start: int, end: int) -> None:
        """Unmaps all pages from ``start`` up to ``end`` (both multiples of the page size)."""
        q, changed = self.ram.q, self.changed
        for key, first, last, leaf in self._leaves_in(start, end):
            for slot in range(leaf + first, leaf + last):
                old = q[slot]
                if old:
                    q[slot] = 0
                    self.stale = True
                    if changed is not None:
                        changed.setdefault((key << 9) + slot - leaf, old)

    def protect(self, start: int, end: int, prot: int) -> None:
        """Takes away, on the pages mapped from ``start`` up to ``end``, what ``prot`` does not allow.

        It never adds a permission: the next fault does that, by `enter`, when the kernel agrees.
        """
        if not prot:
            self.remove(start, end)
            return
        q, changed = self.ram.q, self.changed
        allowed = USER_BITS[prot]
        for key, first, last, leaf in self._leaves_in(start, end):
            for slot in range(leaf + first, leaf + last):
                old = q[slot]
                if old:
                    new = (old & (allowed | PTE_ADDRESS | PTE_D | PTE_NX)) | (allowed & PTE_NX)
                    if new != old:
                        q[slot] = new
                        self.stale = True
                        if changed is not None:
                            changed.setdefault((key << 9) + slot - leaf, old)

    def write_protect(self) -> None:
        """Takes the right to write away on all pages of programs."""
        q, changed = self.ram.q, self.changed
        for key, leaf in self._leaves.items():
            entries = q[leaf : leaf + 512].cast("B")
            whole = int.from_bytes(entries, "little")  # all 512 at once
            writable = whole & (whole >> _W_BELOW_U) & _ALL_W
            if not writable:
                continue
            if changed is not None:
                for page, old in enumerate(q[leaf : leaf + 512].tolist()):
                    if old & _RIGHTS == _RIGHTS:
                        changed.setdefault((key << 9) + page, old)
            entries[:] = (whole ^ writable).to_bytes(PAGE_SIZE, "little")
            self.stale = True

    def mapped(self, start: int, end: int) -> list[tuple[int, int]]:
        """The pages present from ``start`` up to ``end``, as (address, entry), in order."""
        q = self.ram.q
        return [
            ((key << 21) + (page << PAGE_SHIFT), q[leaf + page])
            for key, first, last, leaf in self._leaves_in(start, end)
            for page in range(first, last)
            if q[leaf + page]
        ]

    def destroy(self) -> None:
        """Gives all page tables of its own back; the CPU must no longer use them."""
        if self.on_destroy is not None:
            self.on_destroy()
            self.on_destroy = None
        for table in self._tables:
            self.ram.release(table)
        self._tables.clear()
        self._leaves.clear()

    def _leaves_in(self, start: int, end: int) -> list[tuple[int, int, int, int]]:
        """For each page table that overlaps the range: its key, first and last slot (exclusive), index in ram.q."""
        low, high = start >> 21, (end - 1) >> 21
        if high - low < len(self._leaves):
            keys = [key for key in range(low, high + 1) if key in self._leaves]
        else:
            keys = sorted(key for key in self._leaves if low <= key <= high)
        found = []
        for key in keys:
            first = (start >> PAGE_SHIFT) & 511 if key == low else 0
            last = ((end - 1) >> PAGE_SHIFT & 511) + 1 if key == high else 512
            found.append((key, first, last, self._leaves[key]))
        return found

    def _descend(self, address: int, stop: int) -> int:
        """Index in ram.q of the table whose entries cover ``1 << stop`` bytes each; makes the tables on the way."""
        q = self.ram.q
        table = self.root >> 3
        for shift in (39, 30, 21):
            if shift == stop:
                break
            slot = table + ((address >> shift) & 511)
            if not q[slot] & PTE_P:
                new = self.ram.alloc()
                self._tables.append(new)
                q[slot] = new | _TABLE
            table = (q[slot] & PTE_ADDRESS) >> 3
        return table

    def _make_leaf(self, address: int) -> int:
        leaf = self._descend(address, PAGE_SHIFT)
        self._leaves[address >> 21] = leaf
        return leaf
