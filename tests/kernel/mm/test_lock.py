from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.kernel.mm import Mm, VmaFlag
from tests.kernel.mm.memory import BASE, PAGE, RW, fails, rows


@pytest.fixture
def area(mm: Mm) -> int:
    """Eight private pages, of which eight may be locked."""
    mm.limits.memlock = 8 * PAGE
    return mm.mmap(BASE, 8 * PAGE, RW, fixed=True)


def test_locking_counts_fills_and_splits(mm: Mm, area: int) -> None:
    mm.mlock(area + PAGE + 1, PAGE)
    assert rows(mm) == ["0-1 rw-p", "1-3 rw-p", "3-8 rw-p"]
    assert mm.usage.locked == len(mm.anon) == 2
    mm.munlock(area, 8 * PAGE)
    assert rows(mm) == ["0-8 rw-p"]
    assert mm.usage.locked == 0


def test_locking_on_fault_fills_nothing(mm: Mm, area: int) -> None:
    mm.mlock(area, 8 * PAGE, onfault=True)
    assert mm.usage.locked == 8
    assert not mm.anon


def test_the_limit_counts_a_page_once(mm: Mm, area: int) -> None:
    mm.mlock(area, 8 * PAGE)
    mm.mlock(area + 2 * PAGE, 3 * PAGE)
    mm.mmap(area + 8 * PAGE, PAGE, RW, fixed=True)
    with fails(E.ENOMEM):
        mm.mlock(area + PAGE, 8 * PAGE)
    with fails(E.EAGAIN):
        mm.mmap(0, PAGE, RW, locked=True)
    mm.limits.ipc_lock = True
    mm.mmap(0, PAGE, RW, locked=True)
    assert mm.usage.locked == 9


def test_who_may_lock_nothing(mm: Mm, area: int) -> None:
    mm.limits.memlock = 0
    with fails(E.EPERM):
        mm.mlock(area, PAGE)
    with fails(E.EPERM):
        mm.mlockall(current=True, future=False)
    with fails(E.EPERM):
        mm.mmap(0, PAGE, RW, locked=True)


def test_holes_stop_it(mm: Mm, area: int) -> None:
    mm.munmap(area + 2 * PAGE, PAGE)
    with fails(E.ENOMEM):
        mm.mlock(area, 4 * PAGE)
    assert mm.usage.locked == 2
    with fails(E.ENOMEM):
        mm.munlock(area + PAGE, 4 * PAGE)
    assert mm.usage.locked == 1
    with fails(E.ENOMEM):
        mm.munlock(area + 16 * PAGE, PAGE)
    with fails(E.EINVAL):
        mm.munlock(area, (1 << 64) - PAGE)


def test_memory_that_cannot_be_filled(mm: Mm, area: int) -> None:
    mm.mprotect(area, PAGE, 0)
    with fails(E.ENOMEM):
        mm.mlock(area, PAGE)


def test_everything_now_and_later(mm: Mm, area: int) -> None:
    mm.munmap(area + PAGE, 7 * PAGE)
    mm.mlockall(current=True, future=True)
    assert mm.usage.locked == len(mm.anon) == 1
    mm.mmap(area + 16 * PAGE, 4 * PAGE, RW, fixed=True)
    mm.start_brk = mm.brk = area + 32 * PAGE
    mm.set_brk(area + 35 * PAGE)
    assert mm.usage.locked == len(mm.anon) == 8
    assert mm.set_brk(area + 36 * PAGE) == area + 35 * PAGE
    mm.munlockall()
    mm.mmap(0, PAGE, RW)
    assert mm.usage.locked == 0
    with fails(E.ENOMEM):
        mm.mlockall(current=True, future=False)


def test_a_locked_stack_grows_within_the_limit(mm: Mm) -> None:
    mm.limits.memlock = 3 * PAGE
    mm.mmap(BASE, PAGE, RW, fixed=True, growsdown=True, locked=True)
    mm.write(BASE - 2 * PAGE, b"x")
    assert mm.usage.locked == 3
    with fails(E.EFAULT):
        mm.write(BASE - 3 * PAGE, b"x")


def test_special_mappings_are_not_locked(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, fixed=True, flags=VmaFlag.DONTEXPAND)
    mm.mlock(BASE, PAGE)
    assert mm.usage.locked == 0
