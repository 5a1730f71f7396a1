"""Who may do what to a file: user, groups and the capabilities that concern files (credentials(7), capabilities(7))."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import ALL, Cap
from ring3.fs.inode import FIXED, IMMUTABLE

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.landlock import Domain

MAY_EXEC: Final = 1
MAY_WRITE: Final = 2
MAY_READ: Final = 4

CAP_CHOWN: Final = 1 << Cap.CHOWN
CAP_DAC_OVERRIDE: Final = 1 << Cap.DAC_OVERRIDE
CAP_DAC_READ_SEARCH: Final = 1 << Cap.DAC_READ_SEARCH
CAP_FOWNER: Final = 1 << Cap.FOWNER
CAP_FSETID: Final = 1 << Cap.FSETID
CAP_SYS_CHROOT: Final = 1 << Cap.SYS_CHROOT
CAP_SYS_RESOURCE: Final = 1 << Cap.SYS_RESOURCE
CAP_MKNOD: Final = 1 << Cap.MKNOD


class Who(NamedTuple):
    """Whom a file operation is done for.

    Attributes:
        uid: The user (fsuid).
        gid: The group (fsgid).
        groups: Supplementary groups.
        capabilities: The effective set, a bit each.
        maps: Whether they hold for files of a user and a group; None if for all.
        domain: What it has given up for good; None for nothing.
    """

    uid: int = 0
    gid: int = 0
    groups: frozenset[int] = frozenset()
    capabilities: int = 0
    maps: Callable[[int, int], bool] | None = None
    domain: Domain | None = None

    def has(self, capability: int) -> bool:
        """Whether a capability is effective."""
        return self.capabilities & capability != 0

    def owns(self, inode: Inode) -> bool:
        """Whether it may do what a file's owner may (inode_owner_or_capable)."""
        return self.uid == inode.uid or (self.has(CAP_FOWNER) and self.reaches(inode))

    def reaches(self, inode: Inode) -> bool:
        """Whether its capabilities hold for a file (privileged_wrt_inode_uidgid)."""
        return self.maps is None or self.maps(inode.uid, inode.gid)

    def in_group(self, gid: int) -> bool:
        """Whether it is a member of a group."""
        return gid == self.gid or gid in self.groups


KERNEL: Final = Who(capabilities=ALL)
"""The kernel itself, which may do everything."""


def of_new(directory: Inode, mode: int, who: Who, *, by_directory: bool = False) -> tuple[int, int, int]:
    """Mode, user and group of what somebody makes in a directory (inode_init_owner).

    Args:
        directory: The directory; with the set-group-ID bit it gives its group.
        mode: The mode that is asked for.
        who: Who makes it.
        by_directory: The directory gives its group in any case.
    """
    inherits = directory.mode & stat.S_ISGID
    gid = directory.gid if inherits or by_directory else who.gid
    if stat.S_ISDIR(mode):
        return mode | inherits, who.uid, gid
    return mode, who.uid, gid


def without_group(directory: Inode, mode: int, who: Who) -> int:
    """The mode that somebody may give a new file in a directory, not to run as a group of others (mode_strip_sgid)."""
    runs = stat.S_ISGID | stat.S_IXGRP
    if mode & runs != runs or not directory.mode & stat.S_ISGID:
        return mode
    return mode if who.in_group(directory.gid) or who.has(CAP_FSETID) else mode & ~stat.S_ISGID


def permits(inode: Inode, who: Who, wanted: int) -> bool:
    """Whether mode and access control list of a file let somebody have all of ``wanted`` (generic_permission)."""
    mode = inode.mode
    if who.uid == inode.uid:
        allowed = mode >> 6
    elif inode.acl is not None and mode & 0o070:
        from ring3.fs.acl import permits as acl_permits  # noqa: PLC0415 - few files have one

        allowed = wanted if acl_permits(inode.acl, inode, who, wanted) else 0
    elif who.in_group(inode.gid):
        allowed = mode >> 3
    else:
        allowed = mode
    if allowed & wanted == wanted:
        return True
    if not who.capabilities or not who.reaches(inode):
        return False
    directory = stat.S_ISDIR(mode)
    if who.has(CAP_DAC_READ_SEARCH) and (not wanted & (MAY_WRITE if directory else MAY_WRITE | MAY_EXEC)):
        return True
    return who.has(CAP_DAC_OVERRIDE) and (directory or not wanted & MAY_EXEC or mode & 0o111 != 0)


def require(inode: Inode, who: Who, wanted: int) -> None:
    """Refuses what `permits` does not allow, and to write what can never be changed (inode_permission).

    Raises:
        Errno: EACCES; EPERM.
    """
    if wanted & MAY_WRITE and inode.fs_flags & IMMUTABLE:
        raise Errno(E.EPERM)
    if not permits(inode, who, wanted):
        raise Errno(E.EACCES)


def require_not_fixed(inode: Inode) -> None:
    """Refuses changes of what is immutable or only appended to.

    Raises:
        Errno: EPERM.
    """
    if inode.fs_flags & FIXED:
        raise Errno(E.EPERM)


def require_owner(inode: Inode, who: Who) -> None:
    """Refuses what only a file's owner may do.

    Raises:
        Errno: EPERM.
    """
    if not who.owns(inode):
        raise Errno(E.EPERM)
