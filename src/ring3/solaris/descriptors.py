"""Descriptors: fcntl, pipe, ioctl, lseek.

Sources: usr/src/uts/common/syscall/fcntl.c, lseek.c, ioctl.c, common/fs/fifofs/fifovnops.c (fifo_ioctl) and
common/sys/fcntl.h, termios.h, filio.h of illumos.
"""

from __future__ import annotations

import struct
import termios
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, OffT, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.fs import host_os
from ring3.fs.file import O_NONBLOCK, File
from ring3.fs.host import HostFile
from ring3.fs.locks import END, Lock, Locks
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.pipe import make_pipe
from ring3.kernel.wait import wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.files import core_flags, solaris_flags

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask


class Fcntl(IntEnum):
    """Commands of fcntl(2)."""

    F_DUPFD = 0
    F_GETFD = 1
    F_SETFD = 2
    F_GETFL = 3
    F_SETFL = 4
    F_SETLK = 6
    F_SETLKW = 7
    F_DUP2FD = 9
    F_FREESP = 11
    F_GETLK = 14
    F_GETOWN = 23
    F_SETOWN = 24
    F_DUP2FD_CLOEXEC = 36
    F_DUPFD_CLOEXEC = 37


FD_CLOEXEC: Final = 1
_SETTABLE: Final = 0x8 | 0x80 | 0x4
_FLOCK: Final = struct.Struct("<hh4xqqii")
_FLOCK32: Final = struct.Struct("<hhiiii")
_FLOCK64_32: Final = struct.Struct("<hhqqii")
"""``struct flock`` of a 32-bit program, and its ``struct flock64``."""
_LARGE: Final = {27: Fcntl.F_FREESP, 33: Fcntl.F_GETLK, 34: Fcntl.F_SETLK, 35: Fcntl.F_SETLKW}
"""Commands of such programs with a ``struct flock64`` (F_FREESP64, F_GETLK64 ...), and which they are."""
_F_RDLCK, _F_WRLCK, _F_UNLCK = 1, 2, 3


def _dup(task: SolarisTask, file: File, lowest: int, cloexec: bool) -> int:
    if lowest >= task.files.limit:
        raise Errno(SolarisE.EINVAL)
    return task.files.install(file, lowest, cloexec)


def _dup2(task: SolarisTask, fd: int, file: File, to: int, cloexec: bool) -> int:
    if to != fd:
        task.files.replace(to, file, cloexec)
    elif cloexec:
        raise Errno(SolarisE.EINVAL)
    return to


def _setfl(file: File, flags: int) -> int:
    kept = core_flags(_SETTABLE)
    file.flags = file.flags & ~kept | core_flags(flags & _SETTABLE) & kept
    return 0


def _setfd(task: SolarisTask, fd: int, flags: int) -> int:
    task.files.set_cloexec(fd, bool(flags & FD_CLOEXEC))
    return 0


def _range(file: File, flock: tuple[int, ...]) -> tuple[int, int, int]:
    """Type, first byte and last byte of a ``struct flock``."""
    kind, whence, start, length, _, _ = flock
    if whence == 1:
        start += file.position
    elif whence == 2:
        start += file.stat().size
    last = start + length - 1 if length else END
    if start < 0 or last < start:
        raise Errno(SolarisE.EINVAL)
    return kind, start, last


def _freesp(task: SolarisTask, file: File, form: struct.Struct, address: int) -> int:
    """Cuts a file off (or lengthens it) where the range begins, which must go to the end."""
    _, start, last = _range(file, form.unpack(task.memory.read(address, form.size)))
    if last != END or not file.writable:
        raise Errno(SolarisE.EINVAL if file.writable else SolarisE.EBADF)
    file.truncate(start)
    return 0


async def _wait_for_lock(task: SolarisTask, file: File, locks: Locks, lock: Lock) -> int:
    """Waits until a range is free, and locks it."""
    file.hold()
    try:
        await wait_event(task, locks.queue, lambda: locks.conflict(lock) is None)
        locks.set(lock)
    finally:
        file.drop()
    return 0


def _lock(task: SolarisTask, file: File, cmd: int, form: struct.Struct, address: int) -> int | Waiting:
    """Locks of a process on a range of a file (fcntl(2))."""
    flock = form.unpack(task.memory.read(address, form.size))
    kind, start, last = _range(file, flock)
    inode = file.inode
    if inode is None:
        raise Errno(SolarisE.EINVAL)
    if inode.locks is None:
        inode.locks = Locks()
    lock = Lock(task.files, task.pid, kind == _F_WRLCK, start, last)
    if cmd == Fcntl.F_GETLK:
        other = inode.locks.conflict(lock)
        answer = (
            form.pack(_F_UNLCK, *flock[1:])
            if other is None
            else form.pack(
                _F_WRLCK if other.exclusive else _F_RDLCK, 0, other.start,
                0 if other.end == END else other.end - other.start + 1, 0, other.pid,
            )
        )  # fmt: skip
        task.memory.write(address, answer)
    elif kind == _F_UNLCK:
        inode.locks.clear(task.files, start, last)
    elif inode.locks.conflict(lock) is not None:
        if cmd == Fcntl.F_SETLKW:
            return _wait_for_lock(task, file, inode.locks, lock)
        raise Errno(SolarisE.EAGAIN)
    else:
        inode.locks.set(lock)
    return 0


@syscall(
    "partial",
    "waiting for locks finds no deadlocks; no owner of SIGPOLL, shares or OFD locks: EINVAL",
)
def fcntl(task: SolarisTask, fdes: Int, cmd: Int, arg: UnsignedLong) -> int | Waiting:
    """Asks and changes what an open file and its descriptor are."""
    file, form = task.files[fdes], _FLOCK
    if task.ilp32:
        form = _FLOCK64_32 if cmd in _LARGE else _FLOCK32
        cmd = _LARGE.get(cmd, cmd)
    match cmd:
        case Fcntl.F_DUPFD | Fcntl.F_DUPFD_CLOEXEC:
            return _dup(task, file, arg, cmd == Fcntl.F_DUPFD_CLOEXEC)
        case Fcntl.F_DUP2FD | Fcntl.F_DUP2FD_CLOEXEC:
            return _dup2(task, fdes, file, arg, cmd == Fcntl.F_DUP2FD_CLOEXEC)
        case Fcntl.F_GETFD:
            return FD_CLOEXEC if task.files.cloexec(fdes) else 0
        case Fcntl.F_SETFD:
            return _setfd(task, fdes, arg)
        case Fcntl.F_GETFL:
            return solaris_flags(file.flags)
        case Fcntl.F_SETFL:
            return _setfl(file, arg)
        case Fcntl.F_FREESP:
            return _freesp(task, file, form, arg)
        case Fcntl.F_GETLK | Fcntl.F_SETLK | Fcntl.F_SETLKW:
            return _lock(task, file, cmd, form, arg)
        case _:
            raise Errno(SolarisE.EINVAL)


@syscall("full", module="fifofs")
def pipe(task: SolarisTask, fds: Address, flags: Int) -> int:
    """Makes a pipe and stores its two descriptors; on Solaris each end does both, here as POSIX has it."""
    wanted = core_flags(flags)
    cred = task.cred
    reader, writer = make_pipe(task.kernel.vfs, wanted & O_NONBLOCK, (cred.uid, cred.gid))
    cloexec = bool(wanted & O_CLOEXEC)
    first = task.files.install(reader, cloexec=cloexec)
    try:
        second = task.files.install(writer, cloexec=cloexec)
    except Errno:
        task.files.close(first)
        raise
    try:
        task.memory.write(fds, struct.pack("<ii", first, second))
    except Errno:
        task.files.close(first)
        task.files.close(second)
        raise
    return 0


@syscall("full")
def lseek64(task: SolarisTask, fdes: Int, off: OffT, stype: Int) -> int:
    """Moves the position of an open file; returns the new one."""
    return task.files[fdes].seek(off, stype)


# -- ioctl -------------------------------------------------------------------------------------------------------

_NCCS: Final = 19
_TERMIOS: Final = struct.Struct(f"<IIII{_NCCS}B")
_CONTROL: Final = (
    termios.VINTR, termios.VQUIT, termios.VERASE, termios.VKILL, termios.VEOF, termios.VEOL, termios.VEOL2,
    None, termios.VSTART, termios.VSTOP, termios.VSUSP, None, termios.VREPRINT, termios.VDISCARD, termios.VWERASE,
    termios.VLNEXT,
)  # fmt: skip
"""Which control character of the host stands at which index of Solaris's c_cc (sys/termios.h)."""
_LOCAL: Final = (
    (1, termios.ISIG),
    (2, termios.ICANON),
    (8, termios.ECHO),
    (0x10, termios.ECHOE),
    (0x20, termios.ECHOK),
    (0x40, termios.ECHONL),
    (0x80, termios.NOFLSH),
    (0x100, termios.TOSTOP),
    (0x8000, termios.IEXTEN),
)
_INPUT: Final = (
    (0x100, termios.ICRNL),
    (0x40, termios.INLCR),
    (0x80, termios.IGNCR),
    (0x20, termios.ISTRIP),
    (0x400, termios.IXON),
    (0x1000, termios.IXOFF),
    (2, termios.BRKINT),
    (1, termios.IGNBRK),
)
_OUTPUT: Final = ((1, termios.OPOST), (4, termios.ONLCR))
_CS8_CREAD_B9600: Final = 0x30 | 0x80 | 0xD


class Ioctl(IntEnum):
    """Requests of ioctl(2) (sys/termios.h, sys/filio.h)."""

    TCGETA = 0x5401
    TCGETS = 0x540D
    TIOCGPGRP = 0x7414
    TIOCGWINSZ = 0x5468
    FIOCLEX = 0x2000_6601
    FIONCLEX = 0x2000_6602
    FIONREAD = 0x4004_667F
    FIONBIO = 0x8004_667E


def _bits(pairs: tuple[tuple[int, int], ...], value: int) -> int:
    return sum(ours for ours, core in pairs if value & core)


def _get_termios(file: HostFile) -> bytes:
    iflag, oflag, _, lflag, _, _, control = termios.tcgetattr(file.fd)
    characters = [0] * _NCCS
    for index, core in enumerate(_CONTROL):
        if core is not None:
            value = control[core]
            characters[index] = value[0] if isinstance(value, bytes) else value
    return _TERMIOS.pack(
        _bits(_INPUT, iflag), _bits(_OUTPUT, oflag), _CS8_CREAD_B9600, _bits(_LOCAL, lflag), *characters
    )


def _close_on_exec(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.files.set_cloexec(fd, True)


def _stay_on_exec(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.files.set_cloexec(fd, False)


def _nonblocking(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    file.flags = file.flags | O_NONBLOCK if task.memory.read_u32(arg) else file.flags & ~O_NONBLOCK


def _available(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.memory.write_u32(arg, file.available())


def _terminal(file: File) -> HostFile:
    if not isinstance(file, HostFile) or not file.is_terminal():
        raise Errno(E.ENOTTY)
    return file


def _tcgets(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.memory.write(arg, _get_termios(_terminal(file)))


def _tcgeta(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    raw = _TERMIOS.unpack(_get_termios(_terminal(file)))
    task.memory.write(arg, struct.pack("<HHHHb8B", *(flag & 0xFFFF for flag in raw[:4]), 0, *raw[4:12]))


def _window(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.memory.write(arg, host_os.ioctl(_terminal(file).fd, termios.TIOCGWINSZ, bytes(8)))


def _group(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    _terminal(file)
    task.memory.write_u32(arg, task.process.pgid)


_REQUESTS: Final[dict[int, Callable[[SolarisTask, int, File, int], None]]] = {
    Ioctl.FIOCLEX: _close_on_exec,
    Ioctl.FIONCLEX: _stay_on_exec,
    Ioctl.FIONBIO: _nonblocking,
    Ioctl.FIONREAD: _available,
    Ioctl.TCGETS: _tcgets,
    Ioctl.TCGETA: _tcgeta,
    Ioctl.TIOCGWINSZ: _window,
    Ioctl.TIOCGPGRP: _group,
}


@syscall("partial", "what files have in common; of terminals the settings, which cannot be changed: ENOTTY")
def ioctl(task: SolarisTask, fdes: Int, cmd: Int, arg: UnsignedLong) -> int:
    """Controls a device."""
    file = task.files[fdes]
    request = _REQUESTS.get(cmd & 0xFFFF_FFFF)
    if request is None:
        raise Errno(E.ENOTTY)
    request(task, fdes, file, arg)
    return 0
