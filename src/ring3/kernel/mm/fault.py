"""Page faults: what a touch of memory that the page tables do not allow leads to.

The order of questions is Linux's (arch/x86/mm/fault.c, mm/memory.c): is there a mapping, or a stack that may grow
down to here; does it allow the access; whose page is it; does a store need a copy of its own. Every answer that
allows the access ends in `Pmap.enter`.

This is the hottest Python of the kernel, hence the locals and the flat code in `FaultingSpace.fault`. A fault costs
the CPU's stop and start (5 us and more) besides, so one fault does work for its neighbours where that is cheap:

* Around a page of an object, the aligned 64 KiB of pages already in memory are mapped too, as Linux does; more where a
  fault is dear.
* Beside fresh private memory that grows page by page, up or down, as many pages as were touched in a row (`Pmap.ahead`
  at most, 16 where a fault is cheap) are filled ahead, with frames in a row where RAM has them.
* Memory read before it is written gets its frame at once rather than a shared page of zeros and a second fault;
  the page of zeros serves when less than a quarter of RAM is free.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import takewhile
from typing import Final

from ring3.abi.kinds import Enum
from ring3.errors import OutOfFrames
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.pagecache import AROUND
from ring3.kernel.mm.space import Space
from ring3.kernel.mm.stack import expand_stack
from ring3.kernel.mm.vma import LOCKONFAULT, READ, SHARED, Vma
from ring3.machine.paging import PTE_W
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

_ROOM_AHEAD: Final = 32
"""So many times the pages that may be filled ahead have to be free."""
_RECLAIM: Final = 32
_TRIES: Final = 4


class FaultOutcome(Enum):
    """What became of a page fault."""

    OK = "the page is there: run the instruction again"
    SEGV_MAPERR = "nothing is mapped there"
    SEGV_ACCERR = "the mapping does not allow it"
    BUS_ADRERR = "the mapped object has no such page"
    OOM = "no frame is free"


_OK: Final = FaultOutcome.OK
_MAPERR: Final = FaultOutcome.SEGV_MAPERR
_ACCERR: Final = FaultOutcome.SEGV_ACCERR
_BUS: Final = FaultOutcome.BUS_ADRERR


class FaultingSpace(Space):
    """An address space that fills itself on demand."""

    __slots__ = ()

    def fault(
        self, address: int, *, write: bool = False, fetch: bool = False, user: bool = True
    ) -> FaultOutcome:
        """Makes a page accessible, or says why it cannot be.

        Args:
            address: Guest virtual address of the access.
            write: It is a store.
            fetch: It is an instruction fetch.
            user: Ring 3 made it. For the kernel's own accesses, pages that programs have mapped are not taken
                away to make room, because the kernel may hold slices of them.

        Returns:
            `FaultOutcome.OK`, or what the access deserves. After OOM everything is as before.
        """
        vma = self.hit
        if not vma.start <= address < vma.end:
            found = self.vma_at(address) or expand_stack(self, address)
            if found is None:
                return _MAPERR
            self.hit = vma = found
        prot = vma.prot
        if not prot & (2 if write else 4 if fetch else 7):
            return _ACCERR
        page = address >> PAGE_SHIFT
        tries = _TRIES
        while True:
            try:
                frame = self.anon.get(page)
                if frame is not None:
                    return self._private_fault(page, frame, prot, write)
                if vma.obj is None:
                    return self._fresh_fault(vma, page, write)
                return self._object_fault(vma, vma.obj, page, write)
            except OutOfFrames:
                tries -= 1
                if not tries or not self.objects.reclaim(_RECLAIM, mapped=user):
                    return FaultOutcome.OOM

    def _private_fault(self, page: int, frame: int, prot: int, write: bool) -> FaultOutcome:
        """A page of this address space's own, or shared by fork until someone stores into it."""
        if self.ram.refs[frame >> PAGE_SHIFT] != 1:
            if write:
                frame = self._copy(page, frame)
            else:
                prot &= 5
        self.pmap.enter(page << PAGE_SHIFT, frame, prot)
        return _OK

    def _fresh_fault(self, vma: Vma, page: int, write: bool) -> FaultOutcome:
        """Private memory that nobody has stored into."""
        ram, anon = self.ram, self.anon
        if not write and ram.frames_free < ram.size >> (PAGE_SHIFT + 2):
            self.pmap.enter(page << PAGE_SHIFT, self.zero_frame(), vma.prot & 5)
            return _OK
        anon[page] = frame = ram.alloc()
        if not vma.family and vma.prot & 2:
            self._join_family(vma)
        self.pmap.enter(page << PAGE_SHIFT, frame, vma.prot)
        if page - 1 in anon:
            self._fill_ahead(vma, page, 1)
        elif page + 1 in anon:
            self._fill_ahead(vma, page, -1)
        return _OK

    def _join_family(self, vma: Vma) -> None:
        """Numbers a mapping that gets its first private page, like a neighbour if it can (find_mergeable_anon_vma)."""
        index = bisect_left(self.starts, vma.start)
        after = self.vmas[index + 1] if index + 1 < len(self.vmas) else None
        before = self.vmas[index - 1] if index else None
        if after is not None and after.family > 0 and after.may_share_family(vma):
            vma.family = after.family
        elif before is not None and before.family > 0 and vma.may_share_family(before):
            vma.family = before.family
        else:
            self.families += 1
            vma.family = self.families

    def _copy(self, page: int, frame: int) -> int:
        """Replaces a private page by a copy that is this address space's alone."""
        ram = self.ram
        new = ram.alloc()
        ram.bytes[new : new + PAGE_SIZE] = ram.bytes[frame : frame + PAGE_SIZE]
        self.anon[page] = new
        ram.release(frame)
        return new

    def _fill_ahead(self, vma: Vma, page: int, step: int) -> None:
        """Gives untouched pages next to ``page`` frames: as many as lie filled on its other side, about."""
        anon, ram = self.anon, self.ram
        ahead = self.pmap.ahead
        if ram.frames_free < _ROOM_AHEAD * ahead:
            return
        count = 1
        while count < ahead and page - 2 * step * count in anon:
            count *= 2
        if step > 0:
            pages = range(page + 1, min(page + 1 + count, vma.end >> PAGE_SHIFT))
        else:
            pages = range(page - 1, max(page - 1 - count, (vma.start >> PAGE_SHIFT) - 1), -1)
        enter, prot = self.pmap.enter, vma.prot
        fresh = list(takewhile(lambda near: near not in anon, pages))
        frames = sorted([ram.alloc() for _ in fresh], reverse=step < 0)
        for near, frame in zip(fresh, frames, strict=True):
            anon[near] = frame
            enter(near << PAGE_SHIFT, frame, prot)

    def _object_fault(self, vma: Vma, obj: MemoryObject, page: int, write: bool) -> FaultOutcome:
        index = vma.offset + page - (vma.start >> PAGE_SHIFT)
        frame = obj.frames.get(index)
        if frame is None:
            self.major_faults += 1
            frame = obj.load(index)
            if not frame:
                return _BUS
        prot = vma.prot
        if not vma.flags & SHARED:
            if write:
                ram = self.ram
                self.anon[page] = new = ram.alloc()
                if not vma.family:
                    self._join_family(vma)
                ram.bytes[new : new + PAGE_SIZE] = ram.bytes[frame : frame + PAGE_SIZE]
                self.pmap.enter(page << PAGE_SHIFT, new, prot)
                return _OK
            prot &= 5
        elif write:
            frame = obj.own_frame(index)
            if obj.writeback:
                obj.dirty.add(index)
        elif prot & 2 and (
            (obj.writeback and index not in obj.dirty) or self.ram.refs[frame >> PAGE_SHIFT] != 1
        ):
            prot &= 5
        self.pmap.enter(page << PAGE_SHIFT, frame, self._with_code(obj, index, frame, prot))
        if not write:
            self._map_around(vma, obj, page)
        return _OK

    def _with_code(self, obj: MemoryObject, index: int, frame: int, prot: int) -> int:
        """What a mapping of an object's page is to allow, so that a CPU that translates code notices stores into it.

        It does so only where the page that is written can be executed too (ARCHITECTURE.md): that right is added once
        the page has been mapped as code anywhere, and writable mappings made before that are faulted in again.
        """
        if not self.pmap.translated:
            return prot
        if not prot & 4:
            return prot | 4 if prot & 2 and self.ram.is_code(frame) else prot
        if not self.ram.is_code(frame) and obj.written_through_mappings():
            obj.unmap(index, index + 1, copies=False)
        return prot

    def _map_around(self, vma: Vma, obj: MemoryObject, page: int) -> None:
        """Maps the object's pages in memory that lie in the same aligned window and are not mapped yet."""
        frames, anon, lookup, enter = obj.frames, self.anon, self.pmap.lookup, self.pmap.enter
        refs = self.ram.refs
        prot = vma.prot if vma.flags & SHARED and not obj.writeback else vma.prot & 5
        around = max(AROUND, self.pmap.ahead >> 1)
        window = page & -around
        base = vma.start >> PAGE_SHIFT
        for near in range(max(window, base), min(window + around, vma.end >> PAGE_SHIFT)):
            index = vma.offset + near - base
            frame = frames.get(index)
            if frame is not None and near not in anon and not lookup(near << PAGE_SHIFT):
                allowed = prot & 5 if prot & 2 and refs[frame >> PAGE_SHIFT] != 1 else prot
                enter(near << PAGE_SHIFT, frame, self._with_code(obj, index, frame, allowed))

    def zero_frame(self) -> int:
        """A frame that only holds zeros.

        Raises:
            OutOfFrames: There is none yet and RAM is full.
        """
        if not self.zero:
            self.zero = self.ram.alloc()
        return self.zero

    def forced_frame(self, address: int, write: bool) -> int:
        """The frame of a page, whatever its protection: for debuggers (FOLL_FORCE of mm/gup.c).

        A store gets a private copy that the program will see, but no permission to write; shared memory that
        the program itself cannot write is not written.

        Returns:
            Its physical address, 0 where there is no page or the access is refused.

        Raises:
            OutOfFrames: RAM is full.
        """
        vma = self.vma_at(address) or expand_stack(self, address)
        if vma is None or not vma.may & (2 if write else 1):
            return 0
        if write and vma.flags & SHARED and self.fault(address, write=True, user=False) is not _OK:
            return 0
        page = address >> PAGE_SHIFT
        frame = self.anon.get(page, 0)
        private = frame != 0
        if not private and vma.obj is not None:
            index = vma.object_page(address)
            frame = vma.obj.frames.get(index) or vma.obj.load(index)
            if not frame:
                return 0
        if not write or vma.flags & SHARED:
            return frame or self.zero_frame()
        if private and self.ram.refs[frame >> PAGE_SHIFT] == 1:
            return frame
        if private:
            frame = self._copy(page, frame)
        else:
            self.anon[page] = new = self.ram.alloc()
            if not vma.family:
                self._join_family(vma)
            if frame:
                self.ram.bytes[new : new + PAGE_SIZE] = self.ram.bytes[frame : frame + PAGE_SIZE]
            frame = new
        self.pmap.remove(page << PAGE_SHIFT, (page + 1) << PAGE_SHIFT)
        return frame

    def populate(self, start: int, end: int, write: bool | None = None) -> FaultOutcome:
        """Touches every page of a range as MAP_POPULATE and mlock(2) do, and stops at the first that fails.

        Args:
            start: First address, page-aligned.
            end: Address after the last page.
            write: Whether by stores; None: by stores where memory is private and writable, and not at all where
                pages are to be locked when they are touched.
        """
        lookup = self.pmap.lookup
        while start < end:
            vma = self.vma_at(start)
            if vma is None:
                return _MAPERR
            store = vma.prot & 2 and not vma.flags & SHARED if write is None else write
            if write is False and not vma.prot & READ:
                return _ACCERR
            stop = min(end, vma.end)
            if write is None and vma.flags & LOCKONFAULT:
                start = stop
            for address in range(start, stop, PAGE_SIZE):
                entry = lookup(address)
                if not entry or (store and not entry & PTE_W):
                    outcome = self.fault(address, write=bool(store))
                    if outcome is not _OK:
                        return outcome
            start = stop
        return _OK
