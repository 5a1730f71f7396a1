"""Terminals of the host: their settings, in Solaris's forms; which group one serves is the machine's own business.

What a program sets stays set when it ends, as on any terminal.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.solaris.ioctls import Ioctl
from ring3.fs import host_os
from ring3.fs.termios import Cc, Lflag, Termios
from ring3.solaris import terminal_settings
from ring3.solaris.job_control import session_group

if TYPE_CHECKING:
    from ring3.fs.host import HostFile
    from ring3.solaris.task import SolarisTask

_HOST: Final = struct.Struct("<4IB19s")
"""``struct termios`` of ioctl_tty(2)."""
_TCGETS, _TCSETS = 0x5401, 0x5402
_WINDOW: Final = {Ioctl.TIOCGWINSZ: 0x5413, Ioctl.TIOCSWINSZ: 0x5414}
_NUMBERS: Final = {Ioctl.TCSBRK: 0x5409, Ioctl.TCXONC: 0x540A, Ioctl.TCFLSH: 0x540B}
"""Requests of the host that take a number."""
_CBAUD: Final = 0xF
_CBAUDEX: Final = 0x1000
_CBAUDEXT: Final = 0x20_0000
_LOW: Final = 0xFFF
"""Control modes that both sides have with the same values."""
_FASTER: Final = {0: 16, 1: 16, 2: 18, 3: 20, 4: 22, 7: 23}
"""Codes of Solaris, above B38400, for those of the host with CBAUDEX: 57600, 115200, 230400, 460800, 921600."""


def _cflag(cflag: int) -> int:
    """Control modes as Solaris has them."""
    if not cflag & _CBAUDEX:
        return cflag & _LOW
    code = _FASTER.get(cflag & _CBAUD, 15)
    return cflag & _LOW & ~_CBAUD | (code & _CBAUD) | (_CBAUDEXT if code > _CBAUD else 0)


def _host_cflag(cflag: int) -> int:
    """Control modes as the host has them."""
    if not cflag & _CBAUDEXT:
        return cflag & _LOW
    code = next((host for host, ours in reversed(_FASTER.items()) if ours == (cflag & _CBAUD) + 16), 1)
    return cflag & _LOW & ~_CBAUD | _CBAUDEX | code


def _get(file: HostFile) -> Termios:
    found = Termios(*_HOST.unpack(host_os.ioctl(file.fd, _TCGETS, bytes(_HOST.size))))
    return found._replace(cflag=_cflag(found.cflag))


def _set(file: HostFile, cmd: int, termios: Termios) -> None:
    raw = host_os.ioctl(file.fd, _TCGETS, bytes(_HOST.size))
    before = Termios(*_HOST.unpack(raw))
    cc = bytearray(termios.cc[:19])
    kept = (Cc.MIN, Cc.TIME) if termios.lflag & Lflag.ICANON else (Cc.EOF, Cc.EOL)
    for place in kept:
        cc[place] = before.cc[place]
    how = {Ioctl.TCSETS: 0, Ioctl.TCSETA: 0, Ioctl.TCSETSW: 1, Ioctl.TCSETAW: 1}.get(Ioctl(cmd), 2)
    request = _HOST.pack(
        termios.iflag, termios.oflag, _host_cflag(termios.cflag), termios.lflag, before.line, bytes(cc)
    )
    host_os.ioctl(file.fd, _TCSETS + how, request)


def host_ioctl(task: SolarisTask, file: HostFile, cmd: int, arg: int) -> int:
    """A request of a descriptor of the host.

    Raises:
        Errno: ENOTTY, it is no terminal or knows no such request; EFAULT; as the host's.
    """
    if not file.is_terminal():
        raise Errno(E.ENOTTY)
    memory, sid = task.memory, task.process.sid
    groups = task.kernel.terminal_groups
    if cmd in terminal_settings.GETS:
        terminal_settings.store(task, cmd, arg, terminal_settings.form_of(_get(file)))
    elif cmd in terminal_settings.SETS:
        before = terminal_settings.form_of(_get(file))
        form = terminal_settings.wanted(task, cmd, arg, before)
        _set(file, cmd, terminal_settings.settings_of(form))
    elif cmd == Ioctl.TIOCGWINSZ:
        memory.write(arg, host_os.ioctl(file.fd, _WINDOW[Ioctl.TIOCGWINSZ], bytes(8)))
    elif cmd == Ioctl.TIOCSWINSZ:
        host_os.ioctl(file.fd, _WINDOW[Ioctl.TIOCSWINSZ], memory.read(arg, 8))
    elif cmd in _NUMBERS:
        host_os.ioctl_number(file.fd, _NUMBERS[Ioctl(cmd)], arg & 0x7FFF_FFFF)
    elif cmd == Ioctl.TIOCGPGRP:
        memory.write_u32(arg, groups.get(sid, sid))
    elif cmd == Ioctl.TIOCSPGRP:
        groups[sid] = session_group(task, memory.read_u32(arg))
    elif cmd == Ioctl.TIOCGSID:
        memory.write_u32(arg, sid)
    else:
        raise Errno(E.ENOTTY)
    return 0
