"""madvise, mincore, msync, mseal and the names of anonymous memory (mm/madvise.c, mincore.c, msync.c, mseal.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.errors import OutOfFrames
from ring3.kernel.functions import function
from ring3.kernel.mm.fault import FaultingSpace, FaultOutcome
from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.shared import SharedObject
from ring3.kernel.mm.vma import LOCKED, SEALED, SHARED, WRITE, Vma, VmaFlag
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE


class Advice(IntEnum):
    """What a program says about its use of memory; the numbers are Linux's."""

    NORMAL = 0
    RANDOM = 1
    SEQUENTIAL = 2
    WILLNEED = 3
    DONTNEED = 4
    FREE = 8
    REMOVE = 9
    DONTFORK = 10
    DOFORK = 11
    MERGEABLE = 12
    UNMERGEABLE = 13
    HUGEPAGE = 14
    NOHUGEPAGE = 15
    DONTDUMP = 16
    DODUMP = 17
    WIPEONFORK = 18
    KEEPONFORK = 19
    COLD = 20
    PAGEOUT = 21
    POPULATE_READ = 22
    POPULATE_WRITE = 23
    DONTNEED_LOCKED = 24


_F = VmaFlag
_FLAGS: Final[dict[Advice, tuple[int, int]]] = {
    Advice.NORMAL: (0, _F.RANDOM | _F.SEQUENTIAL),
    Advice.RANDOM: (_F.RANDOM, _F.SEQUENTIAL),
    Advice.SEQUENTIAL: (_F.SEQUENTIAL, _F.RANDOM),
    Advice.DONTFORK: (_F.DONTFORK, 0),
    Advice.DOFORK: (0, _F.DONTFORK),
    Advice.MERGEABLE: (_F.MERGEABLE, 0),
    Advice.UNMERGEABLE: (0, _F.MERGEABLE),
    Advice.HUGEPAGE: (_F.HUGEPAGE, _F.NOHUGEPAGE),
    Advice.NOHUGEPAGE: (_F.NOHUGEPAGE, _F.HUGEPAGE),
    Advice.DONTDUMP: (_F.DONTDUMP, 0),
    Advice.DODUMP: (0, _F.DONTDUMP),
    Advice.WIPEONFORK: (_F.WIPEONFORK, 0),
    Advice.KEEPONFORK: (0, _F.WIPEONFORK),
}
"""Flags an advice sets and clears."""
_DISCARDING: Final = (
    Advice.FREE, Advice.DONTNEED, Advice.DONTNEED_LOCKED, Advice.REMOVE, Advice.DONTFORK, Advice.WIPEONFORK,
)  # fmt: skip
"""What sealed private memory without a file refuses that its program cannot write (is_ro_anon of mm/mseal.c)."""


@function(
    "int do_madvise(struct mm_struct *mm, unsigned long start, size_t len_in, int behavior)",
    calls={
        "madvise_cold",
        "madvise_dontneed_single_vma",
        "madvise_free_single_vma",
        "madvise_populate",
        "madvise_remove",
        "madvise_walk_vmas",
        "madvise_willneed",
    },
)
def do_madvise(mm: FaultingSpace, address: int, length: int, advice: int) -> None:
    """Follows a program's advice about a range.

    Args:
        mm: The address space.
        address: First address, a multiple of the page size.
        length: Bytes, rounded up to pages.
        advice: An `Advice`.

    Raises:
        Errno: EINVAL, unknown advice, an odd address, or not possible for this memory; ENOMEM, a hole in the range (the
            rest is done nevertheless) or RAM is full; EACCES, REMOVE of what is not shared and writable; EFAULT,
            POPULATE met a bus error; EPERM, it is sealed; what the object says to REMOVE.
    """
    try:
        advice = Advice(advice)
    except ValueError:
        raise Errno(E.EINVAL) from None
    end = _checked_end(address, length, E.EINVAL)
    if end == address:
        return
    if advice in (Advice.POPULATE_READ, Advice.POPULATE_WRITE):
        madvise_populate(mm, address, end, advice is Advice.POPULATE_WRITE)
        return
    changed = list[tuple[int, int]]()
    try:
        for vma in madvise_walk_vmas(mm, address, end):
            start, stop = max(address, vma.start), min(end, vma.end)
            if advice in _DISCARDING and vma.flags & SEALED and vma.obj is None and not vma.prot & WRITE:
                raise Errno(E.EPERM)
            if advice in _FLAGS:
                changed += _set_flags(mm, vma, start, stop, advice)
            else:
                _ACTIONS[advice](mm, vma, start, stop)
    finally:
        mm.merge_all(changed)


def _checked_end(address: int, length: int, wrapped: E) -> int:
    if address % PAGE_SIZE:
        raise Errno(E.EINVAL)
    end = address + round_up(length)
    if end >= 1 << 64:
        raise Errno(wrapped)
    return end


@function("int madvise_walk_vmas(struct madvise_behavior *madv_behavior)")
def madvise_walk_vmas(mm: FaultingSpace, start: int, end: int) -> Iterator[Vma]:
    """The mappings of a range; after the last one, ENOMEM if there was a hole."""
    hole = False
    for vma in mm.overlapping(start, end):
        hole = hole or vma.start > start
        start = vma.end
        yield vma
    if hole or start < end:
        raise Errno(E.ENOMEM)


def _set_flags(mm: FaultingSpace, vma: Vma, start: int, end: int, advice: Advice) -> list[tuple[int, int]]:
    """Changes what one mapping remembers of an advice; the range that changed, if it did."""
    if advice is Advice.WIPEONFORK and (vma.obj is not None or vma.flags & SHARED):
        raise Errno(E.EINVAL)
    if advice is Advice.DOFORK and vma.flags & VmaFlag.IO:
        raise Errno(E.EINVAL)
    on, off = _FLAGS[advice]
    flags = vma.flags & ~int(off) | int(on)
    if flags == vma.flags:
        return []
    return [mm.recast(mm.carve(vma, start, end), vma.prot, flags)]


@function("long madvise_populate(struct madvise_behavior *madv_behavior)")
def madvise_populate(mm: FaultingSpace, start: int, end: int, write: bool) -> None:
    """Brings the pages of a range in, for reading or for writing."""
    outcome = mm.populate(start, end, write)
    if outcome is FaultOutcome.SEGV_ACCERR:
        raise Errno(E.EINVAL)
    if outcome is FaultOutcome.BUS_ADRERR:
        raise Errno(E.EFAULT)
    if outcome is not FaultOutcome.OK:
        raise Errno(E.ENOMEM)


@function("long madvise_dontneed_single_vma(struct madvise_behavior *madv_behavior)")
def madvise_dontneed_single_vma(mm: FaultingSpace, vma: Vma, start: int, end: int) -> None:
    """Drops the pages of a part of one vma."""
    if vma.flags & (LOCKED | VmaFlag.IO):
        raise Errno(E.EINVAL)
    mm.drop_pages(start, end)


def _dont_need_locked(mm: FaultingSpace, vma: Vma, start: int, end: int) -> None:
    mm.drop_pages(start, end)


@function(
    "int madvise_free_single_vma(struct madvise_behavior *madv_behavior)",
    calls={"madvise_dontneed_single_vma"},
)
def madvise_free_single_vma(mm: FaultingSpace, vma: Vma, start: int, end: int) -> None:
    """Frees at once what Linux frees when it is short of memory; a program cannot rely on either."""
    if vma.obj is not None:
        raise Errno(E.EINVAL)
    madvise_dontneed_single_vma(mm, vma, start, end)


@function("long madvise_remove(struct madvise_behavior *madv_behavior)")
def madvise_remove(mm: FaultingSpace, vma: Vma, start: int, end: int) -> None:
    """Punches a hole into what a part of a shared vma maps."""
    if vma.flags & LOCKED or vma.obj is None:
        raise Errno(E.EINVAL)
    if not (vma.flags & SHARED and vma.may & 2):
        raise Errno(E.EACCES)
    first = vma.object_page(start)
    vma.obj.punch(first, first + ((end - start) >> PAGE_SHIFT))


@function("long madvise_willneed(struct madvise_behavior *madv_behavior)")
def madvise_willneed(mm: FaultingSpace, vma: Vma, start: int, end: int) -> None:
    """Loads an object's pages while RAM is far from full."""
    obj = vma.obj
    if obj is None:
        return
    first, room = vma.object_page(start), mm.ram.frames_free // 4
    try:
        for index in range(first, first + min((end - start) >> PAGE_SHIFT, room)):
            if index not in obj.frames and not obj.load(index):
                return
    except OutOfFrames:
        return


@function("long madvise_cold(struct madvise_behavior *madv_behavior)")
def madvise_cold(mm: FaultingSpace, vma: Vma, start: int, end: int) -> None:
    """Nothing: there is no swap and no ageing."""
    if vma.flags & (LOCKED | VmaFlag.IO):
        raise Errno(E.EINVAL)


_ACTIONS: Final[dict[Advice, Callable[[FaultingSpace, Vma, int, int], None]]] = {
    Advice.WILLNEED: madvise_willneed,
    Advice.DONTNEED: madvise_dontneed_single_vma,
    Advice.DONTNEED_LOCKED: _dont_need_locked,
    Advice.FREE: madvise_free_single_vma,
    Advice.REMOVE: madvise_remove,
    Advice.COLD: madvise_cold,
    Advice.PAGEOUT: madvise_cold,
}


@function(
    "long do_mincore(unsigned long addr, unsigned long pages, unsigned char *vec)",
    calls={"madvise_walk_vmas"},
)
def do_mincore(mm: FaultingSpace, address: int, length: int) -> Iterator[bytes]:
    """One byte a page, 1 where the page is in memory, mapping by mapping up to the first hole.

    Raises:
        Errno: EINVAL, an odd address; ENOMEM, a hole in the range or beyond user memory.
    """
    if address % PAGE_SIZE:
        raise Errno(E.EINVAL)
    if address + length > mm.task_size:
        raise Errno(E.ENOMEM)
    end = address + round_up(length)
    lookup, done = mm.pmap.lookup, address
    for vma in list(mm.overlapping(address, end)):
        if vma.start > done:
            break
        frames, present = {} if vma.obj is None else vma.obj.frames, bytearray()
        for at in range(done, min(end, vma.end), PAGE_SIZE):
            there = lookup(at) or at >> PAGE_SHIFT in mm.anon or vma.object_page(at) in frames
            present.append(1 if there else 0)
        yield bytes(present)
        done = min(end, vma.end)
    if done < end:
        raise Errno(E.ENOMEM)


def msync(mm: FaultingSpace, address: int, length: int, *, sync: bool, invalidate: bool = False) -> None:
    """Writes changed pages of shared file mappings back to their files.

    Args:
        mm: The address space.
        address: First address.
        length: Bytes.
        sync: Write (MS_SYNC); without, nothing is due before the file is closed or synced.
        invalidate: Refuse locked memory (MS_INVALIDATE); there is never anything to invalidate.

    Raises:
        Errno: EINVAL, an odd address; ENOMEM, a hole in the range (the rest is done nevertheless); EBUSY, locked
            memory with ``invalidate``; what the file says.
    """
    end = _checked_end(address, length, E.ENOMEM)
    if end == address:
        return
    for vma in madvise_walk_vmas(mm, address, end):
        if invalidate and vma.flags & LOCKED:
            raise Errno(E.EBUSY)
        if sync and vma.obj is not None and vma.flags & SHARED:
            first, last = max(address, vma.start), min(end, vma.end)
            vma.obj.flush(vma.object_page(first), vma.object_page(last))


@function(
    "int do_mseal(unsigned long start, size_t len_in, unsigned long flags)",
    calls={"madvise_walk_vmas"},
)
def do_mseal(mm: FaultingSpace, address: int, length: int) -> None:
    """Makes mappings stay as they are: not unmapped, moved, resized or changed in what they allow (mseal(2)).

    Raises:
        Errno: EINVAL, an odd address; ENOMEM, a hole in the range, and nothing is sealed then.
    """
    end = _checked_end(address, length, E.EINVAL)
    if end == address:
        return
    found = list(madvise_walk_vmas(mm, address, end))
    changed = []
    try:
        for vma in found:
            part = mm.carve(vma, max(address, vma.start), min(end, vma.end))
            changed.append(mm.recast(part, part.prot, part.flags | int(VmaFlag.SEALED)))
    finally:
        mm.merge_all(changed)


def name_anonymous(mm: FaultingSpace, address: int, length: int, name: str) -> None:
    """Gives anonymous memory a name for /proc/PID/maps (prctl with PR_SET_VMA_ANON_NAME), or takes it away ("").

    Raises:
        Errno: EINVAL, an odd address; ENOMEM, a hole in the range (the rest is done nevertheless); EBADF, a file is
            mapped there.
    """
    end = _checked_end(address, length, E.EINVAL)
    if end == address:
        return
    changed = list[tuple[int, int]]()
    try:
        for vma in madvise_walk_vmas(mm, address, end):
            shared = isinstance(vma.obj, SharedObject) and vma.obj.device == (0, 1)
            if vma.obj is not None and not shared:
                raise Errno(E.EBADF)
            label = f"[anon_shmem:{name}]" if shared else f"[anon:{name}]"
            part = mm.carve(vma, max(address, vma.start), min(end, vma.end))
            part.name = label if name else ""
            changed.append((part.start, part.end))
    finally:
        mm.merge_all(changed)
