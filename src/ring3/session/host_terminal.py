"""The terminal of a client: its keys go to the machine, and what the machine shows goes to it.

As `ring3.fs.host_terminal`, of which a client can import nothing.
"""

from __future__ import annotations

import fcntl
import os
import signal
import termios
from contextlib import suppress
from typing import Final

SIZE: Final = 36
"""Bytes of ``struct termios`` (asm-generic/termbits.h)."""
CC: Final = 17
VTIME: Final = CC + 5
VMIN: Final = CC + 6


class ClientTerminal:
    """A terminal, by a description of our own which does not block.

    Attributes:
        fd: The description.
        given: Its settings when it was last not ours.
        is_raw: It passes every key on.
    """

    def __init__(self, fd: int) -> None:
        try:
            self.fd = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            self.fd = os.dup(fd)
        self.given = self.settings()
        self.is_raw = False

    def settings(self) -> bytes:
        """``struct termios`` now."""
        return bytes(fcntl.ioctl(self.fd, termios.TCGETS, bytes(SIZE)))

    def window(self) -> bytes:
        """``struct winsize``; nothing if the terminal is gone."""
        try:
            return bytes(fcntl.ioctl(self.fd, termios.TIOCGWINSZ, bytes(8)))
        except OSError:
            return b""

    def is_ours(self) -> bool:
        """Whether this process is in the foreground, or job control has no say."""
        try:
            return os.tcgetpgrp(self.fd) == os.getpgrp()
        except OSError:
            return True

    def make_raw(self, oflag: bytes) -> None:
        """Has every key passed on as it is (cfmakeraw, termios(3)), with these flags for output."""
        now = self.settings()
        if not _is_raw(now):
            self.given = now
        raw = bytearray(bytes(4) + oflag + now[8:12] + bytes(4) + now[16:])
        raw[VMIN], raw[VTIME] = 1, 0
        self.is_raw = True
        self._set(bytes(raw))

    def give_back(self) -> None:
        """Sets it as it was, unless somebody else has set it since or has it now."""
        if self.is_raw:
            self.is_raw = False
            if self.is_ours():
                restore(self.fd, self.given)

    def write(self, data: bytes) -> None:
        """Shows everything, however long that takes; nothing if the terminal is gone."""
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                _wait_for_room(self.fd)
            except OSError:
                return

    def _set(self, settings: bytes) -> None:
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with suppress(OSError):
            fcntl.ioctl(self.fd, termios.TCSETS, settings)
        signal.signal(signal.SIGTTOU, before)


def restore(fd: int, given: bytes) -> None:
    """Sets a terminal that still passes every key on as it was before."""
    with suppress(OSError):
        if _is_raw(bytes(fcntl.ioctl(fd, termios.TCGETS, bytes(SIZE)))):
            fcntl.ioctl(fd, termios.TCSETS, given)


def _is_raw(settings: bytes) -> bool:
    return not any(settings[:4]) and not any(settings[12:16])


def _wait_for_room(fd: int) -> None:
    import select  # noqa: PLC0415 - few terminals are full

    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    poll.poll()
