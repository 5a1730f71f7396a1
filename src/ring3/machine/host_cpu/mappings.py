"""Makes a stub's mappings equal to the page tables where those have changed.

A page table notes its changes (`Pmap.changed`): for each page the entry that it had. They are sorted, neighbours that
one call can map become one (`runs`), and the stub makes all calls as one list. A mapping that only loses or gets rights
keeps its frames: mprotect. A stub has the pages in `Stub.pages`, no others: what it lacks comes as a fault (`missing`).
So a new stub has nothing but what its program needs at once, because most children of fork need little more.
"""

from __future__ import annotations

from typing import Final

from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu.runs import Run, Runs
from ring3.machine.host_cpu.stub import SIZE, Refused, Stub, Stubs, nothing_but
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT

AROUND: Final = 64
"""Pages that are mapped at once where a stub lacks what the page tables have."""
_ENOMEM: Final = 12


def follow(pmap: Pmap) -> None:
    """Has page tables note their changes from now on."""
    if pmap.changed is None:
        pmap.changed = {}


def update(runs: Runs, stubs: Stubs, stub: Stub, pmap: Pmap) -> None:
    """Makes the changes in the stub.

    Raises:
        UserError: The host refuses one for another reason than want of room.
    """
    changed = pmap.changed
    assert changed is not None
    pages = sorted(changed)
    kept = [] if stub.veil is None else stub.veil.cover(pmap, runs.suspects(pmap, pages), changed)
    new = runs.compare(pmap, pages, changed, stub.pages, kept)
    changed.clear()
    if not stub.stores_code and not pmap.ram.code.isdisjoint(runs.stored):
        stub.stores_code = True
    if any(_overlaps(run, stub.base) for run in new):
        stubs.move(stub, pmap)
    calls = [run.call() for run in new]
    if stub.has_remains:
        calls = [*nothing_but(stub), stubs.clean_stack(stub.base), *calls]
        stub.has_remains = False
    try:
        stubs.run(stub, calls)
    except Refused as refused:
        if refused.error != _ENOMEM:
            raise
        # the host's limit of mappings (vm.max_map_count): starts anew with these; what else is missing is faulted in
        stub.pages.clear()
        new = [run for run in new if run.kind == wall.MMAP][-AROUND:]
        stubs.run(stub, nothing_but(stub) + [run.call() for run in new])
    for run in new:
        if run.kind == wall.MMAP:
            stub.pages.update(range(run.start, run.end))
        elif run.kind == wall.MUNMAP:
            stub.pages.difference_update(range(run.start, run.end))


def missing(stub: Stub, pmap: Pmap, address: int) -> None:
    """The stub lacks a page that the page tables have: it gets that one and those around it."""
    changed, there, lookup = pmap.changed, stub.pages, pmap.lookup
    assert changed is not None
    this = address >> PAGE_SHIFT
    there.discard(this)
    first = this & -AROUND
    changed.update(
        (page, 0) for page in range(first, first + AROUND) if page not in there and lookup(page << PAGE_SHIFT)
    )


def _overlaps(run: Run, base: int) -> bool:
    return run.kind == wall.MMAP and run.start << PAGE_SHIFT < base + SIZE and run.end << PAGE_SHIFT > base
