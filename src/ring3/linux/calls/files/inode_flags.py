"""Requests about what files are on: their flags, sharing of blocks, sizes of blocks (fs/ioctl.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.files import FSXATTR
from ring3.fs.file import O_APPEND
from ring3.fs.inode import APPEND, FIXED, IMMUTABLE, NOATIME, NODUMP
from ring3.fs.permission import require_owner
from ring3.linux.files.lookup import who

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.linux.model.task import LinuxTask

XFLAGS: Final = {0x8: IMMUTABLE, 0x10: APPEND, 0x20: 0x8, 0x40: NOATIME, 0x80: NODUMP}
"""Flags of ``struct fsxattr`` (FS_XFLAG_IMMUTABLE and its like), and the flags that they are."""
BLOCK: Final = 4096


def _inode(file: File) -> Inode:
    """The regular file or directory that is open.

    Raises:
        Errno: ENOTTY, it is neither, or its file system has no flags.
    """
    inode = file.inode
    if inode is None or not (inode.is_regular or inode.is_directory) or not inode.settable_flags:
        raise Errno(E.ENOTTY)
    return inode


def get_flags(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """FS_IOC_GETFLAGS."""
    task.memory.write_u32(arg, _inode(file).fs_flags)
    return 0


def set_flags(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """FS_IOC_SETFLAGS.

    Raises:
        Errno: EROFS; EPERM, another's file, or flags that only an administrator changes; EOPNOTSUPP, no such flags.
    """
    inode, flags = _inode(file), task.memory.read_u32(arg)
    place = file.dentry
    if place is not None and place.readonly:
        raise Errno(E.EROFS)
    require_owner(inode, who(task))
    settable = inode.settable_flags
    if (inode.fs_flags ^ flags) & FIXED and not task.credentials.capable(Cap.LINUX_IMMUTABLE):
        raise Errno(E.EPERM)
    if flags & ~settable & ~inode.fs_flags:
        raise Errno(E.EOPNOTSUPP)
    inode.set_flags(inode.fs_flags & ~settable | flags & settable)
    return 0


def get_attributes(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """FS_IOC_FSGETXATTR: the flags once more, and what only other file systems have."""
    flags = _inode(file).fs_flags
    shown = sum(bit for bit, flag in XFLAGS.items() if flags & flag)
    task.memory.write(arg, FSXATTR.make(64, fsx_xflags=shown))
    return 0


def block_size(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """FIGETBSZ."""
    inode = file.inode
    size = BLOCK if inode is None or not (inode.is_regular or inode.is_directory) else inode.fs.statfs().bsize
    task.memory.write_u32(arg, size)
    return 0


def clone(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """FICLONE: no file system here shares blocks (vfs_clone_file_range).

    Raises:
        Errno: EBADF; EXDEV; EISDIR; EINVAL, no regular files; EOPNOTSUPP, otherwise.
    """
    return _refuse(task, file, INT.cast(arg))


def clone_range(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """FICLONERANGE: the same for a part."""
    return _refuse(task, file, INT.cast(int.from_bytes(task.memory.read(arg, 32)[:4], "little")))


def _refuse(task: LinuxTask, target: File, fd: int) -> int:
    source = task.files[fd]
    ours, theirs = target.inode, source.inode
    if ours is None or theirs is None or ours.fs is not theirs.fs:
        raise Errno(E.EXDEV)
    if ours.is_directory or theirs.is_directory:
        raise Errno(E.EISDIR)
    if not ours.is_regular or not theirs.is_regular:
        raise Errno(E.EINVAL)
    if not source.readable or not target.writable or target.flags & O_APPEND:
        raise Errno(E.EBADF)
    raise Errno(E.EOPNOTSUPP)
