"""Files of 32-bit programs: with offsets and structs of 32 bits, and with those of the large-file interface.

A program that does not know the latter cannot open what is larger than it can tell, nor be told of it: EOVERFLOW.

Sources: usr/src/uts/common/syscall/open.c, stat.c, rw.c, lseek.c, readlink.c, getdents.c; sys/stat.h, sys/dirent.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, BufferIn, BufferOut, FdArg, Int, Path, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.solaris.devices import expanded
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.structs import STAT32, STAT64_32
from ring3.solaris import names, rw
from ring3.solaris.definition import syscall
from ring3.solaris.descriptors import lseek64
from ring3.solaris.files import LARGEFILE, fstype_of, open_at, status_of
from ring3.solaris.lookup import AT_FDCWD, AT_SYMLINK_NOFOLLOW, find, find_or_fd

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

MAXOFF32: Final = 0x7FFF_FFFF
_STAT32: Final = STAT32.form(32)
_STAT64_32: Final = STAT64_32.form(32)
_NANOSECONDS: Final = 10**9


# -- opening -----------------------------------------------------------------------------------------------------


def _most(flags: int) -> int | None:
    return None if flags & LARGEFILE else MAXOFF32


@syscall("partial", "as open")
def open32(task: SolarisTask, fname: Path, fmode: Int, cmode: Int) -> int | Waiting:
    """Opens a file; a large one only with O_LARGEFILE."""
    return open_at(task, AT_FDCWD, fname, fmode, cmode, _most(fmode))


@syscall("partial", "as open")
def open64(task: SolarisTask, fname: Path, fmode: Int, cmode: Int) -> int | Waiting:
    """Opens a file, a large one too."""
    return open_at(task, AT_FDCWD, fname, fmode, cmode)


@syscall("partial", "as openat")
def openat32(task: SolarisTask, fd: Int, name: Path, fmode: Int, cmode: Int) -> int | Waiting:
    """Opens a file relative to a directory; a large one only with O_LARGEFILE."""
    return open_at(task, fd, name, fmode, cmode, _most(fmode))


@syscall("partial", "as openat")
def openat64(task: SolarisTask, fd: Int, name: Path, fmode: Int, cmode: Int) -> int | Waiting:
    """Opens a file relative to a directory, a large one too."""
    return open_at(task, fd, name, fmode, cmode)


# -- what a file is ----------------------------------------------------------------------------------------------


def _store(task: SolarisTask, found: Dentry | File, address: int, large: bool) -> int:
    status = status_of(found)
    times = [
        part for when in (status.atime, status.mtime, status.ctime) for part in divmod(when, _NANOSECONDS)
    ]
    zeros = [0] * 8
    head = (
        expanded(status.dev, 32), *zeros[:3], status.ino, status.mode, status.nlink, status.uid, status.gid,
        expanded(status.rdev, 32), *zeros[:2], status.size,
    )  # fmt: skip
    tail = (*times, status.blksize, status.blocks, fstype_of(found), *zeros)
    try:
        raw = _STAT64_32.pack(*head, *tail) if large else _STAT32.pack(*head, 0, *tail)
    except struct.error:
        raise Errno(SolarisE.EOVERFLOW) from None
    task.memory.write(address, raw)
    return 0


@syscall("full")
def stat32(task: SolarisTask, fname: Path, sb: Address) -> int:
    """What a file is."""
    return _store(task, find(task, AT_FDCWD, fname), sb, large=False)


@syscall("full")
def lstat32(task: SolarisTask, fname: Path, sb: Address) -> int:
    """What a file is, a link itself if it is one."""
    return _store(task, find(task, AT_FDCWD, fname, follow=False), sb, large=False)


@syscall("full")
def fstat32(task: SolarisTask, fdes: Int, sb: Address) -> int:
    """What an open file is."""
    return _store(task, task.files[fdes], sb, large=False)


@syscall("full")
def fstatat32(task: SolarisTask, fd: Int, name: Address, sb: Address, flag: Int) -> int:
    """What a file is, relative to a directory."""
    found = find_or_fd(task, fd, name, follow=not flag & AT_SYMLINK_NOFOLLOW)
    return _store(task, found, sb, large=False)


@syscall("full")
def stat64_32(task: SolarisTask, fname: Path, sb: Address) -> int:
    """What a file is, in a ``struct stat64``."""
    return _store(task, find(task, AT_FDCWD, fname), sb, large=True)


@syscall("full")
def lstat64_32(task: SolarisTask, fname: Path, sb: Address) -> int:
    """What a file is, a link itself if it is one, in a ``struct stat64``."""
    return _store(task, find(task, AT_FDCWD, fname, follow=False), sb, large=True)


@syscall("full")
def fstat64_32(task: SolarisTask, fdes: Int, sb: Address) -> int:
    """What an open file is, in a ``struct stat64``."""
    return _store(task, task.files[fdes], sb, large=True)


@syscall("full")
def fstatat64_32(task: SolarisTask, fd: Int, name: Address, sb: Address, flag: Int) -> int:
    """What a file is, relative to a directory, in a ``struct stat64``."""
    found = find_or_fd(task, fd, name, follow=not flag & AT_SYMLINK_NOFOLLOW)
    return _store(task, found, sb, large=True)


# -- names -------------------------------------------------------------------------------------------------------


@syscall("full")
def readlinkat32(task: SolarisTask, fd: Int, name: Path, buf: BufferOut, count: UnsignedInt) -> int:
    """The text of a symbolic link."""
    return names.readlinkat(task, fd, name, buf, count)


@syscall("full")
def readlink32(task: SolarisTask, name: Path, buf: BufferOut, count: UnsignedInt) -> int:
    """The text of a symbolic link."""
    return names.readlinkat(task, AT_FDCWD, name, buf, count)


@syscall("full")
def getdents32(task: SolarisTask, fd: Int, buf: BufferOut, count: UnsignedInt) -> int:
    """Reads names of a directory, with numbers of 32 bits."""
    return names.read_entries(task, fd, buf, count, names.DIRENT32)


# -- reading and writing -----------------------------------------------------------------------------------------


def _signed(count: int) -> int:
    return (count & 0xFFFF_FFFF) - (count >> 31 << 32) & (1 << 64) - 1


@syscall("full")
def read32(task: SolarisTask, fdes: FdArg, cbuf: BufferOut, count: UnsignedInt) -> int | Waiting:
    """Reads up to ``count`` bytes from a descriptor."""
    return rw.read(task, fdes, cbuf, _signed(count))


@syscall("full")
def write32(task: SolarisTask, fdes: FdArg, cbuf: BufferIn, count: UnsignedInt) -> int | Waiting:
    """Writes ``count`` bytes to a descriptor."""
    return rw.write(task, fdes, cbuf, _signed(count))


@syscall("full")
def readv32(task: SolarisTask, fdes: Int, iovp: Address, iovcnt: Int) -> int | Waiting:
    """Reads into several buffers."""
    return rw.readv(task, fdes, iovp, iovcnt)


@syscall("full")
def writev32(task: SolarisTask, fdes: Int, iovp: Address, iovcnt: Int) -> int | Waiting:
    """Writes from several buffers."""
    return rw.writev(task, fdes, iovp, iovcnt)


@syscall("full")
def pread32(task: SolarisTask, fdes: Int, cbuf: BufferOut, count: UnsignedInt, offset: Int) -> int:
    """Reads at an offset; the position stays."""
    return rw.pread(task, fdes, cbuf, _signed(count), offset)


@syscall("full")
def pwrite32(task: SolarisTask, fdes: Int, cbuf: BufferIn, count: UnsignedInt, offset: Int) -> int:
    """Writes at an offset; the position stays."""
    return rw.pwrite(task, fdes, cbuf, _signed(count), offset)


def _offset(low: int, high: int) -> int:
    """An offset of 64 bits from its halves."""
    return low | high << 32


@syscall("full")
def pread64(
    task: SolarisTask, fdes: Int, cbuf: BufferOut, count: UnsignedInt, offset_1: UnsignedInt, offset_2: Int
) -> int:
    """Reads at an offset of 64 bits."""
    return rw.pread(task, fdes, cbuf, _signed(count), _offset(offset_1, offset_2))


@syscall("full")
def pwrite64(
    task: SolarisTask, fdes: Int, cbuf: BufferIn, count: UnsignedInt, offset_1: UnsignedInt, offset_2: Int
) -> int:
    """Writes at an offset of 64 bits."""
    return rw.pwrite(task, fdes, cbuf, _signed(count), _offset(offset_1, offset_2))


@syscall("full")
def lseek32(task: SolarisTask, fdes: Int, off: Int, stype: Int) -> int:
    """Moves the position of an open file; returns the new one.

    Raises:
        Errno: EOVERFLOW, it has no place in 32 bits; the position is the old one.
    """
    file = task.files[fdes]
    before = file.position
    found = lseek64(task, fdes, off, stype)
    if found > MAXOFF32:
        file.position = before
        raise Errno(SolarisE.EOVERFLOW)
    return found


@syscall("full")
def llseek32(task: SolarisTask, fdes: Int, off1: UnsignedInt, off2: Int, stype: Int) -> int:
    """Moves the position of an open file by an offset of 64 bits; returns the new one in two registers."""
    return lseek64(task, fdes, _offset(off1, off2), stype)
