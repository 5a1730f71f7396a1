"""Opening files and what they are: open, openat, stat and its relatives, access, mode, owner, times.

Sources: usr/src/uts/common/syscall/open.c, stat.c, access.c, chmod.c, chown.c, utime.c; flags of open(2): sys/fcntl.h.
"""

from __future__ import annotations

import stat as modes
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Path, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.solaris.devices import expanded
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.structs import STAT
from ring3.fs import opening
from ring3.fs.dentry import Dentry
from ring3.fs.fifo import FifoFile
from ring3.fs.file import O_APPEND, O_NONBLOCK, File
from ring3.fs.names import writable
from ring3.fs.permission import CAP_CHOWN, MAY_WRITE, Who, require, require_owner
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.kernel.wait import WaitQueue, wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.lookup import (
    AT_EACCESS,
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    find,
    find_or_fd,
    path_at,
    start_of,
    walk,
    who,
)

if TYPE_CHECKING:
    from ring3.fs.file import Stat
    from ring3.fs.inode import Inode
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

O_NDELAY: Final = 0x4
FLAGS: Final = (
    (0x8, O_APPEND),
    (0x10, opening.O_SYNC),
    (0x40, opening.O_DSYNC),
    (0x80, O_NONBLOCK),
    (0x4, O_NONBLOCK),
    (0x100, opening.O_CREAT),
    (0x200, opening.O_TRUNC),
    (0x400, opening.O_EXCL),
    (0x800, opening.O_NOCTTY),
    (0x20000, opening.O_NOFOLLOW),
    (0x80_0000, opening.O_CLOEXEC),
    (0x100_0000, opening.O_DIRECTORY),
)
"""Flags of open(2) that the files understand, which have the values of the core."""
LARGEFILE: Final = 0x2000
_NANOSECONDS: Final = 10**9
_STAT: Final = STAT.form(64)
_NO_ID: Final = 0xFFFF_FFFF
_UTIME_NOW: Final = -1
_UTIME_OMIT: Final = -2


def core_flags(flags: int) -> int:
    """Flags of open(2) in the core's values."""
    found = flags & 3
    for ours, core in FLAGS:
        if flags & ours:
            found |= core
    return found


def solaris_flags(flags: int) -> int:
    """Flags of an open file as F_GETFL tells them."""
    found = flags & 3 | LARGEFILE
    for ours, core in FLAGS:
        if flags & core == core and ours != O_NDELAY:
            found |= ours
    return found


def open_at(
    task: SolarisTask, fd: int, path: int, flags: int, mode: int, most: int | None = None
) -> int | Waiting:
    """Opens a file.

    Args:
        task: Who asks.
        fd: Where a relative path starts.
        path: Address of the path.
        flags: Those of open(2).
        mode: The permissions of a new file.
        most: The largest regular file that the program understands, in bytes; None for any.

    Raises:
        Errno: EOVERFLOW, the file is larger.
    """
    name = path_at(task, path)
    wanted = core_flags(flags)
    task.files.free_from(0)
    mode &= 0o7777 & ~task.process.fs.umask
    file = opening.do_filp_open(walk(task), start_of(task, fd, name), name, wanted, mode)
    cloexec = bool(wanted & opening.O_CLOEXEC)
    if most is not None and file.inode is not None and file.inode.is_regular and file.stat().size > most:
        file.close()
        raise Errno(SolarisE.EOVERFLOW)
    if isinstance(file, FifoFile) and file.waits_for_other_end():
        return _open_fifo(task, file, cloexec)
    if file.requests == "terminal" and not wanted & opening.O_NOCTTY:
        from ring3.solaris.terminals import opened  # noqa: PLC0415 -- few programs open one

        opened(task, file)
    return task.files.install(file, cloexec=cloexec)


async def _open_fifo(task: SolarisTask, file: FifoFile, cloexec: bool) -> int:
    """Waits until somebody opens a FIFO's other end."""
    file.hold()
    queue = WaitQueue()
    listening = file.listen(queue.wake, READABLE | WRITABLE)
    try:
        await wait_event(task, queue, lambda: not file.waits_for_other_end())
        return task.files.install(file, cloexec=cloexec)
    finally:
        listening.cancel()
        file.drop()


@syscall("partial", "no extended attributes (O_XATTR), O_SEARCH and O_EXEC")
def open(task: SolarisTask, fname: Path, fmode: Int, cmode: Int) -> int | Waiting:  # noqa: A001 -- the call's name
    """Opens a file."""
    return open_at(task, AT_FDCWD, fname, fmode, cmode)


@syscall("partial", "no extended attributes (O_XATTR), O_SEARCH and O_EXEC")
def openat(task: SolarisTask, fd: Int, name: Path, fmode: Int, cmode: Int) -> int | Waiting:
    """Opens a file relative to a directory."""
    return open_at(task, fd, name, fmode, cmode)


# -- stat --------------------------------------------------------------------------------------------------------


def pack_stat(found: Stat, fstype: bytes) -> bytes:
    """``struct stat``."""
    times = [part for when in (found.atime, found.mtime, found.ctime) for part in divmod(when, _NANOSECONDS)]
    return _STAT.pack(
        expanded(found.dev, 64), found.ino, found.mode, found.nlink, found.uid, found.gid, expanded(found.rdev, 64),
        found.size, *times,
        found.blksize, found.blocks, fstype,
    )  # fmt: skip


def status_of(found: Dentry | File) -> Stat:
    """What a file is."""
    return found.stat() if isinstance(found, File) else found.inode.stat()


def fstype_of(found: Dentry | File) -> bytes:
    """The type of the file system that a file is in."""
    return b"zfs" if found.inode is not None else b"fifofs"


def _store_stat(task: SolarisTask, found: Dentry | File, address: int) -> int:
    task.memory.write(address, pack_stat(status_of(found), fstype_of(found)))
    return 0


@syscall("full")
def fstatat(task: SolarisTask, fd: Int, name: Address, sb: Address, flag: Int) -> int:
    """What a file is, relative to a directory; without a name, what the descriptor is."""
    return _store_stat(task, find_or_fd(task, fd, name, follow=not flag & AT_SYMLINK_NOFOLLOW), sb)


@syscall("full")
def stat(task: SolarisTask, fname: Path, sb: Address) -> int:
    """What a file is."""
    return _store_stat(task, find(task, AT_FDCWD, fname), sb)


@syscall("full")
def lstat(task: SolarisTask, fname: Path, sb: Address) -> int:
    """What a file is, a link itself if it is one."""
    return _store_stat(task, find(task, AT_FDCWD, fname, follow=False), sb)


@syscall("full")
def fstat(task: SolarisTask, fdes: Int, sb: Address) -> int:
    """What an open file is."""
    return _store_stat(task, task.files[fdes], sb)


# -- access, mode, owner -----------------------------------------------------------------------------------------


def _access(task: SolarisTask, fd: int, name: int, mode: int, effective: bool) -> int:
    if mode & ~7:
        raise Errno(SolarisE.EINVAL)
    cred = task.cred
    asking = who(cred if effective else cred.as_real())
    found = find(task, fd, name)
    require(found.inode, asking, mode)
    if mode & MAY_WRITE:
        writable(found)
    return 0


@syscall("full")
def access(task: SolarisTask, fname: Path, fmode: Int) -> int:
    """Whether the real user may use a file so."""
    return _access(task, AT_FDCWD, fname, fmode & ~8, bool(fmode & 8))


@syscall("full")
def faccessat(task: SolarisTask, fd: Int, fname: Path, fmode: Int, flag: Int) -> int:
    """The same relative to a directory, for the effective user with AT_EACCESS."""
    return _access(task, fd, fname, fmode, bool(flag & AT_EACCESS))


def _inode(found: Dentry | File) -> Inode:
    if found.inode is None:
        raise Errno(SolarisE.EINVAL)
    if isinstance(found, Dentry):
        writable(found)
    return found.inode


def _chmod(task: SolarisTask, found: Dentry | File, mode: int) -> int:
    inode = _inode(found)
    require_owner(inode, who(task.cred))
    inode.set_mode(mode & 0o7777)
    return 0


@syscall("full")
def chmod(task: SolarisTask, fname: Path, fmode: Int) -> int:
    """Changes the permissions of a file."""
    return _chmod(task, find(task, AT_FDCWD, fname), fmode)


@syscall("full")
def fchmod(task: SolarisTask, fd: Int, mode: Int) -> int:
    """Changes the permissions of an open file."""
    return _chmod(task, task.files[fd], mode)


@syscall("full")
def fchmodat(task: SolarisTask, fd: Int, path: Address, mode: Int, flag: Int) -> int:
    """Changes the permissions of a file relative to a directory."""
    return _chmod(task, find_or_fd(task, fd, path, follow=not flag & AT_SYMLINK_NOFOLLOW), mode)


def _may_chown(inode: Inode, caller: Who, uid: int, gid: int) -> bool:
    if caller.has(CAP_CHOWN):
        return True
    return caller.uid == inode.uid == uid and (gid == inode.gid or caller.in_group(gid))


def _chown(task: SolarisTask, found: Dentry | File, user: int, group: int) -> int:
    inode = _inode(found)
    uid = inode.uid if user == _NO_ID else user
    gid = inode.gid if group == _NO_ID else group
    if not _may_chown(inode, who(task.cred), uid, gid):
        raise Errno(SolarisE.EPERM)
    inode.set_owner(uid, gid)
    if inode.is_regular and inode.mode & (modes.S_ISUID | modes.S_ISGID):
        inode.set_mode(inode.mode & 0o1777)
    return 0


@syscall("full")
def fchownat(
    task: SolarisTask, fd: Int, name: Address, uid: UnsignedInt, gid: UnsignedInt, flags: Int
) -> int:
    """Changes user and group of a file relative to a directory."""
    return _chown(task, find_or_fd(task, fd, name, follow=not flags & AT_SYMLINK_NOFOLLOW), uid, gid)


@syscall("full")
def fchown(task: SolarisTask, fd: Int, uid: UnsignedInt, gid: UnsignedInt) -> int:
    """Changes user and group of an open file."""
    return _chown(task, task.files[fd], uid, gid)


@syscall("full")
def chown(task: SolarisTask, fname: Path, uid: UnsignedInt, gid: UnsignedInt) -> int:
    """Changes user and group of a file."""
    return _chown(task, find(task, AT_FDCWD, fname), uid, gid)


@syscall("full")
def lchown(task: SolarisTask, fname: Path, uid: UnsignedInt, gid: UnsignedInt) -> int:
    """Changes user and group of a file, of a link itself if it is one."""
    return _chown(task, find(task, AT_FDCWD, fname, follow=False), uid, gid)


@syscall("full")
def utimesys(task: SolarisTask, code: Int, a1: Address, a2: Address, a3: Address, a4: Address) -> int:
    """futimens (0) and utimensat (1): sets the times of a file."""
    if code == 0:
        found: Dentry | File = task.files[a1]
        times = a2
    elif code == 1:
        fd = a1 & 0xFFFF_FFFF
        fd -= (fd >> 31) << 32
        found, times = find_or_fd(task, fd, a2, follow=not a4 & AT_SYMLINK_NOFOLLOW), a3
    else:
        raise Errno(SolarisE.EINVAL)
    inode, now = _inode(found), task.kernel.clocks.realtime()
    values: list[int | None] = [now, now]
    if times:
        raw = memoryview(task.memory.read(times, task.bits // 2)).cast("i" if task.ilp32 else "q")
        values = [
            now if nsec == _UTIME_NOW else None if nsec == _UTIME_OMIT else sec * _NANOSECONDS + nsec
            for sec, nsec in zip(raw[::2], raw[1::2], strict=True)
        ]
    caller = who(task.cred)
    if not caller.owns(inode):
        if times:
            raise Errno(SolarisE.EPERM)
        require(inode, caller, MAY_WRITE)
    inode.set_times(*values)
    return 0


@syscall("full")
def umask(task: SolarisTask, mask: Int) -> int:
    """Sets the permissions that new files do not get; returns those before."""
    fs = task.process.fs
    before, fs.umask = fs.umask, mask & 0o777
    return before
