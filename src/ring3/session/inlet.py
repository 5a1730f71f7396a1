"""What a command reads of its client: it waits for it, and a signal or the client's end ends the waiting."""

from __future__ import annotations

import io
import os
import select
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Inlet(io.RawIOBase):
    """A descriptor of a client, read by the command's thread."""

    def __init__(self, fd: int, check: Callable[[], None], want: Callable[[], None] | None = None) -> None:
        """Takes the descriptor over.

        Args:
            fd: The descriptor.
            check: Raises what is to end the waiting.
            want: Called before a terminal is read: a program may have had it meanwhile.
        """
        super().__init__()
        self._fd = fd
        self._check = check
        self._want = want
        self._woken, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def readable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether a person types."""
        return self._want is not None

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Waits for something to read; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._want is not None:
            self._want()
        while True:
            self._check()
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            poll.register(self._woken, select.POLLIN)
            ready = {fd for fd, _ in poll.poll()}
            if self._woken in ready:
                os.read(self._woken, 64)
                continue
            try:
                data = os.read(self._fd, len(view)) if self._want is None else self._line(len(view))
            except BlockingIOError:
                continue  # another reader was quicker
            except OSError:
                return 0
            view[: len(data)] = data
            return len(data)

    def _line(self, size: int) -> bytes:
        """What was typed, up to the end of a line: what follows may be for a program."""
        borrowed = socket.socket(fileno=self._fd)
        try:
            there = borrowed.recv(size, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            return borrowed.recv(there.find(b"\n") + 1 or len(there)) if there else b""
        finally:
            borrowed.detach()

    def wake(self) -> None:
        """Has a waiting reader look what has come for it."""
        os.write(self._bell, b"!")

    def close(self) -> None:
        """Closes it."""
        if not self.closed:
            for fd in (self._fd, self._woken, self._bell):
                os.close(fd)
        super().close()
