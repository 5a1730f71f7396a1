"""Extended attributes and access control lists, which an inode has in a block of their own (fs/ext2/xattr.c, acl.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs.acl import NO_ID, AclEntry, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ring3.fs.acl import Acl

MAGIC: Final = 0xEA02_0000
_HEAD: Final = struct.Struct("<IIII16x")
_ENTRY: Final = struct.Struct("<BBHIII")
SPACES: Final = {1: b"user.", 4: b"trusted.", 6: b"security."}
ACCESS: Final = 2
DEFAULT: Final = 3
_ACL_VERSION: Final = 1
_M32: Final = 0xFFFF_FFFF


class Kept(NamedTuple):
    """What is in such a block.

    Attributes:
        users: How many inodes share it.
        values: The attributes, by name.
        acl: Who may do what.
        default_acl: What new files in a directory inherit.
    """

    users: int
    values: dict[bytes, bytes]
    acl: Acl | None
    default_acl: Acl | None


def parse(raw: bytes) -> Kept:
    """What is in a block.

    Raises:
        Errno: EIO, it is damaged.
    """
    magic, users, blocks, _ = _HEAD.unpack_from(raw)
    if magic != MAGIC or blocks != 1:
        raise Errno(E.EIO)
    values: dict[bytes, bytes] = {}
    acls: dict[int, Acl | None] = {}
    at = _HEAD.size
    while at + 4 <= len(raw) and raw[at : at + 4] != bytes(4):
        if at + _ENTRY.size > len(raw):
            raise Errno(E.EIO)
        length, space, offset, _, size, _ = _ENTRY.unpack_from(raw, at)
        name = raw[at + _ENTRY.size : at + _ENTRY.size + length]
        if offset + size > len(raw):
            raise Errno(E.EIO)
        value = raw[offset : offset + size]
        if space in (ACCESS, DEFAULT):
            acls[space] = _parse_acl(value)
        elif space in SPACES:
            values[SPACES[space] + name] = value
        at += (_ENTRY.size + length + 3) & ~3
    return Kept(users, values, acls.get(ACCESS), acls.get(DEFAULT))


def pack(values: Mapping[bytes, bytes], acl: Acl | None, default_acl: Acl | None, size: int) -> bytes:
    """A block with all of them, of one user; empty if there are none.

    Raises:
        Errno: ENOSPC, they do not fit.
    """
    rows = [(ACCESS, b"", _pack_acl(acl))] if acl else []
    if default_acl:
        rows.append((DEFAULT, b"", _pack_acl(default_acl)))
    for name, value in values.items():
        space, prefix = next((number, text) for number, text in SPACES.items() if name.startswith(text))
        rows.append((space, name[len(prefix) :], value))
    if not rows:
        return b""
    rows.sort(key=lambda row: (row[0], len(row[1]), row[1]))
    head, end, whole = bytearray(), size, 0
    block = bytearray(size)
    for space, name, value in rows:
        padded = value.ljust(-(-len(value) // 4) * 4, b"\0")
        end -= len(padded)
        entry = _hash(name, padded)
        whole = (whole << 16 & _M32) ^ whole >> 16 ^ entry
        if _HEAD.size + len(head) + _ENTRY.size + (len(name) + 3 & ~3) + 4 > end:
            raise Errno(E.ENOSPC)
        head += _ENTRY.pack(len(name), space, end if value else 0, 0, len(value), entry) + name
        head += bytes(-len(head) % 4)
        block[end : end + len(padded)] = padded
    block[: _HEAD.size + len(head)] = _HEAD.pack(MAGIC, 1, 1, whole) + head
    return bytes(block)


def _hash(name: bytes, padded: bytes) -> int:
    """What an entry is found by (ext2_xattr_hash_entry)."""
    found = 0
    for byte in name:
        found = (found << 5 & _M32) ^ found >> 27 ^ byte
    for (word,) in struct.iter_unpack("<I", padded):
        found = (found << 16 & _M32) ^ found >> 16 ^ word
    return found


def _parse_acl(raw: bytes) -> Acl | None:
    """A list in its short form: only entries about somebody have a number (ext2_acl_from_disk).

    Raises:
        Errno: EINVAL, it is none.
    """
    if len(raw) < 4 or int.from_bytes(raw[:4], "little") != _ACL_VERSION:
        raise Errno(E.EINVAL)
    found, at = [], 4
    while at < len(raw):
        tag, permissions = struct.unpack_from("<HH", raw, at)
        at += 4
        number = NO_ID
        if tag in (Tag.USER, Tag.GROUP):
            (number,) = struct.unpack_from("<I", raw, at)
            at += 4
        found.append(AclEntry(tag, permissions, number))
    return tuple(found) or None


def _pack_acl(acl: Acl) -> bytes:
    parts = [_ACL_VERSION.to_bytes(4, "little")]
    for tag, permissions, number in acl:
        parts.append(struct.pack("<HH", tag, permissions))
        if tag in (Tag.USER, Tag.GROUP):
            parts.append(number.to_bytes(4, "little"))
    return b"".join(parts)
