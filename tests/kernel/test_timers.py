"""Timers happen at their time, in order, once, unless they are cancelled."""

from __future__ import annotations

import sys
from threading import Event, Thread

from hypothesis import given
from hypothesis import strategies as st

from ring3.kernel.clock import VirtualClocks
from ring3.kernel.timers import FAR, Timers


def fire_at(timers: Timers, clocks: VirtualClocks, time: int) -> None:
    clocks.sleep_until(time)
    timers.fire(clocks)


def test_a_timer_happens_once_when_its_time_has_come() -> None:
    timers, clocks, told = Timers(), VirtualClocks(), list[str]()
    timers.add(10**6, lambda: told.append("now"))
    fire_at(timers, clocks, 5 * 10**5)
    assert told == []
    fire_at(timers, clocks, 10**6)
    fire_at(timers, clocks, 10**7)
    assert told == ["now"]
    assert not timers


def test_a_cancelled_timer_does_not_happen() -> None:
    timers, clocks, told = Timers(), VirtualClocks(), list[str]()
    timer = timers.add(10**6, lambda: told.append("now"))
    timer.cancel()
    timer.cancel()
    fire_at(timers, clocks, 10**7)
    assert told == []
    assert timers.next_deadline(clocks) is None


def test_a_timer_may_start_another() -> None:
    timers, clocks, told = Timers(), VirtualClocks(), list[int]()

    def again() -> None:
        told.append(len(told))
        if len(told) < 3:
            timers.add(0, again)

    timers.add(0, again)
    fire_at(timers, clocks, 1)
    assert told == [0, 1, 2]


def test_who_asks_is_told_of_each_new_timer() -> None:
    told: list[str] = []
    timers = Timers(lambda: told.append("added"))
    timers.add(1, lambda: None)
    timers.add(2, lambda: None)
    assert told == ["added", "added"]


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), max_size=300))
def test_timers_happen_in_the_order_of_their_times_and_of_their_adding(plan: list[tuple[int, bool]]) -> None:
    timers, clocks, told = Timers(), VirtualClocks(), list[int]()
    made = [
        timers.add(time * 10**9, lambda number=number: told.append(number))  # type: ignore[misc]
        for number, (time, _) in enumerate(plan)
    ]
    for timer, (_, cancelled) in zip(made, plan, strict=True):
        if cancelled:
            timer.cancel()
    left = [number for number, (_, cancelled) in enumerate(plan) if not cancelled]
    expected = sorted(left, key=lambda number: (plan[number][0], number))
    assert len(timers) == len(left)
    if left:
        assert timers.next_deadline(clocks) == plan[expected[0]][0] * 10**9
    fire_at(timers, clocks, 11 * 10**9)
    assert told == expected
    assert not timers


def test_another_thread_may_ask_at_any_moment() -> None:
    timers, clocks, failed = Timers(), VirtualClocks(), list[BaseException]()
    timers.add(FAR - 1, lambda: None)
    over = Event()

    def ask() -> None:
        try:
            while not over.is_set():
                assert timers, "one is always left"
                assert timers.left(clocks) < FAR
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test tells it
            failed.append(error)

    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = Thread(target=ask)
    try:
        thread.start()
        for number in range(20_000):
            timers.add(number, lambda: None).cancel()
            timers.add(0, lambda: None)
            timers.add(number, lambda: None, wall=True)
            timers.fire(clocks)
            timers.next_deadline(clocks)
            if failed:
                break
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(switching)
    assert not failed
