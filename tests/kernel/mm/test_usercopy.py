from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.kernel.mm import BadAddress, Mm, PageCache, SharedObject
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, File, R, fails, numbered


@pytest.fixture
def area(mm: Mm) -> int:
    """Three pages, of which the first two are writable and the third can only be read; nothing follows."""
    mm.mmap(BASE, 3 * PAGE, RW, fixed=True)
    mm.mprotect(BASE + 2 * PAGE, PAGE, R)
    return BASE


def test_what_is_written_is_read_across_pages(mm: Mm, area: int) -> None:
    data = bytes(range(256)) * 20
    mm.write(area + 100, data)
    assert mm.read(area + 100, len(data)) == data
    assert mm.read(area + 99, 2) == b"\0\0"
    mm.write(area + PAGE - 1, memoryview(b"ab"))
    assert mm.read(area + PAGE - 1, 2) == b"ab"


def test_nothing_is_always_there(mm: Mm) -> None:
    assert mm.read(0, 0) == mm.read(1 << 63, 0) == b""
    mm.write(0, b"")
    assert mm.segments(0, 0, write=True) == []


def test_a_write_stops_at_the_page_it_may_not_write(mm: Mm, area: int) -> None:
    with pytest.raises(BadAddress) as caught:
        mm.write(area + 2 * PAGE - 10, b"x" * 20)
    assert caught.value.number is E.EFAULT
    assert caught.value.done == 10
    assert mm.read(area + 2 * PAGE - 10, 11) == b"x" * 10 + b"\0"
    with pytest.raises(BadAddress) as caught:
        mm.write(area + 2 * PAGE, b"x")
    assert caught.value.done == 0


def test_a_read_says_how_far_it_could(mm: Mm, area: int) -> None:
    with pytest.raises(BadAddress) as caught:
        mm.read(area + 3 * PAGE - 7, 20)
    assert caught.value.done == 7


@pytest.mark.parametrize("address", [(1 << 47) - PAGE - 4, (1 << 47), (1 << 64) - 4])
def test_a_range_that_leaves_user_memory_is_not_touched(mm: Mm, address: int) -> None:
    mm.mmap((1 << 47) - 2 * PAGE, PAGE, RW, fixed=True)
    mm.write((1 << 47) - PAGE - 4, b"abcd")
    for call in (
        lambda: mm.read(address, 8),
        lambda: mm.write(address, bytes(8)),
        lambda: mm.segments(address, 8, write=False, partial=True),
        lambda: mm.read_u64(address),
        lambda: mm.write_u64(address, 0),
        lambda: mm.peek(address, 8),
        lambda: mm.physical(address + 4, write=False),
    ):
        with pytest.raises(BadAddress) as caught:
            call()
        assert caught.value.done == 0
    assert mm.read((1 << 47) - PAGE - 4, 4) == b"abcd"


def test_words(mm: Mm, area: int) -> None:
    for at in (area, area + 4, area + 3, area + PAGE - 2):
        mm.write_u32(at, -2)
        assert mm.read_u32(at) == 0xFFFF_FFFE
        mm.write_u64(at, 0x1_8877_6655_4433_2211)
        assert mm.read_u64(at) == 0x8877_6655_4433_2211
        assert mm.read_u32(at + 4) == 0x8877_6655


def test_segments_are_the_ram_itself(mm: Mm, area: int) -> None:
    mm.write(area + PAGE, b"second")  # so that the frames do not lie in order
    segments = mm.segments(area + 4000, 200, write=True)
    assert [len(segment) for segment in segments] == [96, 104]
    segments[1][:5] = b"third"
    assert mm.read(area + PAGE, 6) == b"thirdd"


def test_segments_in_adjacent_frames_are_one(mm: Mm) -> None:
    mm.mmap(2 * BASE, 8 * PAGE, RW, fixed=True)
    mm.write(2 * BASE, b"the page tables are there now")
    assert [len(segment) for segment in mm.segments(2 * BASE + PAGE, 3 * PAGE, write=True)] == [3 * PAGE]


def test_segments_may_be_fewer(mm: Mm, area: int) -> None:
    with pytest.raises(BadAddress) as caught:
        mm.segments(area + PAGE, 2 * PAGE, write=True)
    assert caught.value.done == PAGE
    assert sum(map(len, mm.segments(area + PAGE, 2 * PAGE, write=True, partial=True))) == PAGE
    with pytest.raises(BadAddress):
        mm.segments(area + 2 * PAGE, PAGE, write=True, partial=True)


def test_strings_end_at_their_nul(mm: Mm, area: int) -> None:
    text = b"s" * 5000
    mm.write(area + 10, text + b"\0after")
    assert mm.read_cstring(area + 10, 8192) == text
    assert mm.read_cstring(area + 10, 5001) == text
    assert mm.read_cstring(area + 10, 5000) is None
    assert mm.read_cstring(area + 5009, 100) == b"s"
    assert mm.read_cstring(area + 5010, 1) == b""
    assert mm.read_cstring(area, 0) is None


def test_a_string_that_runs_out_of_memory(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.write(BASE, b"x" * PAGE)
    with fails(E.EFAULT):
        mm.read_cstring(BASE, 2 * PAGE)
    assert mm.read_cstring(BASE, PAGE) is None
    mm.write(BASE + PAGE - 1, b"\0")
    assert mm.read_cstring(BASE + PAGE - 3, 2 * PAGE) == b"xx"


def test_writing_code_drops_translations(mm: Mm, ram: Ram) -> None:
    calls: list[int] = []
    ram.on_code_freed = lambda: calls.append(1)
    mm.mmap(BASE, 2 * PAGE, RW | RX, fixed=True)
    mm.fault(BASE, fetch=True)
    mm.read(BASE, PAGE)
    assert calls == []
    mm.write(BASE, b"\xc3")
    mm.write_u32(BASE, 0)
    mm.physical(BASE, write=True)
    mm.segments(BASE, 4, write=True)
    mm.poke(BASE, b"\xcc")
    assert len(calls) == 5


def test_a_futex_is_named_by_what_it_lies_in(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, 4 * PAGE)
    mm.mmap(BASE, PAGE, RW, obj=obj, shared=True, fixed=True, offset=2 * PAGE)
    mm.mmap(2 * BASE, 4 * PAGE, RW, obj=obj, shared=True, fixed=True)
    mm.mmap(3 * BASE, 4 * PAGE, RW, obj=obj, fixed=True)
    assert mm.sharing_key(BASE + 4) == mm.sharing_key(2 * BASE + 2 * PAGE + 4) == (obj, 2 * PAGE + 4)
    assert mm.sharing_key(3 * BASE) == (mm, 3 * BASE)
    with fails(E.EFAULT):
        mm.sharing_key(4 * BASE)
    assert mm.physical(BASE, write=True) == mm.physical(2 * BASE + 2 * PAGE, write=False)
    obj.drop()


def test_a_debugger_writes_a_private_copy_of_what_the_program_cannot_write(mm: Mm, ram: Ram) -> None:
    file = File(numbered(2))
    cache = PageCache(ram, file)
    mm.mmap(BASE, 2 * PAGE, RX, obj=cache, fixed=True)
    mm.fault(BASE, fetch=True)
    mm.pmap.stale = False
    mm.poke(BASE + PAGE - 1, b"\xcc\xcc")
    assert mm.pmap.stale
    assert mm.peek(BASE + PAGE - 2, 4) == mm.read(BASE + PAGE - 2, 4) == b"\1\xcc\xcc\2"
    assert bytes(file.data) == numbered(2)
    with fails(E.EFAULT):
        mm.write(BASE, b"x")
    cache.drop()


def test_a_debugger_sees_memory_that_the_program_hides(mm: Mm) -> None:
    mm.mmap(BASE, 2 * PAGE, RW, fixed=True)
    mm.write(BASE, b"hidden")
    mm.mprotect(BASE, 2 * PAGE, 0)
    assert mm.peek(BASE, 6) == b"hidden"
    assert mm.peek(BASE + PAGE, 2) == b"\0\0"
    mm.poke(BASE, b"H")
    mm.poke(BASE + PAGE, b"x")
    assert mm.pmap.lookup(BASE) == 0
    mm.mprotect(BASE, 2 * PAGE, R)
    assert mm.read(BASE, 6) + mm.read(BASE + PAGE, 1) == b"Hiddenx"


def test_a_debugger_does_not_write_what_is_shared_and_read_only(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE)
    mm.mmap(BASE, 2 * PAGE, R, obj=obj, shared=True, fixed=True)
    for address in (BASE, BASE + PAGE, 2 * BASE):
        with fails(E.EFAULT):
            mm.poke(address, b"x")
    mm.mprotect(BASE, PAGE, RW)
    mm.poke(BASE, b"x")
    assert obj.read(0, 1) == b"x"
    with fails(E.EFAULT):
        mm.peek(BASE + PAGE, 1)
    obj.drop()


def test_clearing(mm: Mm, area: int) -> None:
    mm.write(area, b"x" * 100)
    mm.clear(area + 10, 80)
    assert mm.read(area, 100) == b"x" * 10 + bytes(80) + b"x" * 10
