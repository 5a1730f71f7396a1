"""What a client asks for with its first frame."""

from __future__ import annotations

import os
from typing import NamedTuple

from ring3.session import wire


class Request(NamedTuple):
    """A client's wish, and what it has handed over.

    Attributes:
        version: The client's version.
        words: What it wants: a command and its words.
        environment: Its environment.
        cwd: Its working directory.
        umask: Its mask of permissions.
        descriptors: Those of 0, 1 and 2 that it has, with the server's numbers for them.
        terminals: Which of these lead to its terminal.
        line: The socket and the terminal, if there is one.
        shape: As `terminal.RemoteTerminal` takes it.
        ignored: Signals that the client ignored when it was started.
        blocked: Those that were blocked.
        handed: What else it hands over, for the command itself.
    """

    version: str
    words: list[str]
    environment: dict[str, str]
    cwd: str
    umask: int
    descriptors: dict[int, int]
    terminals: list[int]
    line: tuple[int, int] | None
    shape: list[bytes]
    ignored: list[int]
    blocked: list[int]
    handed: list[int]

    def close(self) -> None:
        """Closes what was handed over."""
        for fd in (*self.descriptors.values(), *(self.line or ()), *self.handed):
            os.close(fd)


def read_request(payload: bytes, received: list[int]) -> Request:
    """Takes a first frame apart.

    Args:
        payload: What is in it.
        received: The descriptors that came with it.

    Raises:
        ValueError: It is malformed.
    """
    groups = wire.unpack(payload)
    version = groups[0][0].decode()
    words = list(map(os.fsdecode, groups[1]))
    if version != wire.VERSION or len(groups) == 2:
        return Request(version, words, {}, "", 0, {}, [], None, [], [], [], [])
    _, _, environment, (cwd, umask), given, terminals, ignored, blocked, shape, handed = groups
    count = len(given)
    if len(received) != count + 2 * bool(shape) + len(handed):
        raise ValueError("descriptors are missing")
    return Request(
        version,
        words,
        dict(os.fsdecode(item).split("=", 1) for item in environment if b"=" in item),
        os.fsdecode(cwd),
        int(umask),
        dict(zip(map(int, given), received, strict=False)),
        [int(fd) for fd in terminals],
        (received[count], received[count + 1]) if shape else None,
        [bytes.fromhex(item.decode()) for item in shape],
        [int(number) for number in ignored],
        [int(number) for number in blocked],
        received[len(received) - len(handed) :],
    )
