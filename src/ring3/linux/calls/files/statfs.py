"""statfs(2) and its relatives: what a file system is and how full."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import POINTER, CompatULong, FdArg, Path
from ring3.abi.errno import E, Errno
from ring3.fs.file import File
from ring3.fs.inode import FileSystem, StatFs
from ring3.fs.pipe import PipeFile
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, user_path_at

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

ST_RDONLY: Final = 0x01
ST_VALID: Final = 0x20
ST_RELATIME: Final = 0x1000
PIPEFS_MAGIC: Final = 0x5049_5045
ANON_INODE_FS_MAGIC: Final = 0x0904_1934
STATFS_64: Final = struct.Struct("<qqQQQQQiiqqq32x")
STATFS_32: Final = struct.Struct("<iiIIIIIiiiii16x")
STATFS64_32: Final = struct.Struct("<IIQQQQQiiIII16x")

StatfsOut = Annotated[int, POINTER]


def _fields(fs: FileSystem) -> tuple[int, ...]:
    """type, bsize, blocks, bfree, bavail, files, ffree, fsid (two words), namelen, frsize, flags."""
    found = fs.statfs()
    flags = ST_VALID | ST_RELATIME | (ST_RDONLY if fs.readonly else 0)
    return _row(found, fs.dev, flags)


def _row(found: StatFs, dev: int, flags: int) -> tuple[int, ...]:
    fsid = (dev & 0x7FFF_FFFF, 0)
    return (
        found.magic, found.bsize, found.blocks, found.bfree, found.bavail, found.files, found.ffree, *fsid,
        found.namelen, found.bsize, flags,
    )  # fmt: skip


def _of_file(file: File) -> tuple[int, ...]:
    place = file.dentry
    if place is not None:
        return _fields(place.fs)
    inode = file.inode
    if inode is not None:
        return _fields(inode.fs)
    magic = PIPEFS_MAGIC if isinstance(file, PipeFile) else ANON_INODE_FS_MAGIC
    return _row(StatFs(magic), file.stat().dev, ST_VALID)


def _pack_64(row: tuple[int, ...]) -> bytes:
    return STATFS_64.pack(*row)


def _pack_32(row: tuple[int, ...]) -> bytes:
    """``struct compat_statfs``.

    Raises:
        Errno: EOVERFLOW, the file system is too large.
    """
    if any(number >> 32 for number in row[2:7]):
        raise Errno(E.EOVERFLOW)
    return STATFS_32.pack(_signed(row[0]), *row[1:])


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number


@syscall("full")
def sys_statfs(task: LinuxTask, pathname: Path, buf: StatfsOut) -> int:
    """What a path's file system is and how full."""
    task.memory.write(buf, _pack_64(_fields(user_path_at(task, AT_FDCWD, pathname).fs)))
    return 0


@syscall("full")
def sys_fstatfs(task: LinuxTask, fd: FdArg, buf: StatfsOut) -> int:
    """The same for an open file."""
    task.memory.write(buf, _pack_64(_of_file(task.files[fd])))
    return 0


@syscall("full")
def compat_sys_statfs(task: LinuxTask, pathname: Path, buf: StatfsOut) -> int:
    """What a path's file system is, for a 32-bit program."""
    task.memory.write(buf, _pack_32(_fields(user_path_at(task, AT_FDCWD, pathname).fs)))
    return 0


@syscall("full")
def compat_sys_fstatfs(task: LinuxTask, fd: FdArg, buf: StatfsOut) -> int:
    """The same for an open file."""
    task.memory.write(buf, _pack_32(_of_file(task.files[fd])))
    return 0


def _check_size(size: int) -> None:
    """i386's struct statfs64 is 84 bytes, or 88 as some compilers make it."""
    if size not in (84, 88):
        raise Errno(E.EINVAL)


@syscall("full")
def compat_sys_statfs64(task: LinuxTask, pathname: Path, sz: CompatULong, buf: StatfsOut) -> int:
    """What a path's file system is, with 64-bit numbers for a 32-bit program."""
    _check_size(sz)
    task.memory.write(buf, STATFS64_32.pack(*_fields(user_path_at(task, AT_FDCWD, pathname).fs)))
    return 0


@syscall("full")
def compat_sys_fstatfs64(task: LinuxTask, fd: FdArg, sz: CompatULong, buf: StatfsOut) -> int:
    """The same for an open file."""
    _check_size(sz)
    task.memory.write(buf, STATFS64_32.pack(*_of_file(task.files[fd])))
    return 0
