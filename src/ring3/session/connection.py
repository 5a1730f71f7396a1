"""A client's connection, in the loop of the server: frames in and out, never waited for."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from ring3.session import wire

PIECE = 65536
MOST_DESCRIPTORS = 8


class Listener(Protocol):
    """Who is told what a client says."""

    def heard(self, kind: int, payload: bytes, descriptors: list[int]) -> None:
        """A frame; the descriptors are the listener's from now on."""

    def gone(self) -> None:
        """The client is gone."""


class Connection:
    """One client.

    Attributes:
        listener: Who is told what it says, from its first frame on.
    """

    def __init__(self, client: socket.socket, ended: Callable[[Connection], None]) -> None:
        """Begins to listen, in the loop's thread.

        Args:
            client: The socket.
            ended: Called when it is closed.
        """
        client.setblocking(False)
        self.listener: Listener | None = None
        self._client = client
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._frames = wire.Frames()
        self._descriptors: list[int] = []
        self._out = bytearray()
        self._is_last = False
        self._is_closed = False
        self._loop.add_reader(client, self._readable)

    # -- from any thread -------------------------------------------------------------------------------------------

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Sends a frame."""
        self._loop.call_soon_threadsafe(self._send, wire.frame(kind, payload))

    def finish(self, kind: int, payload: bytes = b"") -> None:
        """Sends the last frame."""
        self._loop.call_soon_threadsafe(self.finish_here, kind, payload)

    def abort(self) -> None:
        """Has nothing more to do with this client."""
        self._loop.call_soon_threadsafe(self.close)

    # -- in the loop -----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes it, and tells the listener that the client is gone."""
        if self._is_closed:
            return
        self._is_closed = True
        self._loop.remove_reader(self._client)
        self._loop.remove_writer(self._client)
        self._client.close()
        for fd in self._descriptors:
            os.close(fd)
        if self.listener is not None:
            self.listener.gone()
        self._ended(self)

    def finish_here(self, kind: int, payload: bytes = b"") -> None:
        """Sends the last frame, at once if the client takes it."""
        self.listener = None
        self._is_last = True
        self._send(wire.frame(kind, payload))

    def _send(self, data: bytes) -> None:
        if not self._is_closed:
            self._out += data
            self._writable()

    def _writable(self) -> None:
        try:
            del self._out[: self._client.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self._out:
            self._loop.add_writer(self._client, self._writable)
        elif self._is_last:
            self.close()
        else:
            self._loop.remove_writer(self._client)

    def _readable(self) -> None:
        data = b""
        with suppress(OSError):
            try:
                data, descriptors, _, _ = socket.recv_fds(self._client, PIECE, MOST_DESCRIPTORS)
            except BlockingIOError:
                return
            for fd in descriptors:
                os.set_inheritable(fd, False)
            self._descriptors += descriptors
        if not data:
            self.close()
            return
        try:
            for kind, payload in self._frames.feed(data):
                descriptors, self._descriptors = self._descriptors, []
                if self.listener is None:
                    for fd in descriptors:
                        os.close(fd)
                else:
                    self.listener.heard(kind, payload, descriptors)
        except ValueError:
            self.close()  # that is none of our clients
