"""Stacks that grow: a touch below a mapping that grows down extends it (expand_downwards of mm/mmap.c)."""

from __future__ import annotations

from ring3.kernel.functions import function
from ring3.kernel.mm.limits import may_expand_vm, mlock_future_ok
from ring3.kernel.mm.space import Space
from ring3.kernel.mm.vma import GROWSDOWN, LOCKED, STACK_GUARD_GAP, Vma
from ring3.machine.ram import PAGE_MASK, PAGE_SHIFT


@function(
    "struct vm_area_struct *expand_stack(struct mm_struct *mm, unsigned long addr)",
    calls={"may_expand_vm", "mlock_future_ok"},
)
def expand_stack(space: Space, address: int) -> Vma | None:
    """Extends a mapping that grows down to an address below it; None if there is none or it may not."""
    above = space.next_vma(address)
    if above is None or not above.flags & GROWSDOWN or address < space.layout.lowest:
        return None
    start = address & PAGE_MASK
    pages = (above.start - start) >> PAGE_SHIFT
    index = space.index_from(address)
    if above.end - start > space.limits.stack:
        return None
    if index and not _is_guarded(space.vmas[index - 1], start):
        return None
    if not may_expand_vm(space.usage, space.limits, above.prot, above.flags, pages):
        return None
    if above.flags & LOCKED and not mlock_future_ok(space.usage, space.limits, pages):
        return None
    space.usage.add(above.prot, above.flags, pages)
    space.starts[index] = above.start = start
    above.offset -= pages
    return above


def _is_guarded(below: Vma, start: int) -> bool:
    """Whether a stack that starts there keeps its distance from the mapping below it."""
    return bool(below.flags & GROWSDOWN) or not below.prot or start - below.end >= STACK_GUARD_GAP
