"""What a server does when something of its own goes wrong, or the host gives it nothing more: it answers."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from ring3.session import told, wire
from ring3.session.command import Command
from ring3.session.connection import Connection
from ring3.session.request import Request, read_request
from ring3.session.server import Server
from tests.support import guest


class Answered(Connection):
    """A connection that keeps what is sent last."""

    def __init__(self) -> None:
        self.listener = None
        self.last: tuple[int, bytes] | None = None

    def finish(self, kind: int, payload: bytes = b"") -> None:
        self.last = kind, payload

    finish_here = finish


@pytest.fixture
def server() -> Iterator[Server]:
    with guest.boot() as linux:
        ours, theirs = socket.socketpair()
        made = Server("m", linux, ours, lambda _command: 0, 0)
        yield made
        made.loop.close()
        ours.close()
        theirs.close()


def request(*words: str, fds: tuple[int, ...] = ()) -> Request:
    groups: list[list[bytes]] = [[wire.VERSION.encode()], list(map(os.fsencode, words))]
    if fds:
        groups += [[], [b"/", b"18"], wire.numbers(range(len(fds))), [], [], [], [], []]
    return read_request(wire.pack(*groups), list(fds))


def test_a_question_that_goes_wrong_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise KeyError("a process that is gone")

    monkeypatch.setattr(told, "answer", fail)
    connection = Answered()
    server.asked(connection, request("ps"))
    assert connection.last == (
        wire.REFUSED,
        b"internal error in the machine's server: KeyError: 'a process that is gone'",
    )


def test_a_command_that_goes_wrong_is_over(server: Server) -> None:
    def fail(_command: object) -> int:
        raise KeyError("a key")

    server.perform = fail
    null, (reading, writing) = os.open(os.devnull, os.O_RDWR), os.pipe()
    connection = Answered()
    server.asked(connection, request("run", "/bin/true", fds=(null, os.dup(null), writing)))
    with open(reading, "rb") as said:
        assert said.readline() == b"ring3: internal error in the machine's server: KeyError: 'a key'\n"
    while connection.last is None:
        server.loop.run_until_complete(asyncio.sleep(0))
    assert connection.last == (wire.EXIT, b"70 0")
    assert server.clients == 0


@pytest.mark.parametrize("failing", ["descriptors", "threads"])
def test_a_command_that_cannot_be_started_is_refused_and_leaves_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> int:
        raise OSError(24, "Too many open files") if failing == "descriptors" else RuntimeError("no thread")

    reading, writing = os.pipe()
    if failing == "descriptors":
        monkeypatch.setattr(os, "dup", fail)
    else:
        monkeypatch.setattr(Command, "start", fail)
    connection = Answered()
    server.asked(connection, request("run", "/bin/true", fds=(reading, writing)))
    assert connection.last is not None
    assert connection.last[0] == wire.REFUSED
    assert server.clients == 0
    for fd in (reading, writing):
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(fd)
