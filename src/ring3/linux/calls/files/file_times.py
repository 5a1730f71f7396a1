"""Calls that set the times of a file: utimensat(2) and its ancestors."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import DirFd, Int, Path, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.permission import MAY_WRITE, permits
from ring3.linux.calls.files.attributes import check_writable
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import (
    AT_FDCWD,
    At,
    AtFlags,
    check_flags,
    find_or_fd,
    inode_of,
    opened,
    user_path_at,
    who,
)

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

UTIME_NOW: Final = (1 << 30) - 1
UTIME_OMIT: Final = (1 << 30) - 2
NSEC: Final = 10**9


def _set_times(task: LinuxTask, found: Dentry | File, times: list[int] | None) -> int:
    """Sets both times.

    Args:
        task: Who asks.
        found: Of what.
        times: Seconds and nanoseconds of both, None for now.

    Raises:
        Errno: EINVAL, nanoseconds out of range; EROFS; EACCES; EPERM.
    """
    now = task.kernel.clocks.realtime()
    moments: list[int | None] = [now, now]
    explicit = times is not None
    if times is not None:
        nanoseconds = times[1::2]
        if any(not 0 <= ns < NSEC and ns not in (UTIME_NOW, UTIME_OMIT) for ns in nanoseconds):
            raise Errno(E.EINVAL)
        if nanoseconds == [UTIME_OMIT, UTIME_OMIT]:
            return 0
        moments = [_moment(times[n], times[n + 1], now) for n in (0, 2)]
        explicit = nanoseconds != [UTIME_NOW, UTIME_NOW]
    check_writable(found)
    inode, caller = inode_of(found), who(task)
    if not caller.owns(inode) and (explicit or not permits(inode, caller, MAY_WRITE)):
        raise Errno(E.EPERM if explicit else E.EACCES)
    inode.set_times(*moments)
    return 0


def _moment(seconds: int, nanoseconds: int, now: int) -> int | None:
    if nanoseconds == UTIME_OMIT:
        return None
    return now if nanoseconds == UTIME_NOW else seconds * NSEC + nanoseconds


def _read_times(task: LinuxTask, address: int, form: str, scale: int = 1) -> list[int] | None:
    """Two times in user memory as seconds and nanoseconds; None at address 0.

    Raises:
        Errno: EFAULT; EINVAL, microseconds out of range.
    """
    if not address:
        return None
    found = list(struct.unpack(form, task.memory.read(address, struct.calcsize(form))))
    if task.in_ia32_syscall and form == "<qqqq":
        found[1::2] = [
            part & 0xFFFF_FFFF for part in found[1::2]
        ]  # struct __kernel_timespec has padding there
    if scale != 1:
        if any(not 0 <= part < NSEC // scale for part in found[1::2]):
            raise Errno(E.EINVAL)
        found = [found[0], found[1] * scale, found[2], found[3] * scale]
    return found


def _utimensat(task: LinuxTask, dfd: int, filename: int, times: list[int] | None, flags: int) -> int:
    check_flags(flags, At.AT_SYMLINK_NOFOLLOW | At.AT_EMPTY_PATH)
    if not filename and dfd != AT_FDCWD:
        if flags:
            raise Errno(E.EINVAL)
        return _set_times(task, opened(task, dfd), times)
    return _set_times(task, find_or_fd(task, dfd, filename, flags), times)


@syscall("full")
def sys_utimensat(task: LinuxTask, dfd: DirFd, filename: Path, utimes: Pointer, flags: AtFlags) -> int:
    """Sets the times of a file."""
    return _utimensat(task, dfd, filename, _read_times(task, utimes, "<qqqq"), flags)


@syscall("full")
def sys_utimensat_time32(task: LinuxTask, dfd: UnsignedInt, filename: Path, t: Pointer, flags: Int) -> int:
    """Sets the times of a file from 32-bit seconds."""
    signed = dfd - (1 << 32) if dfd >> 31 else dfd
    return _utimensat(task, signed, filename, _read_times(task, t, "<iiii"), flags)


def _futimesat(task: LinuxTask, dfd: int, filename: int, utimes: int, form: str) -> int:
    times = _read_times(task, utimes, form, 1000)
    if not filename:
        return _set_times(task, opened(task, dfd), times)
    return _set_times(task, user_path_at(task, dfd, filename), times)


@syscall("full")
def sys_futimesat(task: LinuxTask, dfd: DirFd, filename: Path, utimes: Pointer) -> int:
    """Sets the times of a file, in microseconds."""
    return _futimesat(task, dfd, filename, utimes, "<qqqq")


@syscall("full")
def sys_utimes(task: LinuxTask, filename: Path, utimes: Pointer) -> int:
    """The same, of a file by name."""
    return _set_times(task, user_path_at(task, AT_FDCWD, filename), _read_times(task, utimes, "<qqqq", 1000))


@syscall("full")
def sys_futimesat_time32(task: LinuxTask, dfd: UnsignedInt, filename: Path, t: Pointer) -> int:
    """Sets the times of a file, in microseconds and 32-bit seconds."""
    return _futimesat(task, dfd - (1 << 32) if dfd >> 31 else dfd, filename, t, "<iiii")


@syscall("full")
def sys_utimes_time32(task: LinuxTask, filename: Path, t: Pointer) -> int:
    """The same, of a file by name."""
    return _set_times(task, user_path_at(task, AT_FDCWD, filename), _read_times(task, t, "<iiii", 1000))


def _utime(task: LinuxTask, filename: int, times: int, form: str) -> int:
    moments = None
    if times:
        atime, mtime = struct.unpack(form, task.memory.read(times, struct.calcsize(form)))
        moments = [atime, 0, mtime, 0]
    return _set_times(task, user_path_at(task, AT_FDCWD, filename), moments)


@syscall("full")
def sys_utime(task: LinuxTask, filename: Path, times: Pointer) -> int:
    """Sets the times of a file, in seconds."""
    return _utime(task, filename, times, "<qq")


@syscall("full")
def sys_utime32(task: LinuxTask, filename: Path, t: Pointer) -> int:
    """Sets the times of a file, in 32-bit seconds."""
    return _utime(task, filename, t, "<ii")
