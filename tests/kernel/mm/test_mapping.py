from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.kernel.mm import FaultOutcome, Mm, SharedObject, VmaFlag, arch_pick_mmap_layout
from ring3.kernel.mm.advise import Advice
from ring3.machine.pmap import Prot
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, R, W, X, fails, rows


def test_mappings_go_below_the_one_before_and_join_it(mm: Mm) -> None:
    first = mm.mmap(0, 100, RW)
    second = mm.mmap(0, PAGE + 1, RW)
    assert first == mm.layout.window.base - PAGE
    assert second == first - 2 * PAGE
    assert len(mm.vmas) == 1
    assert mm.usage.total == mm.usage.data == 3


def test_a_hint_is_taken_if_it_is_free_and_rounded_down(mm: Mm) -> None:
    assert mm.mmap(BASE + 5, PAGE, RW) == BASE
    assert mm.mmap(BASE, PAGE, RW) == mm.layout.window.base - PAGE
    assert mm.mmap(100, PAGE, RW) == mm.layout.window.base - 2 * PAGE
    assert mm.mmap(0x2000, PAGE, RW) == 65536


def test_a_hint_beyond_user_memory_is_ignored(mm: Mm) -> None:
    assert mm.mmap(1 << 62, PAGE, RW) == mm.layout.window.base - PAGE


def test_a_mapping_may_go_to_the_second_gigabyte(mm: Mm) -> None:
    assert mm.mmap(0, PAGE, RW, low32=True) == 0x4000_0000
    assert mm.mmap(0, PAGE, RW, low32=True) == 0x4000_1000
    with fails(E.ENOMEM):
        mm.mmap(0, 1 << 30, RW, low32=True, noreserve=True)


def test_a_call_by_the_32_bit_door_gets_a_low_address(mm: Mm) -> None:
    assert mm.mmap(0, PAGE, RW, compat=True) == mm.layout.compat.base - PAGE < 1 << 32


def test_the_legacy_layout_grows_up(ram: Ram) -> None:
    mm = Mm(ram, None, arch_pick_mmap_layout(narrow=True, legacy=True))
    assert [mm.mmap(0, PAGE, RW) for _ in range(2)] == [0x5555_5000, 0x5555_6000]
    mm.destroy()


def test_when_there_is_no_room_below_it_goes_above(ram: Ram) -> None:
    mm = Mm(ram, None, arch_pick_mmap_layout(narrow=True))
    base, size = mm.layout.window.base, mm.task_size
    mm.mmap(65536, base - 65536, 0, fixed=True)
    assert mm.mmap(0, PAGE, RW) == base
    with fails(E.ENOMEM):
        mm.mmap(0, size - base, 0)
    mm.destroy()


def test_a_fixed_mapping_replaces_what_is_there(mm: Mm) -> None:
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    mm.write(BASE, b"old" * PAGE)
    assert mm.mmap(BASE + PAGE, PAGE, R, fixed=True) == BASE + PAGE
    assert rows(mm) == ["0-1 rw-p", "1-2 r--p", "2-4 rw-p"]
    assert mm.read(BASE + PAGE, 1) == b"\0"


def test_noreplace_wants_free_memory(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, noreplace=True)
    with fails(E.EEXIST):
        mm.mmap(BASE - PAGE, 2 * PAGE, RW, noreplace=True)
    assert rows(mm) == ["0-1 rw-p"]


@pytest.mark.parametrize(
    ("address", "length", "error"),
    [
        (BASE + 1, PAGE, E.EINVAL),
        (BASE, 0, E.EINVAL),
        (BASE, 1 << 63, E.ENOMEM),
        ((1 << 47) - PAGE, PAGE, E.ENOMEM),
        (0, PAGE, E.EPERM),
        (0x8000, PAGE, E.EPERM),
    ],
)
def test_bad_places_and_lengths(mm: Mm, address: int, length: int, error: E) -> None:
    with fails(error):
        mm.mmap(address, length, RW, fixed=True)


def test_offsets_are_checked(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE)
    with fails(E.EINVAL):
        mm.mmap(0, PAGE, R, obj=obj, offset=1)
    with fails(E.EOVERFLOW):
        mm.mmap(0, 2 * PAGE, R, obj=obj, offset=(1 << 63) - PAGE)
    obj.drop()


def test_only_private_anonymous_memory_grows_down(mm: Mm) -> None:
    with fails(E.EINVAL):
        mm.mmap(0, PAGE, RW, growsdown=True, shared=True)


def test_a_mapping_cannot_start_with_more_than_it_may_have(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE)
    with fails(E.EACCES):
        mm.mmap(0, PAGE, RW, obj=obj, shared=True, may=RX)
    address = mm.mmap(0, PAGE, R, obj=obj, shared=True, may=RX)
    with fails(E.EACCES):
        mm.mprotect(address, PAGE, RW)
    assert not obj.written_through_mappings()
    obj.drop()


def test_the_address_space_limit(mm: Mm) -> None:
    mm.limits.address_space = 4 * PAGE
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    with fails(E.ENOMEM):
        mm.mmap(0, PAGE, R)
    mm.mmap(BASE, 4 * PAGE, R, fixed=True)  # replaces as much as it adds
    with fails(E.ENOMEM):
        mm.mmap(BASE, 5 * PAGE, R, fixed=True)
    assert rows(mm) == ["0-4 r--p"]


def test_the_data_limit_counts_private_writable_memory(mm: Mm) -> None:
    mm.limits.data = 2 * PAGE
    mm.mmap(BASE, 4 * PAGE, R, fixed=True)
    mm.mmap(0, PAGE, RW, shared=True)
    mm.mprotect(BASE, 2 * PAGE, RW)
    with fails(E.ENOMEM):
        mm.mprotect(BASE + 2 * PAGE, PAGE, RW)
    with fails(E.ENOMEM):
        mm.mmap(0, PAGE, RW)


def test_more_than_all_of_ram_is_refused_unless_it_is_not_reserved(mm: Mm) -> None:
    for shared in (False, True):
        with fails(E.ENOMEM):
            mm.mmap(0, 17 << 20, RW, shared=shared)
        mm.mmap(0, 17 << 20, RW, shared=shared, noreserve=True)
    address = mm.mmap(0, 17 << 20, 0)
    with fails(E.ENOMEM):
        mm.mprotect(address, 17 << 20, RW)


def test_the_number_of_mappings_is_limited(mm: Mm) -> None:
    mm.objects.max_map_count = 3
    mm.mmap(BASE, 8 * PAGE, RW, fixed=True)
    mm.mprotect(BASE + PAGE, PAGE, R)
    with fails(E.ENOMEM):
        mm.munmap(BASE + 4 * PAGE, PAGE)
    with fails(E.ENOMEM):
        mm.mprotect(BASE + 4 * PAGE, PAGE, R)
    mm.munmap(BASE, PAGE)
    mm.mmap(0, PAGE, R)
    mm.mmap(0, PAGE, RX)  # as in Linux, one more than the limit
    with fails(E.ENOMEM):
        mm.mmap(0, PAGE, RW)


def test_munmap_takes_parts_away_and_ignores_holes(mm: Mm) -> None:
    mm.mmap(BASE, 8 * PAGE, RW, fixed=True)
    mm.write(BASE, bytes(8 * PAGE))
    mm.munmap(BASE + 2 * PAGE, PAGE)
    mm.munmap(BASE + PAGE, 3 * PAGE)
    mm.munmap(BASE + PAGE, 3 * PAGE)
    mm.munmap(BASE + 7 * PAGE, 1)
    assert rows(mm) == ["0-1 rw-p", "4-7 rw-p"]
    assert mm.usage.total == len(mm.anon) == 4
    assert mm.fault(BASE + PAGE) is FaultOutcome.SEGV_MAPERR


@pytest.mark.parametrize(
    ("address", "length"), [(BASE + 1, PAGE), (BASE, 0), (BASE, 1 << 63), (1 << 47, PAGE)]
)
def test_munmap_of_what_cannot_be(mm: Mm, address: int, length: int) -> None:
    with fails(E.EINVAL):
        mm.munmap(address, length)


def test_mprotect_cuts_and_joins(mm: Mm) -> None:
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    mm.mprotect(BASE + PAGE, PAGE, R)
    assert rows(mm) == ["0-1 rw-p", "1-2 r--p", "2-4 rw-p"]
    mm.mprotect(BASE, 4 * PAGE, R)
    assert rows(mm) == ["0-4 r--p"]
    mm.mprotect(BASE, 0, RW)
    assert rows(mm) == ["0-4 r--p"]


def test_mprotect_takes_effect_on_pages_in_use(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.write(BASE, b"data")
    mm.pmap.stale = False
    mm.mprotect(BASE, PAGE, R)
    assert mm.pmap.stale
    assert mm.fault(BASE, write=True) is FaultOutcome.SEGV_ACCERR
    mm.mprotect(BASE, PAGE, 0)
    assert mm.fault(BASE) is FaultOutcome.SEGV_ACCERR
    mm.mprotect(BASE, PAGE, RW)
    mm.write(BASE + 1, b"e")
    assert mm.read(BASE, 4) == b"deta"


def test_mprotect_stops_at_a_hole_and_keeps_what_it_did(mm: Mm) -> None:
    mm.mmap(BASE, 2 * PAGE, RW, fixed=True)
    mm.mmap(BASE + 3 * PAGE, PAGE, RW, fixed=True)
    with fails(E.ENOMEM):
        mm.mprotect(BASE, 4 * PAGE, R)
    assert rows(mm) == ["0-2 r--p", "3-4 rw-p"]
    with fails(E.ENOMEM):
        mm.mprotect(BASE + 2 * PAGE, PAGE, R)
    with fails(E.EINVAL):
        mm.mprotect(BASE + 1, PAGE, R)


def test_mprotect_from_the_start_of_a_stack(mm: Mm) -> None:
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True, growsdown=True)
    mm.mprotect(BASE + 3 * PAGE, PAGE, RW | X, growsdown=True)
    assert rows(mm) == ["0-4 rwxp"]
    mm.mmap(BASE + 8 * PAGE, PAGE, RW, fixed=True)
    with fails(E.EINVAL):
        mm.mprotect(BASE + 8 * PAGE, PAGE, R, growsdown=True)


def test_memory_made_writable_stays_committed_and_apart(mm: Mm) -> None:
    mm.mmap(BASE, 4 * PAGE, 0, fixed=True)
    mm.mprotect(BASE, PAGE, RW)
    mm.mprotect(BASE, PAGE, 0)
    assert rows(mm) == ["0-4 ---p"]
    mm.mprotect(BASE, PAGE, RW)
    mm.write(BASE, b"x")
    mm.mprotect(BASE, PAGE, 0)
    assert rows(mm) == ["0-1 ---p", "1-4 ---p"]
    assert mm.vmas[0].flags == VmaFlag.ACCOUNT


def test_pages_executed_are_known_as_code_and_data_is_not(mm: Mm, ram: Ram) -> None:
    mm.mmap(BASE, 2 * PAGE, RW, fixed=True)
    mm.write(BASE, b"\x90" * 2 * PAGE)
    mm.mprotect(BASE, 2 * PAGE, RX)
    frames = [mm.physical(BASE + page * PAGE, write=False) for page in range(2)]
    assert [mm.pmap.lookup(BASE + page * PAGE) >> 63 for page in range(2)] == [1, 1]
    assert mm.fault(BASE, fetch=True) is FaultOutcome.OK
    assert [mm.pmap.lookup(BASE + page * PAGE) >> 63 for page in range(2)] == [0, 1]
    assert [ram.is_code(frame) for frame in frames] == [True, False]


def test_brk_moves_the_end_of_the_heap(mm: Mm) -> None:
    mm.start_brk = mm.brk = BASE + 100
    assert mm.set_brk(0) == BASE + 100
    assert mm.set_brk(BASE + 200) == BASE + 200
    assert not mm.vmas
    assert mm.set_brk(BASE + 3 * PAGE + 1) == BASE + 3 * PAGE + 1
    assert rows(mm) == ["1-4 rw-p [heap]"]
    mm.write(BASE + PAGE, bytes(3 * PAGE))
    assert mm.set_brk(BASE + 2 * PAGE) == BASE + 2 * PAGE
    assert rows(mm) == ["1-2 rw-p [heap]"]
    assert len(mm.anon) == 1
    assert mm.set_brk(BASE) == BASE + 2 * PAGE


def test_brk_stays_where_it_is_when_it_cannot_move(mm: Mm) -> None:
    mm.start_brk = mm.brk = BASE
    mm.limits.data = 4 * PAGE
    assert mm.set_brk(BASE + 5 * PAGE) == BASE
    mm.limits.data = 1 << 40
    mm.mmap(BASE + 8 * PAGE, PAGE, RW, fixed=True)
    assert mm.set_brk(BASE + 8 * PAGE) == BASE  # a page must stay free
    assert mm.set_brk(BASE + 7 * PAGE) == BASE + 7 * PAGE
    assert mm.set_brk(1 << 62) == BASE + 7 * PAGE
    mm.limits.address_space = 0
    assert mm.set_brk(BASE + 7 * PAGE + 1) == BASE + 7 * PAGE


def test_the_heap_continues_the_bss(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.start_brk = mm.brk = BASE + PAGE
    mm.set_brk(BASE + 2 * PAGE)
    assert rows(mm) == ["0-2 rw-p [heap]"]


def test_a_stack_keeps_its_distance(mm: Mm) -> None:
    mm.mmap(BASE + 300 * PAGE, PAGE, RW, fixed=True, growsdown=True)
    assert mm.mmap(BASE + 43 * PAGE, PAGE, RW) == BASE + 43 * PAGE
    assert mm.mmap(BASE + 44 * PAGE, PAGE, RW) != BASE + 44 * PAGE


def test_populate_fills_and_does_not_complain(mm: Mm) -> None:
    address = mm.mmap(0, 8 * PAGE, RW, populate=True)
    assert len(mm.anon) == 8
    assert all(mm.pmap.lookup(address + page * PAGE) & 2 for page in range(8))
    mm.mmap(0, 8 * PAGE, W, shared=True, populate=True)
    mm.mmap(0, 8 * PAGE, 0, populate=True)
    assert len(mm.anon) == 8


def test_enums_become_plain_numbers(mm: Mm) -> None:
    mm.mmap(
        BASE, PAGE, Prot.READ | Prot.WRITE, fixed=True, flags=VmaFlag.DONTDUMP, may=Prot.READ | Prot.WRITE
    )
    mm.mprotect(BASE, PAGE, Prot.READ)
    mm.madvise(BASE, PAGE, Advice.DONTFORK)
    vma = mm.vmas[0]
    assert [type(field) for field in (vma.prot, vma.may, vma.flags)] == [int, int, int]
