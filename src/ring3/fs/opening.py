"""Opening files: what open(2) checks and makes before there is an open file (fs/open.c, do_open and may_open)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs import names, notify
from ring3.fs.dentry import Dentry
from ring3.fs.file import EVERY_RIGHT, O_ACCMODE, O_APPEND, O_NOATIME, O_PATH, File, Stat
from ring3.fs.inode import APPEND, Inode
from ring3.fs.mounts import NODEV
from ring3.fs.namei import Last, Walk
from ring3.fs.permission import MAY_EXEC, MAY_READ, MAY_WRITE, Who, require, require_owner
from ring3.kernel.functions import function

if TYPE_CHECKING:
    from ring3.fs.leases import Leases

O_CREAT: Final = 0o100
O_EXCL: Final = 0o200
O_NOCTTY: Final = 0o400
O_TRUNC: Final = 0o1000
O_DSYNC: Final = 0o10000
O_ASYNC: Final = 0o20000
O_LARGEFILE: Final = 0o100000
O_DIRECTORY: Final = 0o200000
O_NOFOLLOW: Final = 0o400000
O_CLOEXEC: Final = 0o2000000
O_SYNC: Final = 0o4010000
O_TMPFILE: Final = 0o20000000

FORGOTTEN: Final = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC
"""Flags that only matter to open(2) itself, not to the open file."""
ACCESS: Final = (MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE)
"""The permissions that each access mode needs."""


class PathFile(File):
    """A place that is held but not opened (O_PATH)."""

    pollable = False

    def __init__(self, dentry: Dentry, flags: int) -> None:
        super().__init__(flags)
        self._dentry = dentry

    @property
    def inode(self) -> Inode:
        """What is there."""
        return self._dentry.inode

    @property
    def dentry(self) -> Dentry:
        """The place."""
        return self._dentry

    def read(self, size: int) -> bytes:
        """Refused."""
        raise Errno(E.EBADF)

    def stat(self) -> Stat:
        """The attributes of what is there."""
        return self._dentry.inode.stat()

    def path(self) -> bytes:
        """Where it is now."""
        return self._dentry.path()

    def reopen(self, flags: int) -> File:
        """What is there, opened."""
        return self._dentry.inode.open(self._dentry, flags)


@function(
    "struct file *do_filp_open(int dfd, struct filename *pathname, const struct open_flags *op)",
    calls={"do_tmpfile", "open_last_lookups", "vfs_open"},
)
def do_filp_open(walk: Walk, start: Dentry, path: bytes, flags: int, mode: int = 0, umask: int = 0) -> File:
    """Opens what a path leads to, and makes it with O_CREAT.

    Args:
        walk: How to walk there.
        start: Where a relative path starts.
        path: The path.
        flags: As for open(2), in Linux's values.
        mode: Permission bits for a new file.
        umask: Those that it does not get.

    Raises:
        Errno: As open(2).
    """
    if flags & O_PATH:
        found = walk.find(start, path, follow=not flags & O_NOFOLLOW)
        if flags & O_DIRECTORY and not found.inode.is_directory:
            raise Errno(E.ENOTDIR)
        return PathFile(found, flags & ~O_CLOEXEC)
    if flags & O_TMPFILE:
        file = do_tmpfile(walk, walk.find(start, path, follow=not flags & O_NOFOLLOW), flags, mode, umask)
    elif flags & O_CREAT:
        file = open_last_lookups(walk, walk.parent(start, path), flags, mode, umask)
    else:
        file = vfs_open(walk.find(start, path, follow=not flags & O_NOFOLLOW), flags, walk.who)
    inode = file.inode
    if inode is not None and inode.fs.watches:
        notify.opened(file, truncated=bool(flags & O_TRUNC) and not file.created)
    return file


@function(
    "const char *open_last_lookups(struct nameidata *nd, struct file *file, const struct open_flags *op)",
    calls={"vfs_open"},
)
def open_last_lookups(walk: Walk, last: Last, flags: int, mode: int, umask: int) -> File:
    """Opens the last name of a path, and makes the file where that is asked for."""
    while True:
        if last.is_special:
            raise Errno(E.EEXIST if flags & O_EXCL else E.EISDIR)
        if last.slash:
            raise Errno(E.EISDIR)
        found = names.find(last.parent, last.name)
        if found is None:
            given = names.masked(last.parent.inode, mode & 0o7777, umask, walk.who)
            made = names.make(last, stat.S_IFREG | given, walk.who)
            rights = _rights(made, flags & ~O_TRUNC, walk.who)
            file = made.inode.open(made, flags & ~FORGOTTEN)
            file.rights = rights
            file.created = True
            return file
        if flags & O_EXCL:
            raise Errno(E.EEXIST)
        if not found.inode.is_link or flags & O_NOFOLLOW:
            break
        beyond = walk.beyond(last, found)
        if isinstance(beyond, Dentry):
            found = beyond
            break
        last = beyond
    if found.inode.is_directory:
        raise Errno(E.EISDIR)
    return vfs_open(found, flags, walk.who)


@function(
    "int do_tmpfile(struct nameidata *nd, unsigned int flags, const struct open_flags *op, "
    "struct file *file)",
)
def do_tmpfile(walk: Walk, found: Dentry, flags: int, mode: int, umask: int) -> File:
    """Makes and opens a file without a name in a directory (O_TMPFILE)."""
    if not found.inode.is_directory:
        raise Errno(E.ENOTDIR)
    names.writable(found)
    require(found.inode, walk.who, MAY_WRITE | MAY_EXEC)
    given = names.masked(found.inode, mode & 0o7777, umask, walk.who)
    inode = found.inode.create_unnamed(stat.S_IFREG | given, walk.who)
    unnamed = Dentry(found.fs, inode, found, b"#%d" % inode.ino)
    unnamed.deleted = True
    rights = _rights(unnamed, flags, walk.who)
    file = inode.open(unnamed, flags & ~FORGOTTEN)
    file.rights = rights
    return file


def _rights(place: Dentry, flags: int, who: Who) -> int:
    """The rights that an open file keeps, of those that its opener may have given up.

    Raises:
        Errno: EACCES, it has given up to open such a file.
    """
    if who.domain is None:
        return EVERY_RIGHT
    wanted = ACCESS[flags & O_ACCMODE]
    return who.domain.opening(
        place,
        reads=bool(wanted & MAY_READ),
        writes=bool(wanted & MAY_WRITE),
        truncates=bool(flags & O_TRUNC) and place.inode.is_regular,
    )


class LeaseConflict(Errno):
    """EWOULDBLOCK: what is to be opened or truncated has to wait for leases.

    Attributes:
        leases: Those of the file.
        write: It is to be written.
    """

    __slots__ = ("leases", "write")

    def __init__(self, leases: Leases, write: bool) -> None:
        super().__init__(E.EWOULDBLOCK)
        self.leases = leases
        self.write = write


@function(
    "int vfs_open(const struct path *path, struct file *file)",
    calls={"ptmx_open", "tty_open"},
)
def vfs_open(found: Dentry, flags: int, who: Who) -> File:
    """Opens what is at a place.

    Raises:
        Errno: ELOOP, a link; ENOTDIR; EISDIR; EROFS; EACCES; ETXTBSY; EPERM, O_NOATIME for another's file; ENXIO;
            `LeaseConflict`.
    """
    inode = found.inode
    if flags & O_DIRECTORY and not inode.is_directory:
        raise Errno(E.ENOTDIR)
    if inode.is_link:
        raise Errno(E.ELOOP)
    wanted = ACCESS[flags & O_ACCMODE] | (MAY_WRITE if flags & O_TRUNC else 0)
    if inode.is_directory and wanted & MAY_WRITE:
        raise Errno(E.EISDIR)
    is_data = inode.is_regular
    if flags & O_TRUNC and is_data:
        names.writable(found)
    require(inode, who, wanted)
    if wanted & MAY_WRITE and is_data:
        names.writable(found)
        require_no_program(inode)
        _require_appending(inode, flags)
    if inode.is_device and found.mount_flags & NODEV:
        raise Errno(E.EACCES)
    if flags & O_NOATIME:
        require_owner(inode, who)
    if inode.leases is not None:
        inode.leases.require(bool(wanted & MAY_WRITE))
    rights = _rights(found, flags, who)
    _ask(found)
    kept = O_EXCL if stat.S_ISBLK(inode.mode) else 0  # to have a block device alone (open(2), NOTES)
    file = inode.open(found, flags & ~FORGOTTEN | flags & kept)
    file.rights = rights
    if flags & O_TRUNC and is_data:
        inode.truncate(0)
    return file


def _require_appending(inode: Inode, flags: int) -> None:
    """Refuses to write a file otherwise that is only appended to (handle_truncate, may_open).

    Raises:
        Errno: EPERM.
    """
    if inode.fs_flags & APPEND and (flags & O_TRUNC or not flags & O_APPEND):
        raise Errno(E.EPERM)


def _ask(place: Dentry) -> None:
    """Asks those who may forbid that something is opened, if there are any.

    Raises:
        Errno: EPERM.
        WouldBlock: They have not answered yet.
    """
    if place.inode.fs.watches is not None:
        notify.ask(place, notify.OPEN_PERM)


def require_no_program(inode: Inode) -> None:
    """Whether a file may be written to (get_write_access in include/linux/fs.h).

    Raises:
        Errno: ETXTBSY, it is a program that runs.
    """
    if inode.programs:
        raise Errno(E.ETXTBSY)
