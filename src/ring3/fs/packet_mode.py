"""Packet mode of a pseudoterminal (TIOCPKT, ioctl_tty(2)): the master's reader hears of the slave's line, too.

Each read gives a byte that says what has happened to the line, or 0 and what was shown (drivers/tty/pty.c, n_tty_read).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import IntFlag
from ring3.fs.termios import Cc, Iflag, Lflag

if TYPE_CHECKING:
    from ring3.fs.termios import Termios

DATA: Final = b"\0"
"""What is in front of what was shown (TIOCPKT_DATA)."""
CTRL_S: Final = 0x13
CTRL_Q: Final = 0x11


class Status(IntFlag):
    """What has happened (TIOCPKT_ of include/uapi/asm-generic/ioctls.h)."""

    FLUSHREAD = 0x1
    FLUSHWRITE = 0x2
    STOP = 0x4
    START = 0x8
    NOSTOP = 0x10
    DOSTOP = 0x20
    IOCTL = 0x40


OPPOSITES: Final = {
    Status.STOP: Status.START,
    Status.START: Status.STOP,
    Status.NOSTOP: Status.DOSTOP,
    Status.DOSTOP: Status.NOSTOP,
}
"""What is forgotten when the other comes before anybody has read it."""


class PacketMode:
    """Whether a master reads packets, and what there is to tell.

    Attributes:
        on: It does.
        status: `Status` bits that nobody has read.
    """

    __slots__ = ("on", "status")

    def __init__(self) -> None:
        self.on = False
        self.status = 0

    def switch(self, on: bool) -> None:
        """Begins, with nothing to tell, or ends (pty_set_pktmode)."""
        if on and not self.on:
            self.status = 0
        self.on = on

    def note(self, happened: int) -> bool:
        """Something has happened; whether there is somebody to be told."""
        if self.on:
            self.status = self.status & ~OPPOSITES.get(Status(happened), 0) | happened
        return self.on

    def take(self) -> bytes:
        """What there is to tell, as a byte; nothing if there is nothing."""
        status, self.status = self.status, 0
        return bytes([status]) if status else b""


def changes(before: Termios, now: Termios) -> list[Status]:
    """What a reader of packets is told of other settings (pty_set_termios)."""
    told = []
    if _keys_stop(before) != _keys_stop(now):
        told.append(Status.DOSTOP if _keys_stop(now) else Status.NOSTOP)
    if (before.lflag | now.lflag) & Lflag.EXTPROC:
        told.append(Status.IOCTL)
    return told


def _keys_stop(termios: Termios) -> bool:
    """Whether output is stopped by Ctrl-S and goes on by Ctrl-Q, so that a remote terminal may do it itself."""
    keys = termios.cc[Cc.STOP], termios.cc[Cc.START]
    return bool(termios.iflag & Iflag.IXON) and keys == (CTRL_S, CTRL_Q)
