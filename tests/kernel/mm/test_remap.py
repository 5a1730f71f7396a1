from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.kernel.mm import FrameObject, Mm, PageCache, VmaFlag
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, File, R, fails, numbered, rows


@pytest.fixture
def area(mm: Mm) -> int:
    """Four private pages with their numbers."""
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    mm.write(BASE, numbered(4))
    return BASE


def test_it_grows_and_shrinks_in_place(mm: Mm, area: int) -> None:
    assert mm.mremap(area, 4 * PAGE, 6 * PAGE - 1) == area
    assert mm.read(area, 6 * PAGE) == numbered(4) + bytes(2 * PAGE)
    assert mm.mremap(area, 6 * PAGE, PAGE) == area
    assert rows(mm) == ["0-1 rw-p"]
    assert mm.usage.total == len(mm.anon) == 1
    assert mm.mremap(area, PAGE, PAGE) == area


def test_it_moves_when_there_is_no_room(mm: Mm, area: int, ram: Ram) -> None:
    mm.mmap(area + 4 * PAGE, PAGE, R, fixed=True)
    with fails(E.ENOMEM):
        mm.mremap(area, 4 * PAGE, 5 * PAGE)
    used = ram.frames_in_use
    moved = mm.mremap(area, 4 * PAGE, 5 * PAGE, maymove=True)
    assert moved == mm.layout.window.base - 5 * PAGE
    assert ram.frames_in_use <= used + 3  # page tables
    assert all(mm.pmap.lookup(moved + page * PAGE) & 2 for page in range(4))
    assert mm.read(moved, 5 * PAGE) == numbered(4) + bytes(PAGE)
    assert mm.vma_at(area) is None


def test_part_of_a_mapping_moves_to_a_fixed_place(mm: Mm, area: int) -> None:
    target = area + 16 * PAGE
    mm.mmap(target, 2 * PAGE, R, fixed=True)
    assert mm.mremap(area + PAGE, 2 * PAGE, 2 * PAGE, maymove=True, fixed=True, new_address=target) == target
    assert rows(mm) == ["0-1 rw-p", "3-4 rw-p", "16-18 rw-p"]
    assert mm.read(target, 2 * PAGE) == numbered(4)[PAGE : 3 * PAGE]


def test_a_move_may_leave_an_empty_mapping(mm: Mm, area: int) -> None:
    moved = mm.mremap(area, 4 * PAGE, 4 * PAGE, maymove=True, dontunmap=True)
    assert mm.read(moved, 4 * PAGE) == numbered(4)
    assert mm.read(area, 4 * PAGE) == bytes(4 * PAGE)


def test_nothing_doubles_a_shared_mapping(mm: Mm) -> None:
    mm.mmap(BASE, 2 * PAGE, RW, shared=True, fixed=True)
    again = mm.mremap(BASE, 0, 2 * PAGE, maymove=True)
    mm.write(BASE + PAGE, b"seen")
    assert mm.read(again + PAGE, 4) == b"seen"
    assert mm.vma_at(BASE)


def test_a_file_mapping_keeps_its_offset(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(8)))
    mm.mmap(BASE, 4 * PAGE, RW, obj=cache, offset=2 * PAGE, fixed=True)
    mm.write(BASE + PAGE, b"mine")
    moved = mm.mremap(BASE + PAGE, 2 * PAGE, 4 * PAGE, maymove=True)
    assert mm.read(moved, 5) == b"mine\4"
    assert mm.read(moved + 3 * PAGE, 1) == b"\7"
    cache.drop()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"address": BASE + 1}, E.EINVAL),
        ({"new_length": 0}, E.EINVAL),
        ({"new_length": 1 << 62}, E.EINVAL),
        ({"fixed": True, "new_address": 2 * BASE}, E.EINVAL),
        ({"maymove": True, "fixed": True, "new_address": 2 * BASE + 1}, E.EINVAL),
        ({"maymove": True, "fixed": True, "new_address": BASE + PAGE}, E.EINVAL),
        ({"maymove": True, "fixed": True, "new_address": 1 << 47}, E.EINVAL),
        ({"maymove": True, "dontunmap": True, "new_length": PAGE}, E.EINVAL),
        ({"old_length": 0, "maymove": True}, E.EINVAL),
        ({"address": 2 * BASE}, E.EFAULT),
        ({"old_length": 5 * PAGE, "new_length": 6 * PAGE}, E.EFAULT),
        ({"new_length": 17 << 20}, E.ENOMEM),
    ],
)
def test_what_cannot_be(mm: Mm, area: int, arguments: dict[str, int], error: E) -> None:
    mm.limits.address_space = 16 << 20
    values = {"address": area, "old_length": 4 * PAGE, "new_length": 4 * PAGE, "new_address": 0} | arguments
    before = rows(mm)
    with fails(error):
        mm.mremap(
            values["address"],
            values["old_length"],
            values["new_length"],
            new_address=values["new_address"],
            maymove=bool(values.get("maymove")),
            fixed=bool(values.get("fixed")),
            dontunmap=bool(values.get("dontunmap")),
        )
    assert rows(mm) == before
    assert mm.read(area, 4 * PAGE) == numbered(4)


def test_a_locked_mapping_grows_filled_and_within_its_limit(mm: Mm, area: int) -> None:
    mm.limits.memlock = 6 * PAGE
    mm.mlock(area, 4 * PAGE)
    with fails(E.EAGAIN):
        mm.mremap(area, 4 * PAGE, 7 * PAGE)
    mm.mremap(area, 4 * PAGE, 6 * PAGE)
    assert mm.usage.locked == len(mm.anon) == 6


def test_a_special_mapping_moves_but_does_not_grow(mm: Mm, ram: Ram) -> None:
    frame = ram.alloc()
    vdso = FrameObject(ram, [frame], "[vdso]")
    ram.release(frame)
    mm.mmap(BASE, PAGE, R, obj=vdso, fixed=True, flags=VmaFlag.DONTEXPAND)
    with fails(E.EFAULT):
        mm.mremap(BASE, PAGE, 2 * PAGE, maymove=True)
    mm.mremap(BASE, PAGE, PAGE, maymove=True, fixed=True, new_address=2 * BASE)
    assert mm.find_object(vdso) == 2 * BASE
    vdso.drop()
