"""The host's own file calls, with its errors as `Errno`.

Everything that file systems ask of the host goes through here; what only some hosts have is asked for by name, so that
the others can be served differently in one place.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Final, ParamSpec, TypeVar

from ring3.abi.errno import E, Errno
from ring3.fs.file import Stat

if sys.platform != "win32":
    import fcntl

KEPT_DESCRIPTORS: Final = 12
"""Descriptors of this process that files of the host leave alone."""

P = ParamSpec("P")
T = TypeVar("T")

_FLAGS: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NEVER: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)
O_PATH: Final = getattr(os, "O_PATH", 0)
O_DIRECTORY: Final = getattr(os, "O_DIRECTORY", 0)


def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function of the host.

    Raises:
        Errno: What the host's OSError says; EIO if it says nothing that Linux knows.
    """
    try:
        return function(*args, **kwargs)
    except OSError as error:
        raise translated(error) from None


def translated(error: OSError) -> Errno:
    """The host's error as the guest's."""
    with suppress(ValueError):
        return Errno(E(error.errno or errno.EIO))
    return Errno(E.EIO)


def stat_of(found: os.stat_result) -> Stat:
    """The host's attributes of a file; what it does not know is 0."""
    return Stat(
        found.st_dev, found.st_ino, found.st_mode, found.st_nlink, found.st_uid, found.st_gid,
        getattr(found, "st_rdev", 0), found.st_size, getattr(found, "st_blksize", 4096),
        getattr(found, "st_blocks", 0), found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns,
    )  # fmt: skip


def open_directory(path: bytes) -> int:
    """A host descriptor that stands for a directory, whether it may be read or not.

    Raises:
        Errno: As open(2).
    """
    return call(os.open, path, O_PATH | O_DIRECTORY | _FLAGS)


def open_file(path: bytes, flags: int) -> int:
    """A host descriptor of a file, not by a link at the end of its path.

    Raises:
        Errno: As open(2).
    """
    return call(os.open, path, flags | _FLAGS | _NEVER)


def open_at(fd: int, name: bytes, flags: int) -> int:
    """A host descriptor of a file in a directory, not by a link.

    Args:
        fd: The directory's.
        name: The file's, without a slash.
        flags: Those of open(2) that say what is done with it.

    Raises:
        Errno: As openat(2).
    """
    return call(os.open, name, flags | _FLAGS | _NEVER, 0o600, dir_fd=fd)


def open_beneath(fd: int, path: bytes) -> int:
    """A host descriptor that stands for a directory below another one, found by no link and no way up.

    Raises:
        Errno: As openat(2); ENOTDIR or ELOOP, there is a link on the way.
    """
    if _openat2 is not None:
        number = _openat2(fd, path, O_PATH | O_DIRECTORY | _FLAGS)
        if number >= 0:
            return number
        if -number not in (errno.ENOSYS, errno.EPERM, errno.E2BIG):
            raise translated(OSError(-number, ""))
    start, flags = fd, O_PATH | O_DIRECTORY | _FLAGS | _NEVER
    for name in path.split(b"/"):
        above = fd
        try:
            fd = call(os.open, name, flags, dir_fd=above)
        finally:
            if above != start:
                os.close(above)
    return fd


def _find_openat2() -> Callable[[int, bytes, int], int] | None:
    """openat2(2) with RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS, answering as a system call; None without it."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return None
    import ctypes  # noqa: PLC0415 - the CPU's library has brought it

    syscall = ctypes.CDLL(None, use_errno=True).syscall

    def openat2(fd: int, path: bytes, flags: int) -> int:
        how = struct.pack("<QQQ", flags, 0, 0x08 | 0x04 | 0x02)
        found = syscall(437, fd, path, how, ctypes.c_size_t(len(how)))
        return int(found) if found >= 0 else -ctypes.get_errno()

    return openat2


_openat2: Final = _find_openat2()


@cache
def most_descriptors() -> int:
    """The descriptor from which on files of the host get none: the rest is for Python's modules and our own pipes.

    As many as the host lets this process have are asked for first.
    """
    try:
        import resource  # noqa: PLC0415 - not on every host
    except ImportError:
        return 1 << 30
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft - KEPT_DESCRIPTORS if soft >= 0 else 1 << 30


def name_of(fd: int) -> str:
    """A name that leads to what a descriptor of this process stands for."""
    return f"/proc/self/fd/{fd}"


def reopen(fd: int, flags: int) -> int:
    """A new description of what a descriptor leads to, as opening /proc/self/fd/N gives; where there is none, a copy.

    Raises:
        Errno: As open(2).
    """
    name = name_of(fd)
    if os.path.exists(name):
        return call(os.open, name, flags | _FLAGS | getattr(os, "O_NOCTTY", 0))
    return call(os.dup, fd)


def status_flags(fd: int) -> int | None:
    """What fcntl(2) says with F_GETFL; None where the host cannot tell or the descriptor is closed."""
    if sys.platform == "win32":
        return None
    try:
        return fcntl.fcntl(fd, fcntl.F_GETFL)
    except OSError:
        return None


def can_be_watched(fd: int) -> bool:
    """Whether epoll(7) takes a descriptor; on hosts without, whether it is no regular file and no directory."""
    if not hasattr(select, "epoll"):
        mode = os.fstat(fd).st_mode
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    with select.epoll() as epoll:
        try:
            epoll.register(fd, 0)
        except OSError:
            return False
    return True


def ioctl(fd: int, request: int, data: bytes) -> bytes:
    """A request with a structure; returns what the host has made of it.

    Raises:
        Errno: As ioctl(2); ENOTTY where the host has none.
    """
    if sys.platform == "win32":
        raise Errno(E.ENOTTY)
    return call(fcntl.ioctl, fd, request, data)


def ioctl_number(fd: int, request: int, number: int) -> None:
    """A request with a number.

    Raises:
        Errno: As ioctl(2); ENOTTY where the host has none.
    """
    if sys.platform == "win32":
        raise Errno(E.ENOTTY)
    call(fcntl.ioctl, fd, request, number)


def pread(fd: int, size: int, offset: int) -> bytes:
    """Bytes at an offset.

    Raises:
        Errno: As pread(2).
    """
    if hasattr(os, "pread"):
        return call(os.pread, fd, size, offset)
    call(os.lseek, fd, offset, os.SEEK_SET)
    return call(os.read, fd, size)


def preadv(fd: int, buffers: Sequence[memoryview], offset: int) -> int:
    """Fills buffers from an offset on; returns how many bytes there were.

    Raises:
        Errno: As preadv(2).
    """
    if hasattr(os, "preadv"):
        return call(os.preadv, fd, buffers, offset)
    done = 0
    for buffer in buffers:
        data = pread(fd, len(buffer), offset + done)
        buffer[: len(data)] = data
        done += len(data)
    return done


def readlink(path: bytes) -> bytes:
    """The text of a symbolic link.

    Raises:
        Errno: As readlink(2).
    """
    return call(os.readlink, path)


def entries(fd: int) -> list[tuple[bytes, int, int]]:
    """The names in an open directory in the host's order, each with inode number and file type bits.

    Raises:
        Errno: As opendir(3) and readdir(3).
    """
    found: list[tuple[bytes, int, int]] = []
    try:
        with os.scandir(fd) as listing:
            found.extend((os.fsencode(entry.name), entry.inode(), _kind(entry)) for entry in listing)
    except OSError as error:
        raise translated(error) from None
    return found


def _kind(entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        return 0o120000
    if entry.is_dir(follow_symlinks=False):
        return 0o040000
    if entry.is_file(follow_symlinks=False):
        return 0o100000
    return entry.stat(follow_symlinks=False).st_mode & 0o170000
