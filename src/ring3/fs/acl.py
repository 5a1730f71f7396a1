"""Access control lists: who else may do what to a file (acl(5), fs/posix_acl.c of Linux 6.x).

A file has one for access, a directory may have another that what is made in it inherits. Programs see them as extended
attributes. One that says no more than a mode does is kept as the mode alone; of any other, the owner's, others' and the
mask's permissions are those of the mode, and change with it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.inode import Inode
    from ring3.fs.permission import Who

ACCESS: Final = b"system.posix_acl_access"
DEFAULT: Final = b"system.posix_acl_default"
NAMES: Final = (ACCESS, DEFAULT)
VERSION: Final = 2
NO_ID: Final = 0xFFFF_FFFF
_HEAD: Final = struct.Struct("<I")
_ENTRY: Final = struct.Struct("<HHI")


class Tag(IntEnum):
    """Whom an entry is about (include/uapi/linux/posix_acl.h)."""

    USER_OBJ = 0x01
    USER = 0x02
    GROUP_OBJ = 0x04
    GROUP = 0x08
    MASK = 0x10
    OTHER = 0x20


class AclEntry(NamedTuple):
    """What somebody may do.

    Attributes:
        tag: Whom it is about.
        permissions: Read, write and execute, as in a mode.
        id: The user or group, where that is not the file's own.
    """

    tag: int
    permissions: int
    id: int = NO_ID


Acl = tuple[AclEntry, ...]


def parse(raw: bytes) -> Acl | None:
    """The list that an extended attribute holds, None for an empty one (posix_acl_from_xattr).

    Raises:
        Errno: EINVAL, it is none; EOPNOTSUPP, it is of another version.
    """
    if not raw:
        return None
    if len(raw) < _HEAD.size or (len(raw) - _HEAD.size) % _ENTRY.size:
        raise Errno(E.EINVAL)
    if _HEAD.unpack_from(raw)[0] != VERSION:
        raise Errno(E.EOPNOTSUPP)
    found = tuple(AclEntry(*words) for words in _ENTRY.iter_unpack(raw[_HEAD.size :]))
    return _checked(found) if found else None


_ORDER: Final = (Tag.USER_OBJ, Tag.USER, Tag.GROUP_OBJ, Tag.GROUP, Tag.MASK, Tag.OTHER)


def _checked(acl: Acl) -> Acl:
    """Refuses what is no list (posix_acl_valid).

    Raises:
        Errno: EINVAL, an entry is missing, out of order, or of an unknown kind.
    """
    tags = [entry.tag for entry in acl]
    named = Tag.USER in tags or Tag.GROUP in tags
    one_of_each = all(tags.count(tag) == 1 for tag in (Tag.USER_OBJ, Tag.GROUP_OBJ, Tag.OTHER))
    if (
        not one_of_each
        or tags.count(Tag.MASK) > 1
        or (named and Tag.MASK not in tags)
        or any(tag not in _ORDER for tag in tags)
        or tags != sorted(tags)
        or any(entry.permissions & ~7 for entry in acl)
        or any(entry.tag in (Tag.USER, Tag.GROUP) and entry.id == NO_ID for entry in acl)
    ):
        raise Errno(E.EINVAL)
    return acl


def pack(acl: Acl) -> bytes:
    """The extended attribute that holds a list."""
    return _HEAD.pack(VERSION) + b"".join(
        _ENTRY.pack(tag, permissions, id_ if tag in (Tag.USER, Tag.GROUP) else NO_ID)
        for tag, permissions, id_ in acl
    )


def translated(acl: Acl, user: Callable[[int], int | None], group: Callable[[int], int | None]) -> Acl:
    """The same with other numbers for users and groups.

    Raises:
        Errno: EINVAL, there is none for one of them.
    """
    made = []
    for entry in acl:
        if entry.tag in (Tag.USER, Tag.GROUP):
            number = (user if entry.tag == Tag.USER else group)(entry.id)
            if number is None:
                raise Errno(E.EINVAL)
            entry = entry._replace(id=number)  # noqa: PLW2901
        made.append(entry)
    return tuple(made)


def mode_of(acl: Acl) -> int:
    """The nine bits of a mode that say the same as far as a mode can: the mask stands for the group."""
    by_tag = {entry.tag: entry.permissions for entry in acl}
    group = by_tag.get(Tag.MASK, by_tag[Tag.GROUP_OBJ])
    return by_tag[Tag.USER_OBJ] << 6 | group << 3 | by_tag[Tag.OTHER]


def is_mode(acl: Acl) -> bool:
    """Whether a mode says as much (posix_acl_equiv_mode)."""
    return all(entry.tag in (Tag.USER_OBJ, Tag.GROUP_OBJ, Tag.OTHER) for entry in acl)


def with_mode(acl: Acl, mode: int) -> Acl:
    """The list of a file whose mode was changed (posix_acl_chmod_masq)."""
    return _replaced(acl, lambda tag, _: mode >> _SHIFT[tag] & 7)


def inherited(acl: Acl, mode: int) -> Acl:
    """The list of a new file in a directory with a default one (posix_acl_create_masq): no more than its mode says."""
    return _replaced(acl, lambda tag, permissions: permissions & mode >> _SHIFT[tag])


_SHIFT: Final = {Tag.USER_OBJ: 6, Tag.GROUP_OBJ: 3, Tag.MASK: 3, Tag.OTHER: 0}


def _replaced(acl: Acl, change: Callable[[Tag, int], int]) -> Acl:
    """The same with other permissions for what the mode stands for: the group's only where there is no mask."""
    class_tag = Tag.MASK if any(entry.tag == Tag.MASK for entry in acl) else Tag.GROUP_OBJ
    return tuple(
        entry._replace(permissions=change(Tag(entry.tag), entry.permissions))
        if entry.tag in (Tag.USER_OBJ, class_tag, Tag.OTHER)
        else entry
        for entry in acl
    )


def permits(acl: Acl, inode: Inode, who: Who, wanted: int) -> bool:
    """Whether a list lets somebody who is not the owner have all of ``wanted`` (posix_acl_permission)."""
    mask = next((entry.permissions for entry in acl if entry.tag == Tag.MASK), 7)
    in_a_group = False
    for tag, permissions, id_ in acl:
        if tag == Tag.USER and id_ == who.uid:
            return permissions & mask & wanted == wanted
        if (tag == Tag.GROUP_OBJ and who.in_group(inode.gid)) or (tag == Tag.GROUP and who.in_group(id_)):
            in_a_group = True
            if permissions & wanted == wanted:
                return mask & wanted == wanted
    return not in_a_group and acl[-1].permissions & wanted == wanted
