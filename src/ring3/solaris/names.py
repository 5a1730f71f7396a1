"""Names of files, and where a program stands: link, unlink, rename, mkdir, symlink, readlink, chdir, getcwd, getdents.

Sources: usr/src/uts/common/syscall/link.c, unlink.c, rename.c, mkdir.c, symlink.c, readlink.c, chdir.c, getcwd.c,
getdents.c; struct dirent in sys/dirent.h.
"""

from __future__ import annotations

import stat
import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, BufferOut, Int, Path, SizeT, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.solaris.devices import compressed
from ring3.abi.solaris.errno import SolarisE
from ring3.fs import names
from ring3.fs.permission import CAP_SYS_CHROOT, MAY_EXEC, require
from ring3.solaris.definition import syscall
from ring3.solaris.lookup import AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, find, last_of, path_at, walk, who

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.solaris.task import SolarisTask

DIRENT64: Final = struct.Struct("<QqH")
DIRENT32: Final = struct.Struct("<IiH")
"""The head of a ``struct dirent64``, which is a 64-bit program's ``struct dirent``, and of that of one of 32 bits."""
_KINDS: Final = (stat.S_IFREG, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFDIR)


def _unlink(task: SolarisTask, fd: int, name: int, directory: bool) -> int:
    (names.rmdir if directory else names.unlink)(last_of(task, fd, name), who(task.cred))
    return 0


@syscall("full")
def unlink(task: SolarisTask, fname: Path) -> int:
    """Removes a name."""
    return _unlink(task, AT_FDCWD, fname, directory=False)


@syscall("full")
def rmdir(task: SolarisTask, fname: Path) -> int:
    """Removes an empty directory."""
    return _unlink(task, AT_FDCWD, fname, directory=True)


@syscall("full")
def unlinkat(task: SolarisTask, fd: Int, name: Path, flags: Int) -> int:
    """Removes a name relative to a directory."""
    if flags & ~AT_REMOVEDIR:
        raise Errno(SolarisE.EINVAL)
    return _unlink(task, fd, name, bool(flags & AT_REMOVEDIR))


@syscall("full")
def link(task: SolarisTask, path1: Path, path2: Path) -> int:
    """One more name for a file."""
    return linkat(task, AT_FDCWD, path1, AT_FDCWD, path2, 0)


@syscall("full")
def symlink(task: SolarisTask, path1: Path, path2: Path) -> int:
    """Makes a symbolic link."""
    return symlinkat(task, path1, AT_FDCWD, path2)


@syscall("full")
def rename(task: SolarisTask, old: Path, new: Path) -> int:
    """Moves a name."""
    return renameat(task, AT_FDCWD, old, AT_FDCWD, new)


@syscall("full")
def readlink(task: SolarisTask, name: Path, buf: BufferOut, count: SizeT) -> int:
    """The text of a symbolic link, cut off where it does not fit."""
    return readlinkat(task, AT_FDCWD, name, buf, count)


@syscall("full")
def mknod(task: SolarisTask, fname: Path, fmode: Int, dev: UnsignedLong) -> int:
    """Makes a file of any type."""
    return mknodat(task, AT_FDCWD, fname, fmode, dev)


@syscall("full")
def mkdirat(task: SolarisTask, fd: Int, dname: Path, dmode: Int) -> int:
    """Makes a directory."""
    mode = dmode & 0o7777 & ~task.process.fs.umask
    names.make(last_of(task, fd, dname), stat.S_IFDIR | mode, who(task.cred))
    return 0


@syscall("full")
def mkdir(task: SolarisTask, dname: Path, dmode: Int) -> int:
    """Makes a directory."""
    return mkdirat(task, AT_FDCWD, dname, dmode)


@syscall("full")
def mknodat(task: SolarisTask, fd: Int, fname: Path, fmode: Int, dev: UnsignedLong) -> int:
    """Makes a file of any type."""
    kind = fmode & 0xF000
    if kind not in _KINDS:
        raise Errno(SolarisE.EINVAL)
    mode = kind | fmode & 0o7777 & ~task.process.fs.umask
    names.make(last_of(task, fd, fname), mode, who(task.cred), compressed(dev, task.bits))
    return 0


@syscall("full")
def linkat(task: SolarisTask, fd1: Int, path1: Path, fd2: Int, path2: Path, flag: Int) -> int:
    """One more name for a file."""
    found = find(task, fd1, path1, follow=bool(flag & AT_SYMLINK_FOLLOW))
    names.link(found, last_of(task, fd2, path2), who(task.cred))
    return 0


@syscall("full")
def symlinkat(task: SolarisTask, path1: Path, fd: Int, path2: Path) -> int:
    """Makes a symbolic link."""
    names.symlink(last_of(task, fd, path2), path_at(task, path1), who(task.cred))
    return 0


@syscall("full")
def renameat(task: SolarisTask, fromfd: Int, old: Path, tofd: Int, new: Path) -> int:
    """Moves a name."""
    names.rename(walk(task), last_of(task, fromfd, old), last_of(task, tofd, new))
    return 0


@syscall("full")
def readlinkat(task: SolarisTask, fd: Int, name: Path, buf: BufferOut, count: SizeT) -> int:
    """The text of a symbolic link, cut off where it does not fit."""
    inode = find(task, fd, name, follow=False).inode
    if not inode.is_link:
        raise Errno(SolarisE.EINVAL)
    text = inode.readlink()[:count]
    task.memory.write(buf, text)
    return len(text)


@syscall("full")
def resolvepath(task: SolarisTask, path: Path, buf: BufferOut, count: SizeT) -> int:
    """The path of a file without links and dots; returns its length."""
    text = find(task, AT_FDCWD, path).path(task.process.fs.root)[:count]
    task.memory.write(buf, text)
    return len(text)


# -- where a program stands --------------------------------------------------------------------------------------


def _searchable(task: SolarisTask, found: Dentry) -> Dentry:
    if not found.inode.is_directory:
        raise Errno(SolarisE.ENOTDIR)
    require(found.inode, who(task.cred), MAY_EXEC)
    return found


@syscall("full")
def chdir(task: SolarisTask, fname: Path) -> int:
    """Changes the working directory."""
    task.process.fs.cwd = _searchable(task, find(task, AT_FDCWD, fname))
    return 0


@syscall("full")
def fchdir(task: SolarisTask, fd: Int) -> int:
    """Changes the working directory to an open one."""
    place = task.files[fd].dentry
    if place is None:
        raise Errno(SolarisE.ENOTDIR)
    task.process.fs.cwd = _searchable(task, place)
    return 0


@syscall("full")
def chroot(task: SolarisTask, fname: Path) -> int:
    """Changes what ``/`` means."""
    found = _searchable(task, find(task, AT_FDCWD, fname))
    if not who(task.cred).has(CAP_SYS_CHROOT):
        raise Errno(SolarisE.EPERM)
    task.process.fs.root = found
    return 0


@syscall("full")
def getcwd(task: SolarisTask, buf: Address, size: SizeT) -> int:
    """The path of the working directory."""
    fs = task.process.fs
    if fs.cwd.deleted:
        raise Errno(SolarisE.ENOENT)
    path = fs.cwd.path(fs.root) + b"\0"
    if len(path) > size:
        raise Errno(SolarisE.ERANGE)
    task.memory.write(buf, path)
    return 0


@syscall("full")
def getdents64(task: SolarisTask, fd: Int, buf: BufferOut, count: SizeT) -> int:
    """Reads names of a directory; returns the bytes of the entries."""
    return read_entries(task, fd, buf, count, DIRENT64)


def read_entries(task: SolarisTask, fd: int, buf: int, count: int, form: struct.Struct) -> int:
    """Reads names of a directory as entries with a head of a form; returns their bytes.

    Raises:
        Errno: EINVAL, the first does not fit; EOVERFLOW, a number does not fit into the form.
    """
    file, size = task.files[fd], 0
    align = 8 if form is DIRENT64 else 4
    parts: list[bytes] = []
    for entry in file.rest():
        length = (form.size + len(entry.name) + 1 + align - 1) & -align
        if size + length > count:
            if not parts:
                raise Errno(SolarisE.EINVAL)
            break
        try:
            head = form.pack(entry.ino, file.position + len(parts) + 1, length)
        except struct.error:
            raise Errno(SolarisE.EOVERFLOW) from None
        parts.append((head + entry.name).ljust(length, b"\0"))
        size += length
    task.memory.write(buf, b"".join(parts))
    file.position += len(parts)
    return size
