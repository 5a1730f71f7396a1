"""Calls that set the times of a file: utimensat(2) and its ancestors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import DirFd, Path, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.time import ITIMERVAL, TIMESPEC, TIMESPEC32, UTIMBUF
from ring3.fs import notify
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.inode import FIXED, IMMUTABLE
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
from ring3.linux.timers.timespec import SECOND, unpack_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

UTIME_NOW: Final = (1 << 30) - 1
UTIME_OMIT: Final = (1 << 30) - 2


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
        if any(not 0 <= ns < SECOND and ns not in (UTIME_NOW, UTIME_OMIT) for ns in nanoseconds):
            raise Errno(E.EINVAL)
        if nanoseconds == [UTIME_OMIT, UTIME_OMIT]:
            return 0
        moments = [_moment(times[n], times[n + 1], now) for n in (0, 2)]
        explicit = nanoseconds != [UTIME_NOW, UTIME_NOW]
    check_writable(found)
    inode, caller = inode_of(found), who(task)
    if inode.fs_flags & (FIXED if explicit else IMMUTABLE):
        raise Errno(E.EPERM)
    if not caller.owns(inode) and (explicit or not permits(inode, caller, MAY_WRITE)):
        raise Errno(E.EPERM if explicit else E.EACCES)
    inode.set_times(*moments)
    if inode.fs.watches:
        notify.changed(found, inode, notify.ATTRIB)
    return 0


def _moment(seconds: int, nanoseconds: int, now: int) -> int | None:
    if nanoseconds == UTIME_OMIT:
        return None
    return now if nanoseconds == UTIME_NOW else seconds * SECOND + nanoseconds


def _read_times(task: LinuxTask, address: int, bits: int) -> list[int] | None:
    """Two ``struct timespec`` in user memory, each as seconds and nanoseconds; None at address 0.

    Raises:
        Errno: EFAULT.
    """
    if not address:
        return None
    size = (TIMESPEC32 if bits == 32 else TIMESPEC).size(bits)
    return [*unpack_timespec(task, address, bits), *unpack_timespec(task, address + size, bits)]


def _read_timevals(task: LinuxTask, address: int, bits: int) -> list[int] | None:
    """Two ``struct timeval`` in user memory, each as seconds and nanoseconds; None at address 0.

    Raises:
        Errno: EFAULT; EINVAL, microseconds out of range.
    """
    if not address:
        return None
    found = ITIMERVAL.integers(task.memory, address, bits)
    if any(not 0 <= part < 10**6 for part in found[1::2]):
        raise Errno(E.EINVAL)
    return [found[0], found[1] * 1000, found[2], found[3] * 1000]


@syscall("full", sys_utimensat_time32=32)
def sys_utimensat(
    task: LinuxTask, dfd: DirFd, filename: Path, utimes: Pointer, flags: AtFlags, *, bits: int = 64
) -> int:
    """Sets the times of a file."""
    times = _read_times(task, utimes, bits)
    check_flags(flags, At.AT_SYMLINK_NOFOLLOW | At.AT_EMPTY_PATH)
    if not filename and dfd != AT_FDCWD:
        if flags:
            raise Errno(E.EINVAL)
        return _set_times(task, opened(task, dfd), times)
    return _set_times(task, find_or_fd(task, dfd, filename, flags), times)


@syscall("full", sys_futimesat_time32=32)
def sys_futimesat(task: LinuxTask, dfd: DirFd, filename: Path, utimes: Pointer, *, bits: int = 64) -> int:
    """Sets the times of a file, in microseconds."""
    times = _read_timevals(task, utimes, bits)
    if not filename and dfd != AT_FDCWD:
        return _set_times(task, opened(task, dfd), times)
    return _set_times(task, user_path_at(task, dfd, filename), times)


@syscall("full", sys_utimes_time32=32)
def sys_utimes(task: LinuxTask, filename: Path, utimes: Pointer, *, bits: int = 64) -> int:
    """The same, of a file by name."""
    times = _read_timevals(task, utimes, bits)
    return _set_times(task, user_path_at(task, AT_FDCWD, filename), times)


@syscall("full", sys_utime32=32)
def sys_utime(task: LinuxTask, filename: Path, times: Pointer, *, bits: int = 64) -> int:
    """Sets the times of a file, in seconds."""
    moments = None
    if times:
        atime, mtime = UTIMBUF.integers(task.memory, times, bits)
        moments = [atime, 0, mtime, 0]
    return _set_times(task, user_path_at(task, AT_FDCWD, filename), moments)
