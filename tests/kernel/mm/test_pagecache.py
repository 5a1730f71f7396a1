from __future__ import annotations

from ring3.abi.errno import E
from ring3.kernel.mm import FaultOutcome, Mm, Objects, PageCache, arch_pick_mmap_layout
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, File, R, RunFile, fails, numbered


def test_pages_are_read_once_for_all_programs(mm: Mm, ram: Ram) -> None:
    file = File(numbered(3))
    cache = PageCache(ram, file)
    other = Mm(ram, None, arch_pick_mmap_layout())
    for space in (mm, other):
        space.mmap(BASE, 3 * PAGE, RX, obj=cache, fixed=True)
        assert space.read(BASE + 2 * PAGE, 2) == b"\3\3"
    assert file.reads == [2]
    assert mm.physical(BASE + 2 * PAGE, write=False) == other.physical(BASE + 2 * PAGE, write=False)
    assert mm.major_faults == 1
    other.destroy()
    cache.drop()


def test_a_backing_that_can_reads_a_window_at_once(mm: Mm, ram: Ram) -> None:
    file = RunFile(numbered(40)[:-100])
    cache = PageCache(ram, file)
    mm.mmap(BASE, 40 * PAGE, R, obj=cache, fixed=True)
    assert mm.read(BASE, 40 * PAGE) == bytes(file.data) + bytes(100)
    assert file.reads == [0, 16, 32]
    cache.drop()


def test_the_last_page_ends_in_zeros_and_beyond_is_a_bus_error(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(b"x" * (PAGE + 3)))
    mm.mmap(BASE, 3 * PAGE, R, obj=cache, fixed=True)
    assert mm.read(BASE + PAGE, 5) == b"xxx\0\0"
    assert mm.fault(BASE + 2 * PAGE) is FaultOutcome.BUS_ADRERR
    cache.drop()


def test_what_cannot_be_read_is_a_bus_error(mm: Mm, ram: Ram) -> None:
    for file in (File(b"x"), RunFile(b"x")):
        file.error = E.EIO
        cache = PageCache(ram, file)
        mm.mmap(BASE, PAGE, R, obj=cache, fixed=True)
        assert mm.fault(BASE) is FaultOutcome.BUS_ADRERR
        file.error = None
        assert mm.fault(BASE) is FaultOutcome.OK
        cache.drop()


def test_private_stores_stay_private(mm: Mm, ram: Ram) -> None:
    file = File(numbered(2))
    cache = PageCache(ram, file)
    mm.mmap(BASE, 2 * PAGE, RW, obj=cache, fixed=True)
    mm.mmap(2 * BASE, 2 * PAGE, R, obj=cache, shared=True, fixed=True)
    mm.write(BASE + 1, b"mine")
    assert mm.read(BASE, 6) == b"\1mine\1"
    assert mm.read(2 * BASE, 6) == b"\1" * 6
    assert not cache.dirty
    cache.drop()
    assert file.writes == []


def test_shared_stores_reach_the_file_by_msync(mm: Mm, ram: Ram) -> None:
    file = File(numbered(3)[:-1])
    cache = PageCache(ram, file)
    mm.mmap(BASE, 3 * PAGE, RW, obj=cache, shared=True, fixed=True)
    mm.read(BASE, 3 * PAGE)
    assert not cache.dirty  # mapped by reading: the store must be noticed
    mm.write(BASE + PAGE, b"new")
    mm.write(BASE + 3 * PAGE - 2, b"ab")
    mm.msync(BASE, PAGE, sync=True)
    assert file.writes == []
    mm.msync(BASE, 3 * PAGE, sync=True)
    assert file.writes == [1, 2]
    assert file.data[PAGE : PAGE + 4] == b"new\2"
    assert len(file.data) == 3 * PAGE - 1
    mm.write(BASE + PAGE, b"again")
    assert cache.dirty == {1}
    cache.drop()
    mm.munmap(BASE, 3 * PAGE)
    assert file.data[PAGE : PAGE + 5] == b"again"


def test_a_page_the_file_refuses_stays_dirty(mm: Mm, ram: Ram) -> None:
    file = File(numbered(1))
    cache = PageCache(ram, file)
    mm.mmap(BASE, PAGE, RW, obj=cache, shared=True, fixed=True)
    mm.write(BASE, b"x")
    file.error = E.ENOSPC
    with fails(E.ENOSPC):
        mm.msync(BASE, PAGE, sync=True)
    assert cache.dirty == {0}
    cache.drop()


def test_reads_and_writes_of_the_file_agree_with_mappings(mm: Mm, ram: Ram) -> None:
    file = File(numbered(3))
    cache = PageCache(ram, file)
    mm.mmap(BASE, 3 * PAGE, RW, obj=cache, shared=True, fixed=True)
    mm.write(BASE + PAGE, b"by store")
    assert cache.read(PAGE - 1, 9) == b"\1by store"
    assert cache.read(3 * PAGE - 1, 10) == b"\3"
    file.data[PAGE + 3 : PAGE + 8] = b"write"
    cache.update(PAGE + 3, b"write")
    assert mm.read(BASE + PAGE, 9) == b"by write\2"
    file.data += b"more"
    assert mm.fault(BASE + 2 * PAGE) is FaultOutcome.OK
    assert cache.read(3 * PAGE - 1, 10) == b"\3more"
    cache.drop()


def test_a_file_that_shrinks(mm: Mm, ram: Ram) -> None:
    file = File(numbered(2))
    cache = PageCache(ram, file)
    mm.mmap(BASE, 2 * PAGE, RW, obj=cache, shared=True, fixed=True)
    mm.write(BASE, bytes(2 * PAGE))
    del file.data[10:]
    cache.truncate(10)
    assert mm.fault(BASE + PAGE) is FaultOutcome.BUS_ADRERR
    assert cache.dirty == {0}
    cache.drop()


def test_removed_pages_of_a_file_become_zeros(mm: Mm, ram: Ram) -> None:
    file = File(numbered(3))
    cache = PageCache(ram, file)
    mm.mmap(BASE, 3 * PAGE, RW, obj=cache, shared=True, fixed=True)
    mm.madvise(BASE + PAGE, PAGE, 9)
    mm.msync(BASE, 3 * PAGE, sync=True)
    assert bytes(file.data) == b"\1" * PAGE + bytes(PAGE) + b"\3" * PAGE
    cache.drop()


def test_writing_a_file_page_that_is_executed_drops_translations(mm: Mm, ram: Ram) -> None:
    calls: list[int] = []
    ram.on_code_freed = lambda: calls.append(1)
    file = File(numbered(1))
    cache = PageCache(ram, file)
    mm.mmap(BASE, PAGE, RX, obj=cache, fixed=True)
    cache.update(0, b"data")
    assert not calls
    mm.fault(BASE, fetch=True)
    cache.update(0, b"code")
    assert calls == [1]
    cache.drop()


def test_clean_pages_can_be_taken_back(mm: Mm, ram: Ram) -> None:
    objects = Objects()
    files = [File(numbered(4)) for _ in range(2)]
    mapped, idle = (PageCache(ram, file, owner=objects) for file in files)
    for page in range(4):
        idle.page(page)
    mm.mmap(BASE, 4 * PAGE, RW, obj=mapped, shared=True, fixed=True)
    mm.read(BASE, 4 * PAGE)
    mm.write(BASE + PAGE, b"dirty")
    mm.limits.ipc_lock = True
    mm.mlock(BASE + 2 * PAGE, PAGE)
    assert objects.reclaim(3, mapped=False) == 3
    assert objects.reclaim(9, mapped=False) == 1
    assert objects.reclaim(9, mapped=True) == 2
    assert sorted(mapped.frames) == [1, 2]
    assert mm.read(BASE, 1) + mm.read(BASE + PAGE, 5) + mm.read(BASE + 3 * PAGE, 1) == b"\1dirty\4"
    for cache in (mapped, idle):
        cache.drop()
    mm.munmap(BASE, 4 * PAGE)
    assert not objects.shrinkable
