from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring3.kernel.mm import Mm, arch_pick_mmap_layout
from ring3.kernel.mm.placement import is_free, unmapped_area, unmapped_area_topdown
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, R

LENGTH = 24
TAKEN = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 4)), max_size=8)


def _space(taken: list[tuple[int, int]]) -> tuple[Mm, set[int]]:
    mm = Mm(Ram(1 << 20), None, arch_pick_mmap_layout())
    pages = set[int]()
    for number, (page, count) in enumerate(taken):
        mm.mmap(BASE + page * PAGE, count * PAGE, R if number % 2 else RW, fixed=True)
        pages.update(range(page, page + count))
    return mm, pages


@given(TAKEN, st.integers(1, 6))
def test_the_search_finds_the_first_room_from_either_side(taken: list[tuple[int, int]], count: int) -> None:
    mm, pages = _space(taken)
    free = [page for page in range(LENGTH - count + 1) if pages.isdisjoint(range(page, page + count))]
    low, high = BASE, BASE + LENGTH * PAGE
    above, below = (
        unmapped_area_topdown(mm, count * PAGE, low, high),
        unmapped_area(mm, count * PAGE, low, high),
    )
    assert above == (BASE + free[-1] * PAGE if free else None)
    assert below == (BASE + free[0] * PAGE if free else None)
    assert [
        page for page in range(LENGTH - count + 1) if is_free(mm, BASE + page * PAGE, count * PAGE)
    ] == free


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.integers(0, 30)), max_size=40))
def test_the_remembered_search_finds_what_a_new_one_finds(steps: list[tuple[bool, int, int]]) -> None:
    mm = Mm(Ram(1 << 20), None, arch_pick_mmap_layout())
    base = mm.layout.window.base
    for number, (unmap, count, page) in enumerate(steps):
        if unmap:
            mm.munmap(base - (page + count) * PAGE, count * PAGE)
        else:
            expected = unmapped_area_topdown(mm, count * PAGE, 65536, base)
            assert mm.mmap(0, count * PAGE, number % 8) == expected
