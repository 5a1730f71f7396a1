"""What a command reads of its client: it waits for it, and a signal or the client's end ends the waiting."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Inlet(io.RawIOBase):
    """A descriptor of a client, read by the command's thread."""

    def __init__(self, fd: int, check: Callable[[], None], first: Callable[[], None] | None = None) -> None:
        """Takes the descriptor over.

        Args:
            fd: The descriptor.
            check: Raises what is to end the waiting.
            first: Called before the first byte is read of a terminal.
        """
        super().__init__()
        self._fd = fd
        self._check = check
        self._first = first
        self._is_terminal = first is not None
        self._woken, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def readable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether a person types."""
        return self._is_terminal

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Waits for something to read; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._first is not None:
            self._first()
            self._first = None
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
                data = os.read(self._fd, len(view))
            except BlockingIOError:
                continue  # another reader was quicker
            except OSError:
                return 0
            view[: len(data)] = data
            return len(data)

    def wake(self) -> None:
        """Has a waiting reader look what has come for it."""
        os.write(self._bell, b"!")

    def close(self) -> None:
        """Closes it."""
        if not self.closed:
            for fd in (self._fd, self._woken, self._bell):
                os.close(fd)
        super().close()
