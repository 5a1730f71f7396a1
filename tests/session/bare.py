"""Clients without a process of their own: what one says to a server, frame by frame."""

from __future__ import annotations

import errno
from _socket import SCM_RIGHTS, SOL_SOCKET, socket
from array import array
from collections.abc import Sequence

from ring3.session import wire


class BareClient:
    """A client that has started a command with some descriptors.

    Attributes:
        connection: Its socket.
        status: What its command has ended with, once it has.
        refused: Why there is none.
    """

    def __init__(self, connection: socket, words: Sequence[str], descriptors: Sequence[int]) -> None:
        self.connection = connection
        self.status: int | None = None
        self.refused = ""
        self._frames = wire.Frames()
        given = wire.numbers(range(len(descriptors)))
        command = [word.encode() for word in words]
        groups: list[list[bytes]] = [[wire.VERSION.encode()], command, [], [b"/", b"18"], given]
        asked = wire.frame(wire.ASK, wire.pack(*groups, [], [], [], [], []))
        connection.sendmsg([asked], [(SOL_SOCKET, SCM_RIGHTS, array("i", descriptors))])

    def hear(self) -> bool:
        """Waits until the server says something, and answers; False if it has closed the connection.

        It has no files.
        """
        data = self.connection.recv(1 << 16)
        for kind, payload in self._frames.feed(data):
            if kind == wire.OPEN:
                self.connection.sendall(wire.frame(wire.OPENED, b"%d" % errno.ENOENT))
            elif kind == wire.EXIT:
                self.status = int(payload.split()[0])
            elif kind == wire.REFUSED:
                self.refused = payload.decode()
        return bool(data)

    def wait(self) -> int:
        """Waits for the end; the status."""
        while self.status is None and self.hear():
            pass
        self.connection.close()
        assert self.status is not None, self.refused
        return self.status
