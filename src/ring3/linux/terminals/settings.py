"""The settings of a pseudoterminal, as programs ask for and change them (termios(3), drivers/tty/tty_ioctl.c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.linux.structs.terminals import TERMIO, TERMIOS, TERMIOS2
from ring3.fs.termios import Termios
from ring3.linux.terminals.ioctls import Ioctl

if TYPE_CHECKING:
    from ring3.fs.pty import Pty
    from ring3.fs.pty_files import PtyFile
    from ring3.linux.model.task import LinuxTask

Request = Callable[["LinuxTask", "PtyFile", int], int]
"""Answers a request: the task, its file and the argument."""
CBAUD: Final = 0x100F
BOTHER: Final = 0x1000
CSIZE_PARENB: Final = 0x130
CLOCAL: Final = 0x800
CS8_CREAD: Final = 0xB0
SPEEDS: Final = (
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
    0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000,
    3500000, 4000000,
)  # fmt: skip
"""Bits a second of the codes in ``c_cflag``, those with CBAUDEX after the others."""
_NCC: Final = 8
"""Control characters in ``struct termio``."""


def _get_termios(task: LinuxTask, file: PtyFile, arg: int) -> int:
    termios = file.pty.line.termios
    TERMIOS.write(task.memory, arg, 64, *termios[:6])
    return 0


def _get_termio(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """The old form: half of the flags, and eight of the control characters."""
    iflag, oflag, cflag, lflag, line, characters = file.pty.line.termios[:6]
    halves = (flag & 0xFFFF for flag in (iflag, oflag, cflag, lflag))
    TERMIO.write(task.memory, arg, 64, *halves, line, characters[:_NCC])
    return 0


def _set_termio(task: LinuxTask, file: PtyFile, arg: int, *, flush: bool = False) -> int:
    """Sets what the old form has, and leaves the rest."""
    before = file.pty.line.termios
    form = TERMIO.form(64)
    iflag, oflag, cflag, lflag, line, characters = form.unpack(task.memory.read(arg, form.size))
    wanted = before._replace(
        iflag=before.iflag & ~0xFFFF | iflag,
        oflag=before.oflag & ~0xFFFF | oflag,
        cflag=before.cflag & ~0xFFFF | cflag,
        lflag=before.lflag & ~0xFFFF | lflag,
        line=line,
        cc=characters + before.cc[_NCC:],
    )
    return _set(file.pty, wanted, flush=flush)


def _get_termios2(task: LinuxTask, file: PtyFile, arg: int) -> int:
    TERMIOS2.write(task.memory, arg, 64, *file.pty.line.termios)
    return 0


def _set(pty: Pty, termios: Termios, *, flush: bool) -> int:
    cflag = termios.cflag & ~CSIZE_PARENB | CS8_CREAD
    speed = termios.ospeed
    if cflag & CBAUD != BOTHER:
        speed = SPEEDS[cflag & 0xF | (cflag & BOTHER) >> 8]
    ispeed = termios.ispeed if cflag & CBAUD == BOTHER else speed
    pty.slave.set_termios(termios._replace(cflag=cflag, ispeed=ispeed, ospeed=speed), flush=flush)
    return 0


def _set_termios(task: LinuxTask, file: PtyFile, arg: int, *, flush: bool = False) -> int:
    before = file.pty.line.termios
    form = TERMIOS.form(64)
    iflag, oflag, cflag, lflag, line, cc = form.unpack(task.memory.read(arg, form.size))
    wanted = Termios(iflag, oflag, cflag, lflag, line, cc, before.ispeed, before.ospeed)
    return _set(file.pty, wanted, flush=flush)


def _set_termios2(task: LinuxTask, file: PtyFile, arg: int, *, flush: bool = False) -> int:
    form = TERMIOS2.form(64)
    return _set(file.pty, Termios(*form.unpack(task.memory.read(arg, form.size))), flush=flush)


def _get_carrier(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TIOCGSOFTCAR: whether the line is there without a carrier (CLOCAL)."""
    task.memory.write_u32(arg, int(bool(file.pty.line.termios.cflag & CLOCAL)))
    return 0


def _set_carrier(task: LinuxTask, file: PtyFile, arg: int) -> int:
    before = file.pty.line.termios
    wanted = CLOCAL if task.memory.read_u32(arg) else 0
    file.pty.slave.set_termios(before._replace(cflag=before.cflag & ~CLOCAL | wanted))
    return 0


GETS: Final[dict[int, Request]] = {
    Ioctl.TCGETS: _get_termios,
    Ioctl.TCGETA: _get_termio,
    Ioctl.TCGETS2: _get_termios2,
    Ioctl.TIOCGSOFTCAR: _get_carrier,
}
CHANGES: Final[dict[int, Request]] = {
    Ioctl.TIOCSSOFTCAR: _set_carrier,
    Ioctl.TCSETS: _set_termios,
    Ioctl.TCSETSW: _set_termios,
    Ioctl.TCSETSF: lambda task, file, arg: _set_termios(task, file, arg, flush=True),
    Ioctl.TCSETA: _set_termio,
    Ioctl.TCSETAW: _set_termio,
    Ioctl.TCSETAF: lambda task, file, arg: _set_termio(task, file, arg, flush=True),
    Ioctl.TCSETS2: _set_termios2,
    Ioctl.TCSETSW2: _set_termios2,
    Ioctl.TCSETSF2: lambda task, file, arg: _set_termios2(task, file, arg, flush=True),
}
"""Those that change something."""
