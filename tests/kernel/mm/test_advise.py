from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.kernel.mm import Mm, PageCache, VmaFlag
from ring3.kernel.mm.advise import Advice
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, File, R, RunFile, fails, numbered, rows


@pytest.fixture
def area(mm: Mm) -> int:
    """Four private pages with their numbers."""
    mm.mmap(BASE, 4 * PAGE, RW, fixed=True)
    mm.write(BASE, numbered(4))
    return BASE


@pytest.mark.parametrize("advice", [Advice.DONTNEED, Advice.FREE, Advice.DONTNEED_LOCKED])
def test_memory_not_needed_is_zero_again(mm: Mm, area: int, advice: Advice) -> None:
    mm.madvise(area + PAGE, 2 * PAGE - 1, advice)
    assert len(mm.anon) == 2
    assert mm.read(area, 4 * PAGE) == b"\1" * PAGE + bytes(2 * PAGE) + b"\4" * PAGE


def test_a_private_file_page_not_needed_is_the_files_again(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(1)))
    mm.mmap(BASE, PAGE, RW, obj=cache, fixed=True)
    mm.write(BASE, b"mine")
    mm.madvise(BASE, PAGE, Advice.DONTNEED)
    assert mm.read(BASE, 4) == b"\1" * 4
    with fails(E.EINVAL):
        mm.madvise(BASE, PAGE, Advice.FREE)
    cache.drop()


def test_a_hole_is_told_after_the_rest_is_done(mm: Mm, area: int) -> None:
    mm.munmap(area + PAGE, PAGE)
    with fails(E.ENOMEM):
        mm.madvise(area, 4 * PAGE, Advice.DONTNEED)
    assert not mm.anon
    with fails(E.ENOMEM):
        mm.madvise(area + 8 * PAGE, PAGE, Advice.NORMAL)


@pytest.mark.parametrize(
    ("address", "length", "advice"),
    [
        (BASE + 1, PAGE, 4),
        (BASE, PAGE, 99),
        (BASE, PAGE, -1),
        (BASE, (1 << 64) - PAGE, 4),
        (BASE, (1 << 64) - 1, 4),
    ],
)
def test_bad_advice(mm: Mm, area: int, address: int, length: int, advice: int) -> None:
    with fails(E.EINVAL):
        mm.madvise(address, length, advice)
    mm.madvise(area, 0, Advice.DONTNEED)
    assert len(mm.anon) == 4


def test_advice_that_is_remembered_splits_mappings(mm: Mm, area: int) -> None:
    for on, off in (
        (Advice.DONTFORK, Advice.DOFORK),
        (Advice.WIPEONFORK, Advice.KEEPONFORK),
        (Advice.DONTDUMP, Advice.DODUMP),
        (Advice.SEQUENTIAL, Advice.NORMAL),
        (Advice.MERGEABLE, Advice.UNMERGEABLE),
    ):
        mm.madvise(area + PAGE, PAGE, on)
        assert rows(mm) == ["0-1 rw-p", "1-2 rw-p", "2-4 rw-p"]
        mm.madvise(area, 4 * PAGE, off)
        assert rows(mm) == ["0-4 rw-p"]
    mm.madvise(area, 4 * PAGE, Advice.RANDOM)
    mm.madvise(area, 4 * PAGE, Advice.SEQUENTIAL)
    assert mm.vmas[0].flags & (VmaFlag.RANDOM | VmaFlag.SEQUENTIAL) == VmaFlag.SEQUENTIAL


def test_what_shared_and_locked_memory_refuses(mm: Mm) -> None:
    mm.limits.ipc_lock = True
    mm.mmap(BASE, PAGE, RW, shared=True, fixed=True)
    with fails(E.EINVAL):
        mm.madvise(BASE, PAGE, Advice.WIPEONFORK)
    mm.mlock(BASE, PAGE)
    for advice in (Advice.DONTNEED, Advice.REMOVE, Advice.COLD, Advice.PAGEOUT):
        with fails(E.EINVAL):
            mm.madvise(BASE, PAGE, advice)


def test_removing_pages_of_shared_memory(mm: Mm, area: int) -> None:
    mm.mmap(2 * BASE, 2 * PAGE, RW, shared=True, fixed=True)
    mm.write(2 * BASE, numbered(2))
    mm.madvise(2 * BASE, PAGE, Advice.REMOVE)
    assert mm.read(2 * BASE, 2 * PAGE) == bytes(PAGE) + b"\2" * PAGE
    with fails(E.EINVAL):
        mm.madvise(area, PAGE, Advice.REMOVE)
    mm.mmap(2 * BASE, PAGE, R, shared=True, fixed=True, may=R)
    with fails(E.EACCES):
        mm.madvise(2 * BASE, PAGE, Advice.REMOVE)


def test_populating(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(1)))
    mm.mmap(BASE, 2 * PAGE, RW, obj=cache, fixed=True)
    mm.mmap(2 * BASE, PAGE, R, fixed=True)
    with fails(E.EFAULT):
        mm.madvise(BASE, 2 * PAGE, Advice.POPULATE_READ)
    assert not mm.anon
    mm.madvise(BASE, PAGE, Advice.POPULATE_WRITE)
    assert len(mm.anon) == 1
    with fails(E.EINVAL):
        mm.madvise(2 * BASE, PAGE, Advice.POPULATE_WRITE)
    with fails(E.ENOMEM):
        mm.madvise(2 * BASE, 2 * PAGE, Advice.POPULATE_READ)
    cache.drop()


def test_what_will_be_needed_is_loaded(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, RunFile(numbered(3)))
    mm.mmap(BASE, 8 * PAGE, RW, obj=cache, fixed=True)
    mm.mmap(2 * BASE, PAGE, RW, fixed=True)
    mm.madvise(BASE, 8 * PAGE, Advice.WILLNEED)
    mm.madvise(2 * BASE, PAGE, Advice.WILLNEED)
    assert sorted(cache.frames) == [0, 1, 2]
    cache.drop()


def test_mincore_tells_what_is_in_memory(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(2)))
    cache.page(1)
    mm.mmap(BASE, 2 * PAGE, R, obj=cache, fixed=True)
    mm.mmap(BASE + 2 * PAGE, 2 * PAGE, RW, fixed=True)
    mm.write(BASE + 3 * PAGE, b"x")
    assert b"".join(mm.mincore(BASE, 3 * PAGE + 1)) == b"\0\1\0\1"
    assert b"".join(mm.mincore(BASE, 0)) == b""
    with fails(E.ENOMEM):
        list(mm.mincore(BASE, 5 * PAGE))
    with fails(E.ENOMEM):
        list(mm.mincore(BASE, 1 << 47))
    with fails(E.EINVAL):
        list(mm.mincore(BASE + 1, PAGE))
    cache.drop()


def test_msync_checks_its_range(mm: Mm, area: int) -> None:
    mm.msync(area, 4 * PAGE, sync=True)
    mm.msync(area, 0, sync=True)
    with fails(E.ENOMEM):
        mm.msync(area, 5 * PAGE, sync=False)
    with fails(E.ENOMEM):
        mm.msync(area, (1 << 64) - PAGE, sync=True)
    with fails(E.EINVAL):
        mm.msync(area + 1, PAGE, sync=True)
    mm.limits.ipc_lock = True
    mm.mlock(area, PAGE)
    with fails(E.EBUSY):
        mm.msync(area, PAGE, sync=False, invalidate=True)


def test_anonymous_memory_gets_names(mm: Mm, area: int, ram: Ram) -> None:
    mm.name_anonymous(area + PAGE, PAGE, "pool")
    assert rows(mm) == ["0-1 rw-p", "1-2 rw-p [anon:pool]", "2-4 rw-p"]
    mm.name_anonymous(area, 4 * PAGE, "")
    assert rows(mm) == ["0-4 rw-p"]
    mm.mmap(area, PAGE, RW, shared=True, fixed=True)
    mm.name_anonymous(area, PAGE, "ring")
    assert rows(mm)[0] == "0-1 rw-s [anon_shmem:ring]"
    cache = PageCache(ram, File(b"x"))
    mm.mmap(area, PAGE, RW, obj=cache, fixed=True)
    with fails(E.EBADF):
        mm.name_anonymous(area, PAGE, "file")
    cache.drop()
