"""Extended attributes of files: names, values, and who may see and change which (fs/xattr.c of Linux 6.x, xattr(7)).

The spaces ``user``, ``trusted`` and ``security`` are kept by every file system with attributes in memory. Of ``system``
there are the access control lists alone, which are no attributes but look like some (`ring3.fs.acl`).
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.fs import acl
from ring3.fs.permission import (
    CAP_FSETID,
    MAY_READ,
    MAY_WRITE,
    Who,
    require,
    require_not_fixed,
    require_owner,
)

if TYPE_CHECKING:
    from ring3.fs.inode import Inode

XATTR_CREATE: Final = 1
XATTR_REPLACE: Final = 2
SIZE_MAX: Final = 65536
"""Bytes of a value."""
LIST_MAX: Final = 65536
"""Bytes of all names together."""
ROOM: Final = 128 << 10
"""Bytes of names and values that one file may have (SIMPLE_XATTR_MAX_SIZE)."""
_SPACES: Final = (b"user.", b"trusted.", b"security.")
_CAP_SYS_ADMIN: Final = 1 << Cap.SYS_ADMIN
_CAP_SETFCAP: Final = 1 << Cap.SETFCAP


def _check(inode: Inode, name: bytes, who: Who, wanted: int) -> None:
    """Whether somebody may do that with an attribute (``xattr_permission`` and the handlers of the spaces).

    Raises:
        Errno: EPERM, ENODATA, EACCES; EOPNOTSUPP, no such space; EINVAL, a space without a name.
    """
    refusal = Errno(E.EPERM if wanted == MAY_WRITE else E.ENODATA)
    if name.startswith(b"trusted."):
        if not who.has(_CAP_SYS_ADMIN):
            raise refusal
    elif name.startswith(b"user."):
        if not (inode.is_regular or inode.is_directory):
            raise refusal
        if inode.is_directory and inode.mode & 0o1000 and wanted == MAY_WRITE and not who.owns(inode):
            raise Errno(E.EPERM)
        require(inode, who, wanted)
    elif name.startswith(b"security.") and wanted == MAY_WRITE:
        needed = _CAP_SETFCAP if name == b"security.capability" else _CAP_SYS_ADMIN
        if not who.has(needed):
            raise Errno(E.EPERM)
    if not name.startswith(_SPACES):
        raise Errno(E.EOPNOTSUPP)
    if name in _SPACES:
        raise Errno(E.EINVAL)


def _require_writable(inode: Inode) -> None:
    if inode.fs.readonly:
        raise Errno(E.EROFS)
    require_not_fixed(inode)


def get(inode: Inode, name: bytes, who: Who) -> bytes:
    """The value of an attribute.

    Raises:
        Errno: ENODATA, there is none; as `_check`.
    """
    if name in acl.NAMES:
        return _get_acl(inode, name)
    _check(inode, name, who, MAY_READ)
    value = inode.xattrs().get(name)
    if value is None:
        raise Errno(E.ENODATA)
    return value


def put(inode: Inode, name: bytes, value: bytes, flags: int, who: Who) -> None:
    """Sets an attribute.

    Raises:
        Errno: EROFS; EEXIST, XATTR_CREATE and there is one; ENODATA, XATTR_REPLACE and there is none; ENOSPC; as
            `_check`.
    """
    _require_writable(inode)
    if name in acl.NAMES:
        _set_acl(inode, name, acl.parse(value), who)
        return
    _check(inode, name, who, MAY_WRITE)
    found = inode.xattrs()
    if name in found and flags & XATTR_CREATE:
        raise Errno(E.EEXIST)
    if name not in found and flags & XATTR_REPLACE:
        raise Errno(E.ENODATA)
    others = sum(len(key) + len(text) for key, text in found.items() if key != name)
    if others + len(name) + len(value) > ROOM:
        raise Errno(E.ENOSPC)
    inode.set_xattrs({**found, name: value})


def remove(inode: Inode, name: bytes, who: Who) -> None:
    """Takes an attribute away.

    Raises:
        Errno: EROFS; ENODATA, there is none; as `_check`.
    """
    _require_writable(inode)
    if name in acl.NAMES:
        _set_acl(inode, name, None, who)
        return
    _check(inode, name, who, MAY_WRITE)
    found = inode.xattrs()
    if name not in found:
        raise Errno(E.ENODATA)
    inode.set_xattrs({key: value for key, value in found.items() if key != name})


def names(inode: Inode, who: Who) -> bytes:
    """The names that somebody sees, each ended by a null byte."""
    try:
        found = inode.xattrs()
    except Errno:
        return b""  # a file system that keeps none has none to list
    privileged = who.has(_CAP_SYS_ADMIN)
    shown = [name for name in found if privileged or not name.startswith(b"trusted.")]
    lists = [name for name, kept in zip(acl.NAMES, (inode.acl, inode.default_acl), strict=True) if kept]
    return b"".join(name + b"\0" for name in lists + shown)


def _get_acl(inode: Inode, name: bytes) -> bytes:
    """An access control list as an attribute.

    Raises:
        Errno: EOPNOTSUPP, a link, or the file system keeps none; ENODATA.
    """
    _require_acls(inode)
    found = inode.acl if name == acl.ACCESS else inode.default_acl
    if found is None:
        raise Errno(E.ENODATA)
    return acl.pack(found)


def _require_acls(inode: Inode) -> None:
    if inode.is_link:
        raise Errno(E.EOPNOTSUPP)
    inode.xattrs()  # EOPNOTSUPP: where there are none of these, there are no lists either


def _set_acl(inode: Inode, name: bytes, new: acl.Acl | None, who: Who) -> None:
    """Sets or removes an access control list (vfs_set_acl, posix_acl_update_mode).

    Raises:
        Errno: EOPNOTSUPP; EPERM, another's file; EACCES, a default one of what is no directory.
    """
    _require_acls(inode)
    require_owner(inode, who)
    if name == acl.DEFAULT:
        if inode.is_directory:
            inode.set_acls(inode.acl, new)
        elif new is not None:
            raise Errno(E.EACCES)
        return
    if new is None:
        inode.set_acls(None, inode.default_acl)
        return
    mode = inode.mode & 0o7000 | acl.mode_of(new)
    if not (who.in_group(inode.gid) or who.has(CAP_FSETID)):
        mode &= ~stat.S_ISGID
    inode.set_acls(None, inode.default_acl)
    inode.set_mode(mode)
    if not acl.is_mode(new):
        inode.set_acls(new, inode.default_acl)
