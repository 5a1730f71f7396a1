"""A terminal of the host, used as a terminal program does: every key is read as it is, and it is given back as it was.

Settings are the host's structures, ``struct termios`` of ioctl_tty(2), so that nothing of them is lost.
"""

from __future__ import annotations

import os
import signal
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from ring3.abi.errno import Errno
from ring3.fs import host_os
from ring3.fs.file import O_NONBLOCK

if TYPE_CHECKING:
    from ring3.fs.termios import Termios

TCGETS: Final = 0x5401
TCSETS: Final = 0x5402
TIOCGWINSZ: Final = 0x5413
TIOCGDEV: Final = 0x8004_5432
TERMIOS: Final = struct.Struct("<4IB19s")
_O_RDWR: Final = 2


class HostTerminal:
    """A terminal of the host.

    Attributes:
        fd: A description of our own, which does not block.
    """

    is_state = False

    def __init__(self, fd: int) -> None:
        """Opens the terminal behind a descriptor anew.

        Raises:
            Errno: It is none, or the host does not let us.
        """
        try:
            self.fd = host_os.reopen(fd, _O_RDWR | O_NONBLOCK)
        except Errno:
            self.fd = host_os.call(os.dup, fd)
        self._device = _device(fd)
        self._given = self._get()
        self._keeper = 0

    @property
    def settings(self) -> Termios:
        """Its settings now."""
        from ring3.fs.termios import Termios  # noqa: PLC0415 -- few programs have a terminal

        return Termios(*TERMIOS.unpack(self._get()))

    def is_behind(self, fd: int) -> bool:
        """Whether a descriptor of this process leads to it."""
        return os.isatty(fd) and _device(fd) == self._device

    def is_ours(self) -> bool:
        """Whether this process may change and read it now: it is in the foreground, or job control has no say."""
        try:
            return os.tcgetpgrp(self.fd) == os.getpgrp()
        except OSError:
            return True

    def make_raw(self, oflag: int) -> None:
        """Has every key passed on as it is.

        Args:
            oflag: What is to be done to output.
        """
        now = self._get()
        if not _is_raw(now):
            self._given = now
        self._set(_raw(now, oflag))

    def give_back(self, *, ours: bool | None = None) -> None:
        """Sets it as it was, unless somebody else has set it since, or it is not ours now (asked if not told)."""
        with suppress(Errno):
            if (self.is_ours() if ours is None else ours) and _is_raw(self._get()):
                self._set(self._given)

    def window(self) -> bytes:
        """``struct winsize``."""
        return host_os.ioctl(self.fd, TIOCGWINSZ, bytes(8))

    def write(self, data: bytes) -> int:
        """Shows characters; returns how many there was room for now.

        Raises:
            Errno: EIO, it is gone.
        """
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise host_os.translated(error) from None

    def guard(self) -> None:
        """Has it given back even if this process ends without a chance to do so, as by SIGKILL: by one that waits.

        Call it before there are threads.
        """
        ended, self._alive = os.pipe()
        self._keeper = os.fork()
        if not self._keeper:
            os.close(self._alive)
            _keep(self, ended)
        os.close(ended)

    def close(self) -> None:
        """Gives it back and closes our description."""
        self.give_back()
        os.close(self.fd)
        if self._keeper:
            os.close(self._alive)
            os.waitpid(self._keeper, 0)

    def _get(self) -> bytes:
        return host_os.ioctl(self.fd, TCGETS, bytes(TERMIOS.size))

    def _set(self, settings: bytes) -> None:
        host_os.ioctl(self.fd, TCSETS, settings)


def _keep(terminal: HostTerminal, ended: int) -> NoReturn:
    """Waits until the other process is gone, whatever happens to it; the terminal may be in the foreground no more."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError):  # an emulator may keep one to itself, as qemu-user does
            signal.signal(number, signal.SIG_IGN)
    os.closerange(0, min(ended, terminal.fd))
    os.read(ended, 1)
    terminal.give_back(ours=True)
    os._exit(0)


def _device(fd: int) -> bytes:
    """The number of the terminal itself, where a descriptor's file may be /dev/tty."""
    return host_os.ioctl(fd, TIOCGDEV, bytes(4))


def _raw(given: bytes, oflag: int) -> bytes:
    """Settings with which nothing is done to what is typed (cfmakeraw, termios(3))."""
    from ring3.fs.termios import Cc  # noqa: PLC0415 -- few programs have a terminal

    _, _, cflag, _, line, cc = TERMIOS.unpack(given)
    characters = bytearray(cc)
    characters[Cc.MIN], characters[Cc.TIME] = 1, 0
    return TERMIOS.pack(0, oflag, cflag, 0, line, bytes(characters))


def _is_raw(settings: bytes) -> bool:
    iflag, _, _, lflag, *_ = TERMIOS.unpack(settings)
    return not iflag and not lflag


def find_terminal() -> HostTerminal | None:
    """The terminal of this process: behind its standard descriptors, None if none of them is one."""
    for fd in (0, 1, 2):
        if os.isatty(fd):
            with suppress(Errno):
                return HostTerminal(fd)
    return None
