"""Room for messages: what has gone is found when it matters."""

from __future__ import annotations

from ring3.kernel.room import Room


class Queue:
    def __init__(self) -> None:
        self.size = 0
        self.counted = 0

    def held_bytes(self) -> int:
        self.counted += 1
        return self.size


def test_what_is_there_is_counted_when_it_may_be_too_much() -> None:
    room, queue = Room(100), Queue()
    room.holders.add(queue)
    for _ in range(10):
        assert room.has(10)
        queue.size += 10
    assert queue.counted == 0
    assert not room.has(1)
    queue.size = 95
    assert room.has(5)
    assert not room.has(6)


def test_who_is_gone_holds_nothing() -> None:
    room, queue = Room(100), Queue()
    room.holders.add(queue)
    queue.size = 100
    assert room.has(100)
    assert not room.has(1)
    del queue
    assert room.has(100)
