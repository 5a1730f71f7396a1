"""Makes a stub's mappings equal to the page tables where those have changed.

A page table notes its changes (`Pmap.changed`): for each page the entry that the stub has. They are sorted, neighbours
that one call can map become one, and the stub makes all calls as one list. A mapping that only loses or gets rights
keeps its frames: mprotect. A stub can be behind what is noted, never ahead: what it lacks comes as a fault
(`missing`).
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu.first import RAM_FD
from ring3.machine.host_cpu.stub import SIZE, USER_TOP, Call, Refused, Stub, Stubs, nothing_but
from ring3.machine.paging import PTE_ADDRESS, PTE_NX, PTE_P, PTE_U, PTE_W
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

AROUND: Final = 64
"""Pages that are mapped at once where a stub lacks what the page tables have."""
_ENOMEM: Final = 12
_USED: Final = PTE_P | PTE_U
_LAST_PAGE: Final = USER_TOP >> PAGE_SHIFT


class _Run(NamedTuple):
    """Neighbouring pages that one call is for.

    Attributes:
        start: First page.
        end: Page after the last.
        kind: The call's number.
        prot: What it is to allow.
        frame: Physical address of the first page's frame.
    """

    start: int
    end: int
    kind: int
    prot: int
    frame: int

    def call(self) -> Call:
        """The call."""
        address, size = self.start << PAGE_SHIFT, (self.end - self.start) << PAGE_SHIFT
        if self.kind == wall.MUNMAP:
            return wall.MUNMAP, address, size
        if self.kind == wall.MPROTECT:
            return wall.MPROTECT, address, size, self.prot
        return wall.MMAP, address, size, self.prot, wall.MAP_FRAMES, RAM_FD, self.frame


def follow(pmap: Pmap) -> None:
    """Has page tables note their changes from now on; all that they map counts as one."""
    if pmap.changed is None:
        pmap.changed = {address >> PAGE_SHIFT: 0 for address, _ in pmap.mapped(0, USER_TOP)}


def update(stubs: Stubs, stub: Stub, pmap: Pmap) -> None:
    """Makes the changes in the stub.

    Raises:
        UserError: The host refuses one for another reason than want of room.
    """
    changed = pmap.changed
    assert changed is not None
    calls = _calls(stub, pmap, exact=stub.is_exact and not stub.has_remains)
    changed.clear()
    if any(_overlaps(call, stub.base) for call in calls):
        stubs.move(stub, pmap)
    if stub.has_remains:
        calls = [*nothing_but(stub), stubs.clean_stack(stub.base), *calls]
        stub.has_remains, stub.is_exact = False, True
    try:
        stubs.run(stub, calls)
    except Refused as refused:
        if refused.error != _ENOMEM:
            raise
        # the host's limit of mappings (vm.max_map_count): starts anew with these; what else is missing is faulted in
        stub.is_exact = False
        stubs.run(stub, nothing_but(stub) + [call for call in calls if call[0] == wall.MMAP][-AROUND:])


def missing(pmap: Pmap, address: int) -> None:
    """The stub lacks a page that the page tables have: it gets that one and those around it."""
    changed = pmap.changed
    assert changed is not None
    first = address >> PAGE_SHIFT & -AROUND
    changed.update((page, 0) for page in range(first, first + AROUND) if pmap.lookup(page << PAGE_SHIFT))


def _calls(stub: Stub, pmap: Pmap, *, exact: bool) -> list[Call]:
    calls = []
    lookup, changed = pmap.lookup, pmap.changed
    assert changed is not None
    start = end = frame = first = -1
    kind = prot = 0
    for page in sorted(changed):
        entry, old = lookup(page << PAGE_SHIFT), changed[page]
        if entry & _USED != _USED:
            if old & _USED != _USED and exact and old:
                continue
            now, allowed, physical = wall.MUNMAP, 0, 0
        elif page >= _LAST_PAGE:
            continue
        else:
            if exact and entry == old:
                continue
            kept = exact and old & _USED == _USED and not (entry ^ old) & PTE_ADDRESS
            now = wall.MPROTECT if kept else wall.MMAP
            allowed = _rights(stub, pmap, page, entry)
            physical = entry & PTE_ADDRESS
        if page == end and now == kind and allowed == prot and (now != wall.MMAP or physical == frame):
            end += 1
            frame += PAGE_SIZE
            continue
        if start >= 0:
            calls.append(_Run(start, end, kind, prot, first).call())
        start, end, kind, prot, first = page, page + 1, now, allowed, physical
        frame = physical + PAGE_SIZE
    if start >= 0:
        calls.append(_Run(start, end, kind, prot, first).call())
    return calls


def _rights(stub: Stub, pmap: Pmap, page: int, entry: int) -> int:
    """What a page is to allow in a stub, for a user page's entry in the page tables."""
    if entry & PTE_W and pmap.ram.is_code(entry & PTE_ADDRESS):
        stub.stores_code = True
    allowed = 1 | entry & PTE_W
    if entry & PTE_NX or (stub.veil is not None and stub.veil.covers(pmap, page)):
        return allowed
    return allowed | 4


def _overlaps(call: Call, base: int) -> bool:
    return call[0] == wall.MMAP and call[1] < base + SIZE and call[1] + call[2] > base
