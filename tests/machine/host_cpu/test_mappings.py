from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu import mappings
from ring3.machine.host_cpu.first import RAM_FD
from ring3.machine.host_cpu.runs import AT_ONCE, Runs
from ring3.machine.host_cpu.stub import BASE, LIST, SIZE, Call, Refused, Stub, Stubs
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE, Ram

AT = 0x40_0000
RW = Prot.READ | Prot.WRITE
ENOMEM = 12


class Recorder(Stubs):
    """Takes lists of calls instead of a process; refuses some."""

    def __init__(self, refuses: int = 0) -> None:
        self.lists: list[list[Call]] = []
        self.moves = 0
        self.refuses = refuses

    def run(self, stub: Stub, calls: Sequence[Call]) -> None:
        self.lists.append(list(calls))
        if self.refuses:
            error, self.refuses = self.refuses, 0
            raise Refused(calls[0], 0, -error & (1 << 64) - 1)

    def move(self, stub: Stub, pmap: Pmap) -> None:
        self.moves += 1
        stub.base -= 1 << 40


@pytest.fixture
def pmap() -> Iterator[Pmap]:
    ram = Ram(64 << 20)
    table = Pmap(ram)
    yield table
    table.destroy()
    ram.close()


@pytest.fixture
def stub() -> Stub:
    return Stub(1)


def map_pages(pmap: Pmap, count: int, prot: int = RW, at: int = AT, frame: int = 0x10_0000) -> None:
    for page in range(count):
        pmap.enter(at + page * PAGE_SIZE, frame + page * PAGE_SIZE, prot)


def update(pmap: Pmap, recorder: Recorder, stub: Stub) -> None:
    mappings.update(Runs(pmap.ram), recorder, stub, pmap)


def made(pmap: Pmap, stub: Stub) -> list[Call]:
    recorder = Recorder()
    update(pmap, recorder, stub)
    return recorder.lists[0]


def mmap(at: int, pages: int, prot: int, frame: int) -> Call:
    return wall.MMAP, at, pages * PAGE_SIZE, prot, wall.MAP_FRAMES, RAM_FD, frame


def test_an_address_space_without_a_stub_notes_nothing(pmap: Pmap) -> None:
    map_pages(pmap, 3)
    assert pmap.changed is None


def test_what_is_there_at_first_is_mapped_when_it_is_missed(pmap: Pmap, stub: Stub) -> None:
    map_pages(pmap, 3)
    mappings.follow(pmap)
    assert made(pmap, stub) == []
    mappings.missing(stub, pmap, AT)
    assert made(pmap, stub) == [mmap(AT, 3, 3, 0x10_0000)]
    assert not pmap.changed
    assert stub.pages == {0x400, 0x401, 0x402}


def test_more_changes_than_are_looked_at_at_once(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, AT_ONCE + 2)
    assert made(pmap, stub) == [
        mmap(AT, AT_ONCE, 3, 0x10_0000),
        mmap(AT + AT_ONCE * PAGE_SIZE, 2, 3, 0x10_0000 + AT_ONCE * PAGE_SIZE),
    ]


def test_neighbours_with_frames_in_a_row_are_one_call(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 2)
    map_pages(pmap, 2, at=AT + 2 * PAGE_SIZE, frame=0x20_0000)
    map_pages(pmap, 1, Prot.READ | Prot.EXEC, at=AT + 4 * PAGE_SIZE, frame=0x20_2000)
    assert made(pmap, stub) == [
        mmap(AT, 2, 3, 0x10_0000),
        mmap(AT + 0x2000, 2, 3, 0x20_0000),
        mmap(AT + 0x4000, 1, 5, 0x20_2000),
    ]


def test_what_changed_back_costs_nothing(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 1)
    made(pmap, stub)
    pmap.remove(AT, AT + PAGE_SIZE)
    map_pages(pmap, 1)
    assert made(pmap, stub) == []


def test_rights_that_go_and_come_keep_the_frames(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 4)
    made(pmap, stub)
    pmap.protect(AT, AT + 4 * PAGE_SIZE, Prot.READ)
    assert made(pmap, stub) == [(wall.MPROTECT, AT, 4 * PAGE_SIZE, 1)]
    map_pages(pmap, 4)
    assert made(pmap, stub) == [(wall.MPROTECT, AT, 4 * PAGE_SIZE, 3)]


def test_a_stub_that_lacks_pages_gets_mappings_and_not_rights(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 1)
    made(pmap, stub)
    pmap.protect(AT, AT + PAGE_SIZE, Prot.READ)
    stub.pages.clear()
    assert made(pmap, stub) == [mmap(AT, 1, 1, 0x10_0000)]


def test_what_is_removed_is_unmapped_in_one_call(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 4)
    made(pmap, stub)
    pmap.remove(AT, AT + 4 * PAGE_SIZE)
    assert made(pmap, stub) == [(wall.MUNMAP, AT, 4 * PAGE_SIZE)]


def test_the_supervisors_pages_are_nobodys_business(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    pmap.enter(AT, 0x10_0000, RW, user=False)
    assert all(call[0] == wall.MUNMAP for call in made(pmap, stub))


def test_a_stub_moves_where_the_program_maps_its_place(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 1, at=BASE + LIST)
    recorder = Recorder()
    update(pmap, recorder, stub)
    assert recorder.moves == 1
    map_pages(pmap, 1, at=BASE + SIZE - (1 << 40))
    update(pmap, recorder, stub)
    assert recorder.moves == 1


def test_remains_of_another_address_space_go_first(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 1)
    stub.has_remains = True
    calls = made(pmap, stub)
    assert [call[0] for call in calls] == [wall.MUNMAP, wall.MUNMAP, wall.MMAP, wall.MMAP]
    assert calls[2][4] == wall.MAP_STACK
    assert calls[0][1] + calls[0][2] == BASE
    assert calls[1][1] == BASE + SIZE
    assert not stub.has_remains


def test_at_the_hosts_limit_of_mappings_a_stub_starts_anew(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 2)
    recorder = Recorder(ENOMEM)
    update(pmap, recorder, stub)
    assert [call[0] for call in recorder.lists[1]] == [wall.MUNMAP, wall.MUNMAP, wall.MMAP]
    assert stub.pages == {0x400, 0x401}


def test_another_refusal_is_told(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 1)
    with pytest.raises(Refused, match="Operation not permitted"):
        update(pmap, Recorder(1), stub)


def test_what_a_stub_lacks_comes_with_its_neighbours(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 1, at=AT + 3 * PAGE_SIZE)
    made(pmap, stub)
    map_pages(pmap, 3)
    assert pmap.changed is not None
    pmap.changed.clear()
    mappings.missing(stub, pmap, AT + PAGE_SIZE)
    assert made(pmap, stub) == [mmap(AT, 3, 3, 0x10_0000)]


def test_a_page_that_cannot_be_used_though_it_is_there_is_mapped_again(pmap: Pmap, stub: Stub) -> None:
    mappings.follow(pmap)
    map_pages(pmap, 2)
    made(pmap, stub)
    mappings.missing(stub, pmap, AT + PAGE_SIZE)
    assert made(pmap, stub) == [mmap(AT + PAGE_SIZE, 1, 3, 0x10_1000)]
