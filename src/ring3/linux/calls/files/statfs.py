"""statfs(2) and its relatives: what a file system is and how full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, POINTER, CompatULong, FdArg, Path
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.stat import STATFS, STATFS64
from ring3.fs import mounts
from ring3.fs.inode import StatFs
from ring3.fs.pipe import PipeFile
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, user_path_at

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask

ST_RDONLY: Final = 0x01
ST_VALID: Final = 0x20
ST_RELATIME: Final = 0x1000
ST_OF_MOUNT: Final = {
    mounts.RDONLY: ST_RDONLY,
    mounts.NOSUID: 0x02,
    mounts.NODEV: 0x04,
    mounts.NOEXEC: 0x08,
    mounts.NOATIME: 0x400,
    mounts.NODIRATIME: 0x800,
    mounts.RELATIME: ST_RELATIME,
    mounts.NOSYMFOLLOW: 0x2000,
}
"""What statfs(2) says of a mount's flags (flags_by_mnt of fs/statfs.c)."""
PIPEFS_MAGIC: Final = 0x5049_5045
ANON_INODE_FS_MAGIC: Final = 0x0904_1934
_SPARE: Final = (0,) * 4

StatfsOut = Annotated[int, POINTER]


def _fields(place: Dentry) -> tuple[int, ...]:
    """type, bsize, blocks, bfree, bavail, files, ffree, fsid (two words), namelen, frsize, flags."""
    fs, own = place.fs, mounts.flags_at(place)
    flags = sum(bit for flag, bit in ST_OF_MOUNT.items() if own & flag) | (ST_RDONLY if fs.readonly else 0)
    return _row(fs.statfs(), fs.dev, ST_VALID | flags)


def _row(found: StatFs, dev: int, flags: int) -> tuple[int, ...]:
    fsid = (dev & 0x7FFF_FFFF, 0)
    return (
        found.magic, found.bsize, found.blocks, found.bfree, found.bavail, found.files, found.ffree, *fsid,
        found.namelen, found.bsize, flags,
    )  # fmt: skip


def _of_file(file: File) -> tuple[int, ...]:
    place = file.dentry
    if place is not None:
        return _fields(place)
    inode = file.inode
    if inode is not None:
        return _row(inode.fs.statfs(), inode.fs.dev, ST_VALID | ST_RELATIME)
    magic = PIPEFS_MAGIC if isinstance(file, PipeFile) else ANON_INODE_FS_MAGIC
    return _row(StatFs(magic), file.stat().dev, ST_VALID)


def _write(task: LinuxTask, buf: int, row: tuple[int, ...], bits: int) -> int:
    """Stores ``struct statfs``.

    Raises:
        Errno: EOVERFLOW, the file system is too large for 32 bits; EFAULT.
    """
    magic, *rest = row
    if bits == 32:
        if any(number >> 32 for number in row[2:7]):
            raise Errno(E.EOVERFLOW)
        magic = INT.cast(magic)
    STATFS.write(task.memory, buf, bits, magic, *rest, *_SPARE)
    return 0


@syscall("full", compat_sys_statfs=32)
def sys_statfs(task: LinuxTask, pathname: Path, buf: StatfsOut, *, bits: int = 64) -> int:
    """What a path's file system is and how full."""
    return _write(task, buf, _fields(user_path_at(task, AT_FDCWD, pathname)), bits)


@syscall("full", compat_sys_fstatfs=32)
def sys_fstatfs(task: LinuxTask, fd: FdArg, buf: StatfsOut, *, bits: int = 64) -> int:
    """The same for an open file."""
    return _write(task, buf, _of_file(task.files[fd]), bits)


def _check_size(size: int) -> None:
    """i386's struct statfs64 is 84 bytes, or 88 as some compilers make it."""
    if size not in (84, 88):
        raise Errno(E.EINVAL)


@syscall("full")
def compat_sys_statfs64(task: LinuxTask, pathname: Path, sz: CompatULong, buf: StatfsOut) -> int:
    """What a path's file system is, with 64-bit numbers for a 32-bit program."""
    _check_size(sz)
    row = _fields(user_path_at(task, AT_FDCWD, pathname))
    STATFS64.write(task.memory, buf, 32, *row, *_SPARE)
    return 0


@syscall("full")
def compat_sys_fstatfs64(task: LinuxTask, fd: FdArg, sz: CompatULong, buf: StatfsOut) -> int:
    """The same for an open file."""
    _check_size(sz)
    STATFS64.write(task.memory, buf, 32, *_of_file(task.files[fd]), *_SPARE)
    return 0
