"""Where a new mapping goes: get_unmapped_area of arch/x86/kernel/sys_x86_64.c and vm_unmapped_area of mm/mmap.c.

Alignment for huge pages (THP) and cache colouring (old AMD processors) are left out.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.mm.space import Space
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE

LOW32_START: Final = 0x4000_0000
LOW32_END: Final = 0x8000_0000
_LOW32_RANDOM_BITS: Final = 13


@function(
    "unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len, "
    "unsigned long pgoff, unsigned long flags)",
    calls={"unmapped_area", "unmapped_area_topdown"},
)
def get_unmapped_area(
    space: Space, address: int, length: int, *, fixed: bool, low32: bool = False, compat: bool = False
) -> int:
    """Where a mapping of ``length`` bytes goes.

    Args:
        space: The address space.
        address: Where it must go if ``fixed``, else a hint, or 0.
        length: Bytes, a multiple of the page size.
        fixed: The address is an order; what is mapped there does not matter.
        low32: Between 1 and 2 GiB, as MAP_32BIT asks of a 64-bit program.
        compat: The call came by the 32-bit door.

    Raises:
        Errno: ENOMEM, no room or beyond user memory; EINVAL, a fixed address is not a multiple of the page size;
            EPERM, a fixed address is too low.
    """
    if length > space.task_size:
        raise Errno(E.ENOMEM)
    if fixed:
        return _order(space, address, length)
    low32 = low32 and not compat
    window = space.layout.compat if compat else space.layout.window
    bottom, top = window.legacy_base, window.top
    if low32:
        bottom, top = LOW32_START, LOW32_END
        if space.layout.random is not None:
            bottom += space.layout.random(_LOW32_RANDOM_BITS) * PAGE_SIZE
    hint = address & PAGE_MASK
    if hint:
        hint = max(hint, space.layout.lowest)
        if hint <= top - length and is_free(space, hint, length):
            return hint
    found = None
    if not (space.layout.legacy or low32):
        found = _from_above(space, length, window.base)
    if found is None:
        found = unmapped_area(space, length, bottom, top)
    if found is None:
        raise Errno(E.ENOMEM)
    return found


def _order(space: Space, address: int, length: int) -> int:
    """An address that was ordered, if it is one."""
    if address > space.task_size - length:
        raise Errno(E.ENOMEM)
    if address % PAGE_SIZE:
        raise Errno(E.EINVAL)
    if address < space.layout.lowest:
        raise Errno(E.EPERM)
    return address


def is_free(space: Space, address: int, length: int) -> bool:
    """Whether nothing lies in a range or so near above it that its stack guard is touched."""
    after = space.next_vma(address)
    return after is None or address + length <= after.gap_start


def _from_above(space: Space, length: int, base: int) -> int | None:
    """The highest room below ``base``, starting where the last search for as much or less ended."""
    top, searched = space.search
    start = top if 0 < searched <= length and top <= base else base
    found = unmapped_area_topdown(space, length, space.layout.lowest, start)
    if found is not None and base == space.layout.window.base:
        space.search = (found + length, length)
    return found


@function("unsigned long unmapped_area_topdown(struct vm_unmapped_area_info *info)")
def unmapped_area_topdown(space: Space, length: int, low: int, high: int) -> int | None:
    """The highest address of a free range of ``length`` bytes between ``low`` and ``high``."""
    vmas = space.vmas
    index = bisect_left(space.starts, high)
    top = high
    if index < len(vmas):
        top = min(top, vmas[index].gap_start)
    while top - length >= low:
        if not index:
            return top - length
        index -= 1
        before = vmas[index]
        if before.end <= top - length:
            return top - length
        top = min(top, before.gap_start)
    return None


@function("unsigned long unmapped_area(struct vm_unmapped_area_info *info)")
def unmapped_area(space: Space, length: int, low: int, high: int) -> int | None:
    """The lowest address of a free range of ``length`` bytes between ``low`` and ``high``."""
    vmas = space.vmas
    index = space.index_from(low)
    bottom = low
    while bottom + length <= high:
        if index == len(vmas) or bottom + length <= vmas[index].gap_start:
            return bottom
        bottom = max(bottom, vmas[index].end)
        index += 1
    return None
