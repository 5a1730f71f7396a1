"""Wait queues, and waiting for the host's descriptors."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from select import POLLIN, POLLOUT
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ring3.kernel.host_events import HostEvents
from ring3.kernel.task import Task, TaskState
from ring3.kernel.wait import Turn, WaitQueue


@dataclass(eq=False)
class Waiter:
    """As much of a task as a queue needs."""

    woken: int = 0
    kernel: Any = field(init=False)

    def __post_init__(self) -> None:
        self.kernel = SimpleNamespace(ready=self.ready)

    def ready(self, task: object) -> None:
        assert task is self
        self.woken += 1


def handler(queue: WaitQueue, waiter: Waiter, log: list[str]) -> Coroutine[Any, Any, int]:
    async def wait() -> int:
        log.append("waits")
        await queue.wait(cast(Task, waiter))
        log.append("goes on")
        return 7

    return wait()


def test_a_wake_makes_every_waiter_ready_once() -> None:
    queue, one, other = WaitQueue(), Waiter(), Waiter()
    queue.add(cast(Task, one))
    queue.add(cast(Task, other))
    queue.wake()
    queue.wake()
    assert (one.woken, other.woken) == (1, 1)


def test_a_waiter_that_gives_up_is_not_woken() -> None:
    queue, waiter = WaitQueue(), Waiter()
    queue.add(cast(Task, waiter))
    queue.remove(cast(Task, waiter))
    queue.remove(cast(Task, waiter))
    queue.wake()
    assert waiter.woken == 0


def test_a_handler_awaits_a_queue() -> None:
    queue, waiter, log = WaitQueue(), Waiter(), list[str]()
    waiting = handler(queue, waiter, log)
    assert waiting.send(None) is None
    assert log == ["waits"]
    queue.wake()
    assert waiter.woken == 1
    with pytest.raises(StopIteration) as done:
        waiting.send(None)
    assert done.value.value == 7
    assert log == ["waits", "goes on"]


def test_a_closed_handler_leaves_its_queue() -> None:
    queue, waiter = WaitQueue(), Waiter()
    waiting = handler(queue, waiter, [])
    waiting.send(None)
    waiting.close()
    queue.wake()
    assert waiter.woken == 0


def test_a_listener_is_told_of_its_events_until_it_cancels() -> None:
    queue, told = WaitQueue(), list[str]()
    listener = queue.listen(lambda: told.append("in"), events=1)
    queue.listen(lambda: told.append("any"))
    queue.wake(4)
    assert told == ["any"]
    queue.wake(1)
    assert told == ["any", "in", "any"]
    listener.cancel()
    listener.cancel()
    queue.wake(1)
    assert told == ["any", "in", "any", "any"]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_nothing_is_watched_so_nothing_can_come() -> None:
    assert not HostEvents().sleep(None)


def test_a_host_descriptor_calls_back_once_when_it_is_ready(pipe: tuple[int, int]) -> None:
    events, told = HostEvents(), list[str]()
    events.watch(pipe[0], POLLIN, lambda: told.append("readable"))
    assert events.sleep(0)
    assert told == []
    os.write(pipe[1], b"x")
    assert events.sleep(None)
    assert told == ["readable"]
    assert not events.sleep(None)


def test_each_direction_of_a_descriptor_is_watched_by_itself(pipe: tuple[int, int]) -> None:
    events, told = HostEvents(), list[str]()
    events.watch(pipe[1], POLLOUT, lambda: told.append("writable"))
    cancelled = events.watch(pipe[1], POLLOUT, lambda: told.append("cancelled"))
    cancelled.cancel()
    assert events.sleep(None)
    assert told == ["writable"]


def test_the_other_end_hanging_up_is_an_event(pipe: tuple[int, int]) -> None:
    events, told = HostEvents(), list[str]()
    reading, writing = os.pipe()
    events.watch(reading, POLLIN, lambda: told.append("hung up"))
    os.close(writing)
    assert events.sleep(None)
    assert told == ["hung up"]
    os.close(reading)


# -- one after the other -----------------------------------------------------------------------------------------


@dataclass(eq=False)
class Sleeper:
    """As much of a task as a turn needs."""

    state: TaskState = TaskState.WAITING
    kernel: Any = field(init=False)

    def __post_init__(self) -> None:
        self.kernel = SimpleNamespace(ready=self.ready)

    def ready(self, task: object) -> None:
        assert task is self
        self.state = TaskState.READY


def taking_turns(queue: WaitQueue, count: int, events: int = POLLIN) -> tuple[list[Sleeper], list[Turn]]:
    sleepers = [Sleeper() for _ in range(count)]
    turns = [Turn(cast(Task, sleeper)) for sleeper in sleepers]
    for turn in turns:
        queue.listen(turn, events)
    return sleepers, turns


def awake(sleepers: list[Sleeper]) -> list[int]:
    return [number for number, sleeper in enumerate(sleepers) if sleeper.state is TaskState.READY]


def test_of_those_who_take_turns_a_wake_chooses_the_next_one() -> None:
    queue = WaitQueue()
    sleepers, _ = taking_turns(queue, 3)
    queue.wake(POLLIN)
    assert awake(sleepers) == [0]
    queue.wake(POLLIN)
    assert awake(sleepers) == [0, 1]


def test_who_waits_for_other_events_has_no_turn() -> None:
    queue = WaitQueue()
    writers, _ = taking_turns(queue, 2, POLLOUT)
    readers, _ = taking_turns(queue, 2, POLLIN)
    queue.wake(POLLIN)
    assert (awake(writers), awake(readers)) == ([], [0])


def test_who_is_awake_or_has_gone_is_passed_over() -> None:
    queue = WaitQueue()
    sleepers, _ = taking_turns(queue, 2)
    gone = queue.listen(Turn(cast(Task, Sleeper())), POLLIN)
    gone.cancel()
    gone.cancel()
    sleepers[0].state = TaskState.HELD
    queue.wake(POLLIN)
    assert awake(sleepers) == [1]


def test_a_turn_is_passed_on_by_who_had_it_and_only_once() -> None:
    queue = WaitQueue()
    sleepers, turns = taking_turns(queue, 4)
    turns[1].pass_on(POLLIN)
    queue.wake(POLLIN)
    turns[0].pass_on(0)
    assert awake(sleepers) == [0]
    turns[0].pass_on(POLLIN)
    assert awake(sleepers) == [0], "nothing was left, and it has been said"
    queue.wake(POLLIN)
    turns[1].pass_on(POLLIN)
    assert awake(sleepers) == [0, 1, 2]


def test_all_others_are_told_beside_whose_turn_it_is() -> None:
    queue, told = WaitQueue(), list[str]()
    sleepers, _ = taking_turns(queue, 2)
    queue.listen(lambda: told.append("listener"), POLLIN)
    queue.wake(POLLIN)
    assert (awake(sleepers), told) == ([0], ["listener"])


def test_a_queue_is_awaited_until_the_last_has_had_his_turn() -> None:
    queue = WaitQueue()
    taking_turns(queue, 1)
    assert queue.is_awaited
    queue.wake(POLLIN)
    assert not queue.is_awaited
