"""mmap, munmap, mprotect and brk: which mappings there are and what they allow.

Rules and the order of errors are those of mm/mmap.c, mm/vma.c and mm/mprotect.c of Linux 6.x. The functions are the
methods of `Mm`; flags come as arguments, so that Linux's and Solaris's calls translate their own.

Left out: huge pages, protection keys, overcommit_memory other than 0.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.mm.fault import FaultingSpace
from ring3.kernel.mm.limits import may_expand_vm, mlock_future_ok
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.placement import get_unmapped_area
from ring3.kernel.mm.shared import SharedObject
from ring3.kernel.mm.vma import (
    ACCOUNT,
    GROWSDOWN,
    LOCKED,
    NORESERVE,
    READ,
    SEALED,
    SHARED,
    WRITE,
    Name,
    Vma,
)
from ring3.machine.ram import PAGE_MASK, PAGE_SHIFT, PAGE_SIZE

ALL: Final = 7
_MAX_FILE: Final = (1 << 63) - 1


def round_up(length: int) -> int:
    """The next multiple of the page size."""
    return (length + PAGE_SIZE - 1) & PAGE_MASK


@function(
    "unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, "
    "unsigned long prot, unsigned long flags, vm_flags_t vm_flags, unsigned long pgoff, "
    "unsigned long *populate, struct list_head *uf)",
    calls={"get_unmapped_area", "may_expand_vm", "mlock_future_ok"},
)
def do_mmap(
    mm: FaultingSpace,
    address: int,
    length: int,
    prot: int,
    *,
    obj: MemoryObject | None = None,
    offset: int = 0,
    shared: bool = False,
    fixed: bool = False,
    noreplace: bool = False,
    low32: bool = False,
    compat: bool = False,
    growsdown: bool = False,
    locked: bool = False,
    populate: bool = False,
    noreserve: bool = False,
    may: int = ALL,
    flags: int = 0,
    name: Name = "",
) -> int:
    """Maps memory.

    Args:
        mm: The address space.
        address: A hint, 0 for none; with ``fixed`` or ``noreplace`` the place itself.
        length: Bytes, rounded up to pages.
        prot: `Prot` bits.
        obj: What to map; None for anonymous memory.
        offset: Byte of the object that comes first, a multiple of the page size.
        shared: Stores go to the object; without one, to a new object that fork shares.
        fixed: What lies there goes away (MAP_FIXED).
        noreplace: What lies there stays, and is an error (MAP_FIXED_NOREPLACE).
        low32: Between 1 and 2 GiB (MAP_32BIT).
        compat: The call came by the 32-bit door: below 4 GiB.
        growsdown: A stack (MAP_GROWSDOWN).
        locked: Locked and filled at once (MAP_LOCKED).
        populate: Filled at once (MAP_POPULATE); a failure of that is no error.
        noreserve: Not counted as committed memory (MAP_NORESERVE).
        may: `Prot` bits that mprotect(2) can give later; less than all for a file not open for writing.
        flags: More `VmaFlag` bits.
        name: What /proc/PID/maps shows; "" for the object's own name.

    Returns:
        The first address.

    Raises:
        Errno: EINVAL, no length, an odd address or offset, a stack of something else than private anonymous memory;
            ENOMEM, no room, too many mappings, or more than RLIMIT_AS, RLIMIT_DATA or RAM allows; EPERM, too low
            an address or locking not allowed; EAGAIN, RLIMIT_MEMLOCK; EEXIST, ``noreplace`` and something is there;
            EACCES, ``prot`` asks for more than ``may``; EOVERFLOW, the offset is too large.
    """
    length = _checked_length(mm, length, offset, obj)
    prot, may, flags = int(prot) & ALL, int(may), int(flags)  # no enums: see vma.py
    address = get_unmapped_area(mm, address, length, fixed=fixed or noreplace, low32=low32, compat=compat)
    end = address + length
    if noreplace and mm.overlapping(address, end):
        raise Errno(E.EEXIST)
    flags |= mm.default_flags | LOCKED * locked
    if locked and not (mm.limits.memlock or mm.limits.ipc_lock):
        raise Errno(E.EPERM)
    if flags & LOCKED and not mlock_future_ok(mm.usage, mm.limits, length >> PAGE_SHIFT):
        raise Errno(E.EAGAIN)
    if prot & ~may:
        raise Errno(E.EACCES)
    if growsdown and (shared or obj is not None):
        raise Errno(E.EINVAL)
    flags |= SHARED * shared | GROWSDOWN * growsdown | NORESERVE * noreserve
    _check_room(mm, address, end, prot, flags, shared and obj is None)
    if prot & WRITE and not flags & (SHARED | NORESERVE):
        flags |= ACCOUNT
    mm.unmap(address, end)
    vma = Vma(address, end, prot, may, flags, offset >> PAGE_SHIFT, obj, name)
    if obj is None:
        _insert_anonymous(mm, vma)
    else:
        mm.insert(vma)
    mm.merge(address, end)
    if populate or flags & LOCKED:
        mm.populate(address, end)
    return address


def _insert_anonymous(mm: FaultingSpace, vma: Vma) -> None:
    """Inserts a mapping without a file: private pages are numbered by address, shared ones get an object."""
    vma.offset = vma.start >> PAGE_SHIFT
    if not vma.flags & SHARED:
        mm.insert(vma)
        return
    obj = SharedObject(mm.ram, vma.end - vma.start, "/dev/zero (deleted)", (0, 1), mm.objects.new_inode())
    vma.obj, vma.offset = obj, 0
    mm.insert(vma)
    obj.drop()


def _checked_length(mm: FaultingSpace, length: int, offset: int, obj: MemoryObject | None) -> int:
    if not length or offset % PAGE_SIZE:
        raise Errno(E.EINVAL)
    length = round_up(length)
    if length > mm.task_size or len(mm.vmas) > mm.objects.max_map_count:
        raise Errno(E.ENOMEM)
    if obj is not None and offset > _MAX_FILE - length:
        raise Errno(E.EOVERFLOW)
    return length


def _check_room(mm: FaultingSpace, start: int, end: int, prot: int, flags: int, new_object: bool) -> None:
    """Asks the limits for new pages in a range, less those that the new mapping replaces."""
    pages = (end - start) >> PAGE_SHIFT
    if not may_expand_vm(mm.usage, mm.limits, prot, flags, pages):
        replaced = sum(min(end, vma.end) - max(start, vma.start) for vma in mm.overlapping(start, end))
        if not may_expand_vm(mm.usage, mm.limits, prot, flags, pages - (replaced >> PAGE_SHIFT)):
            raise Errno(E.ENOMEM)
    committed = new_object or (prot & WRITE and not flags & SHARED)
    if committed and not flags & NORESERVE and pages > mm.ram.size >> PAGE_SHIFT:
        raise Errno(E.ENOMEM)


@function("int do_munmap(struct mm_struct *mm, unsigned long start, size_t len, struct list_head *uf)")
def do_munmap(mm: FaultingSpace, address: int, length: int) -> None:
    """Removes all mappings in a range; holes are no error.

    Raises:
        Errno: EINVAL, an odd address, no length or beyond user memory; ENOMEM, one mapping too many; EPERM, one is
            sealed.
    """
    if address % PAGE_SIZE or address > mm.task_size or length > mm.task_size - address:
        raise Errno(E.EINVAL)
    length = round_up(length)
    if not length:
        raise Errno(E.EINVAL)
    mm.unmap(address, address + length)


@function(
    "int do_mprotect_pkey(unsigned long start, size_t len, unsigned long prot, int pkey)",
    calls={"mprotect_fixup"},
)
def do_mprotect_pkey(
    mm: FaultingSpace, address: int, length: int, prot: int, *, growsdown: bool = False
) -> None:
    """Changes what a range allows.

    Args:
        mm: The address space.
        address: First address.
        length: Bytes, rounded up to pages.
        prot: `Prot` bits.
        growsdown: From the start of the stack that the range lies in (PROT_GROWSDOWN).

    Raises:
        Errno: EINVAL, an odd address, or ``growsdown`` for no stack; ENOMEM, a hole in the range, beyond the limits or
            too many mappings; EACCES, the mapping may not have that; EPERM, it is sealed. What lies before the error
            has changed.
    """
    if address % PAGE_SIZE:
        raise Errno(E.EINVAL)
    if not length:
        return
    start, end = address, address + round_up(length)
    first = mm.next_vma(start)
    if end > 1 << 64 or first is None:
        raise Errno(E.ENOMEM)
    if growsdown:
        if first.start >= end:
            raise Errno(E.ENOMEM)
        start = first.start
        if not first.flags & GROWSDOWN:
            raise Errno(E.EINVAL)
    at, changed = start, list[tuple[int, int]]()
    try:
        for vma in mm.overlapping(start, end):
            if vma.start > at:
                raise Errno(E.ENOMEM)
            at = min(end, vma.end)
            changed += mprotect_fixup(mm, vma, max(start, vma.start), at, int(prot) & ALL)
    finally:
        mm.merge_all(changed)
        _fill_locked(mm, changed)
    if at < end:
        raise Errno(E.ENOMEM)


def _fill_locked(mm: FaultingSpace, ranges: list[tuple[int, int]]) -> None:
    """Locked private memory that can be written now gets its own pages at once."""
    for start, end in ranges:
        vma = mm.vma_at(start)
        if vma is not None and vma.flags & LOCKED and vma.prot & WRITE and not vma.flags & SHARED:
            mm.populate(start, end)


@function(
    "int mprotect_fixup(struct vma_iterator *vmi, struct mmu_gather *tlb, "
    "struct vm_area_struct *vma, struct vm_area_struct **pprev, unsigned long start, "
    "unsigned long end, vm_flags_t newflags)",
    calls={"may_expand_vm"},
)
def mprotect_fixup(mm: FaultingSpace, vma: Vma, start: int, end: int, prot: int) -> list[tuple[int, int]]:
    """mprotect_fixup: one mapping, or a part of it; the range that changed, if it did."""
    old, flags = vma.prot, vma.flags
    if prot & ~vma.may:
        raise Errno(E.EACCES)
    if flags & SEALED:
        raise Errno(E.EPERM)
    if prot == old:
        return []
    if prot & WRITE:
        pages = (end - start) >> PAGE_SHIFT
        usage, limits = mm.usage, mm.limits
        if not may_expand_vm(usage, limits, prot, flags, pages) and may_expand_vm(
            usage, limits, old, flags, pages
        ):
            raise Errno(E.ENOMEM)
        if not (flags & (ACCOUNT | SHARED | NORESERVE) or old & WRITE):
            if pages > mm.ram.size >> PAGE_SHIFT:
                raise Errno(E.ENOMEM)
            flags |= ACCOUNT
    elif flags & ACCOUNT and vma.obj is None and not vma.family:
        flags &= ~ACCOUNT
    changed = mm.recast(mm.carve(vma, start, end), prot, flags)
    # A page gets its execute permission by a fault, which notes it as code.
    mm.pmap.protect(start, end, prot & 3 or (READ if prot else 0))
    return [changed]


def brk(mm: FaultingSpace, address: int) -> int:
    """Moves the end of the heap, in bytes.

    Returns:
        The new end, or where it was if it cannot be moved there.
    """
    if address < mm.start_brk:
        return mm.brk
    if address - mm.start_brk + mm.end_data - mm.start_data > mm.limits.data:
        return mm.brk
    old, new = round_up(mm.brk), round_up(address)
    if new < old:
        try:
            mm.unmap(new, old)
        except Errno:
            return mm.brk
    elif new > old and not do_brk_flags(mm, old, new):
        return mm.brk
    mm.brk = address
    return address


@function(
    "int do_brk_flags(struct vma_iterator *vmi, struct vm_area_struct *vma, unsigned long addr, "
    "unsigned long len, vm_flags_t vm_flags)",
    calls={"may_expand_vm", "mlock_future_ok"},
)
def do_brk_flags(mm: FaultingSpace, old: int, new: int) -> bool:
    """do_brk_flags: anonymous memory from the old end to the new one."""
    flags = ACCOUNT | mm.default_flags
    pages = (new - old) >> PAGE_SHIFT
    if new > mm.task_size or len(mm.vmas) > mm.objects.max_map_count or pages > mm.ram.size >> PAGE_SHIFT:
        return False
    after = mm.next_vma(old)
    if after is not None and new + PAGE_SIZE > after.gap_start:
        return False
    if flags & LOCKED and not mlock_future_ok(mm.usage, mm.limits, pages):
        return False
    if not may_expand_vm(mm.usage, mm.limits, READ | WRITE, flags, pages):
        return False
    mm.insert(Vma(old, new, READ | WRITE, ALL, flags, old >> PAGE_SHIFT))
    mm.merge(old, new)
    if flags & LOCKED:
        mm.populate(old, new)
    return True
