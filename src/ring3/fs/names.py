"""Making, linking, moving and removing names: the checks that hold for every file system (fs/namei.c).

The order of the checks is Linux's: what exists, then a read-only mount, then permissions, then the file system.
"""

from __future__ import annotations

import stat
from itertools import count
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.fs import notify
from ring3.fs.dentry import Dentry
from ring3.fs.inode import APPEND, Inode
from ring3.fs.namei import Last, Walk
from ring3.fs.permission import (
    CAP_FOWNER,
    CAP_MKNOD,
    MAY_EXEC,
    MAY_READ,
    MAY_WRITE,
    Who,
    permits,
    require,
    require_not_fixed,
    without_group,
)

_COOKIES: Final = count(1)
"""Numbers for renames, the same for both names of one."""


def writable(dentry: Dentry) -> None:
    """Refuses changes of a file system that is mounted read-only.

    Raises:
        Errno: EROFS.
    """
    if dentry.readonly:
        raise Errno(E.EROFS)


def find(parent: Dentry, name: bytes) -> Dentry | None:
    """What has a name in a directory, None if nothing has.

    Raises:
        Errno: What the lookup says, but for ENOENT.
    """
    try:
        return parent.child(name)
    except Errno as error:
        if error.number is E.ENOENT:
            return None
        raise


def free_name(last: Last, *, directory: bool = False) -> None:
    """Makes sure that something can be made under a name.

    Raises:
        Errno: EEXIST, there is something; ENOENT, a slash follows the name and it is no directory that is made; EROFS;
            EACCES.
    """
    if last.is_special or find(last.parent, last.name) is not None:
        raise Errno(E.EEXIST)
    if last.slash and not directory:
        raise Errno(E.ENOENT)
    writable(last.parent)


def masked(directory: Inode, mode: int, umask: int, who: Who) -> int:
    """The mode of a new file by what was asked for (vfs_prepare_mode).

    The group's bit is lost first, where somebody else's group would get a program; a default access control list
    stands in for the umask.
    """
    mode = without_group(directory, mode, who)
    return mode if directory.default_acl is not None else mode & ~umask


def make(last: Last, mode: int, who: Who, rdev: int = 0) -> Dentry:
    """Makes a file of the type in ``mode``.

    Raises:
        Errno: EEXIST; ENOENT; EROFS; EACCES; EPERM, only the superuser makes devices; what the file system says.
    """
    free_name(last, directory=stat.S_ISDIR(mode))
    directory = last.parent.inode
    if who.domain is not None:
        who.domain.require_make(last.parent, mode)
    require(directory, who, MAY_WRITE | MAY_EXEC)
    is_device = stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
    if is_device and not who.has(CAP_MKNOD):
        raise Errno(E.EPERM)
    made = last.parent.adopt(last.name, directory.create(last.name, mode, who, rdev))
    if directory.fs.watches:
        notify.named(last.parent, last.name, made.inode, notify.CREATE)
    return made


def symlink(last: Last, target: bytes, who: Who) -> None:
    """Makes a symbolic link.

    Raises:
        Errno: As `make`.
    """
    free_name(last)
    if who.domain is not None:
        who.domain.require_make(last.parent, stat.S_IFLNK)
    require(last.parent.inode, who, MAY_WRITE | MAY_EXEC)
    inode = last.parent.inode.symlink(last.name, target, who)
    if inode.fs.watches:
        notify.named(last.parent, last.name, inode, notify.CREATE)


def link(old: Dentry, last: Last, who: Who) -> None:
    """Makes one more name for a file.

    Raises:
        Errno: EEXIST; EROFS; EXDEV, on another file system; EPERM, a directory or a file one may not link to; EACCES;
            ENOENT, the file has no name any more.
    """
    free_name(last)
    if old.fs is not last.parent.fs:
        raise Errno(E.EXDEV)
    if not _may_link(old.inode, who):
        raise Errno(E.EPERM)
    if who.domain is not None:
        who.domain.require_refer(old, last.parent, None, moves=False, exchange=False)
    require(last.parent.inode, who, MAY_WRITE | MAY_EXEC)
    require_not_fixed(old.inode)
    if old.inode.is_directory:
        raise Errno(E.EPERM)
    last.parent.inode.link(last.name, old.inode)
    last.parent.adopt(last.name, old.inode)
    if old.fs.watches:
        notify.happened(None, old.inode, notify.ATTRIB)
        notify.named(last.parent, last.name, old.inode, notify.CREATE)


def _may_link(inode: Inode, who: Who) -> bool:
    """Whether somebody may make a name for another's file (may_linkat: sysctl fs.protected_hardlinks is on)."""
    if who.owns(inode):
        return True
    mode = inode.mode
    unsafe = mode & stat.S_ISUID or mode & (stat.S_ISGID | stat.S_IXGRP) == stat.S_ISGID | stat.S_IXGRP
    return inode.is_regular and not unsafe and permits(inode, who, MAY_READ | MAY_WRITE)


def _may_remove(directory: Inode, victim: Inode, who: Who) -> None:
    """may_delete: write permission, in a sticky directory ownership, and nothing that has to stay.

    Raises:
        Errno: EACCES; EPERM.
    """
    require(directory, who, MAY_WRITE | MAY_EXEC)
    if directory.fs_flags & APPEND:
        raise Errno(E.EPERM)
    sticky = directory.mode & stat.S_ISVTX
    if sticky and who.uid not in (victim.uid, directory.uid) and not who.has(CAP_FOWNER):
        raise Errno(E.EPERM)
    require_not_fixed(victim)


def unlink(last: Last, who: Who) -> None:
    """Removes the name of something that is no directory.

    Raises:
        Errno: EISDIR; ENOENT; ENOTDIR, a slash follows; EBUSY, something is mounted there; EROFS; EACCES; EPERM.
    """
    if last.is_special:
        raise Errno(E.EISDIR)
    writable(last.parent)
    victim = last.parent.child(last.name)
    if last.slash:
        raise Errno(E.EISDIR if victim.inode.is_directory else E.ENOTDIR)
    if who.domain is not None:
        who.domain.require_remove(last.parent, of_directory=False)
    _may_remove(last.parent.inode, victim.inode, who)
    if victim.inode.is_directory:
        raise Errno(E.EISDIR)
    if victim.covers is not None:
        raise Errno(E.EBUSY)
    last.parent.inode.unlink(last.name)
    last.parent.forget(last.name)
    if victim.fs.watches:
        notify.unlinked(last.parent, last.name, victim.inode)


def rmdir(last: Last, who: Who) -> None:
    """Removes an empty directory.

    Raises:
        Errno: EINVAL for ``.``; ENOTEMPTY for ``..`` and what is not empty; EBUSY for a root and a mount; ENOENT;
            ENOTDIR; EROFS; EACCES; EPERM.
    """
    if last.name == b"..":
        raise Errno(E.ENOTEMPTY)
    if last.name == b".":
        raise Errno(E.EBUSY if last.slash else E.EINVAL)
    writable(last.parent)
    victim = last.parent.child(last.name)
    if who.domain is not None:
        who.domain.require_remove(last.parent, of_directory=True)
    _may_remove(last.parent.inode, victim.inode, who)
    if not victim.inode.is_directory:
        raise Errno(E.ENOTDIR)
    if victim.covers is not None:
        raise Errno(E.EBUSY)
    last.parent.inode.rmdir(last.name)
    last.parent.forget(last.name)
    if victim.fs.watches:
        notify.unlinked(last.parent, last.name, victim.inode)


def rename(walk: Walk, old: Last, new: Last, *, replace: bool = True, exchange: bool = False) -> None:
    """Moves a name.

    Args:
        walk: Whose permissions count.
        old: The name it has.
        new: The name it gets.
        replace: What has that name goes (else RENAME_NOREPLACE).
        exchange: The two change places (RENAME_EXCHANGE).

    Raises:
        Errno: EXDEV; EBUSY, ``.`` or ``..`` or a mount; EROFS; ENOENT; EEXIST; ENOTDIR; EISDIR; EINVAL, into itself;
            ENOTEMPTY; EACCES; EPERM.
    """
    if old.parent.fs is not new.parent.fs:
        raise Errno(E.EXDEV)
    if old.is_special or new.is_special:
        raise Errno(E.EBUSY if replace or old.is_special else E.EEXIST)
    writable(old.parent)
    moving = old.parent.child(old.name)
    target = find(new.parent, new.name)
    if target is not None and not replace and not exchange:
        raise Errno(E.EEXIST)
    if exchange and target is None:
        raise Errno(E.ENOENT)
    _check_slashes(moving, old, new, target if exchange else None)
    _check_loops(moving, target, old, new, exchange)
    if walk.who.domain is not None:
        walk.who.domain.require_refer(moving, new.parent, target, moves=True, exchange=exchange)
    if target is not None and target.inode is moving.inode:
        return
    _check_rename(walk.who, old, new, moving, target, exchange)
    old.parent.inode.move(old.name, new.parent.inode, new.name, exchange)
    if exchange:
        old.parent.forget(old.name)
        new.parent.forget(new.name)
    else:
        new.parent.forget(new.name)
        old.parent.moved(old.name, new.parent, new.name)
    if moving.fs.watches:
        _tell_of_rename(old, new, moving.inode, None if target is None else target.inode, exchange)


def _tell_of_rename(old: Last, new: Last, moved: Inode, target: Inode | None, exchange: bool) -> None:
    """fsnotify_move, once or for both ways."""
    here, there = (old.parent, old.name), (new.parent, new.name)
    notify.moved(here, there, moved, None if exchange else target, next(_COOKIES))
    if exchange and target is not None:
        notify.moved(there, here, target, None, next(_COOKIES))


def _check_slashes(moving: Dentry, old: Last, new: Last, exchanged: Dentry | None) -> None:
    """A slash after a name wants a directory there.

    Raises:
        Errno: ENOTDIR.
    """
    if not moving.inode.is_directory and (old.slash or (new.slash and exchanged is None)):
        raise Errno(E.ENOTDIR)
    if exchanged is not None and not exchanged.inode.is_directory and new.slash:
        raise Errno(E.ENOTDIR)


def _check_loops(moving: Dentry, target: Dentry | None, old: Last, new: Last, exchange: bool) -> None:
    """No directory gets below itself, or into the place of one that it is below.

    Raises:
        Errno: EINVAL; ENOTEMPTY.
    """
    if moving.inode.is_directory and new.parent.is_below(moving):
        raise Errno(E.EINVAL)
    if target is not None and target.inode.is_directory and old.parent.is_below(target):
        raise Errno(E.EINVAL if exchange else E.ENOTEMPTY)


def _check_rename(
    who: Who, old: Last, new: Last, moving: Dentry, target: Dentry | None, exchange: bool
) -> None:
    """vfs_rename: permissions, kinds, mounts.

    Raises:
        Errno: EACCES; EPERM; ENOTDIR; EISDIR; EBUSY.
    """
    _may_remove(old.parent.inode, moving.inode, who)
    is_directory = moving.inode.is_directory
    if target is None:
        require(new.parent.inode, who, MAY_WRITE | MAY_EXEC)
    else:
        _may_remove(new.parent.inode, target.inode, who)
        if not exchange and is_directory != target.inode.is_directory:
            raise Errno(E.ENOTDIR if is_directory else E.EISDIR)
    if is_directory and old.parent is not new.parent and not permits(moving.inode, who, MAY_WRITE):
        raise Errno(E.EACCES)
    if moving.covers is not None or (target is not None and target.covers is not None):
        raise Errno(E.EBUSY)
