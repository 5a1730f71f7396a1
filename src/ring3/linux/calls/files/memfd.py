"""memfd_create(2): files without a name, and the seals that fcntl(2) puts on them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, Path
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs.dentry import Dentry
from ring3.fs.file import O_RDWR, File
from ring3.fs.opening import O_LARGEFILE
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import who
from ring3.linux.files.sealed import NO_WRITES, Seal, SealedFile

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

NAME_MAX: Final = 249
"""Bytes of a name: NAME_MAX less those of ``memfd:``."""


class MemfdFlag(IntFlag):
    """include/uapi/linux/memfd.h."""

    MFD_CLOEXEC = 1
    MFD_ALLOW_SEALING = 2
    MFD_HUGETLB = 4
    MFD_NOEXEC_SEAL = 8
    MFD_EXEC = 16


MemfdFlags = Annotated[int, UNSIGNED_INT]
_EXEC_OR_NOT: Final = MemfdFlag.MFD_NOEXEC_SEAL | MemfdFlag.MFD_EXEC
_FLAGS: Final = sum(MemfdFlag) & ~MemfdFlag.MFD_HUGETLB
_HUGE_SIZES: Final = MemfdFlag.MFD_HUGETLB | 0x3F << 26
"""What MFD_HUGETLB adds: itself, and the size of its pages."""


def _sealed(file: File) -> SealedFile:
    inode = file.inode
    if not isinstance(inode, SealedFile):
        raise Errno(E.EINVAL)
    return inode


def seals_of(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """F_GET_SEALS.

    Raises:
        Errno: EINVAL, the file cannot be sealed.
    """
    return _sealed(file).seals


def add_seals(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    """F_ADD_SEALS.

    Raises:
        Errno: EPERM, not open for writing, or no more seals may be added; EINVAL; EBUSY, it is mapped for writing.
    """
    if not file.writable:
        raise Errno(E.EPERM)
    inode = _sealed(file)
    if arg & ~0x3F:
        raise Errno(E.EINVAL)
    if inode.seals & Seal.F_SEAL_SEAL:
        raise Errno(E.EPERM)
    if (
        arg & Seal.F_SEAL_WRITE
        and not inode.seals & Seal.F_SEAL_WRITE
        and inode.pages.written_through_mappings()
    ):
        raise Errno(E.EBUSY)
    if arg & Seal.F_SEAL_EXEC and inode.mode & 0o111:
        arg |= Seal.F_SEAL_SHRINK | Seal.F_SEAL_GROW | NO_WRITES
    inode.seals |= arg
    return 0


@syscall("partial", "no huge pages: MFD_HUGETLB is ENOSYS")
def sys_memfd_create(task: LinuxTask, uname: Path, flags: MemfdFlags) -> int:
    """Makes a file in memory without a place in the tree."""
    known = _FLAGS | _HUGE_SIZES if flags & MemfdFlag.MFD_HUGETLB else _FLAGS
    if flags & ~known or flags & _EXEC_OR_NOT == _EXEC_OR_NOT:
        raise Errno(E.EINVAL)
    name = task.memory.read_cstring(uname, NAME_MAX + 1)
    if name is None:
        raise Errno(E.EINVAL)
    if flags & MemfdFlag.MFD_HUGETLB:
        raise Errno(E.ENOSYS)
    vfs, caller = task.kernel.vfs, who(task)
    mode = 0o666 if flags & MemfdFlag.MFD_NOEXEC_SEAL else 0o777
    fs = vfs.unnamed
    inode = SealedFile(vfs, fs, vfs.new_ino(), stat.S_IFREG | mode, caller.uid, caller.gid)
    inode.nlink = 0
    if flags & MemfdFlag.MFD_NOEXEC_SEAL:
        inode.seals = int(Seal.F_SEAL_EXEC)
    elif flags & MemfdFlag.MFD_ALLOW_SEALING:
        inode.seals = 0
    place = Dentry(fs, inode, Dentry(fs, inode), b"memfd:" + name)
    place.deleted = True
    file = inode.open(place, O_RDWR | O_LARGEFILE)
    return task.files.install(file, cloexec=bool(flags & MemfdFlag.MFD_CLOEXEC))
