"""``cpuid`` of programs that may run on both CPUs: the emulated one answers it, so that they see one processor.

A processor without CPUID faulting tells nobody of that instruction. So pages of code with its bytes are mapped into a
stub without the right to execute them. When the program comes to one, it gets the right, and the processor's
breakpoints at these bytes, which nothing but that instruction meets. There are four: in a page with more of them, which
the start of a C library is, they are at those that come next, from where the program is, and where it goes to and fro
between such pages at fewer. With each that the program meets they go on. Where it jumps over so many, and in code that
it writes itself into pages that it may also execute, the host's processor answers; what it has besides works there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from ring3.errors import UserError
from ring3.machine.host_cpu import ptrace
from ring3.machine.paging import PTE_ADDRESS, PTE_P
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

MOST: Final = 4
CPUID: Final = b"\x0f\xa2"
"""The instruction."""
_DR7: Final = 7


class Veil:
    """What one stub may not execute.

    Attributes:
        breakpoints: The addresses at which it stops.
    """

    __slots__ = ("_known", "_lifted", "_lifts", "_pages", "_pid", "_slots", "breakpoints")

    def __init__(self, pid: int, known: dict[int, tuple[int, ...]]) -> None:
        """Covers nothing yet.

        Args:
            pid: The stub.
            known: Where frames have such instructions, if somebody has looked: programs share most of their code.
        """
        self._pid = pid
        self._known = known
        self._lifts: dict[int, int] = {}
        self._pages: dict[int, list[int]] = {}
        self._lifted: dict[int, list[int]] = {}
        self._slots = [0] * MOST
        self.breakpoints: tuple[int, ...] = ()

    def cover(self, pmap: Pmap, suspects: Iterable[int], changed: Container[int]) -> list[int]:
        """Looks at pages that are about to be mapped.

        Args:
            pmap: Their address space.
            suspects: Pages of code that may have such an instruction.
            changed: All that are mapped anew.

        Returns:
            Those that are not to be executed now, in order.
        """
        pages = {*suspects, *(page for page in self._pages if page in changed)}
        return [page for page in sorted(pages) if self._covers(pmap, page)]

    def _covers(self, pmap: Pmap, page: int) -> bool:
        places = self._places(pmap, page)
        if places != self._pages.get(page, []):
            self._lifted.pop(page, None)
        if places:
            self._pages[page] = places
        else:
            self._pages.pop(page, None)
        return bool(places) and page not in self._lifted

    def has(self, address: int) -> bool:
        """Whether the page at an address is covered."""
        page = address >> PAGE_SHIFT
        return page in self._pages and page not in self._lifted

    def lift(self, pmap: Pmap, address: int, rip: int) -> bool:
        """The program has come to a covered page: it may execute that from now on; False if it must not.

        Args:
            pmap: Its address space.
            address: What it has fetched.
            rip: Its instruction, which may begin in the page before: that stays what it is, without breakpoints.
        """
        page = address >> PAGE_SHIFT
        changed = pmap.changed
        assert changed is not None
        often = self._lifts[page] = self._lifts.get(page, -1) + 1
        places = self._next(page, address)[: max(MOST >> often, 1)]
        while sum(map(len, self._lifted.values())) + len(places) > MOST:
            oldest = next(iter(self._lifted))
            del self._lifted[oldest]
            if oldest == rip >> PAGE_SHIFT:
                self._lifted[oldest] = []
            else:
                changed[oldest] = 0
        self._lifted[page] = places
        try:
            self._set([place for lifted in self._lifted.values() for place in lifted])
        except UserError:  # a host that gives no breakpoints
            del self._lifted[page]
            return False
        changed[page] = 0
        return True

    def met(self, place: int) -> None:
        """The program has come to a breakpoint: those of its page go on to what it meets next."""
        page = place >> PAGE_SHIFT
        lifted = self._lifted.get(page, [])
        if 0 < len(lifted) < len(self._pages[page]):
            self._lifted[page] = self._next(page, place)[: len(lifted)]
            self._set([place for lifted in self._lifted.values() for place in lifted])

    def drop(self) -> None:
        """The stub's address space is gone."""
        if self.breakpoints:
            self._set([])

    def _next(self, page: int, address: int) -> list[int]:
        """The places of a page, from an address on and then from its start."""
        return sorted(self._pages[page], key=lambda place: (place < address, place))

    def _places(self, pmap: Pmap, page: int) -> list[int]:
        """Where in a page such an instruction may begin; it may end in the next one."""
        ram, address = pmap.ram.bytes, page << PAGE_SHIFT
        frame = pmap.lookup(address) & PTE_ADDRESS
        found = self._known.get(frame)
        if found is None:
            found = self._known[frame] = _offsets(bytes(ram[frame : frame + PAGE_SIZE]))
        places = [address + offset for offset in found]
        if places and places[-1] == address + PAGE_SIZE - 1:
            behind = pmap.lookup(address + PAGE_SIZE)
            if not behind & PTE_P or ram[behind & PTE_ADDRESS] != CPUID[1]:
                places.pop()
        return places

    def _set(self, places: list[int]) -> None:
        """Sets the breakpoints (SDM 3B, 18.2): what has one already keeps its register."""
        before = self._slots
        slots = [place if place in places else 0 for place in before]
        for place in places:
            if place not in slots:
                slots[slots.index(0)] = place
        for number, (old, new) in enumerate(zip(before, slots, strict=True)):
            if new and new != old:
                self._poke(number, new)
        if [*map(bool, before)] != [*map(bool, slots)]:
            self._poke(_DR7, sum(1 << 2 * number for number, place in enumerate(slots) if place))
        self._slots = slots
        self.breakpoints = tuple(filter(None, slots))

    def _poke(self, number: int, value: int) -> None:
        ptrace.request(ptrace.POKEUSER, self._pid, ptrace.DEBUG_REGISTERS + 8 * number, value)


def _offsets(code: bytes) -> tuple[int, ...]:
    """Where a page has the bytes; its last byte counts if it is the first of them."""
    found = []
    at = code.find(CPUID)
    while at >= 0:
        found.append(at)
        at = code.find(CPUID, at + 1)
    return (*found, PAGE_SIZE - 1) if code[-1] == CPUID[0] else tuple(found)
