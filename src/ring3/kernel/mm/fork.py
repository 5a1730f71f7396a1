"""fork: a second address space with the same contents (dup_mmap of kernel/fork.c).

Private pages are shared by reference and lose their write permission in both; a store copies them. The child's page
tables start with what the parent's map, up to `EAGER` pages, because entering a page costs a twentieth of the fault
that would bring it in.
"""

from __future__ import annotations

from typing import Final

from ring3.kernel.functions import function
from ring3.kernel.mm.remap import copy_entries
from ring3.kernel.mm.space import Space
from ring3.kernel.mm.vma import LOCKED, LOCKONFAULT, SHARED, Vma, VmaFlag
from ring3.machine.ram import PAGE_SHIFT

EAGER: Final = 512
_DONTFORK: Final = int(VmaFlag.DONTFORK)
_WIPEONFORK: Final = int(VmaFlag.WIPEONFORK)


@function(
    "int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)",
    calls={"copy_page_range"},
)
def dup_mmap(parent: Space, child: Space) -> None:
    """Fills an empty address space with the mappings and pages of another."""
    child.default_flags = 0
    child.start_brk, child.brk = parent.start_brk, parent.brk
    child.start_data, child.end_data, child.start_stack = (
        parent.start_data,
        parent.end_data,
        parent.start_stack,
    )
    child.anon = parent.anon.copy()
    refs = parent.ram.refs
    for frame in parent.anon.values():
        refs[frame >> PAGE_SHIFT] += 1
    for vma in parent.vmas:
        flags = vma.flags
        if flags & (_DONTFORK | _WIPEONFORK):
            child.drop_pages(vma.start, vma.end)
        if flags & _DONTFORK:
            continue
        copy = Vma(vma.start, vma.end, vma.prot, vma.may, flags, vma.offset, vma.obj, vma.name)
        copy.flags &= ~(LOCKED | LOCKONFAULT)
        if vma.family and not flags & _WIPEONFORK:
            child.families += 1
            copy.family = -child.families
        child.insert(copy)
        if vma.prot & 2 and not flags & (SHARED | _WIPEONFORK):
            parent.write_protect(vma.start, vma.end)
    copy_page_range(parent, child)


@function("int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)")
def copy_page_range(parent: Space, child: Space) -> None:
    """Maps in the child what is mapped in the parent; of mappings larger than the allowance, its part at their end."""
    left, child.pmap.is_copy = EAGER, True
    for vma in child.vmas:
        if left <= 0:
            return
        if not vma.flags & _WIPEONFORK:
            start = max(vma.start, vma.end - (left << PAGE_SHIFT))
            left -= copy_entries(parent.pmap, child.pmap, start, vma.end, 0, vma.prot)
