from __future__ import annotations

import pytest

from ring3.kernel.mm import FaultOutcome, Mm, SharedObject
from ring3.machine.paging import PTE_NX, PTE_W, walk
from ring3.machine.pmap import AHEAD
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, R, W, X, rows

OK = FaultOutcome.OK
MAPERR, ACCERR = FaultOutcome.SEGV_MAPERR, FaultOutcome.SEGV_ACCERR


def test_fresh_memory_is_zero_writable_and_not_executable(mm: Mm, ram: Ram) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    assert mm.fault(BASE + 5, write=True) is OK
    found = walk(ram, mm.pmap.root, BASE)
    assert found is not None
    assert (found.writable, found.user, found.executable) == (True, True, False)
    assert bytes(ram.bytes[found.physical : found.physical + PAGE]) == bytes(PAGE)
    assert not mm.pmap.stale


def test_a_page_read_first_needs_no_second_fault(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    assert mm.fault(BASE) is OK
    assert mm.pmap.lookup(BASE) & PTE_W


@pytest.mark.parametrize(
    ("prot", "allowed"),
    [(0, ""), (R, "r"), (W, "rw"), (X, "rx"), (RW, "rw"), (RX, "rx"), (RW | X, "rwx")],
)
def test_who_may_do_what(mm: Mm, prot: int, allowed: str) -> None:
    mm.mmap(BASE, PAGE, prot, fixed=True)
    assert (mm.fault(BASE) is OK) == ("r" in allowed)
    assert (mm.fault(BASE, write=True) is OK) == ("w" in allowed)
    assert (mm.fault(BASE, fetch=True) is OK) == ("x" in allowed)
    entry = mm.pmap.lookup(BASE)
    assert bool(entry & PTE_W) == ("w" in allowed)
    assert bool(entry and not entry & PTE_NX) == ("x" in allowed)


def test_a_refused_access_and_one_to_nothing_are_told_apart(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, R, fixed=True)
    assert mm.fault(BASE, write=True) is ACCERR
    assert mm.fault(BASE, fetch=True) is ACCERR
    assert [mm.fault(at) for at in (0, BASE - 1, BASE + PAGE, mm.task_size, 1 << 63)] == [MAPERR] * 5


def test_memory_that_grows_page_by_page_is_filled_ahead(mm: Mm) -> None:
    pages = 256
    mm.mmap(BASE, pages * PAGE, RW, fixed=True)
    for order in (range(pages // 2), range(pages - 1, pages // 2 - 1, -1)):
        faults = 0
        for page in order:
            if not mm.pmap.lookup(BASE + page * PAGE):
                assert mm.fault(BASE + page * PAGE, write=True) is OK
                faults += 1
        assert faults < 16
    assert len(mm.anon) == pages


def test_memory_touched_here_and_there_is_not_filled_ahead(mm: Mm) -> None:
    mm.mmap(BASE, 64 * PAGE, RW, fixed=True)
    for page in range(0, 64, 2):
        mm.fault(BASE + page * PAGE, write=True)
    assert len(mm.anon) == 32


def test_filling_ahead_stays_inside_the_mapping(mm: Mm) -> None:
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    mm.mmap(BASE + 4 * PAGE, 8 * PAGE, R, fixed=True)
    for page in range(4):
        mm.fault(BASE + page * PAGE, write=True)
    assert sorted(mm.anon) == [(BASE >> 12) + page for page in range(4)]
    assert AHEAD > 4


def test_a_stack_grows_down_to_its_limit(mm: Mm) -> None:
    top = BASE + 4096 * PAGE
    mm.limits.stack = 64 * PAGE
    mm.mmap(top - PAGE, PAGE, RW, fixed=True, growsdown=True)
    assert mm.fault(top - 64 * PAGE, write=True) is OK
    assert mm.vmas[0].pages == mm.usage.stack == mm.usage.total == 64
    assert mm.fault(top - 64 * PAGE - 1, write=True) is MAPERR
    assert mm.read(top - 3 * PAGE, 8) == bytes(8)


def test_a_stack_keeps_its_distance_from_what_lies_below(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.mmap(BASE + 300 * PAGE, PAGE, RW, fixed=True, growsdown=True)
    assert mm.fault(BASE + 257 * PAGE, write=True) is OK
    assert mm.fault(BASE + 256 * PAGE, write=True) is MAPERR
    mm.mprotect(BASE, PAGE, 0)
    assert mm.fault(BASE + 256 * PAGE, write=True) is OK


def test_a_stack_does_not_grow_beyond_the_address_space_limit_or_below_the_lowest_address(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True, growsdown=True)
    mm.limits.address_space = 2 * PAGE
    assert mm.fault(BASE - 2 * PAGE, write=True) is MAPERR
    assert mm.fault(BASE - PAGE, write=True) is OK
    mm.limits.address_space = mm.limits.stack = 1 << 40
    assert mm.fault(65535, write=True) is MAPERR
    assert mm.fault(65536, write=True) is OK


def test_a_grown_stack_still_joins_and_splits(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True, growsdown=True)
    mm.fault(BASE - 4 * PAGE, write=True)
    mm.mprotect(BASE - 4 * PAGE, 2 * PAGE, R)
    mm.mprotect(BASE - 4 * PAGE, 2 * PAGE, RW)
    assert rows(mm) == ["-4-1 rw-p"]


def test_pages_of_an_object_come_with_their_neighbours(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, 64 * PAGE)
    obj.write(0, bytes(64 * PAGE))
    mm.mmap(BASE, 40 * PAGE, R, obj=obj, shared=True, fixed=True, offset=2 * PAGE)
    mm.fault(BASE + 20 * PAGE)
    mapped = [(address - BASE) // PAGE for address, _ in mm.pmap.mapped(BASE, BASE + 40 * PAGE)]
    assert mapped == list(range(16, 32))
    mm.fault(BASE + 39 * PAGE)
    assert len(mm.pmap.mapped(BASE, BASE + 40 * PAGE)) == 24
    obj.drop()


def test_neighbours_that_are_private_copies_stay(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, 4 * PAGE)
    obj.write(0, b"o" * 4 * PAGE)
    mm.mmap(BASE, 4 * PAGE, RW, obj=obj, fixed=True)
    mm.write(BASE + PAGE, b"mine")
    mm.pmap.remove(BASE, BASE + 4 * PAGE)
    mm.fault(BASE)
    assert mm.pmap.lookup(BASE + PAGE) == 0
    assert mm.read(BASE + PAGE, 5) == b"mineo"
    assert mm.read(BASE + 2 * PAGE, 5) == b"ooooo"
    assert obj.read(PAGE, 4) == b"oooo"
    obj.drop()


def test_a_page_behind_the_object_is_a_bus_error(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE + 1)
    mm.mmap(BASE, 4 * PAGE, RW, obj=obj, shared=True, fixed=True)
    assert mm.fault(BASE + PAGE + 100, write=True) is OK
    assert mm.fault(BASE + 2 * PAGE) is FaultOutcome.BUS_ADRERR
    obj.drop()


def test_faults_may_come_twice(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.write(BASE, b"x")
    assert mm.fault(BASE, write=True) is OK
    assert mm.read(BASE, 1) == b"x"


def test_when_ram_runs_low_reading_fresh_memory_shows_one_page_of_zeros(mm: Mm, ram: Ram) -> None:
    quarter = ram.frames_free // 4
    mm.mmap(BASE, 8 << 20, RW, fixed=True)
    hoard = [ram.alloc() for _ in range(ram.frames_free - quarter)]
    for page in range(1024):
        assert mm.fault(BASE + page * PAGE) is OK
    assert not mm.anon
    assert ram.frames_free > quarter - 16
    mm.write(BASE, b"x")
    assert mm.read(BASE, 2) == b"x\0"
    assert mm.read(BASE + PAGE, 2) == b"\0\0"
    assert mm.rss().total == 1
    for frame in hoard:
        ram.release(frame)
