"""Calls on the size and the safekeeping of files: truncate(2), fallocate(2), fsync(2), fadvise(2)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import (
    COMPAT_OFF_T,
    LONG,
    CompatULong,
    FdArg,
    Int,
    OffT,
    Path,
    SizeT,
    UnsignedInt,
    UnsignedLong,
)
from ring3.abi.errno import E, Errno
from ring3.fs import notify
from ring3.fs.inode import FIXED, IMMUTABLE
from ring3.fs.landlock import TRUNCATE
from ring3.fs.memory_file import FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
from ring3.fs.opening import O_LARGEFILE, LeaseConflict, require_no_program
from ring3.fs.permission import MAY_WRITE, require, require_not_fixed
from ring3.fs.regular import MAX_SIZE, RegularFile
from ring3.fs.waiting import Waiting
from ring3.kernel.functions import function
from ring3.linux.calls.files.attributes import check_writable
from ring3.linux.calls.files.read_write import MAX_NON_LFS, wide, writable
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, opened, user_path_at, who
from ring3.linux.model.limits import RLIM_INFINITY, Resource
from ring3.linux.signals.send import file_too_large

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask

FALLOC_WITHOUT_SIZE: Final = (0x08, 0x20)
"""Collapsing and inserting ranges, which always change the size."""
FALLOC_MODES: Final = (0, FALLOC_FL_PUNCH_HOLE, 0x10, 0x40, *FALLOC_WITHOUT_SIZE)
"""What can be done, one at a time: making room, holes, zeros, unshared ranges (vfs_fallocate of Linux 6.12)."""
FADVICE: Final = range(6)
SYNC_FILE_RANGE_FLAGS: Final = 7

Length = Annotated[int, LONG]
CompatOffT = Annotated[int, COMPAT_OFF_T]


# -- size --------------------------------------------------------------------------------------------------------


def _check_limit(task: LinuxTask, old: int, size: int) -> None:
    """RLIMIT_FSIZE (inode_newsize_ok).

    Raises:
        Errno: EFBIG.
    """
    limit = task.rlimits[Resource.FSIZE][0]
    if size > old and limit != RLIM_INFINITY and size > limit:
        file_too_large(task)
        raise Errno(E.EFBIG)


@function(
    "int do_sys_truncate(const char __user *pathname, loff_t length)",
    calls={"do_send_specific", "user_path_at"},
)
def do_sys_truncate(task: LinuxTask, path: int, length: int) -> int | Waiting:
    """Changes the size of a file by name."""
    if length < 0:
        raise Errno(E.EINVAL)
    try:
        return _truncate(task, path, length)
    except LeaseConflict as conflict:
        from ring3.linux.calls.files.leases import after_leases  # noqa: PLC0415 - few files have any

        return after_leases(task, conflict, lambda: _truncate(task, path, length))


def _truncate(task: LinuxTask, path: int, length: int) -> int:
    found = user_path_at(task, AT_FDCWD, path)
    inode = found.inode
    if inode.is_directory:
        raise Errno(E.EISDIR)
    if not inode.is_regular:
        raise Errno(E.EINVAL)
    check_writable(found)
    require(inode, who(task), MAY_WRITE)
    require_not_fixed(inode)
    require_no_program(inode)
    if inode.leases is not None:
        inode.leases.require(write=True)
    domain = task.credentials.domain
    if domain is not None:
        domain.require(found, TRUNCATE)
    _check_limit(task, inode.stat().size, length)
    inode.truncate(length)
    if inode.fs.watches:
        notify.changed(found, inode, notify.MODIFY)
    return 0


@function(
    "int do_sys_ftruncate(unsigned int fd, loff_t length, int small)",
    calls={"do_send_specific"},
)
def do_sys_ftruncate(task: LinuxTask, fd: int, length: int) -> int:
    """Changes the size of an open file."""
    if length < 0:
        raise Errno(E.EINVAL)
    file = opened(task, fd)
    if not file.writable:
        raise Errno(E.EINVAL)
    if isinstance(file, RegularFile):
        if not file.flags & O_LARGEFILE and length > MAX_NON_LFS:
            raise Errno(E.EINVAL)
        require_not_fixed(file.inode)
        _check_limit(task, file.inode.size, length)
    if not file.rights & TRUNCATE:
        raise Errno(E.EACCES)
    file.truncate(length)
    return 0


@syscall("full")
def sys_truncate(task: LinuxTask, path: Path, length: Length) -> int | Waiting:
    """Changes the size of a file."""
    return do_sys_truncate(task, path, length)


@syscall("full")
def sys_ftruncate(task: LinuxTask, fd: FdArg, length: OffT) -> int:
    """Changes the size of an open file."""
    return do_sys_ftruncate(task, fd, length)


@syscall("full")
def compat_sys_truncate(task: LinuxTask, path: Path, length: CompatOffT) -> int | Waiting:
    """Changes the size of a file, for a 32-bit program."""
    return do_sys_truncate(task, path, length)


@syscall("full")
def compat_sys_ftruncate(task: LinuxTask, fd: FdArg, length: CompatOffT) -> int:
    """Changes the size of an open file, for a 32-bit program."""
    return do_sys_ftruncate(task, fd, length)


@syscall("full")
def sys_ia32_truncate64(
    task: LinuxTask, filename: Path, offset_low: UnsignedLong, offset_high: UnsignedLong
) -> int | Waiting:
    """Changes the size of a file, with 64 bits for a 32-bit program."""
    return do_sys_truncate(task, filename, wide(offset_low, offset_high))


@syscall("full")
def sys_ia32_ftruncate64(
    task: LinuxTask, fd: FdArg, offset_low: UnsignedLong, offset_high: UnsignedLong
) -> int:
    """The same for an open file."""
    return do_sys_ftruncate(task, fd, wide(offset_low, offset_high))


def _require_changeable(file: File, mode: int) -> None:
    """Refuses to change a file by fallocate(2) that is to stay as it is.

    Raises:
        Errno: EPERM; EISDIR.
    """
    inode = file.inode
    if inode is None:
        return
    if inode.is_directory:
        raise Errno(E.EISDIR)
    if inode.fs_flags & (IMMUTABLE if mode == FALLOC_FL_KEEP_SIZE else FIXED):
        raise Errno(E.EPERM)


@function(
    "int ksys_fallocate(int fd, int mode, loff_t offset, loff_t len)",
    calls={"do_send_specific"},
)
def ksys_fallocate(task: LinuxTask, fd: int, mode: int, offset: int, length: int) -> int:
    """Takes or gives back the space of a part of a file."""
    opened(task, fd)
    if offset < 0 or length <= 0:
        raise Errno(E.EINVAL)
    keeps, what = bool(mode & FALLOC_FL_KEEP_SIZE), mode & ~FALLOC_FL_KEEP_SIZE
    if what not in FALLOC_MODES or (keeps and what in FALLOC_WITHOUT_SIZE):
        raise Errno(E.EOPNOTSUPP)
    if what == FALLOC_FL_PUNCH_HOLE and not keeps:
        raise Errno(E.EOPNOTSUPP)
    file = writable(task, fd)
    if stat.S_ISFIFO(file.stat().mode):
        raise Errno(E.ESPIPE)
    _require_changeable(file, mode)
    if offset + length > MAX_SIZE:
        raise Errno(E.EFBIG)
    if isinstance(file, RegularFile) and not mode & FALLOC_FL_KEEP_SIZE:
        _check_limit(task, file.inode.size, offset + length)
    file.allocate(mode, offset, length)
    return 0


@syscall("partial", "room and holes; not collapsing, inserting, zeroing or unsharing ranges (EOPNOTSUPP)")
def sys_fallocate(task: LinuxTask, fd: FdArg, mode: Int, offset: OffT, length: OffT) -> int:
    """Makes or frees room in an open file."""
    return ksys_fallocate(task, fd, mode, offset, length)


@syscall("partial", "as fallocate")
def sys_ia32_fallocate(
    task: LinuxTask,
    fd: FdArg,
    mode: Int,
    offset_lo: UnsignedInt,
    offset_hi: UnsignedInt,
    len_lo: UnsignedInt,
    len_hi: UnsignedInt,
) -> int:
    """The same for a 32-bit program."""
    return ksys_fallocate(task, fd, mode, wide(offset_lo, offset_hi), wide(len_lo, len_hi))


# -- safekeeping -------------------------------------------------------------------------------------------------


@syscall("full")
def sys_fsync(task: LinuxTask, fd: FdArg) -> int:
    """Brings what was written to where it is kept."""
    opened(task, fd).sync()
    return 0


@syscall("full")
def sys_fdatasync(task: LinuxTask, fd: FdArg) -> int:
    """The same for the contents only."""
    opened(task, fd).sync()
    return 0


@syscall("full")
def sys_sync(task: LinuxTask) -> int:
    """Brings everything written to where it is kept."""
    task.kernel.vfs.sync()
    return 0


@syscall("full")
def sys_syncfs(task: LinuxTask, fd: FdArg) -> int:
    """The same for one file system."""
    inode = opened(task, fd).inode
    if inode is not None:
        inode.fs.sync()
    return 0


@function("int ksys_sync_file_range(int fd, loff_t offset, loff_t nbytes, unsigned int flags)")
def ksys_sync_file_range(task: LinuxTask, fd: int, offset: int, length: int, flags: int) -> int:
    """Writes a part of a file back."""
    file = opened(task, fd)
    if flags & ~SYNC_FILE_RANGE_FLAGS or offset < 0 or length < 0 or offset + length > MAX_SIZE:
        raise Errno(E.EINVAL)
    inode = file.inode
    if inode is None or not (inode.is_regular or inode.is_directory or inode.is_link):
        raise Errno(E.ESPIPE)
    inode.sync()
    return 0


@syscall("full")
def sys_sync_file_range(task: LinuxTask, fd: FdArg, offset: OffT, nbytes: OffT, flags: UnsignedInt) -> int:
    """Brings a part of what was written to where it is kept; all of it here."""
    return ksys_sync_file_range(task, fd, offset, nbytes, flags)


@syscall("full")
def sys_ia32_sync_file_range(
    task: LinuxTask,
    fd: FdArg,
    off_low: UnsignedInt,
    off_hi: UnsignedInt,
    n_low: UnsignedInt,
    n_hi: UnsignedInt,
    flags: UnsignedInt,
) -> int:
    """The same for a 32-bit program."""
    return ksys_sync_file_range(task, fd, wide(off_low, off_hi), wide(n_low, n_hi), flags)


# -- advice ------------------------------------------------------------------------------------------------------


@function("int ksys_fadvise64_64(int fd, loff_t offset, loff_t len, int advice)")
def ksys_fadvise64_64(task: LinuxTask, fd: int, length: int, advice: int) -> int:
    """Checks advice about how a file will be read; nothing follows from it, which is Linux's right as well."""
    file = opened(task, fd)
    if stat.S_ISFIFO(file.stat().mode):
        raise Errno(E.ESPIPE)
    if advice not in FADVICE or length < 0:
        raise Errno(E.EINVAL)
    return 0


@syscall("full")
def sys_fadvise64(task: LinuxTask, fd: FdArg, offset: OffT, length: OffT, advice: Int) -> int:
    """Advises on how a file will be read."""
    return ksys_fadvise64_64(task, fd, length, advice)


@syscall("full")
def sys_ia32_fadvise64(
    task: LinuxTask, fd: FdArg, offset_lo: UnsignedInt, offset_hi: UnsignedInt, length: SizeT, advice: Int
) -> int:
    """The same for a 32-bit program."""
    return ksys_fadvise64_64(task, fd, length & 0xFFFF_FFFF, advice)


@syscall("full")
def sys_ia32_fadvise64_64(
    task: LinuxTask,
    fd: FdArg,
    offset_low: UnsignedInt,
    offset_high: UnsignedInt,
    len_low: UnsignedInt,
    len_high: UnsignedInt,
    advice: Int,
) -> int:
    """The same with 64 bits for the length."""
    return ksys_fadvise64_64(task, fd, wide(len_low, len_high), advice)


@function("ssize_t ksys_readahead(int fd, loff_t offset, size_t count)")
def ksys_readahead(task: LinuxTask, fd: int) -> int:
    """Reads ahead; all there is to do is to check."""
    file = opened(task, fd)
    if not file.readable:
        raise Errno(E.EBADF)
    if file.inode is None or not file.inode.is_regular:
        raise Errno(E.EINVAL)
    return 0


@syscall("full")
def sys_readahead(task: LinuxTask, fd: FdArg, offset: OffT, count: SizeT) -> int:
    """Asks for a part of a file to be read soon; the host reads ahead by itself."""
    return ksys_readahead(task, fd)


@syscall("full")
def sys_ia32_readahead(
    task: LinuxTask, fd: FdArg, off_lo: UnsignedInt, off_hi: UnsignedInt, count: CompatULong
) -> int:
    """The same for a 32-bit program."""
    return ksys_readahead(task, fd)
