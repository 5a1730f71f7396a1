"""Standard input and output of a program that lie in this process: bytes that it reads, bytes that it has written."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.fs.file import O_RDONLY, O_WRONLY, File, Stat, WouldBlock
from ring3.fs.readiness import POLLHUP, POLLIN, READABLE, WRITABLE
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs
    from ring3.kernel.wait import Listening


class _Stream(File):
    """One end of a pipe whose other end is this process."""

    def __init__(self, vfs: Vfs | None, flags: int) -> None:
        super().__init__(flags)
        self._dev = 0 if vfs is None else vfs.pipe_dev
        self._ino = 0 if vfs is None else vfs.new_ino()

    def stat(self) -> Stat:
        """That of a pipe."""
        return Stat(self._dev, self._ino, stat.S_IFIFO | 0o600, 1, 0, 0, 0, 0, 4096, 0, 0, 0, 0)

    def path(self) -> bytes:
        """``pipe:`` and its number."""
        return b"pipe:[%d]" % self._ino


class Feed(_Stream):
    """What a program reads: it waits for more until the feed is closed."""

    def __init__(self, vfs: Vfs | None, data: bytes = b"") -> None:
        super().__init__(vfs, O_RDONLY)
        self._left = bytearray(data)
        self._ended = False
        self._queue = WaitQueue()

    def feed(self, data: bytes) -> None:
        """Gives it more to read."""
        self._left += data
        self._queue.wake(POLLIN)

    def end(self) -> None:
        """There will be no more: the end of the file follows."""
        self._ended = True
        self._queue.wake(POLLIN | POLLHUP)

    def read(self, size: int) -> bytes:
        """What is there.

        Raises:
            WouldBlock: Nothing is, yet.
        """
        if not self._left and not self._ended:
            raise WouldBlock(self, READABLE)
        data = bytes(self._left[:size])
        del self._left[:size]
        return data

    def unread(self, data: bytes) -> None:
        """Keeps it for the next read."""
        self._left[:0] = data

    def available(self) -> int:
        """Bytes that can be read now."""
        return len(self._left)

    def poll(self) -> int:
        """Readable with data in it; hung up once it is closed."""
        return (READABLE if self._left else 0) | (POLLHUP if self._ended else 0)

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when there is more."""
        return self._queue.listen(callback, events)


class Outflow(_Stream):
    """The end of a pipe that a program writes to; who takes it says what becomes of it in `write`."""

    def __init__(self, vfs: Vfs | None) -> None:
        super().__init__(vfs, O_WRONLY)

    def poll(self) -> int:
        """Always writable."""
        return WRITABLE


class Capture(Outflow):
    """What a program writes.

    Attributes:
        data: All of it.
    """

    def __init__(self, vfs: Vfs | None) -> None:
        super().__init__(vfs)
        self.data = bytearray()

    def write(self, data: bytes | memoryview) -> int:
        """Takes everything."""
        self.data += data
        return len(data)
