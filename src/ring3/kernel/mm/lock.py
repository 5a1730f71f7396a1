"""The mlock family (mm/mlock.c of Linux 6.x).

There is no swap: a locked page differs in the accounts, in what madvise(2) refuses, and in that it is filled when
it is locked and not taken away when RAM is full.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.mm.fault import FaultingSpace, FaultOutcome
from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.vma import LOCKED, LOCKONFAULT, Vma, VmaFlag
from ring3.machine.ram import PAGE_MASK, PAGE_SHIFT, PAGE_SIZE

_SPECIAL: Final = int(VmaFlag.IO | VmaFlag.DONTEXPAND)


@function(
    "int do_mlock(unsigned long start, size_t len, vm_flags_t flags)",
    calls={"apply_vma_lock_flags"},
)
def do_mlock(mm: FaultingSpace, address: int, length: int, *, onfault: bool = False) -> None:
    """Locks a range, and fills it unless ``onfault``.

    Raises:
        Errno: EPERM, locking is not allowed; ENOMEM, RLIMIT_MEMLOCK, a hole in the range (what lies before it is
            locked) or memory that cannot be filled; EAGAIN, RAM is full.
    """
    _check_allowed(mm)
    start, end = _range(address, length)
    limit = mm.limits.memlock >> PAGE_SHIFT
    wanted = ((end - start) >> PAGE_SHIFT) + mm.usage.locked
    if wanted > limit and not mm.limits.ipc_lock:
        already = [vma for vma in mm.overlapping(start, end) if vma.flags & LOCKED]
        wanted -= sum(min(end, vma.end) - max(start, vma.start) for vma in already) >> PAGE_SHIFT
        if wanted > limit:
            raise Errno(E.ENOMEM)
    apply_vma_lock_flags(mm, start, end, LOCKED | LOCKONFAULT * onfault)
    outcome = mm.populate(start, end)
    if outcome is FaultOutcome.OOM:
        raise Errno(E.EAGAIN)
    if outcome is not FaultOutcome.OK:
        raise Errno(E.ENOMEM)


def munlock(mm: FaultingSpace, address: int, length: int) -> None:
    """Unlocks a range.

    Raises:
        Errno: ENOMEM, a hole in the range; what lies before it is unlocked.
    """
    start, end = _range(address, length)
    apply_vma_lock_flags(mm, start, end, 0)


def mlockall(mm: FaultingSpace, *, current: bool, future: bool, onfault: bool = False) -> None:
    """Locks all memory mapped now, later, or both.

    Raises:
        Errno: EPERM, locking is not allowed; ENOMEM, RLIMIT_MEMLOCK.
    """
    _check_allowed(mm)
    if current and not mm.limits.ipc_lock and mm.usage.total > mm.limits.memlock >> PAGE_SHIFT:
        raise Errno(E.ENOMEM)
    flags = LOCKED | LOCKONFAULT * onfault
    mm.default_flags = flags if future else 0
    if current:
        apply_mlockall_flags(mm, flags)
        for vma in list(mm.vmas):
            mm.populate(vma.start, vma.end)


def munlockall(mm: FaultingSpace) -> None:
    """Unlocks all memory, and that mapped later."""
    mm.default_flags = 0
    apply_mlockall_flags(mm, 0)


def _check_allowed(mm: FaultingSpace) -> None:
    if not mm.limits.memlock and not mm.limits.ipc_lock:
        raise Errno(E.EPERM)


def _range(address: int, length: int) -> tuple[int, int]:
    start = address & PAGE_MASK
    end = start + (round_up(length + address % PAGE_SIZE) & (1 << 64) - 1)
    if end >= 1 << 64:
        raise Errno(E.EINVAL)
    return start, end


@function("int apply_vma_lock_flags(unsigned long start, size_t len, vm_flags_t flags)")
def apply_vma_lock_flags(mm: FaultingSpace, start: int, end: int, flags: int) -> None:
    """Sets the lock flags of the vmas of a range."""
    if start == end:
        return
    at, changed = start, list[tuple[int, int]]()
    try:
        for vma in mm.overlapping(start, end):
            if vma.start > at:
                break
            at = min(end, vma.end)
            if _flags(vma, flags) != vma.flags:
                part = mm.carve(vma, max(start, vma.start), at)
                changed.append(mm.recast(part, part.prot, _flags(part, flags)))
    finally:
        mm.merge_all(changed)
    if at < end:
        raise Errno(E.ENOMEM)


@function("int apply_mlockall_flags(int flags)")
def apply_mlockall_flags(mm: FaultingSpace, flags: int) -> None:
    """Sets the lock flags of all vmas, and of those to come."""
    different = [vma for vma in mm.vmas if _flags(vma, flags) != vma.flags]
    mm.merge_all([mm.recast(vma, vma.prot, _flags(vma, flags)) for vma in different])


def _flags(vma: Vma, flags: int) -> int:
    """A mapping's flags with its lock changed; special mappings are never locked."""
    return vma.flags & ~(LOCKED | LOCKONFAULT) | (0 if vma.flags & _SPECIAL else flags)
