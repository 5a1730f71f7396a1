"""Reading directories, and where in the tree a program stands: getdents(2), getcwd(2), chdir(2), chroot(2)."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferOut, Path, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.files import DIRENT, DIRENT64, OLD_DIRENT
from ring3.fs.dentry import Dentry
from ring3.fs.inode import Entry
from ring3.fs.permission import CAP_SYS_CHROOT, MAY_EXEC, require
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, PATH_MAX, opened, user_path_at, who

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_DIRENT64: Final = DIRENT64.form(64)

Pack = Callable[[Entry, int], bytes]


def _type(entry: Entry) -> int:
    """``d_type``: the type bits of the mode, shifted (include/linux/fs_types.h)."""
    return entry.kind >> 12


def _dirent64(entry: Entry, offset: int) -> bytes:
    """``struct linux_dirent64``."""
    length = (_DIRENT64.size + len(entry.name) + 1 + 7) & ~7
    return (_DIRENT64.pack(entry.ino, offset, length, _type(entry), b"") + entry.name).ljust(length, b"\0")


def _dirent(bits: int) -> Pack:
    """What packs ``struct linux_dirent`` for programs of a width: the type is in the last byte.

    Raises:
        Errno: EOVERFLOW, the inode number does not fit; by what comes back.
    """
    form, beyond = DIRENT.form(bits), bits // 8 - 1

    def pack(entry: Entry, offset: int) -> bytes:
        if entry.ino >> bits:
            raise Errno(E.EOVERFLOW)
        length = (form.size + len(entry.name) + 2 + beyond) & ~beyond
        body = form.pack(entry.ino, offset, length, b"") + entry.name
        return body.ljust(length - 1, b"\0") + bytes([_type(entry)])

    return pack


@function("int iterate_dir(struct file *file, struct dir_context *ctx)")
def iterate_dir(task: LinuxTask, fd: int, address: int, count: int, pack: Pack) -> int:
    """Stores entries of a directory, as many as fit; returns their bytes."""
    file = opened(task, fd)
    if count >> 31:
        count = 0  # a negative number there (ctx->count)
    parts: list[bytes] = []
    size = 0
    for entry in file.rest():
        packed = pack(entry, file.position + len(parts) + 1)
        if size + len(packed) > count:
            if not parts:
                raise Errno(E.EINVAL)
            break
        parts.append(packed)
        size += len(packed)
    task.memory.write(address, b"".join(parts))
    file.position += len(parts)
    return size


@syscall("full")
def sys_getdents64(task: LinuxTask, fd: UnsignedInt, dirent: BufferOut, count: UnsignedInt) -> int:
    """Reads names of a directory."""
    return iterate_dir(task, fd, dirent, count, _dirent64)


@syscall("full", compat_sys_getdents=32)
def sys_getdents(
    task: LinuxTask, fd: UnsignedInt, dirent: BufferOut, count: UnsignedInt, *, bits: int = 64
) -> int:
    """Reads names of a directory, in the first layout."""
    return iterate_dir(task, fd, dirent, count, _dirent(bits))


@syscall("full")
def compat_sys_old_readdir(task: LinuxTask, fd: UnsignedInt, dirent: BufferOut, count: UnsignedInt) -> int:
    """Reads one name of a directory (i386's readdir); returns 1, or 0 at the end."""
    file = opened(task, fd)
    rest = file.rest()
    if not rest:
        return 0
    entry = rest[0]
    if entry.ino >> 32:
        raise Errno(E.EOVERFLOW)
    head = OLD_DIRENT.pack(32, entry.ino, file.position, len(entry.name), b"")
    task.memory.write(dirent, head + entry.name + b"\0")
    file.position += 1
    return 1


# -- where a program stands --------------------------------------------------------------------------------------


@syscall("full")
def sys_getcwd(task: LinuxTask, buf: BufferOut, size: UnsignedLong) -> int:
    """The path of the working directory; returns its length with the null byte."""
    cwd, root = task.fs.cwd, task.fs.root
    if cwd.deleted:
        raise Errno(E.ENOENT)
    path = cwd.path(root)
    if not cwd.reaches(root):
        path = b"(unreachable)" + path
    if len(path) >= PATH_MAX:
        raise Errno(E.ENAMETOOLONG)
    if len(path) >= size:
        raise Errno(E.ERANGE)
    task.memory.write(buf, path + b"\0")
    return len(path) + 1


def _searchable(task: LinuxTask, found: Dentry) -> Dentry:
    """A directory that a task may stand in.

    Raises:
        Errno: ENOTDIR; EACCES.
    """
    if not stat.S_ISDIR(found.inode.mode):
        raise Errno(E.ENOTDIR)
    require(found.inode, who(task), MAY_EXEC)
    return found


@syscall("full")
def sys_chdir(task: LinuxTask, filename: Path) -> int:
    """Changes the working directory."""
    task.fs.cwd = _searchable(task, user_path_at(task, AT_FDCWD, filename))
    return 0


@syscall("full")
def sys_fchdir(task: LinuxTask, fd: UnsignedInt) -> int:
    """Changes the working directory to an open one."""
    place = task.files[fd].dentry
    if place is None:
        raise Errno(E.ENOTDIR)
    task.fs.cwd = _searchable(task, place)
    return 0


@syscall("full")
def sys_chroot(task: LinuxTask, filename: Path) -> int:
    """Changes what ``/`` means."""
    found = _searchable(task, user_path_at(task, AT_FDCWD, filename))
    if not who(task).has(CAP_SYS_CHROOT):
        raise Errno(E.EPERM)
    task.fs.root = found
    return 0
