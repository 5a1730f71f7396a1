"""The settings of terminals in the forms that Solaris has: ``struct termios`` and ``struct termio`` (termio(4I)).

Their flags have the values that the line discipline knows, but for a few that either has alone; the special characters
stand elsewhere, and those of a line and of single characters share their places (VEOF with VMIN, VEOL with VTIME).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.ioctls import Ioctl
from ring3.fs.termios import Cc, Lflag, Termios

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

TERMIOS: Final = struct.Struct("<4I19sx")
TERMIO: Final = struct.Struct("<4Hb8sx")
NCC: Final = 8
"""Characters of ``struct termio``."""
IFLAGS: Final = 0x3FFF
LFLAGS: Final = 0xFFFF
"""Bits that both sides have."""
_EOF: Final = 4
_EOL: Final = 5
_PLACES: Final = {
    0: Cc.INTR, 1: Cc.QUIT, 2: Cc.ERASE, 3: Cc.KILL, 6: Cc.EOL2, 7: 7, 8: Cc.START, 9: Cc.STOP, 10: Cc.SUSP, 11: 19,
    12: Cc.REPRINT, 13: 13, 14: Cc.WERASE, 15: Cc.LNEXT, 16: 17, 17: 18,
}  # fmt: skip
"""Where what is at an index of Solaris's ``c_cc`` is; VSWTCH, VDSUSP, VDISCARD, VSTATUS and VERASE2 are only kept."""
_CHARACTERS: Final = 20
DEFAULT: Final = (
    0x2502, 0x1805, 0xBD, 0x8A3B,
    bytes((3, 0x1C, 0x7F, 0x15, 4, 0, 0, 0, 0x11, 0x13, 0x1A, 0x19, 0x12, 0xF, 0x17, 0x16, 0x14, 8, 0)),
)  # fmt: skip
"""What a terminal begins with: ``ttymodes`` in options.conf of illumos."""
GETS: Final = frozenset({Ioctl.TCGETS, Ioctl.TCGETA})
SETS: Final = frozenset(
    {Ioctl.TCSETS, Ioctl.TCSETSW, Ioctl.TCSETSF, Ioctl.TCSETA, Ioctl.TCSETAW, Ioctl.TCSETAF}
)
FLUSHING: Final = frozenset({Ioctl.TCSETSF, Ioctl.TCSETAF})
"""Those that drop what was typed and not read."""
_OLD: Final = frozenset({Ioctl.TCGETA, Ioctl.TCSETA, Ioctl.TCSETAW, Ioctl.TCSETAF})

Form = tuple[int, int, int, int, bytes]
"""c_iflag, c_oflag, c_cflag, c_lflag and c_cc of a ``struct termios``."""


def form_of(termios: Termios) -> Form:
    """The settings as Solaris has them."""
    cc, lines = termios.cc.ljust(_CHARACTERS, b"\0"), termios.lflag & Lflag.ICANON
    characters = bytearray(19)
    for ours, core in _PLACES.items():
        characters[ours] = cc[core]
    characters[_EOF] = cc[Cc.EOF if lines else Cc.MIN]
    characters[_EOL] = cc[Cc.EOL if lines else Cc.TIME]
    return termios.iflag & IFLAGS, termios.oflag, termios.cflag, termios.lflag & LFLAGS, bytes(characters)


def settings_of(form: Form) -> Termios:
    """The settings that the line discipline is given."""
    iflag, oflag, cflag, lflag, characters = form
    cc = bytearray(_CHARACTERS)
    for ours, core in _PLACES.items():
        cc[core] = characters[ours]
    cc[Cc.EOF] = cc[Cc.MIN] = characters[_EOF]
    cc[Cc.EOL] = cc[Cc.TIME] = characters[_EOL]
    return Termios(iflag & IFLAGS, oflag, cflag, lflag & LFLAGS, 0, bytes(cc))


def store(task: SolarisTask, cmd: int, arg: int, form: Form) -> None:
    """Answers TCGETS or TCGETA."""
    iflag, oflag, cflag, lflag, characters = form
    halves = (flags & 0xFFFF for flags in (iflag, oflag, cflag, lflag))
    old = cmd in _OLD
    raw = TERMIO.pack(*halves, 0, characters[:NCC]) if old else TERMIOS.pack(*form)
    task.memory.write(arg, raw)


def wanted(task: SolarisTask, cmd: int, arg: int, before: Form) -> Form:
    """What TCSETS, TCSETA and their relatives ask for; the old form leaves what it has no room for as it is."""
    if cmd not in _OLD:
        iflag, oflag, cflag, lflag, characters = TERMIOS.unpack(task.memory.read(arg, TERMIOS.size))
        return iflag, oflag, cflag, lflag, characters
    iflag, oflag, cflag, lflag, _, first = TERMIO.unpack(task.memory.read(arg, TERMIO.size))
    high = [flags & ~0xFFFF for flags in (before[0], before[1], before[2], before[3])]
    return high[0] | iflag, high[1] | oflag, high[2] | cflag, high[3] | lflag, first + before[4][NCC:]
