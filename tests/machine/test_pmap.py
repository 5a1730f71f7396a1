from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ring3.errors import OutOfFrames
from ring3.machine.paging import PTE_ADDRESS, walk
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE, Ram

KERNEL = 0xFFFF_8880_0000_0000
BASE = 0x40_0000_0000
"""The tests' pages lie around here, over the boundary of two page tables."""
FIRST = BASE + (512 - 8) * PAGE_SIZE
PAGES = 16


@pytest.fixture
def ram() -> Ram:
    return Ram(256 * PAGE_SIZE)


@pytest.fixture
def pmap(ram: Ram) -> Pmap:
    return Pmap(ram)


def rights(ram: Ram, pmap: Pmap, address: int) -> tuple[int, Prot, bool] | None:
    """Frame, protection and whether ring 3 may, as the CPU would find them."""
    found = walk(ram, pmap.root, address)
    if found is None:
        return None
    prot = Prot.READ | (Prot.WRITE if found.writable else 0) | (Prot.EXEC if found.executable else 0)
    return found.physical & -PAGE_SIZE, Prot(prot), found.user


def needs_flush(pmap: Pmap) -> bool:
    return pmap.stale


@pytest.mark.parametrize("prot", range(1, 8))
@pytest.mark.parametrize("user", [True, False])
def test_the_cpu_finds_what_was_entered(ram: Ram, pmap: Pmap, prot: int, user: bool) -> None:
    frame = ram.alloc()
    pmap.enter(BASE, frame, prot, user)
    assert rights(ram, pmap, BASE + 0x123) == (frame, Prot(prot | Prot.READ), user)
    assert pmap.lookup(BASE) & PTE_ADDRESS == frame


def test_what_was_not_entered_is_not_there(ram: Ram, pmap: Pmap) -> None:
    pmap.enter(BASE, ram.alloc(), Prot.READ)
    assert walk(ram, pmap.root, BASE + PAGE_SIZE) is None
    assert pmap.lookup(BASE + PAGE_SIZE) == 0
    assert pmap.lookup(BASE + (1 << 30)) == 0


@pytest.mark.parametrize("prot", [Prot.EXEC, Prot.READ | Prot.EXEC, Prot.READ, Prot.READ | Prot.WRITE])
def test_only_executable_frames_count_as_code(ram: Ram, pmap: Pmap, prot: int) -> None:
    frame = ram.alloc()
    pmap.enter(BASE, frame, prot)
    assert ram.is_code(frame) == bool(prot & Prot.EXEC)


def test_a_first_mapping_needs_no_flush(ram: Ram, pmap: Pmap) -> None:
    pmap.enter(BASE, ram.alloc(), Prot.READ | Prot.WRITE)
    assert not needs_flush(pmap)


def test_another_frame_at_the_same_address_needs_a_flush(ram: Ram, pmap: Pmap) -> None:
    pmap.enter(BASE, ram.alloc(), Prot.READ)
    pmap.enter(BASE, ram.alloc(), Prot.READ)
    assert needs_flush(pmap)


@pytest.mark.parametrize(
    ("old", "new", "flush"),
    [
        (Prot.READ, Prot.READ | Prot.WRITE, False),
        (Prot.READ, Prot.READ | Prot.EXEC, False),
        (Prot.READ | Prot.WRITE, Prot.READ | Prot.WRITE, False),
        (Prot.READ | Prot.WRITE, Prot.READ, True),
        (Prot.READ | Prot.EXEC, Prot.READ | Prot.WRITE, True),
    ],
)
def test_the_same_frame_needs_a_flush_only_if_it_loses_a_right(
    ram: Ram, pmap: Pmap, old: int, new: int, flush: bool
) -> None:
    frame = ram.alloc()
    pmap.enter(BASE, frame, old)
    pmap.enter(BASE, frame, new)
    assert needs_flush(pmap) == flush


def test_removing_nothing_needs_no_flush(ram: Ram, pmap: Pmap) -> None:
    pmap.enter(BASE, ram.alloc(), Prot.READ)
    pmap.remove(BASE + PAGE_SIZE, BASE + 100 * PAGE_SIZE)
    pmap.remove(0, BASE)
    assert not needs_flush(pmap)
    pmap.remove(BASE, BASE + PAGE_SIZE)
    assert needs_flush(pmap)
    assert pmap.lookup(BASE) == 0


def test_protecting_takes_rights_away_and_never_gives_them(ram: Ram, pmap: Pmap) -> None:
    frame = ram.alloc()
    pmap.enter(BASE, frame, Prot.READ | Prot.EXEC)
    pmap.protect(BASE, BASE + PAGE_SIZE, Prot.READ | Prot.WRITE | Prot.EXEC)
    assert rights(ram, pmap, BASE) == (frame, Prot.READ | Prot.EXEC, True)
    assert not needs_flush(pmap)
    pmap.protect(BASE, BASE + PAGE_SIZE, Prot.READ | Prot.WRITE)
    assert rights(ram, pmap, BASE) == (frame, Prot.READ, True)
    assert needs_flush(pmap)
    pmap.protect(BASE, BASE + PAGE_SIZE, Prot.READ | Prot.EXEC)
    assert rights(ram, pmap, BASE) == (frame, Prot.READ, True)


def test_protecting_with_nothing_removes(ram: Ram, pmap: Pmap) -> None:
    pmap.enter(BASE, ram.alloc(), Prot.READ)
    pmap.protect(BASE, BASE + PAGE_SIZE, Prot.NONE)
    assert pmap.mapped(BASE, BASE + PAGE_SIZE) == []


def test_large_pages_are_the_supervisors(ram: Ram, pmap: Pmap) -> None:
    size = 2 << 20
    pmap.enter_large(KERNEL, 0, 3 * size, Prot.READ | Prot.WRITE)
    for number in range(3):
        found = walk(ram, pmap.root, KERNEL + number * size + 0x12345)
        assert found is not None
        assert (found.physical, found.user, found.executable) == (number * size + 0x12345, False, False)
    assert walk(ram, pmap.root, KERNEL + 3 * size) is None


def test_large_pages_go_on_over_the_boundary_of_a_table(ram: Ram, pmap: Pmap) -> None:
    size = 2 << 20
    start = KERNEL + (1 << 30) - size
    pmap.enter_large(start, 0, 2 * size, Prot.READ)
    assert [
        found and found.physical for found in (walk(ram, pmap.root, start + n * size) for n in range(3))
    ] == [0, size, None]


def test_the_kernels_part_is_shared_and_the_rest_is_not(ram: Ram) -> None:
    kernel = Pmap(ram)
    kernel.enter(KERNEL, ram.alloc(), Prot.READ, user=False)
    kernel.enter(BASE, ram.alloc(), Prot.READ)
    other = Pmap(ram, kernel)
    assert walk(ram, other.root, KERNEL) == walk(ram, kernel.root, KERNEL)
    assert walk(ram, other.root, BASE) is None
    kernel.enter(KERNEL + PAGE_SIZE, ram.alloc(), Prot.READ, user=False)
    assert walk(ram, other.root, KERNEL + PAGE_SIZE) is not None


def test_destroying_gives_every_own_table_back(ram: Ram) -> None:
    kernel = Pmap(ram)
    frame = ram.alloc()
    kernel.enter(KERNEL, frame, Prot.READ, user=False)
    before = ram.frames_in_use
    pmap = Pmap(ram, kernel)
    for address in (0, BASE, BASE + (1 << 30), 0x7FFF_FFFF_F000):
        pmap.enter(address, frame, Prot.READ)
    assert ram.frames_in_use > before
    pmap.destroy()
    assert ram.frames_in_use == before
    assert walk(ram, kernel.root, KERNEL) is not None


def test_no_frame_for_a_table_is_said(ram: Ram, pmap: Pmap) -> None:
    while ram.frames_free > 2:
        ram.alloc()
    with pytest.raises(OutOfFrames):
        pmap.enter(BASE, PAGE_SIZE, Prot.READ)
    assert walk(ram, pmap.root, BASE) is None


class PmapModel(RuleBasedStateMachine):
    """Any row of calls leaves in the page tables what a dictionary would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.ram = Ram(256 * PAGE_SIZE)
        self.pmap = Pmap(self.ram)
        self.frames = [self.ram.alloc() for _ in range(4)]
        self.model: dict[int, tuple[int, int]] = {}

    @rule(page=st.integers(0, PAGES - 1), frame=st.integers(0, 3), prot=st.integers(1, 7))
    def enter(self, page: int, frame: int, prot: int) -> None:
        self.pmap.enter(FIRST + page * PAGE_SIZE, self.frames[frame], prot)
        self.model[page] = (self.frames[frame], prot | Prot.READ)

    @rule(start=st.integers(0, PAGES), length=st.integers(1, PAGES))
    def remove(self, start: int, length: int) -> None:
        end = min(start + length, PAGES)
        if start < end:
            self.pmap.remove(FIRST + start * PAGE_SIZE, FIRST + end * PAGE_SIZE)
        for page in range(start, end):
            self.model.pop(page, None)

    @rule(start=st.integers(0, PAGES), length=st.integers(1, PAGES), prot=st.integers(0, 7))
    def protect(self, start: int, length: int, prot: int) -> None:
        end = min(start + length, PAGES)
        if start >= end:
            return
        self.pmap.protect(FIRST + start * PAGE_SIZE, FIRST + end * PAGE_SIZE, prot)
        for page in range(start, end):
            if page in self.model:
                frame, old = self.model.pop(page)
                if prot:
                    self.model[page] = (frame, old & (prot | Prot.READ))

    @rule()
    def remove_everything(self) -> None:
        self.pmap.remove(0, 1 << 47)
        self.model.clear()

    @invariant()
    def the_cpu_sees_the_model(self) -> None:
        seen = {}
        for page in range(PAGES):
            found = rights(self.ram, self.pmap, FIRST + page * PAGE_SIZE)
            if found is not None:
                seen[page] = (found[0], int(found[1]))
        assert seen == self.model

    @invariant()
    def the_list_of_mapped_pages_is_the_model_in_order(self) -> None:
        listed = self.pmap.mapped(0, 1 << 47)
        assert [(address, entry & PTE_ADDRESS) for address, entry in listed] == [
            (FIRST + page * PAGE_SIZE, self.model[page][0]) for page in sorted(self.model)
        ]


TestPmapModel = PmapModel.TestCase
TestPmapModel.settings = settings(max_examples=40, stateful_step_count=20)
