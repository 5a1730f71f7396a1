"""What /proc/PID/maps, smaps and statm tell about an address space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.shared import SharedObject
from ring3.kernel.mm.space import Space
from ring3.kernel.mm.vma import LOCKED, SHARED, WRITE, Vma, VmaFlag
from ring3.machine.paging import PTE_ADDRESS, PTE_W
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE


class MapsRow(NamedTuple):
    """A line of /proc/PID/maps.

    Attributes:
        start: First address.
        end: Address after the last byte.
        perms: ``rwxp`` or ``rwxs``, ``-`` for what is missing.
        offset: Bytes into the file; 0 for anonymous memory.
        device: Major and minor number.
        inode: 0 for anonymous memory.
        name: Path, ``[heap]``, ``[stack]``, a label or "".
    """

    start: int
    end: int
    perms: str
    offset: int
    device: tuple[int, int]
    inode: int
    name: str

    def __str__(self) -> str:
        """The line as Linux prints it, without its newline."""
        major, minor = self.device
        text = f"{self.start:08x}-{self.end:08x} {self.perms} {self.offset:08x} {major:02x}:{minor:02x} {self.inode} "
        return f"{text:72} {self.name}" if self.name else text


class Residence:
    """Bytes of a mapping that are in memory, as smaps counts them.

    Attributes:
        rss: All.
        pss: Each page divided by how many address spaces map it.
        pss_dirty: The same of changed pages.
        pss_anon: The same of pages that belong to no object, ...
        pss_shmem: ... and of those that belong to memory that is shared.
        shared_clean: Unchanged pages mapped more than once.
        shared_dirty: Changed pages mapped more than once.
        private_clean: Unchanged pages mapped here only.
        private_dirty: Changed pages mapped here only.
        anonymous: Pages that belong to no object.
        locked: Pss of locked memory.
    """

    __slots__ = (
        "anonymous", "locked", "private_clean", "private_dirty", "pss", "pss_anon", "pss_dirty", "pss_shmem", "rss",
        "shared_clean", "shared_dirty",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rss = self.pss = self.anonymous = self.locked = 0
        self.pss_dirty = self.pss_anon = self.pss_shmem = 0
        self.shared_clean = self.shared_dirty = self.private_clean = self.private_dirty = 0

    @property
    def pss_file(self) -> int:
        """Pss of pages of files."""
        return self.pss - self.pss_anon - self.pss_shmem


class Rss(NamedTuple):
    """Pages in memory by kind (RssAnon, RssFile, RssShmem of /proc/PID/status)."""

    anon: int
    file: int
    shmem: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.anon + self.file + self.shmem


def maps(mm: Space) -> Iterator[MapsRow]:
    """The rows of /proc/PID/maps, lowest address first."""
    for vma in mm.vmas:
        yield row(mm, vma)


def smaps(mm: Space) -> Iterator[tuple[MapsRow, Vma, Residence]]:
    """The rows of /proc/PID/smaps."""
    for vma in mm.vmas:
        yield row(mm, vma), vma, residence(mm, vma)


def row(mm: Space, vma: Vma) -> MapsRow:
    """The row of one mapping."""
    letters = "".join(letter if vma.prot & bit else "-" for letter, bit in (("r", 1), ("w", 2), ("x", 4)))
    perms = letters + ("s" if vma.flags & SHARED else "p")
    obj = vma.obj
    if obj is None:
        return MapsRow(vma.start, vma.end, perms, 0, (0, 0), 0, _anonymous_name(mm, vma))
    offset = vma.offset << PAGE_SHIFT if obj.inode else 0
    return MapsRow(vma.start, vma.end, perms, offset, obj.device, obj.inode, _text(vma) or obj.name)


def _text(vma: Vma) -> str:
    return vma.name if isinstance(vma.name, str) else vma.name()


def _anonymous_name(mm: Space, vma: Vma) -> str:
    """``[heap]`` and ``[stack]`` are known by where they are (get_vma_name of fs/proc/task_mmu.c)."""
    if vma.name:
        return _text(vma)
    if vma.start < mm.brk and vma.end > mm.start_brk:
        return "[heap]"
    if vma.start <= mm.start_stack <= vma.end:
        return "[stack]"
    return ""


def residence(mm: Space, vma: Vma) -> Residence:
    """How much of a mapping is in memory, and how it is shared."""
    found = Residence()
    for address, entry in mm.pmap.mapped(vma.start, vma.end):
        private = mm.anon.get(address >> PAGE_SHIFT)
        if private is not None:
            users, dirty = mm.ram.refs[private >> PAGE_SHIFT], True
            found.anonymous += PAGE_SIZE
        elif vma.obj is not None:
            users = _users(vma.obj, vma.object_page(address))
            dirty = isinstance(vma.obj, SharedObject) or vma.object_page(address) in vma.obj.dirty
        elif entry & PTE_ADDRESS == mm.zero and not entry & PTE_W:
            continue
        else:
            raise AssertionError(f"page {address:#x} is mapped and nobody's")
        found.rss += PAGE_SIZE
        share = PAGE_SIZE // users
        found.pss += share
        if dirty:
            found.pss_dirty += share
        if private is not None:
            found.pss_anon += share
        elif isinstance(vma.obj, SharedObject):
            found.pss_shmem += share
        kind = ("shared_" if users > 1 else "private_") + ("dirty" if dirty else "clean")
        setattr(found, kind, getattr(found, kind) + PAGE_SIZE)
    if vma.flags & LOCKED:
        found.locked = found.pss
    return found


def _users(obj: MemoryObject, index: int) -> int:
    """How many mappings have a page of an object in their page tables, 1 at least."""
    return max(sum(mapper.is_mapped(start) for _, mapper, start, _ in obj.shown_in(index, index + 1)), 1)


_F = VmaFlag
_LETTERS: Final = (
    (_F.GROWSDOWN, "gd"), (_F.LOCKED, "lo"), (_F.IO, "io"), (_F.SEQUENTIAL, "sr"), (_F.RANDOM, "rr"),
    (_F.DONTFORK, "dc"), (_F.DONTEXPAND, "de"), (_F.LOCKONFAULT, "lf"), (_F.ACCOUNT, "ac"), (_F.NORESERVE, "nr"),
    (_F.WIPEONFORK, "wf"), (_F.DONTDUMP, "dd"), (_F.HUGEPAGE, "hg"), (_F.NOHUGEPAGE, "nh"), (_F.MERGEABLE, "mg"),
    (_F.SEALED, "sl"),
)  # fmt: skip
"""What the flags of a mapping are called, in the kernel's order of bits."""


def flag_letters(vma: Vma) -> list[str]:
    """The words of VmFlags in smaps (show_smap_vma_flags of fs/proc/task_mmu.c)."""
    found = [word for word, bit in (("rd", 1), ("wr", 2), ("ex", 4)) if vma.prot & bit]
    shared = vma.flags & SHARED
    if shared and vma.may & WRITE:
        found.append("sh")
    found += [word for word, bit in (("mr", 1), ("mw", 2), ("me", 4)) if vma.may & bit]
    if shared:
        found.append("ms")
    return found + [word for flag, word in _LETTERS if vma.flags & flag]


def rss(mm: Space) -> Rss:
    """Pages in memory now."""
    file = shmem = 0
    for vma in mm.vmas:
        if vma.obj is None:
            continue
        pages = [address >> PAGE_SHIFT for address, _ in mm.pmap.mapped(vma.start, vma.end)]
        count = sum(page not in mm.anon for page in pages)
        if isinstance(vma.obj, SharedObject):
            shmem += count
        else:
            file += count
    return Rss(len(mm.anon), file, shmem)


def peak_rss(mm: Space) -> int:
    """The most pages that were in memory (VmHWM): of private ones the most ever, of others those now."""
    now = rss(mm)
    return max(mm.peak_anon, now.anon) + now.file + now.shmem
