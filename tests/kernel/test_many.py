"""What waiting costs does not depend on how many others wait: 10,000 cost the same each as 100."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from ring3.kernel.clock import VirtualClocks
from ring3.kernel.futex import Futexes, FutexWaiter
from ring3.kernel.task import Task
from ring3.kernel.timers import Timers
from ring3.kernel.wait import WaitQueue

FEW, MANY = 100, 10_000
MOST = 4
"""How many times as much one of many may cost; with a queue that is searched it is some 50 times."""


class Sleeper:
    """As much of a task as a queue needs."""

    kernel = SimpleNamespace(ready=lambda task: None)


def tasks(number: int) -> list[Task]:
    return [cast(Task, Sleeper()) for _ in range(number)]


def give_up_on_a_queue(number: int) -> None:
    queue, waiters = WaitQueue(), tasks(number)
    for waiter in waiters:
        queue.add(waiter)
    for waiter in reversed(waiters):
        queue.remove(waiter)


def stop_listening(number: int) -> None:
    queue = WaitQueue()
    listeners = [queue.listen(lambda: None) for _ in range(number)]
    for listener in reversed(listeners):
        listener.cancel()


def give_up_on_a_word(number: int) -> None:
    futexes, word = Futexes(), (object(), 0)
    waiters = [FutexWaiter(task, word) for task in tasks(number)]
    for waiter in waiters:
        futexes.add(waiter)
    for waiter in reversed(waiters):
        futexes.remove(waiter)


def wake_one_by_one(number: int) -> None:
    futexes, word = Futexes(), (object(), 0)
    for task in tasks(number):
        futexes.add(FutexWaiter(task, word))
    while futexes.wake(word):
        pass


def sleep_and_wake(number: int) -> None:
    timers, clocks = Timers(), VirtualClocks()
    for time_ in range(number):
        timers.add(time_, lambda: None)
    for time_ in range(number):
        clocks.sleep_until(time_)
        timers.fire(clocks)


def sleep_and_be_woken(number: int) -> None:
    timers = Timers()
    for timer in [timers.add(time_, lambda: None) for time_ in range(number)]:
        timer.cancel()


def cost_of_one(act: Callable[[int], None], number: int, rounds: int) -> float:
    """The least CPU time of a few tries, by task."""
    times = []
    for _ in range(5):
        before = time.process_time_ns()
        for _ in range(rounds):
            act(number)
        times.append(time.process_time_ns() - before)
    return min(times) / number / rounds


@pytest.mark.parametrize(
    "act",
    [
        give_up_on_a_queue,
        stop_listening,
        give_up_on_a_word,
        wake_one_by_one,
        sleep_and_wake,
        sleep_and_be_woken,
    ],
)
def test_one_of_many_costs_as_much_as_one_of_few(act: Callable[[int], None]) -> None:
    assert cost_of_one(act, MANY, 1) < MOST * cost_of_one(act, FEW, MANY // FEW)
