"""A program is stopped only where nothing is lost or done twice, by another thread or after so much code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ring3.machine.cpu import Event
from ring3.machine.registers import Gpr
from tests.machine.bare import USER_DATA_PAGE, USER_RIP, Bare

COUNT = 3_000_000
COUNTING_LOOP = (
    b"\xbf" + USER_DATA_PAGE.to_bytes(4, "little")  # mov $data, %edi
    + b"\xb9" + COUNT.to_bytes(4, "little")  # mov $COUNT, %ecx
    + bytes.fromhex("ff07 834704 03 ffc9 75f6 0f05")  # 1: incl (%rdi); addl $3, 4(%rdi); dec %ecx; jnz 1b; syscall
)  # fmt: skip


@pytest.fixture
def bare() -> Bare:
    return Bare()


@contextmanager
def interrupting(bare: Bare) -> Iterator[None]:
    """Interrupts from another thread all the time."""
    done = threading.Event()

    def interrupt() -> None:
        while not done.wait(0.0005):
            bare.cpu.interrupt()

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def counters(bare: Bare) -> tuple[int, int]:
    raw = bare.machine.read(USER_DATA_PAGE, 8)
    return int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:], "little")


WAYS = pytest.mark.parametrize("way", ["make_interruptible", "make_countable"])


@WAYS
def test_stores_are_done_once_however_often_the_program_is_interrupted(bare: Bare, way: str) -> None:
    getattr(bare.cpu, way)()
    bare.put_code(COUNTING_LOOP)
    interruptions = 0
    with interrupting(bare):
        while (stop := bare.cpu.run()) is Event.INTERRUPTED:
            interruptions += 1
    assert stop is Event.SYSCALL
    assert interruptions
    assert counters(bare) == (COUNT, 3 * COUNT)
    assert bare.cpu.gpr(Gpr.RCX) == 0


@WAYS
def test_an_interrupted_program_stands_where_a_block_begins(bare: Bare, way: str) -> None:
    getattr(bare.cpu, way)()
    bare.put_code(COUNTING_LOOP)
    with interrupting(bare):
        assert bare.cpu.run() is Event.INTERRUPTED
    assert bare.cpu.rip in (USER_RIP, USER_RIP + 10)
    first, second = counters(bare)
    assert second == 3 * first
    assert bare.cpu.gpr(Gpr.RCX) in (COUNT - first, 0)


def test_it_is_made_once(bare: Bare) -> None:
    assert bare.cpu.make_countable() is bare.cpu.make_countable()


def stop_after(amounts: list[int]) -> list[tuple[int, int, tuple[int, int]]]:
    """Where a fresh machine stands each time after so many bytes of code."""
    bare = Bare()
    brake = bare.cpu.make_countable()
    brake.start_counting()
    bare.put_code(COUNTING_LOOP)
    places = []
    for amount in amounts:
        brake.limit(amount)
        assert bare.cpu.run() is Event.INTERRUPTED
        places.append((bare.cpu.rip, brake.executed, counters(bare)))
    return places


def test_counted_code_stops_at_the_same_place_in_every_run() -> None:
    amounts = [1, 100, 10_000, 12_345, 1_000_000]
    places = stop_after(amounts)
    assert places == stop_after(amounts)
    executed = [place[1] for place in places]
    assert executed == sorted(set(executed))
    assert all(first * 3 == second for _, _, (first, second) in places)


def test_an_unlimited_program_is_not_stopped(bare: Bare) -> None:
    brake = bare.cpu.make_countable()
    brake.start_counting()
    bare.put_code(COUNTING_LOOP)
    assert bare.cpu.run() is Event.SYSCALL
    assert brake.executed >= COUNT * 10
