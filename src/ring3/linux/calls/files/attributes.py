"""Calls that ask for and change permissions and owners: access(2), chmod(2), chown(2), umask(2)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import (
    UNSIGNED_INT,
    UNSIGNED_SHORT,
    DirFd,
    Int,
    Mode,
    Path,
    UnsignedInt,
)
from ring3.abi.errno import E, Errno
from ring3.fs import notify
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.inode import Inode
from ring3.fs.permission import (
    CAP_CHOWN,
    CAP_FSETID,
    MAY_WRITE,
    Who,
    require,
    require_not_fixed,
    require_owner,
)
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import (
    AT_FDCWD,
    At,
    AtFlags,
    AtFlagsUnsigned,
    check_flags,
    find_or_fd,
    inode_of,
    of_credentials,
    opened,
    user_path_at,
    who,
)
from ring3.linux.tasks.identity import as_real_user

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

R_OK_W_OK_X_OK: Final = 7
NO_ID: Final = (1 << 32) - 1

Uid = Annotated[int, UNSIGNED_INT]
OldUid = Annotated[int, UNSIGNED_SHORT]
AccessMode = Annotated[int, UNSIGNED_INT]


def check_writable(found: Dentry | File) -> None:
    """Refuses changes where the file system is mounted read-only.

    Raises:
        Errno: EROFS.
    """
    place = found if isinstance(found, Dentry) else found.dentry
    if place is not None and place.readonly:
        raise Errno(E.EROFS)


# -- access ------------------------------------------------------------------------------------------------------


@function(
    "long do_faccessat(int dfd, const char __user *filename, int mode, int flags)",
    calls={"getname"},
)
def do_faccessat(task: LinuxTask, dfd: int, filename: int, mode: int, flags: int) -> int:
    """Checks what a process may do with a file."""
    if mode & ~R_OK_W_OK_X_OK:
        raise Errno(E.EINVAL)
    check_flags(flags, At.AT_EACCESS | At.AT_SYMLINK_NOFOLLOW | At.AT_EMPTY_PATH)
    asking = who(task)
    if not flags & At.AT_EACCESS:
        real = task.credentials
        asking = of_credentials(as_real_user(real))
    kept = task.file_access
    task.file_access = (task.credentials, asking)
    try:
        found = find_or_fd(task, dfd, filename, flags)
    finally:
        task.file_access = kept
    inode = inode_of(found)
    require(inode, asking, mode)
    if mode & MAY_WRITE and (inode.is_regular or inode.is_directory or inode.is_link):
        check_writable(found)
    return 0


@syscall("full")
def sys_access(task: LinuxTask, filename: Path, mode: AccessMode) -> int:
    """Whether the real user may use a file so."""
    return do_faccessat(task, AT_FDCWD, filename, mode, 0)


@syscall("full")
def sys_faccessat(task: LinuxTask, dfd: DirFd, filename: Path, mode: AccessMode) -> int:
    """The same, relative to a directory."""
    return do_faccessat(task, dfd, filename, mode, 0)


@syscall("full")
def sys_faccessat2(task: LinuxTask, dfd: DirFd, filename: Path, mode: AccessMode, flags: AtFlags) -> int:
    """The same with flags: for the effective user, for a link itself."""
    return do_faccessat(task, dfd, filename, mode, flags)


# -- mode --------------------------------------------------------------------------------------------------------


@function("int chmod_common(const struct path *path, umode_t mode)")
def chmod_common(task: LinuxTask, found: Dentry | File, mode: int) -> int:
    """Changes the mode of what was found."""
    check_writable(found)
    inode, caller = inode_of(found), who(task)
    if inode.is_link:
        raise Errno(E.EOPNOTSUPP)
    require_not_fixed(inode)
    require_owner(inode, caller)
    mode &= 0o7777
    if not (caller.in_group(inode.gid) or caller.has(CAP_FSETID)):
        mode &= ~stat.S_ISGID
    inode.set_mode(mode)
    if inode.fs.watches:
        notify.changed(found, inode, notify.ATTRIB)
    return 0


@syscall("full")
def sys_chmod(task: LinuxTask, filename: Path, mode: Mode) -> int:
    """Changes the permissions of a file."""
    return chmod_common(task, user_path_at(task, AT_FDCWD, filename), mode)


@syscall("full")
def sys_fchmod(task: LinuxTask, fd: UnsignedInt, mode: Mode) -> int:
    """Changes the permissions of an open file."""
    return chmod_common(task, opened(task, fd), mode)


@syscall("full")
def sys_fchmodat(task: LinuxTask, dfd: DirFd, filename: Path, mode: Mode) -> int:
    """Changes the permissions of a file relative to a directory."""
    return chmod_common(task, user_path_at(task, dfd, filename), mode)


@syscall("full")
def sys_fchmodat2(task: LinuxTask, dfd: DirFd, filename: Path, mode: Mode, flags: AtFlagsUnsigned) -> int:
    """The same with flags."""
    check_flags(flags, At.AT_SYMLINK_NOFOLLOW | At.AT_EMPTY_PATH)
    return chmod_common(task, find_or_fd(task, dfd, filename, flags), mode)


# -- owner -------------------------------------------------------------------------------------------------------


@function("int chown_common(const struct path *path, uid_t user, gid_t group)")
def chown_common(task: LinuxTask, found: Dentry | File, user: int, group: int) -> int:
    """Changes owner and group of what was found."""
    check_writable(found)
    inode, caller = inode_of(found), who(task)
    namespace = task.credentials.user_ns
    uid = inode.uid if user == NO_ID else namespace.user(user)
    gid = inode.gid if group == NO_ID else namespace.group_of(group)
    if uid is None or gid is None:
        raise Errno(E.EINVAL)
    require_not_fixed(inode)
    if (user, group) != (NO_ID, NO_ID) and not _may_chown(inode, caller, uid, gid):
        raise Errno(E.EPERM)
    mode = stat.S_IMODE(inode.mode)
    inode.set_owner(uid, gid)
    if inode.is_regular:
        left = mode & ~stat.S_ISUID
        if mode & stat.S_IXGRP:
            left &= ~stat.S_ISGID
        if left != mode:
            inode.set_mode(left)
    if inode.fs.watches:
        notify.changed(found, inode, notify.ATTRIB)
    return 0


def _may_chown(inode: Inode, caller: Who, uid: int, gid: int) -> bool:
    """Owners may give a file to a group of theirs; all else takes CAP_CHOWN (chown_ok, chgrp_ok)."""
    if caller.has(CAP_CHOWN) and caller.reaches(inode):
        return True
    if caller.uid != inode.uid:
        return (uid, gid) == (inode.uid, inode.gid) and caller.owns(inode)
    return uid == inode.uid and (gid == inode.gid or caller.in_group(gid))


@syscall("full")
def sys_chown(task: LinuxTask, filename: Path, user: Uid, group: Uid) -> int:
    """Changes user and group of a file."""
    return chown_common(task, user_path_at(task, AT_FDCWD, filename), user, group)


@syscall("full")
def sys_lchown(task: LinuxTask, filename: Path, user: Uid, group: Uid) -> int:
    """Changes user and group of a link itself."""
    return chown_common(task, user_path_at(task, AT_FDCWD, filename, follow=False), user, group)


@syscall("full")
def sys_fchown(task: LinuxTask, fd: UnsignedInt, user: Uid, group: Uid) -> int:
    """Changes user and group of an open file."""
    return chown_common(task, opened(task, fd), user, group)


@syscall("full")
def sys_fchownat(task: LinuxTask, dfd: DirFd, filename: Path, user: Uid, group: Uid, flag: AtFlags) -> int:
    """Changes user and group of a file relative to a directory."""
    check_flags(flag, At.AT_SYMLINK_NOFOLLOW | At.AT_EMPTY_PATH)
    return chown_common(task, find_or_fd(task, dfd, filename, flag), user, group)


def _wide_id(number: int) -> int:
    """A 16-bit number as a 32-bit one: -1 stays -1 (low2highuid)."""
    return NO_ID if number == 0xFFFF else number


@syscall("full")
def sys_chown16(task: LinuxTask, filename: Path, user: OldUid, group: OldUid) -> int:
    """Changes user and group of a file, with 16-bit numbers."""
    return chown_common(task, user_path_at(task, AT_FDCWD, filename), _wide_id(user), _wide_id(group))


@syscall("full")
def sys_lchown16(task: LinuxTask, filename: Path, user: OldUid, group: OldUid) -> int:
    """The same for a link itself."""
    return chown_common(
        task, user_path_at(task, AT_FDCWD, filename, follow=False), _wide_id(user), _wide_id(group)
    )


@syscall("full")
def sys_fchown16(task: LinuxTask, fd: UnsignedInt, user: OldUid, group: OldUid) -> int:
    """The same for an open file."""
    return chown_common(task, opened(task, fd), _wide_id(user), _wide_id(group))


# -- the mask for new files --------------------------------------------------------------------------------------


@syscall("full")
def sys_umask(task: LinuxTask, mask: Int) -> int:
    """Sets the permissions that new files do not get; returns those before."""
    old, task.fs.umask = task.fs.umask, mask & 0o777
    return old
