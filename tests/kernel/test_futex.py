"""Futexes: waiters are woken in order, on their channels, moved to other words; locks are handed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.abi.errno import E, Errno
from ring3.kernel.futex import MATCH_ANY, Futexes, FutexWaiter, Key
from ring3.kernel.task import Task

HERE: Key = ("memory", 0x1000)
THERE: Key = ("memory", 0x2000)
ELSEWHERE: Key = ("object", 0x1000)


@dataclass(eq=False)
class Sleeper:
    """As much of a task as a futex needs."""

    woken: int = 0
    kernel: Any = field(init=False)

    def __post_init__(self) -> None:
        self.kernel = SimpleNamespace(ready=self.ready)

    def ready(self, task: object) -> None:
        assert task is self
        self.woken += 1


def waiter(key: Key = HERE, bitset: int = MATCH_ANY, target: Key | None = None) -> FutexWaiter:
    return FutexWaiter(cast(Task, Sleeper()), key, bitset, target)


def waiting(futexes: Futexes, count: int, key: Key = HERE) -> list[FutexWaiter]:
    found = [waiter(key) for _ in range(count)]
    for one in found:
        futexes.add(one)
    return found


def woken(waiters: list[FutexWaiter]) -> list[int]:
    """Which of them were woken, by index; each woken one was made ready once."""
    for one in waiters:
        assert cast(Sleeper, one.task).woken == (not one.queued)
    return [index for index, one in enumerate(waiters) if not one.queued]


def test_the_first_who_came_are_woken() -> None:
    futexes = Futexes()
    waiters = waiting(futexes, 5)
    assert futexes.wake(HERE, 2) == 2
    assert woken(waiters) == [0, 1]
    assert futexes.wake(HERE, 9) == 3
    assert futexes.wake(HERE, 9) == 0
    assert len(futexes) == 0


@pytest.mark.parametrize("count", [0, -1])
def test_less_than_one_is_one(count: int) -> None:
    futexes = Futexes()
    waiters = waiting(futexes, 2)
    assert futexes.wake(HERE, count) == 1
    assert woken(waiters) == [0]


def test_other_words_are_not_touched() -> None:
    futexes = Futexes()
    here, there, elsewhere = waiting(futexes, 1), waiting(futexes, 1, THERE), waiting(futexes, 1, ELSEWHERE)
    assert futexes.wake(THERE, 9) == 1
    assert (woken(here), woken(there), woken(elsewhere)) == ([], [0], [])


def test_only_those_on_a_channel_are_woken() -> None:
    futexes = Futexes()
    waiters = [waiter(HERE, bits) for bits in (1, 2, 3, 4)]
    for one in waiters:
        futexes.add(one)
    assert futexes.wake(HERE, 9, 8) == 0
    assert futexes.wake(HERE, 1, 2) == 1
    assert woken(waiters) == [1]
    assert futexes.wake(HERE, 9, 6) == 2
    assert woken(waiters) == [1, 2, 3]


def test_who_gives_up_is_not_woken() -> None:
    futexes = Futexes()
    waiters = waiting(futexes, 3)
    futexes.remove(waiters[1])
    futexes.remove(waiters[1])
    assert futexes.wake(HERE, 9) == 2
    assert [cast(Sleeper, one.task).woken for one in waiters] == [1, 0, 1]


def test_some_are_woken_and_some_are_moved() -> None:
    futexes = Futexes()
    there, waiters = waiting(futexes, 1, THERE), waiting(futexes, 5)
    assert futexes.requeue(HERE, THERE, 1, 2) == 3
    assert woken(waiters) == [0]
    assert futexes.wake(THERE, 2) == 2
    assert (woken(there), woken(waiters)) == ([0], [0, 1])
    assert futexes.wake(HERE, 9) == 2
    assert futexes.wake(THERE, 9) == 1
    assert woken(waiters) == [0, 1, 2, 3, 4]


def test_moving_to_the_same_word_keeps_the_order() -> None:
    futexes = Futexes()
    waiters = waiting(futexes, 4)
    assert futexes.requeue(HERE, HERE, 1, 2) == 3
    futexes.wake(HERE, 1)
    assert woken(waiters) == [0, 1]


@given(st.lists(st.tuples(st.sampled_from("awr"), st.integers(0, 2), st.integers(0, 3)), max_size=60))
def test_nobody_is_lost_or_woken_twice(plan: list[tuple[str, int, int]]) -> None:
    futexes, keys = Futexes(), (HERE, THERE, ELSEWHERE)
    queues: dict[Key, list[FutexWaiter]] = {key: [] for key in keys}
    everybody: list[FutexWaiter] = []
    for action, which, count in plan:
        key, target = keys[which], keys[(which + 1) % 3]
        if action == "a":
            everybody.append(waiter(key))
            futexes.add(everybody[-1])
            queues[key].append(everybody[-1])
        elif action == "w":
            expected = min(max(count, 1), len(queues[key]))
            assert futexes.wake(key, count) == expected
            del queues[key][:expected]
        else:
            assert futexes.requeue(key, target, 1, count) == min(1 + count, len(queues[key]))
            queues[target] += queues[key][1 : 1 + count]
            del queues[key][: 1 + count]
    waits = [one for queue in queues.values() for one in queue]
    assert woken(everybody) == [index for index, one in enumerate(everybody) if one not in waits]
    assert len(futexes) == len(waits)


# -- locks with an owner -----------------------------------------------------------------------------------------


def task_of(one: FutexWaiter) -> Task:
    return one.task


def test_a_lock_is_handed_to_who_waited_longest() -> None:
    futexes, owner = Futexes(), cast(Task, Sleeper())
    first, second = waiter(), waiter()
    futexes.wait_for(first, HERE, owner)
    futexes.wait_for(second, HERE, owner)
    lock = futexes.lock_at(HERE)
    assert lock is not None
    assert lock.owner is owner
    assert futexes.held_by(owner) == [lock]
    futexes.hand_over(lock)
    assert woken([first, second]) == [0]
    assert lock.owner is first.task
    assert (futexes.held_by(owner), futexes.held_by(first.task)) == ([], [lock])
    futexes.hand_over(lock)
    assert futexes.lock_at(HERE) is None
    assert len(futexes) == 0


def test_a_lock_is_forgotten_when_the_last_gives_up() -> None:
    futexes, owner = Futexes(), cast(Task, Sleeper())
    one = waiter()
    futexes.wait_for(one, HERE, owner)
    futexes.remove(one)
    assert futexes.lock_at(HERE) is None
    assert futexes.held_by(owner) == []


@pytest.mark.parametrize("action", ["wake", "requeue"])
def test_who_waits_for_a_lock_is_not_woken_like_others(action: str) -> None:
    futexes = Futexes()
    futexes.wait_for(waiter(), HERE, cast(Task, Sleeper()))
    futexes.add(waiter(THERE, target=HERE))
    for key in (HERE, THERE):
        with pytest.raises(Errno) as error:
            futexes.wake(key, 1) if action == "wake" else futexes.requeue(key, ELSEWHERE, 1, 1)
        assert error.value.number is E.EINVAL
    assert len(futexes) == 2


def test_waiting_in_a_circle_is_refused() -> None:
    futexes = Futexes()
    one, two, three = waiter(HERE), waiter(THERE), waiter(ELSEWHERE)
    futexes.wait_for(one, HERE, two.task)
    futexes.wait_for(two, THERE, three.task)
    with pytest.raises(Errno) as error:
        futexes.wait_for(three, ELSEWHERE, one.task)
    assert error.value.number is E.EDEADLK
    assert not three.queued


def test_who_is_moved_into_a_circle_stays_where_he_was() -> None:
    futexes = Futexes()
    one, two = waiter(HERE), waiter(THERE, target=ELSEWHERE)
    futexes.wait_for(one, HERE, two.task)
    futexes.add(two)
    with pytest.raises(Errno):
        futexes.wait_for(two, ELSEWHERE, one.task)
    assert two.queued
    assert two.key == THERE
    assert futexes.first(THERE) is two
