"""File systems: what they are and how full, what they allow, and that they keep what was written.

Sources: usr/src/uts/common/syscall/statvfs.c, pathconf.c, rw.c (fdsync); sys/statvfs.h, sys/unistd.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Path
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.devices import expanded
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import syscall
from ring3.solaris.lookup import AT_FDCWD, find

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import FileSystem
    from ring3.solaris.task import SolarisTask

_FSTYPE: Final = 16
_TAIL: Final = "32s"
_STATVFS: Final = {
    "statvfs": struct.Struct(f"<9Q{_FSTYPE}sQQ{_TAIL}"),
    "statvfs32": struct.Struct(f"<9I{_FSTYPE}sII{_TAIL}64x"),
    "statvfs64_32": struct.Struct(f"<II6QI{_FSTYPE}sII{_TAIL}64x"),
}
"""The structs of ``statvfs``; 32-bit programs have one with and one without large files."""
ST_RDONLY: Final = 1
ST_NOTRUNC: Final = 4


def _store(task: SolarisTask, fs: FileSystem, address: int, form: str) -> int:
    found = fs.statfs()
    flags = ST_NOTRUNC | (ST_RDONLY if fs.readonly else 0)
    name = fs.name.encode()
    try:
        raw = _STATVFS[form].pack(
            found.bsize, found.bsize, found.blocks, found.bfree, found.bavail, found.files, found.ffree, found.ffree,
            expanded(fs.dev, 32), name[: _FSTYPE - 1], flags, found.namelen, name,
        )  # fmt: skip
    except struct.error:
        raise Errno(SolarisE.EOVERFLOW) from None
    task.memory.write(address, raw)
    return 0


def _of_path(task: SolarisTask, path: int) -> FileSystem:
    return find(task, AT_FDCWD, path).inode.fs


def _of_file(task: SolarisTask, fd: int) -> FileSystem:
    inode = task.files[fd].inode
    if inode is None:
        raise Errno(SolarisE.ENOSYS)
    return inode.fs


@syscall("full")
def statvfs(task: SolarisTask, fname: Path, cbp: Address) -> int:
    """What the file system of a file is, and how full."""
    return _store(task, _of_path(task, fname), cbp, "statvfs")


@syscall("full")
def fstatvfs(task: SolarisTask, fd: Int, cbp: Address) -> int:
    """The same of an open file."""
    return _store(task, _of_file(task, fd), cbp, "statvfs")


@syscall("full")
def statvfs32(task: SolarisTask, fname: Path, cbp: Address) -> int:
    """The same for 32-bit programs."""
    return _store(task, _of_path(task, fname), cbp, "statvfs32")


@syscall("full")
def fstatvfs32(task: SolarisTask, fd: Int, cbp: Address) -> int:
    """The same of an open file."""
    return _store(task, _of_file(task, fd), cbp, "statvfs32")


@syscall("full")
def statvfs64_32(task: SolarisTask, fname: Path, cbp: Address) -> int:
    """The same for 32-bit programs with large files."""
    return _store(task, _of_path(task, fname), cbp, "statvfs64_32")


@syscall("full")
def fstatvfs64_32(task: SolarisTask, fd: Int, cbp: Address) -> int:
    """The same of an open file."""
    return _store(task, _of_file(task, fd), cbp, "statvfs64_32")


# -- what is allowed ---------------------------------------------------------------------------------------------


class PathConf(IntEnum):
    """Names of pathconf(2) (sys/unistd.h)."""

    LINK_MAX = 1
    MAX_CANON = 2
    MAX_INPUT = 3
    NAME_MAX = 4
    PATH_MAX = 5
    PIPE_BUF = 6
    NO_TRUNC = 7
    VDISABLE = 8
    CHOWN_RESTRICTED = 9
    ASYNC_IO = 10
    SYNC_IO = 12
    SYMLINK_MAX = 18
    TWO_SYMLINKS = 19
    TIMESTAMP_RESOLUTION = 26
    FILESIZEBITS = 67


_LIMITS: Final = {
    PathConf.LINK_MAX: 0x7FFF_FFFF,
    PathConf.MAX_CANON: 256,
    PathConf.MAX_INPUT: 512,
    PathConf.PATH_MAX: 1024,
    PathConf.PIPE_BUF: 5120,
    PathConf.NO_TRUNC: 1,
    PathConf.VDISABLE: 0,
    PathConf.CHOWN_RESTRICTED: 1,
    PathConf.ASYNC_IO: 1,
    PathConf.SYNC_IO: 1,
    PathConf.SYMLINK_MAX: 1023,
    PathConf.TWO_SYMLINKS: 1,
    PathConf.TIMESTAMP_RESOLUTION: 1,
    PathConf.FILESIZEBITS: 64,
}


def _pathconf(found: Dentry | File, name: int) -> int:
    if name == PathConf.NAME_MAX:
        return 255 if found.inode is None else found.inode.fs.statfs().namelen
    if name not in _LIMITS:
        raise Errno(SolarisE.EINVAL)
    return _LIMITS[PathConf(name)]


@syscall("partial", "limits and options; not block sizes, access lists and attributes: EINVAL")
def pathconf(task: SolarisTask, fname: Path, name: Int) -> int:
    """One number about a file or its file system."""
    return _pathconf(find(task, AT_FDCWD, fname), name)


@syscall("partial", "as pathconf")
def fpathconf(task: SolarisTask, fdes: Int, name: Int) -> int:
    """One number about an open file or its file system."""
    return _pathconf(task.files[fdes], name)


# -- what is kept ------------------------------------------------------------------------------------------------


@syscall("full")
def fdsync(task: SolarisTask, fd: Int, flag: Int) -> int:
    """Waits until what was written to a file is where it is kept (fsync, fdatasync)."""
    task.files[fd].sync()
    return 0


@syscall("full")
def syssync(task: SolarisTask) -> int:
    """Has everything written: nothing waits here."""
    return 0
