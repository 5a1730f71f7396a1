from __future__ import annotations

from collections.abc import Callable

import pytest

from ring3.abi.errno import E
from ring3.fs.epoll import EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EpollFile
from ring3.fs.eventfd import EventFile
from ring3.fs.file import NEVER, O_RDWR, File
from ring3.fs.readiness import POLLIN, POLLOUT, READABLE, WRITABLE
from ring3.fs.vfs import Vfs
from ring3.kernel.wait import Listening
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


class Outside(File):
    """A file whose readiness changes without a word, as one of the host's."""

    asks_host = True

    def __init__(self) -> None:
        super().__init__(O_RDWR)
        self.ready = 0
        self.listeners = 0

    def poll(self) -> int:
        return self.ready

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        self.listeners += 1
        return NEVER


@pytest.fixture
def epoll(vfs: Vfs) -> EpollFile:
    return EpollFile(vfs)


@pytest.fixture
def event(vfs: Vfs) -> EventFile:
    event = EventFile(vfs, 0, 0, semaphore=False)
    event.hold()
    return event


def add(event: EventFile) -> None:
    event.write((1).to_bytes(8, "little"))


def test_level_triggered_files_are_told_of_as_long_as_they_are_ready(
    epoll: EpollFile, event: EventFile
) -> None:
    epoll.add(3, event, POLLIN, 77)
    assert epoll.take(8) == []
    add(event)
    assert epoll.take(8) == [(POLLIN, 77)]
    assert epoll.take(8) == [(POLLIN, 77)]
    event.read(8)
    assert epoll.take(8) == []


def test_edges_are_told_of_once(epoll: EpollFile, event: EventFile) -> None:
    epoll.add(3, event, POLLIN | EPOLLET, 77)
    add(event)
    assert epoll.take(8) == [(POLLIN, 77)]
    assert epoll.take(8) == []
    add(event)
    assert epoll.take(8) == [(POLLIN, 77)]


def test_one_shot_is_over_until_it_is_asked_for_again(epoll: EpollFile, event: EventFile) -> None:
    epoll.add(3, event, POLLIN | EPOLLONESHOT, 77)
    add(event)
    assert epoll.take(8) == [(POLLIN, 77)]
    add(event)
    assert epoll.take(8) == []
    epoll.change(3, event, POLLIN | EPOLLONESHOT, 78)
    assert epoll.take(8) == [(POLLIN, 78)]


def test_turns_are_taken(epoll: EpollFile, vfs: Vfs) -> None:
    events = [EventFile(vfs, 1, 0, semaphore=False) for _ in range(3)]
    for fd, event in enumerate(events):
        epoll.add(fd, event, POLLIN, fd)
    assert [epoll.take(1)[0][1] for _ in range(6)] == [0, 1, 2, 0, 1, 2]


def test_a_closed_file_is_forgotten(epoll: EpollFile, event: EventFile) -> None:
    epoll.add(3, event, POLLIN, 77)
    add(event)
    event.drop()
    assert epoll.take(8) == []
    assert not event.on_close


def test_removing_and_closing_leave_no_listener(epoll: EpollFile, event: EventFile) -> None:
    epoll.add(3, event, POLLIN, 77)
    epoll.remove(3, event)
    epoll.add(4, event, POLLIN, 78)
    epoll.close()
    woken: list[int] = []
    epoll.queue.listen(lambda: woken.append(1))
    add(event)
    assert not woken
    assert not event.on_close


def test_what_cannot_be_watched(epoll: EpollFile, event: EventFile, vfs: Vfs, root: Tree) -> None:
    root.write("f", b"")
    with fails(E.EPERM):
        epoll.add(3, root.open("f"), POLLIN, 0)
    epoll.add(3, event, POLLIN, 0)
    with fails(E.EEXIST):
        epoll.add(3, event, POLLIN, 0)
    with fails(E.ENOENT):
        epoll.change(4, event, POLLIN, 0)
    with fails(E.ENOENT):
        epoll.remove(4, event)
    with fails(E.EINVAL):
        epoll.change(3, event, POLLIN | EPOLLEXCLUSIVE, 0)
    outer = EpollFile(vfs)
    outer.add(5, epoll, POLLIN, 0)
    with fails(E.ELOOP):
        epoll.add(6, outer, POLLIN, 0)
    for depth in range(3):
        inner, outer = outer, EpollFile(vfs)
        outer.add(7, inner, POLLIN, depth)
    with fails(E.ELOOP):
        EpollFile(vfs).add(8, outer, POLLIN, 0)


def test_instances_nest(epoll: EpollFile, event: EventFile, vfs: Vfs) -> None:
    outer = EpollFile(vfs)
    outer.add(9, epoll, POLLIN, 1)
    epoll.add(3, event, POLLIN, 2)
    assert outer.poll() == 0
    add(event)
    assert outer.poll() == READABLE
    assert outer.take(8) == [(POLLIN, 1)]
    event.read(8)
    assert outer.take(8) == []


def test_files_of_the_host_are_asked(epoll: EpollFile) -> None:
    outside = Outside()
    epoll.add(3, outside, POLLIN | POLLOUT, 77)
    assert epoll.asks_host
    assert epoll.take(8) == []
    outside.ready = READABLE
    assert epoll.take(8) == [(POLLIN, 77)]
    assert epoll.take(8) == [(POLLIN, 77)]
    outside.ready = 0
    assert epoll.take(8) == []
    assert outside.listeners == 0
    epoll.listen(lambda: None).cancel()
    assert outside.listeners == 1


def test_edges_of_the_host_follow_its_use(epoll: EpollFile) -> None:
    outside = Outside()
    epoll.add(3, outside, POLLIN | POLLOUT | EPOLLET, 77)
    outside.ready = WRITABLE
    assert epoll.take(8) == [(POLLOUT, 77)]
    assert epoll.take(8) == []
    outside.ready = WRITABLE | READABLE
    assert epoll.take(8) == [(POLLIN | POLLOUT, 77)]
    assert epoll.take(8) == []
    outside.used = True
    assert epoll.take(8) == [(POLLIN | POLLOUT, 77)]


def test_one_of_those_who_wait_exclusively_is_woken(vfs: Vfs, event: EventFile) -> None:
    instances = [EpollFile(vfs) for _ in range(4)]
    for number, instance in enumerate(instances):
        instance.add(3, event, POLLIN | (EPOLLEXCLUSIVE if number else 0), number)
    woken: list[int] = []
    for number in (0, 2, 3):  # nobody waits at the second
        instances[number].queue.listen(lambda number=number: woken.append(number))  # type: ignore[misc]
    add(event)
    assert woken == [0, 2]
    assert [bool(instance.take(8)) for instance in instances] == [True, True, True, False]
