"""A few hundred frames only: every call either works or fails as a whole, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from ring3.abi.errno import E, Errno, ErrorNumber
from ring3.kernel.mm import FaultOutcome, Mm, Objects, PageCache, SharedObject, arch_pick_mmap_layout
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, File, R, fails, numbered


@pytest.fixture
def small() -> Ram:
    """RAM of 64 frames, one of which is never used."""
    return Ram(64 * PAGE)


def _fill(ram: Ram, left: int) -> list[int]:
    return [ram.alloc() for _ in range(ram.frames_free - left)]


def test_a_memory_bomb_ends_and_leaves_the_rest_intact(small: Ram) -> None:
    mm, victim = Mm(small, None, arch_pick_mmap_layout()), Mm(small, None, arch_pick_mmap_layout())
    for space in (mm, victim):
        space.mmap(BASE, 200 * PAGE, RW, fixed=True, noreserve=True)
    victim.write(BASE, b"alive")
    outcomes = [mm.fault(BASE + page * PAGE, write=True) for page in range(200)]
    assert outcomes[0] is FaultOutcome.OK
    assert outcomes[-1] is FaultOutcome.OOM
    assert small.frames_free == 0
    with fails(E.EFAULT):
        mm.write(BASE + 199 * PAGE, b"x")
    assert victim.read(BASE, 5) == b"alive"
    with fails(E.ENOMEM):
        Mm(small, None, arch_pick_mmap_layout())
    with fails(E.ENOMEM):
        victim.fork()
    mm.destroy()
    victim.write(BASE + PAGE, b"again")
    victim.destroy()
    assert small.frames_in_use == 0


@pytest.mark.parametrize("left", range(6))
def test_every_step_of_a_first_fault_may_find_no_frame(small: Ram, left: int) -> None:
    mm = Mm(small, None, arch_pick_mmap_layout())
    mm.mmap(BASE, PAGE, RW, fixed=True)
    hoard = _fill(small, left)
    enough = left >= 4  # the page and three tables
    assert (mm.fault(BASE, write=True) is FaultOutcome.OK) == enough
    for frame in hoard:
        small.release(frame)
    assert mm.fault(BASE, write=True) is FaultOutcome.OK
    mm.destroy()
    assert small.frames_in_use == 0


def test_a_copy_that_finds_no_frame_changes_nothing(small: Ram) -> None:
    mm = Mm(small, None, arch_pick_mmap_layout())
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.write(BASE, b"both")
    child = mm.fork()
    hoard = _fill(small, 0)
    assert child.fault(BASE, write=True) is FaultOutcome.OOM
    with fails(E.EFAULT):
        mm.poke(BASE, b"x")
    assert child.read(BASE, 4) == mm.read(BASE, 4) == b"both"
    child.destroy()
    mm.write(BASE, b"mine")
    mm.destroy()
    assert small.frames_in_use == len(hoard)


@pytest.mark.parametrize("left", range(1, 6))
def test_fork_needs_one_frame_and_maps_what_it_can(small: Ram, left: int) -> None:
    mm = Mm(small, None, arch_pick_mmap_layout())
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.write(BASE, b"both")
    hoard = _fill(small, left)
    child = mm.fork()
    assert bool(child.pmap.lookup(BASE)) == (left >= 4)
    for frame in hoard:
        small.release(frame)
    assert child.read(BASE, 4) == b"both"
    child.destroy()
    mm.destroy()
    assert small.frames_in_use == 0


def test_clean_file_pages_make_room(small: Ram) -> None:
    objects = Objects()
    file = File(numbered(100))
    cache = PageCache(small, file, owner=objects)
    mm = Mm(small, None, arch_pick_mmap_layout(), objects=objects)
    mm.mmap(BASE, 100 * PAGE, R, obj=cache, fixed=True)
    mm.mmap(2 * BASE, 30 * PAGE, RW, fixed=True)
    for _ in range(2):
        for page in range(100):
            assert mm.fault(BASE + page * PAGE) is FaultOutcome.OK
            assert mm.read(BASE + page * PAGE, 1) == bytes([page + 1])
    for page in range(30):
        assert mm.fault(2 * BASE + page * PAGE, write=True) is FaultOutcome.OK
    child = mm.fork()
    child.destroy()
    mm.destroy()
    cache.drop()
    assert small.frames_in_use == 0


def test_slices_that_the_kernel_holds_are_not_taken_away(small: Ram) -> None:
    objects = Objects()
    cache = PageCache(small, File(numbered(100)), owner=objects)
    mm = Mm(small, None, arch_pick_mmap_layout(), objects=objects)
    mm.mmap(BASE, 100 * PAGE, R, obj=cache, fixed=True)
    pieces = mm.segments(BASE, 100 * PAGE, write=False, partial=True)
    data = b"".join(pieces)
    assert len(data) < 100 * PAGE
    assert data == numbered(100)[: len(data)]
    mm.destroy()
    cache.drop()


def test_objects_say_enomem(small: Ram) -> None:
    obj = SharedObject(small, 0)
    with fails(E.ENOMEM):
        obj.write(0, bytes(100 * PAGE))
    assert obj.size == 63 * PAGE
    assert obj.read(obj.size - 1, 5) == b"\0"
    obj.drop()
    assert small.frames_in_use == 0


def test_locking_says_when_ram_is_full(small: Ram) -> None:
    mm = Mm(small, None, arch_pick_mmap_layout())
    mm.mmap(BASE, 100 * PAGE, RW, fixed=True, noreserve=True)
    mm.limits.ipc_lock = True
    with fails(E.EAGAIN):
        mm.mlock(BASE, 100 * PAGE)
    with fails(E.ENOMEM):
        mm.madvise(BASE, 100 * PAGE, 23)
    mm.destroy()
    assert small.frames_in_use == 0


def _random_call(source: random.Random, mm: Mm, cache: PageCache) -> None:
    """Does something to an address space that may need frames, or fail for want of them."""
    at, length = BASE + source.randrange(60) * PAGE, source.randrange(1, 20) * PAGE
    to = BASE + source.randrange(60) * PAGE
    shared = source.random() < 0.5
    calls: list[Callable[[], object]] = [
        lambda: mm.mmap(at, length, RW, fixed=True, noreserve=True),
        lambda: mm.mmap(at, length, RW, fixed=True, obj=cache, offset=at - BASE, shared=shared),
        lambda: mm.mmap(at, length, RW, fixed=True, shared=True, populate=True),
        lambda: mm.munmap(at, length),
        lambda: mm.mprotect(at, length, source.choice([0, 1, 3])),
        lambda: mm.mremap(at, length, length, maymove=True, fixed=True, new_address=to),
        lambda: mm.mremap(at, length, length + PAGE, maymove=True),
        lambda: mm.madvise(at, length, source.choice([4, 9, 22, 23])),
        lambda: mm.mlock(at, length),
        mm.munlockall,
        lambda: mm.write(at, b"x" * length),
        lambda: mm.read(at, length),
        lambda: mm.poke(at, b"poke"),
    ]
    source.choice(calls)()


@pytest.mark.parametrize("seed", range(8))
def test_any_calls_with_little_ram(seed: int) -> None:
    source = random.Random(seed)
    ram = Ram(source.choice([64, 100, 300]) * PAGE)
    objects = Objects()
    cache = PageCache(ram, File(numbered(50)), owner=objects)
    spaces = [Mm(ram, None, arch_pick_mmap_layout(), objects=objects)]
    spaces[0].limits.ipc_lock = True
    seen = set[ErrorNumber]()
    for _ in range(500):
        try:
            if source.random() < 0.9:
                _random_call(source, source.choice(spaces), cache)
            elif len(spaces) < 4:
                spaces.append(spaces[0].fork())
            else:
                spaces.pop(1).destroy()
        except Errno as error:
            seen.add(error.number)
    assert {E.ENOMEM, E.EFAULT} <= seen <= {E.ENOMEM, E.EFAULT, E.EAGAIN, E.EINVAL, E.EACCES}
    for mm in spaces:
        mm.destroy()
    cache.drop()
    assert ram.frames_in_use == 0
