"""Calls on descriptors and names that a starting program makes: fstat, ioctl, readlink."""

from __future__ import annotations

import errno
import fcntl
import struct
import termios
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferOut, CompatULong, DirFd, FdArg, Int, Path, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.fs.file import Stat
from ring3.fs.host import HostFile
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

AT_FDCWD: Final = -100
AT_EMPTY_PATH: Final = 0x1000
PATH_MAX: Final = 4096
TCGETS: Final = 0x5401
TIOCGWINSZ: Final = 0x5413


def read_path(task: LinuxTask, address: int) -> bytes:
    """A path in user memory.

    Raises:
        Errno: EFAULT; ENAMETOOLONG, no null byte within 4096.
    """
    path = task.memory.read_cstring(address, PATH_MAX)
    if path is None:
        raise Errno(E.ENAMETOOLONG)
    return path


def _device(number: int) -> int:
    """A device number as ``struct stat`` has it (new_encode_dev)."""
    major, minor = number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)
    return (minor & 0xFF) | major << 8 | (minor & ~0xFF) << 12


def pack_stat(stat: Stat) -> bytes:
    """``struct stat`` of x86-64 (arch/x86/include/uapi/asm/stat.h)."""
    times = [part for moment in (stat.atime, stat.mtime, stat.ctime) for part in divmod(moment, 10**9)]
    return struct.pack(
        "<QQQIIIIQqqqQQQQQQ24x",
        _device(stat.dev), stat.ino, stat.nlink, stat.mode, stat.uid, stat.gid, 0, _device(stat.rdev), stat.size,
        stat.blksize, stat.blocks, *times,
    )  # fmt: skip


def pack_stat64_ia32(stat: Stat) -> bytes:
    """``struct stat64`` of i386."""
    times = [part for moment in (stat.atime, stat.mtime, stat.ctime) for part in divmod(moment, 10**9)]
    return struct.pack(
        "<Q4xIIIIIQ4xqIQ6IQ",
        _device(stat.dev), stat.ino & 0xFFFF_FFFF, stat.mode, stat.nlink, stat.uid, stat.gid, _device(stat.rdev),
        stat.size, stat.blksize, stat.blocks, *(t & 0xFFFF_FFFF for t in times), stat.ino,
    )  # fmt: skip


@syscall("full")
def sys_newfstat(task: LinuxTask, fd: FdArg, statbuf: BufferOut) -> int:
    """Attributes of an open file."""
    task.memory.write(statbuf, pack_stat(task.files[fd].stat()))
    return 0


@syscall("full")
def compat_sys_ia32_fstat64(task: LinuxTask, fd: UnsignedInt, statbuf: BufferOut) -> int:
    """Attributes of an open file, for a 32-bit program."""
    task.memory.write(statbuf, pack_stat64_ia32(task.files[fd].stat()))
    return 0


@syscall("partial", "an open descriptor with AT_EMPTY_PATH; no path exists yet: ENOENT")
def sys_newfstatat(task: LinuxTask, dfd: DirFd, filename: Path, statbuf: BufferOut, flag: Int) -> int:
    """Attributes of a file by name, relative to a directory."""
    if read_path(task, filename) or not flag & AT_EMPTY_PATH:
        raise Errno(E.ENOENT)
    task.memory.write(statbuf, pack_stat(task.files[dfd].stat()))
    return 0


@syscall("partial", "/proc/self/exe; no other link exists yet: ENOENT")
def sys_readlink(task: LinuxTask, path: Path, buf: BufferOut, bufsiz: Int) -> int:
    """Where a symbolic link leads."""
    return _readlink(task, read_path(task, path), buf, bufsiz)


@syscall("partial", "as readlink")
def sys_readlinkat(task: LinuxTask, dfd: DirFd, pathname: Path, buf: BufferOut, bufsiz: Int) -> int:
    """Where a symbolic link leads, relative to a directory."""
    return _readlink(task, read_path(task, pathname), buf, bufsiz)


def _readlink(task: LinuxTask, path: bytes, buf: int, size: int) -> int:
    if size <= 0:
        raise Errno(E.EINVAL)
    if path != b"/proc/self/exe":
        raise Errno(E.ENOENT)
    target = task.exe.encode()[:size]
    task.memory.write(buf, target)
    return len(target)


def _ioctl(task: LinuxTask, fd: int, cmd: int, arg: int) -> int:
    file = task.files[fd]
    if not isinstance(file, HostFile) or not file.is_terminal() or cmd not in (TCGETS, TIOCGWINSZ):
        raise Errno(E.ENOTTY)
    request, size = (termios.TCGETS, 36) if cmd == TCGETS else (termios.TIOCGWINSZ, 8)
    try:
        task.memory.write(arg, fcntl.ioctl(file.fd, request, bytes(size)))
    except OSError as error:
        raise Errno(E(error.errno or errno.ENOTTY)) from None
    return 0


@syscall("partial", "the terminal's settings and size, read only; anything else is ENOTTY")
def sys_ioctl(task: LinuxTask, fd: UnsignedInt, cmd: UnsignedInt, arg: UnsignedLong) -> int:
    """Controls a device."""
    return _ioctl(task, fd, cmd, arg)


@syscall("partial", "as ioctl")
def compat_sys_ioctl(task: LinuxTask, fd: UnsignedInt, cmd: UnsignedInt, arg32: CompatULong) -> int:
    """Controls a device, for a 32-bit program."""
    return _ioctl(task, fd, cmd, arg32)
