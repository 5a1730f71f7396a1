"""What a command writes to its client: never waited for by who writes, however slow the reader is.

No flag of a description that others share is changed: a pipe is opened anew, a socket is asked not to wait, and a
regular file takes everything at once.
"""

from __future__ import annotations

import io
import os
import select
import socket
import stat
from asyncio import AbstractEventLoop
from collections.abc import Callable
from threading import Condition
from typing import TYPE_CHECKING, Final, cast

from ring3.abi.errno import Errno
from ring3.fs import host_os

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MOST: Final = 64 << 20
"""Bytes kept for a reader that does not read: then he is taken for gone."""
PIECE: Final = 4096
"""What a description that can block takes for sure if it is ready (PIPE_BUF)."""


class Outlet(io.RawIOBase):
    """A descriptor of a client, to be written to from any thread."""

    def __init__(
        self, fd: int, loop: AbstractEventLoop, broken: Callable[[], None], *, is_terminal: bool = False
    ) -> None:
        """Takes the descriptor over.

        Args:
            fd: The descriptor.
            loop: Writes what the descriptor has no room for at first.
            broken: Called once if there is no reader any more, in any thread.
            is_terminal: It is the way to a terminal.
        """
        super().__init__()
        self._loop = loop
        self._broken = broken
        self._is_terminal = is_terminal
        self._changed = Condition()
        self._pending = bytearray()
        self._is_broken = False
        self._fd, self._push = _pusher(fd)

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether a person reads."""
        return self._is_terminal

    def fileno(self) -> int:
        """None: whoever wrote there would wait.

        Raises:
            UnsupportedOperation: Always.
        """
        raise io.UnsupportedOperation("fileno")

    def write(self, data: ReadableBuffer, /) -> int:
        """Writes now what there is room for, and the rest when there is."""
        view = memoryview(data).cast("B")
        with self._changed:
            if not self._is_broken:
                done = 0 if self._pending else self._try(view)
                if done < len(view) and not self._is_broken:
                    self._pending += view[done:]
                    self._loop.call_soon_threadsafe(self._watch)
                if len(self._pending) > MOST:
                    self._break()
        return len(view)

    def drain(self) -> None:
        """Waits until all is written, or nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending or self._is_broken)

    def give_up(self) -> None:
        """Nobody reads any more: what is left is dropped."""
        with self._changed:
            self._is_broken = True
            self._pending.clear()
            self._changed.notify_all()

    def release(self) -> None:
        """Closes it, in the loop's thread."""
        self.give_up()
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _try(self, view: memoryview) -> int:
        done = 0
        try:
            while done < len(view):
                pushed = self._push(self._fd, view[done:])
                if not pushed:
                    break
                done += pushed
        except BlockingIOError:
            pass
        except OSError:
            self._break()
        return done

    def _break(self) -> None:
        self._is_broken = True
        self._pending.clear()
        self._changed.notify_all()
        self._broken()

    def _watch(self) -> None:
        with self._changed:
            if self._pending and self._fd >= 0:
                self._loop.add_writer(self._fd, self._ready)

    def _ready(self) -> None:
        with self._changed:
            done = self._try(memoryview(bytes(self._pending)))
            if not self._is_broken:
                del self._pending[:done]
            if not self._pending:
                self._loop.remove_writer(self._fd)
                self._changed.notify_all()


def text(outlet: io.RawIOBase | io.BytesIO) -> io.TextIOWrapper:
    """A stream of text over it, that keeps nothing back."""
    return io.TextIOWrapper(
        cast("io.BytesIO", outlet),  # one that takes everything needs no buffer
        encoding="utf-8",
        errors="surrogateescape",
        write_through=True,
    )


def _pusher(fd: int) -> tuple[int, Callable[[int, memoryview], int]]:
    """The descriptor to write to, and what writes to it without waiting."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISSOCK(mode):
        os.set_inheritable(fd, False)
        return fd, _send
    if not stat.S_ISFIFO(mode):
        return fd, os.write
    try:
        anew = host_os.reopen(fd, os.O_WRONLY | os.O_NONBLOCK)
    except Errno:
        return fd, _write_if_ready
    os.close(fd)
    return anew, os.write


def _send(fd: int, data: memoryview) -> int:
    borrowed = socket.socket(fileno=fd)
    try:
        return borrowed.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    finally:
        borrowed.detach()


def _write_if_ready(fd: int, data: memoryview) -> int:
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    if not poll.poll(0):
        raise BlockingIOError
    return os.write(fd, data[:PIECE])
