"""``runs.c`` from Python: which runs of pages differ between a stub and the page tables."""

from __future__ import annotations

import ctypes
import mmap
from array import array
from collections.abc import Container, Mapping, Sequence
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu.first import RAM_FD
from ring3.machine.host_cpu.stub import Call
from ring3.machine.host_cpu.turn import native
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT, Ram

AT_ONCE: Final = 4096
"""So many pages there is room for."""
_RAM, _SEEN, _ROOT, _PAGES, _OLD, _COUNT, _KEPT, _RUNS, _STORED, _STORED_COUNT = range(10)
"""``struct changes``."""
_FIELDS: Final = 5
_END: Final = (1 << 64) - 1


class Run(NamedTuple):
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


class Runs:
    """The block of memory that ``runs.c`` works on, for one RAM.

    Attributes:
        places: Where frames of code have a ``cpuid`` (`veil`), for as long as no program may store into them.
        stored: The frames that programs may store into by the runs that were found last.
    """

    def __init__(self, ram: Ram) -> None:
        """Binds to a RAM: none of its code was seen yet."""
        self._ram = ctypes.c_char.from_buffer(ram.bytes)
        self._seen = mmap.mmap(-1, ram.size >> PAGE_SHIFT)
        self._seen_at = ctypes.c_char.from_buffer(self._seen)
        self._runs = array("Q", bytes(8 * _FIELDS * AT_ONCE))
        self._found = array("Q", bytes(8 * AT_ONCE))
        self._block = block = (ctypes.c_uint64 * (_STORED_COUNT + 1))()
        block[_RAM], block[_SEEN] = ctypes.addressof(self._ram), ctypes.addressof(self._seen_at)
        block[_RUNS], block[_STORED] = self._runs.buffer_info()[0], self._found.buffer_info()[0]
        self._address = ctypes.addressof(block)
        self._compare = native("ring3_runs", ctypes.c_void_p)
        self._suspect = native("ring3_suspects", ctypes.c_void_p)
        self.places: dict[int, tuple[int, ...]] = {}
        self.stored: list[int] = []

    def forget_code(self) -> None:
        """Frames may have other code now."""
        self._seen[:] = bytes(len(self._seen))
        self.places.clear()

    def suspects(self, pmap: Pmap, pages: Sequence[int]) -> list[int]:
        """Those of some pages, in order, that are code in which there may be a ``cpuid``."""
        found: list[int] = []
        self._block[_ROOT] = pmap.root
        for start in range(0, len(pages), AT_ONCE):
            part = array("Q", pages[start : start + AT_ONCE])
            self._give(part)
            found += self._found[: self._suspect(self._address)]
        return found

    def compare(
        self,
        pmap: Pmap,
        pages: Sequence[int],
        changed: Mapping[int, int],
        there: Container[int],
        kept: Sequence[int],
    ) -> list[Run]:
        """What has to be mapped anew.

        Args:
            pmap: The page tables.
            pages: Which pages, in order.
            changed: The entries that they had when the stub was made equal.
            there: The pages that it has.
            kept: Pages that are not to be executed, in order.

        Returns:
            The runs, in order.
        """
        block, runs = self._block, list[Run]()
        ends = array("Q", [*kept, _END])
        block[_ROOT], block[_KEPT] = pmap.root, ends.buffer_info()[0]
        self.stored = []
        for start in range(0, len(pages), AT_ONCE):
            part = array("Q", pages[start : start + AT_ONCE])
            old = array("Q", [changed[page] if page in there else 0 for page in part])
            block[_OLD] = old.buffer_info()[0]
            self._give(part)
            words = self._runs[: _FIELDS * self._compare(self._address)].tolist()
            runs += map(Run._make, zip(*[iter(words)] * _FIELDS, strict=True))
            self.stored += self._found[: block[_STORED_COUNT]]
        for frame in self.places.keys() & self.stored:
            del self.places[frame]
        return runs

    def _give(self, pages: array[int]) -> None:
        """Pages that the next call is for; they have to be kept until then."""
        self._block[_PAGES], self._block[_COUNT] = pages.buffer_info()[0], len(pages)
