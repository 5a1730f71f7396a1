"""Where mappings go, by the arithmetic of map_addr_proc, without a CPU."""

from __future__ import annotations

import pytest

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.mm.mm import Mm
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.solaris.layout import HOLE_END, HOLE_START, USERLIMIT, address_space, choose_addr, is_user_range

TOP = USERLIMIT - (8 << 20)
BREAK = 0x40_0000


@pytest.fixture
def mm() -> Mm:
    ram = Ram(1 << 20)
    found = Mm(ram, Pmap(ram, first_shared=507), address_space())
    found.start_brk = found.brk = BREAK
    return found


def fill(mm: Mm, start: int, end: int) -> None:
    mm.mmap(start, end - start, 3, fixed=True, noreserve=True)


@pytest.mark.parametrize(
    ("length", "address"),
    [
        (1, TOP - 0x1_0000),
        (0xD000, TOP - 0x1_0000),
        (0xE000, TOP - 0x2_0000),
        (0xF000, TOP - 0x1_1000),
        (0x1_0000, TOP - 0x1_2000),
        (0x20_0000, 0xFFFF_FD7F_FF20_0000),
        (0x4000_0000, 0xFFFF_FD7F_8000_0000),
    ],
)
def test_first_mapping(mm: Mm, length: int, address: int) -> None:
    found = choose_addr(mm, 0, length)
    assert found == address
    assert found + length <= TOP


def test_mappings_keep_their_distance(mm: Mm) -> None:
    taken: list[tuple[int, int]] = []
    for length in (1, 0x5000, 0x1_2345, 0x3_0000, 0x21_0000, 0x100):
        found = choose_addr(mm, 0, length)
        end = found + (length + 4095 & ~4095)
        assert all(end + PAGE_SIZE <= low or high + PAGE_SIZE <= found for low, high in [*taken, (TOP, TOP)])
        fill(mm, found, end)
        taken.append((found, end))


def test_hint_is_taken_if_it_is_free_and_a_page(mm: Mm) -> None:
    assert choose_addr(mm, 0x7000_0000, 0x1000) == 0x7000_0000
    fill(mm, 0x7000_0000, 0x7000_1000)
    for hint in (0x7000_0000, 0x7100_0001, HOLE_START, USERLIMIT):
        assert choose_addr(mm, hint, 0x1000) == TOP - 0x1_0000


def test_file_offset_decides_the_address_within_the_alignment(mm: Mm) -> None:
    for offset in (0, 0x3000, 0xF000, 0x1_3000):
        assert choose_addr(mm, 0, 0x1000, offset) % 0x1_0000 == offset % 0x1_0000


def test_alignment(mm: Mm) -> None:
    assert choose_addr(mm, 0, 0x1000, align=1 << 30) % (1 << 30) == 0


def test_below_the_hole_when_there_is_no_room_above(mm: Mm) -> None:
    fill(mm, HOLE_END, TOP)
    found = choose_addr(mm, 0, 0x1000)
    assert found == 0x7FFF_FFFF_0000 - 0x1_0000 + 0x1_0000
    assert is_user_range(mm, found, 0x1000)


def test_no_room(mm: Mm) -> None:
    fill(mm, HOLE_END, TOP)
    fill(mm, BREAK, HOLE_START)
    with pytest.raises(Errno) as caught:
        choose_addr(mm, 0, 0x1000)
    assert caught.value.number is SolarisE.ENOMEM


@pytest.mark.parametrize(
    ("start", "length", "good"),
    [
        (0, PAGE_SIZE, True),
        (HOLE_START - PAGE_SIZE, PAGE_SIZE, True),
        (HOLE_START, PAGE_SIZE, False),
        (HOLE_START - PAGE_SIZE, 2 * PAGE_SIZE, False),
        (0, 1 << 63, False),
        (HOLE_END - PAGE_SIZE, PAGE_SIZE, False),
        (HOLE_END, PAGE_SIZE, True),
        (USERLIMIT - PAGE_SIZE, PAGE_SIZE, True),
        (USERLIMIT - PAGE_SIZE, 2 * PAGE_SIZE, False),
        (USERLIMIT, PAGE_SIZE, False),
        ((1 << 64) - PAGE_SIZE, 2 * PAGE_SIZE, False),
    ],
)
def test_user_ranges(mm: Mm, start: int, length: int, good: bool) -> None:
    assert is_user_range(mm, start, length) == good
