"""Calls that make, move, remove and read names: mkdir(2), mknod(2), unlink(2), rename(2), link(2), readlink(2)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Annotated

from ring3.abi.c_types import UNSIGNED_INT, BufferOut, DirFd, Int, Mode, Path, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs import names
from ring3.fs.dentry import Dentry
from ring3.fs.permission import CAP_DAC_READ_SEARCH
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import (
    AT_FDCWD,
    At,
    AtFlags,
    check_flags,
    find_or_fd,
    getname,
    last_of,
    start_of,
    walk,
    who,
)

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Rename(IntFlag):
    """Flags of renameat2(2) (include/uapi/linux/fs.h)."""

    NOREPLACE = 1
    EXCHANGE = 2
    WHITEOUT = 4


RenameFlags = Annotated[int, UNSIGNED_INT]


# -- making ------------------------------------------------------------------------------------------------------


@function(
    "int do_mkdirat(int dfd, struct filename *name, umode_t mode)",
    calls={"getname"},
)
def do_mkdirat(task: LinuxTask, dfd: int, pathname: int, mode: int) -> int:
    """Makes a directory."""
    last = last_of(task, dfd, pathname)
    caller = who(task)
    mode = names.masked(last.parent.inode, mode & 0o1777, task.fs.umask, caller)
    names.make(last, stat.S_IFDIR | mode, caller)
    return 0


@syscall("full")
def sys_mkdir(task: LinuxTask, pathname: Path, mode: Mode) -> int:
    """Makes a directory."""
    return do_mkdirat(task, AT_FDCWD, pathname, mode)


@syscall("full")
def sys_mkdirat(task: LinuxTask, dfd: DirFd, pathname: Path, mode: Mode) -> int:
    """Makes a directory relative to another one."""
    return do_mkdirat(task, dfd, pathname, mode)


@function(
    "int do_mknodat(int dfd, struct filename *name, umode_t mode, unsigned int dev)",
    calls={"getname"},
)
def do_mknodat(task: LinuxTask, dfd: int, filename: int, mode: int, dev: int) -> int:
    """Makes a file of any kind."""
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFDIR:
        raise Errno(E.EPERM)
    if kind not in (0, stat.S_IFREG, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK):
        raise Errno(E.EINVAL)
    last = last_of(task, dfd, filename)
    mode = (kind or stat.S_IFREG) | names.masked(last.parent.inode, mode & 0o7777, task.fs.umask, who(task))
    names.make(last, mode, who(task), _from_user_dev(dev))
    return 0


def _from_user_dev(number: int) -> int:
    """A device number from ``struct stat``'s form (new_decode_dev) to makedev(3)'s."""
    major, minor = number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)
    return major << 8 | (minor & 0xFF) | (minor & ~0xFF) << 12


@syscall("partial", "devices are those that /dev has at first: opening another one is ENXIO")
def sys_mknod(task: LinuxTask, filename: Path, mode: Mode, dev: UnsignedInt) -> int:
    """Makes a FIFO, a device, a socket or a regular file."""
    return do_mknodat(task, AT_FDCWD, filename, mode, dev)


@syscall("partial", "as mknod")
def sys_mknodat(task: LinuxTask, dfd: DirFd, filename: Path, mode: Mode, dev: UnsignedInt) -> int:
    """The same, relative to a directory."""
    return do_mknodat(task, dfd, filename, mode, dev)


@function(
    "int do_symlinkat(struct filename *from, int newdfd, struct filename *to)",
    calls={"getname"},
)
def do_symlinkat(task: LinuxTask, oldname: int, newdfd: int, newname: int) -> int:
    """Makes a symbolic link."""
    target = getname(task, oldname)
    if not target:
        raise Errno(E.ENOENT)
    names.symlink(last_of(task, newdfd, newname), target, who(task))
    return 0


@syscall("full")
def sys_symlink(task: LinuxTask, oldname: Path, newname: Path) -> int:
    """Makes a symbolic link."""
    return do_symlinkat(task, oldname, AT_FDCWD, newname)


@syscall("full")
def sys_symlinkat(task: LinuxTask, oldname: Path, newdfd: DirFd, newname: Path) -> int:
    """Makes a symbolic link relative to a directory."""
    return do_symlinkat(task, oldname, newdfd, newname)


@function(
    "int do_linkat(int olddfd, struct filename *old, int newdfd, struct filename *new, int flags)",
    calls={"getname"},
)
def do_linkat(task: LinuxTask, olddfd: int, oldname: int, newdfd: int, newname: int, flags: int) -> int:
    """Gives a file a further name."""
    check_flags(flags, At.AT_SYMLINK_FOLLOW | At.AT_EMPTY_PATH)
    if flags & At.AT_EMPTY_PATH and not who(task).has(CAP_DAC_READ_SEARCH):
        flags &= ~int(At.AT_EMPTY_PATH)
    follow = 0 if flags & At.AT_SYMLINK_FOLLOW else At.AT_SYMLINK_NOFOLLOW
    found = find_or_fd(task, olddfd, oldname, flags & At.AT_EMPTY_PATH | follow)
    old = found if isinstance(found, Dentry) else found.dentry
    if old is None:
        raise Errno(E.EXDEV)
    names.link(old, last_of(task, newdfd, newname), who(task))
    return 0


@syscall("full")
def sys_link(task: LinuxTask, oldname: Path, newname: Path) -> int:
    """Gives a file one more name."""
    return do_linkat(task, AT_FDCWD, oldname, AT_FDCWD, newname, 0)


@syscall("full")
def sys_linkat(
    task: LinuxTask, olddfd: DirFd, oldname: Path, newdfd: DirFd, newname: Path, flags: AtFlags
) -> int:
    """The same, relative to directories."""
    return do_linkat(task, olddfd, oldname, newdfd, newname, flags)


# -- removing and moving -----------------------------------------------------------------------------------------


@syscall("full")
def sys_unlink(task: LinuxTask, pathname: Path) -> int:
    """Removes a name."""
    names.unlink(last_of(task, AT_FDCWD, pathname), who(task))
    return 0


@syscall("full")
def sys_rmdir(task: LinuxTask, pathname: Path) -> int:
    """Removes an empty directory."""
    names.rmdir(last_of(task, AT_FDCWD, pathname), who(task))
    return 0


@syscall("full")
def sys_unlinkat(task: LinuxTask, dfd: DirFd, pathname: Path, flag: AtFlags) -> int:
    """Removes a name, or with AT_REMOVEDIR an empty directory."""
    check_flags(flag, At.AT_REMOVEDIR)
    remove = names.rmdir if flag & At.AT_REMOVEDIR else names.unlink
    remove(last_of(task, dfd, pathname), who(task))
    return 0


@function(
    "int do_renameat2(int olddfd, struct filename *from, int newdfd, struct filename *to, "
    "unsigned int flags)",
    calls={"getname"},
)
def do_renameat2(task: LinuxTask, olddfd: int, oldname: int, newdfd: int, newname: int, flags: int) -> int:
    """Gives a file another name."""
    check_flags(flags, Rename.NOREPLACE | Rename.EXCHANGE | Rename.WHITEOUT)
    if flags & Rename.EXCHANGE and flags & (Rename.NOREPLACE | Rename.WHITEOUT):
        raise Errno(E.EINVAL)
    bounds = walk(task)
    old = last_of(task, olddfd, oldname, bounds)
    new = last_of(task, newdfd, newname, bounds)
    if flags & Rename.WHITEOUT:
        raise Errno(E.EINVAL)
    names.rename(
        bounds, old, new, replace=not flags & Rename.NOREPLACE, exchange=bool(flags & Rename.EXCHANGE)
    )
    return 0


@syscall("full")
def sys_rename(task: LinuxTask, oldname: Path, newname: Path) -> int:
    """Moves a name."""
    return do_renameat2(task, AT_FDCWD, oldname, AT_FDCWD, newname, 0)


@syscall("full")
def sys_renameat(task: LinuxTask, olddfd: DirFd, oldname: Path, newdfd: DirFd, newname: Path) -> int:
    """Moves a name, relative to directories."""
    return do_renameat2(task, olddfd, oldname, newdfd, newname, 0)


@syscall("partial", "no file system has whiteouts: RENAME_WHITEOUT is EINVAL")
def sys_renameat2(
    task: LinuxTask, olddfd: DirFd, oldname: Path, newdfd: DirFd, newname: Path, flags: RenameFlags
) -> int:
    """The same, without replacing, or exchanging two names."""
    return do_renameat2(task, olddfd, oldname, newdfd, newname, flags)


# -- reading -----------------------------------------------------------------------------------------------------


@function(
    "int do_readlinkat(int dfd, const char __user *pathname, char __user *buf, int bufsiz)",
    calls={"getname"},
)
def do_readlinkat(task: LinuxTask, dfd: int, pathname: int, buf: int, size: int) -> int:
    """Stores what a symbolic link says; returns how many bytes."""
    if size <= 0:
        raise Errno(E.EINVAL)
    path = getname(task, pathname)
    start = start_of(task, dfd, path)
    if path:
        found = walk(task).find(start, path, follow=False)
        if not found.inode.is_link:
            raise Errno(E.EINVAL)
    else:
        found = start
        if dfd == AT_FDCWD or task.files[dfd].dentry is None or not found.inode.is_link:
            raise Errno(E.ENOENT)
    target = found.inode.readlink()[:size]
    task.memory.write(buf, target)
    return len(target)


@syscall("full")
def sys_readlink(task: LinuxTask, path: Path, buf: BufferOut, bufsiz: Int) -> int:
    """Where a symbolic link leads."""
    return do_readlinkat(task, AT_FDCWD, path, buf, bufsiz)


@syscall("full")
def sys_readlinkat(task: LinuxTask, dfd: DirFd, pathname: Path, buf: BufferOut, bufsiz: Int) -> int:
    """Where a symbolic link leads, relative to a directory."""
    return do_readlinkat(task, dfd, pathname, buf, bufsiz)
