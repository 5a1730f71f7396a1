"""mremap: mappings that grow, shrink and move with their pages (mm/mremap.c of Linux 6.18)."""

from __future__ import annotations

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.kernel.functions import function
from ring3.kernel.mm.fault import FaultingSpace
from ring3.kernel.mm.limits import may_expand_vm, mlock_future_ok
from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.placement import get_unmapped_area, is_free
from ring3.kernel.mm.vma import LOCKED, LOCKONFAULT, SEALED, SHARED, Vma, VmaFlag
from ring3.machine.paging import PTE_ADDRESS, PTE_NX, PTE_W
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

_DONTEXPAND = int(VmaFlag.DONTEXPAND)


@function(
    "unsigned long do_mremap(struct vma_remap_struct *vrm)",
    calls={"get_unmapped_area", "may_expand_vm", "mlock_future_ok", "move_vma", "mremap_to"},
)
def do_mremap(
    mm: FaultingSpace,
    address: int,
    old_length: int,
    new_length: int,
    *,
    maymove: bool = False,
    fixed: bool = False,
    dontunmap: bool = False,
    new_address: int = 0,
    compat: bool = False,
) -> int:
    """Changes the size of a mapping, its place, or both.

    Args:
        mm: The address space.
        address: Its start, or a page inside it.
        old_length: Bytes of it meant; 0 makes a second mapping of shared memory.
        new_length: Bytes it is to have.
        maymove: It may move if it has no room to grow.
        fixed: It must move to ``new_address``; what lies there goes away.
        dontunmap: It must move, and leave an empty mapping behind.
        new_address: Where to with ``fixed``; with ``dontunmap`` alone, a hint.
        compat: The call came by the 32-bit door.

    Returns:
        Where it is now.

    Raises:
        Errno: EINVAL, bad arguments or overlap; EFAULT, nothing is mapped there or more than one mapping is meant;
            ENOMEM, no room; EAGAIN, RLIMIT_MEMLOCK; EPERM, it is sealed.
    """
    old_length, new_length = round_up(old_length), round_up(new_length)
    if address % PAGE_SIZE or not new_length or new_length > mm.task_size:
        raise Errno(E.EINVAL)
    if fixed or dontunmap:
        if not maymove or (dontunmap and old_length != new_length):
            raise Errno(E.EINVAL)
        _check_target(mm, address, old_length, new_length, new_address)
        if fixed and old_length == new_length:
            return _move_all(mm, address, address + old_length, new_address, dontunmap)
        _check_new(mm, mm.vma_at(address), address, old_length, new_length, dontunmap)
        return mremap_to(mm, address, old_length, new_length, new_address, fixed, dontunmap, compat)
    return _resize(mm, address, old_length, new_length, maymove, compat)


def _resize(
    mm: FaultingSpace, address: int, old_length: int, new_length: int, maymove: bool, compat: bool
) -> int:
    """mremap_at: another size in place, or wherever there is room."""
    vma = mm.vma_at(address)
    if vma is None:
        raise Errno(E.EFAULT)
    if old_length >= new_length:
        if old_length > new_length:
            _trim(mm, address + new_length, address + old_length)
        return address
    _check_new(mm, vma, address, old_length, new_length, dontunmap=False)
    grown = new_length - old_length
    if old_length == vma.end - address and _can_grow(mm, vma, grown):
        _grow(mm, vma, grown)
        return address
    if not maymove:
        raise Errno(E.ENOMEM)
    target = get_unmapped_area(mm, 0, new_length, fixed=False, compat=compat)
    return move_vma(mm, vma, address, old_length, target, new_length, dontunmap=False)


def _check_target(mm: FaultingSpace, address: int, old_length: int, new_length: int, target: int) -> None:
    """The part of check_mremap_params for a move that was asked for."""
    if target > mm.task_size - new_length or target % PAGE_SIZE:
        raise Errno(E.EINVAL)
    if address + old_length > target and target + new_length > address:
        raise Errno(E.EINVAL)
    if len(mm.vmas) + 2 >= mm.objects.max_map_count - 3:
        raise Errno(E.ENOMEM)


def _move_all(mm: FaultingSpace, start: int, end: int, target: int, dontunmap: bool) -> int:
    """remap_move: all mappings of a range, gaps between them included; the first must start with the range."""
    found = mm.overlapping(start, end)
    if not found or found[0].start > start:
        raise Errno(E.EFAULT)
    for vma in found:
        at, length = max(vma.start, start), min(vma.end, end) - max(vma.start, start)
        _check_new(mm, vma, at, length, length, dontunmap)
        mremap_to(mm, at, length, length, target + at - start, fixed=True, dontunmap=dontunmap, compat=False)
    return target


@function(
    "unsigned long mremap_to(struct vma_remap_struct *vrm)",
    calls={"get_unmapped_area", "may_expand_vm", "move_vma"},
)
def mremap_to(
    mm: FaultingSpace,
    address: int,
    old_length: int,
    new_length: int,
    target: int,
    fixed: bool,
    dontunmap: bool,
    compat: bool,
) -> int:
    """mremap_to: a move that was asked for."""
    if fixed:
        mm.unmap(target, target + new_length)
    if old_length > new_length:
        _trim(mm, address + new_length, address + old_length)
        old_length = new_length
    vma = mm.vma_at(address)
    if vma is None:
        raise Errno(E.EFAULT)
    if dontunmap and not may_expand_vm(mm.usage, mm.limits, vma.prot, vma.flags, old_length >> PAGE_SHIFT):
        raise Errno(E.ENOMEM)
    target = get_unmapped_area(mm, target, new_length, fixed=fixed, compat=compat)
    return move_vma(mm, vma, address, old_length, target, new_length, dontunmap)


def _trim(mm: FaultingSpace, start: int, end: int) -> None:
    if end > mm.task_size:
        raise Errno(E.EINVAL)
    mm.unmap(start, end)


def _check_new(
    mm: FaultingSpace, vma: Vma | None, address: int, old_length: int, new_length: int, dontunmap: bool
) -> None:
    """check_prep_vma: whether a mapping can have another size or place at all."""
    if vma is None:
        raise Errno(E.EFAULT)
    if vma.flags & SEALED:
        raise Errno(E.EPERM)
    if not old_length and not vma.flags & SHARED:
        raise Errno(E.EINVAL)
    if dontunmap and vma.flags & _DONTEXPAND:
        raise Errno(E.EINVAL)
    if min(old_length, new_length) > vma.end - address:
        raise Errno(E.EFAULT)
    if new_length == old_length:
        return
    if vma.flags & _DONTEXPAND:
        raise Errno(E.EFAULT)
    pages = abs(new_length - old_length) >> PAGE_SHIFT
    if vma.flags & LOCKED and not mlock_future_ok(mm.usage, mm.limits, pages):
        raise Errno(E.EAGAIN)
    if not may_expand_vm(mm.usage, mm.limits, vma.prot, vma.flags, pages):
        raise Errno(E.ENOMEM)


def _can_grow(mm: FaultingSpace, vma: Vma, grown: int) -> bool:
    return vma.end + grown <= mm.task_size and is_free(mm, vma.end, grown)


def _grow(mm: FaultingSpace, vma: Vma, grown: int) -> None:
    """Extends a mapping at its end."""
    old_end = vma.end
    mm.usage.add(vma.prot, vma.flags, grown >> PAGE_SHIFT)
    vma.end += grown
    locked = vma.flags & LOCKED
    mm.merge(vma.start, vma.end)
    if locked:
        mm.populate(old_end, old_end + grown)


@function(
    "unsigned long move_vma(struct vma_remap_struct *vrm)",
    calls={"move_page_tables"},
)
def move_vma(
    mm: FaultingSpace, vma: Vma, address: int, old_length: int, target: int, new_length: int, dontunmap: bool
) -> int:
    """move_vma: a mapping of the same pages elsewhere, then the old one goes or stays empty."""
    if len(mm.vmas) >= mm.objects.max_map_count - 3:
        raise Errno(E.ENOMEM)
    end = address + old_length
    new = vma.part(address, address + new_length)
    new.start, new.end = target, target + new_length
    if vma.obj is None and not vma.family:
        new.offset = target >> PAGE_SHIFT
    mm.insert(new)
    move_page_tables(mm, new, address, end, target)
    mm.merge(target, target + new_length)
    locked = new.flags & LOCKED
    if dontunmap:
        _leave_empty(mm, address, end)
    elif old_length:
        mm.unmap(address, end)
    if locked:
        mm.populate(target + old_length, target + new_length)
    return target


def _leave_empty(mm: FaultingSpace, start: int, end: int) -> None:
    """dontunmap_complete: the mapping that pages have left, or what it has become part of."""
    vma = mm.vma_at(start)
    assert vma is not None
    mm.recast(vma, vma.prot, vma.flags & ~(LOCKED | LOCKONFAULT))
    if vma.start == start and vma.end == end:
        vma.family = 0


@function("unsigned long move_page_tables(struct pagetable_move_control *pmc)")
def move_page_tables(mm: FaultingSpace, new: Vma, start: int, end: int, target: int) -> None:
    """Gives the private pages of a range new addresses, and maps there what was mapped."""
    if end == start:
        return
    anon, delta = mm.anon, (target - start) >> PAGE_SHIFT
    for page in mm.anon_pages(start, end):
        anon[page + delta] = anon.pop(page)
    if not (new.obj is not None and new.flags & SHARED):
        copy_entries(mm.pmap, mm.pmap, start, end, target - start, new.prot)
    mm.pmap.remove(start, end)


def copy_entries(source: Pmap, into: Pmap, start: int, end: int, delta: int, prot: int) -> int:
    """Maps what one set of page tables maps in a range, ``delta`` bytes further in another, as far as frames go.

    Returns:
        How many pages there were.
    """
    entries = source.mapped(start, end)
    try:
        for address, entry in entries:
            allowed = prot & (7 if entry & PTE_W else 5) & (3 if entry & PTE_NX else 7)
            into.enter(address + delta, entry & PTE_ADDRESS, allowed)
    except OutOfFrames:
        return len(entries)
    return len(entries)
