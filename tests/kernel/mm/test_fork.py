from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.kernel.mm import FaultOutcome, Limits, Mm, PageCache, SharedObject
from ring3.kernel.mm import fork as fork_module
from ring3.kernel.mm.advise import Advice
from ring3.machine.paging import PTE_ADDRESS, PTE_W
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, File, R, X, numbered, rows


@pytest.fixture
def parent(mm: Mm) -> Mm:
    """Four private pages, page n full of n + 1; the last one untouched."""
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    mm.write(BASE, numbered(3))
    return mm


@pytest.fixture
def child(parent: Mm) -> Iterator[Mm]:
    space = parent.fork()
    yield space
    space.destroy()


def test_stores_are_seen_on_one_side_only(parent: Mm, child: Mm) -> None:
    parent.write(BASE, b"parent")
    child.write(BASE, b"child")
    child.write(BASE + 3 * PAGE, b"new")
    assert parent.read(BASE, 7) == b"parent\1"
    assert child.read(BASE, 7) == b"child\1\1"
    assert parent.read(BASE + 3 * PAGE, 3) == bytes(3)


def test_nothing_is_copied_before_a_store(parent: Mm, ram: Ram) -> None:
    used = ram.frames_in_use
    parent.pmap.stale = False
    child = parent.fork()
    assert parent.pmap.stale
    tables = 4
    assert ram.frames_in_use == used + tables
    assert not any(entry & PTE_W for _, entry in parent.pmap.mapped(BASE, BASE + 4 * PAGE))
    assert [child.read(BASE + page * PAGE, 1) for page in range(3)] == [b"\1", b"\2", b"\3"]
    child.write(BASE, b"x")
    assert ram.frames_in_use == used + tables + 1
    parent.write(BASE, b"y")  # the last user keeps the frame
    assert ram.frames_in_use == used + tables + 1
    child.destroy()
    assert ram.frames_in_use == used


def test_the_childs_page_tables_start_with_the_parents_pages(parent: Mm, child: Mm) -> None:
    found = [
        [
            (address, entry & PTE_ADDRESS, entry & PTE_W)
            for address, entry in space.pmap.mapped(BASE, BASE + 4 * PAGE)
        ]
        for space in (parent, child)
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 3


def test_only_so_many_pages_are_mapped_ahead(parent: Mm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_module, "EAGER", 2)
    child = parent.fork()
    assert [address for address, _ in child.pmap.mapped(BASE, BASE + 4 * PAGE)] == [BASE + 2 * PAGE]
    assert child.read(BASE, 3 * PAGE) == numbered(3)
    child.destroy()


def test_shared_memory_stays_shared(parent: Mm) -> None:
    parent.mmap(2 * BASE, PAGE, RW, shared=True, fixed=True)
    parent.write(2 * BASE, b"before")
    child = parent.fork()
    child.write(2 * BASE, b"after!")
    assert parent.read(2 * BASE, 6) == b"after!"
    parent.munmap(2 * BASE, PAGE)
    assert child.read(2 * BASE, 6) == b"after!"
    child.destroy()


def test_private_copies_of_a_file(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(2)))
    mm.mmap(BASE, 2 * PAGE, RW, obj=cache, fixed=True)
    mm.write(BASE, b"copy")
    child = mm.fork()
    assert child.read(BASE, 5) == b"copy\1"
    child.write(BASE, b"kid")
    child.write(BASE + PAGE, b"kid")
    assert mm.read(BASE, 4) + mm.read(BASE + PAGE, 4) == b"copy\2\2\2\2"
    child.destroy()
    cache.drop()


def test_what_is_not_to_be_inherited(parent: Mm, ram: Ram) -> None:
    parent.madvise(BASE, PAGE, Advice.DONTFORK)
    parent.madvise(BASE + PAGE, PAGE, Advice.WIPEONFORK)
    child = parent.fork()
    assert rows(child) == ["1-2 rw-p", "2-4 rw-p"]
    assert child.fault(BASE) is FaultOutcome.SEGV_MAPERR
    assert child.read(BASE + PAGE, 2) + child.read(BASE + 2 * PAGE, 2) == b"\0\0\3\3"
    assert child.usage.total == len(child.vmas) + 1
    grandchild = child.fork()
    assert grandchild.read(BASE + PAGE, 1) == b"\0"
    assert parent.read(BASE, 3 * PAGE) == numbered(3)
    for space in (grandchild, child):
        space.destroy()


def test_locks_are_not_inherited(parent: Mm) -> None:
    parent.limits = Limits(ipc_lock=True)
    parent.mlockall(current=True, future=True)
    child = parent.fork()
    assert (child.usage.locked, child.default_flags, parent.usage.locked) == (0, 0, 4)
    child.destroy()


def test_the_heap_and_the_stack_are_where_they_were(mm: Mm) -> None:
    mm.start_brk = mm.brk = BASE
    mm.set_brk(BASE + PAGE)
    mm.mmap(2 * BASE, PAGE, RW, fixed=True, growsdown=True)
    mm.start_stack = 2 * BASE + 8
    mm.start_data, mm.end_data = 1, 2
    child = mm.fork()
    assert rows(child) == rows(mm)
    assert [row.name for row in child.maps()] == ["[heap]", "[stack]"]
    assert (child.brk, child.start_data, child.end_data) == (BASE + PAGE, 1, 2)
    assert child.fault(2 * BASE - 1, write=True) is FaultOutcome.OK
    child.destroy()


def test_memory_that_fork_copied_joins_nothing_new(mm: Mm) -> None:
    mm.mmap(BASE, 2 * PAGE, RW, fixed=True)
    mm.write(BASE, b"x")
    child = mm.fork()
    for space in (mm, child):
        space.mmap(BASE + 2 * PAGE, PAGE, RW, fixed=True)
    assert rows(mm) == ["0-3 rw-p"]
    assert rows(child) == ["0-2 rw-p", "2-3 rw-p"]
    child.destroy()


def test_code_is_still_known_as_code(mm: Mm, ram: Ram) -> None:
    mm.mmap(BASE, PAGE, RW | X, fixed=True)
    mm.fault(BASE, fetch=True)
    child = mm.fork()
    for space in (mm, child):
        assert space.fault(BASE, fetch=True) is FaultOutcome.OK
        assert space.fault(BASE, write=True) is FaultOutcome.OK
        assert ram.is_code(space.physical(BASE, write=False))
    mm.mprotect(BASE, PAGE, RX)
    assert mm.fault(BASE, fetch=True) is FaultOutcome.OK
    child.destroy()


def test_a_chain_of_forks(parent: Mm, ram: Ram) -> None:
    used = ram.frames_in_use
    chain = [parent]
    for generation in range(5):
        chain.append(chain[-1].fork())
        chain[-1].write(BASE, bytes([0x80 + generation]))
    assert [space.read(BASE, 2) for space in chain] == [b"\1\1"] + [bytes([0x80 + n, 1]) for n in range(5)]
    for space in chain[1:]:
        space.destroy()
    assert ram.frames_in_use == used
    assert parent.fault(BASE, write=True) is FaultOutcome.OK


def test_an_object_outlives_either_side(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE)
    mm.mmap(BASE, PAGE, R, obj=obj, shared=True, fixed=True)
    child = mm.fork()
    obj.write(0, b"x")
    obj.drop()
    mm.munmap(BASE, PAGE)
    assert child.read(BASE, 1) == b"x"
    child.destroy()
