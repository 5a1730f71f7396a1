"""The settings of a terminal: ``struct ktermios`` and what its bits mean (termios(3))."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag, NamedTuple

DISABLED: Final = 0
"""The character that stands for none (_POSIX_VDISABLE)."""


class Iflag(IntFlag):
    """Treatment of input (include/uapi/asm-generic/termbits.h)."""

    BRKINT = 0x2
    IGNPAR = 0x4
    PARMRK = 0x8
    INPCK = 0x10
    ISTRIP = 0x20
    INLCR = 0x40
    IGNCR = 0x80
    ICRNL = 0x100
    IUCLC = 0x200
    IXON = 0x400
    IXANY = 0x800
    IXOFF = 0x1000
    IUTF8 = 0x4000


class Oflag(IntFlag):
    """Treatment of output."""

    OPOST = 0x1
    OLCUC = 0x2
    ONLCR = 0x4
    OCRNL = 0x8
    ONOCR = 0x10
    ONLRET = 0x20
    XTABS = 0x1800


class Lflag(IntFlag):
    """What is done on top."""

    ISIG = 0x1
    ICANON = 0x2
    ECHO = 0x8
    ECHOE = 0x10
    ECHOK = 0x20
    ECHONL = 0x40
    NOFLSH = 0x80
    TOSTOP = 0x100
    ECHOCTL = 0x200
    ECHOPRT = 0x400
    ECHOKE = 0x800
    IEXTEN = 0x8000
    EXTPROC = 0x10000


class Cc(IntEnum):
    """Where each special character is."""

    INTR = 0
    QUIT = 1
    ERASE = 2
    KILL = 3
    EOF = 4
    TIME = 5
    MIN = 6
    START = 8
    STOP = 9
    SUSP = 10
    EOL = 11
    REPRINT = 12
    WERASE = 14
    LNEXT = 15
    EOL2 = 16


class Termios(NamedTuple):
    """The settings of a terminal (``struct ktermios``).

    Attributes:
        iflag: `Iflag`.
        oflag: `Oflag`.
        cflag: The line: speed, bits of a character.
        lflag: `Lflag`.
        line: Number of the line discipline.
        cc: The special characters.
        ispeed: Bits a second in ...
        ospeed: ... and out.
    """

    iflag: int = Iflag.ICRNL | Iflag.IXON
    oflag: int = Oflag.OPOST | Oflag.ONLCR
    cflag: int = 0xBF  # B38400, CS8, CREAD
    lflag: int = (
        Lflag.ISIG | Lflag.ICANON | Lflag.ECHO | Lflag.ECHOE | Lflag.ECHOK | Lflag.ECHOCTL | Lflag.ECHOKE
        | Lflag.IEXTEN
    )  # fmt: skip
    line: int = 0
    cc: bytes = b"\x03\x1c\x7f\x15\x04\x00\x01\x00\x11\x13\x1a\x00\x12\x0f\x17\x16\x00\x00\x00"
    ispeed: int = 38400
    ospeed: int = 38400

    @property
    def by_lines(self) -> bool:
        """Whether a reader gets lines; with EXTPROC whoever types has edited them already."""
        return self.lflag & (Lflag.ICANON | Lflag.EXTPROC) == Lflag.ICANON


RAW: Final = Termios(iflag=0, oflag=0, lflag=0)
"""Those of a master: what comes through is left as it is (unix98_pty_init)."""
