"""The names in a directory: rows in its blocks, each as long as up to the next one (fs/ext2/dir.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROW: Final = struct.Struct("<IHBB")
KINDS: Final = {0o100: 1, 0o040: 2, 0o020: 3, 0o060: 4, 0o010: 5, 0o140: 6, 0o120: 7}
"""What a row says of the kind of its file (FT_REG_FILE and its like), by the topmost bits of the mode."""
MODES: Final = {number: bits << 9 for bits, number in KINDS.items()}


class Row(NamedTuple):
    """A name.

    Attributes:
        at: Where its row is, from the start of the block.
        length: Bytes of the row.
        ino: The inode, 0 for a row that is not used.
        kind: What kind of file it is, 0 if that is not said.
        name: The name.
    """

    at: int
    length: int
    ino: int
    kind: int
    name: bytes


def rows(block: bytes | bytearray) -> Iterator[Row]:
    """The rows of a block.

    Raises:
        Errno: EIO, it is damaged (ext2_check_folio).
    """
    at = 0
    while at < len(block):
        ino, length, size, kind = _ROW.unpack_from(block, at)
        if length < _ROW.size + size or length % 4 or at + length > len(block):
            raise Errno(E.EIO)
        yield Row(at, length, ino, kind, bytes(block[at + _ROW.size : at + _ROW.size + size]))
        at += length


def room(name: bytes) -> int:
    """Bytes that a row for a name needs."""
    return _ROW.size + len(name) + 3 & ~3


def put(block: bytearray, row: Row, ino: int, kind: int, name: bytes) -> None:
    """Puts a name into what a row leaves free, or in the place of one that is not used."""
    at, length = row.at, row.length
    if row.ino:
        used = room(row.name)
        _ROW.pack_into(block, at, row.ino, used, len(row.name), row.kind)
        at, length = at + used, length - used
    _ROW.pack_into(block, at, ino, length, len(name), kind)
    block[at + _ROW.size : at + _ROW.size + len(name)] = name


def is_free(row: Row, name: bytes) -> bool:
    """Whether a name fits into what a row leaves free."""
    return row.length - (room(row.name) if row.ino else 0) >= room(name)


def remove(block: bytearray, row: Row) -> None:
    """Takes a name away: its row becomes a part of the one before it, or one that is not used."""
    before = None
    for other in rows(block):
        if other.at == row.at:
            break
        before = other
    if before is None:
        _ROW.pack_into(block, row.at, 0, row.length, len(row.name), row.kind)
    else:
        struct.pack_into("<H", block, before.at + 4, before.length + row.length)


def point(block: bytearray, row: Row, ino: int, kind: int) -> None:
    """Has a name lead to another inode."""
    _ROW.pack_into(block, row.at, ino, row.length, len(row.name), kind)


def first_block(size: int, ino: int, above: int, kind: int) -> bytes:
    """The block that a new directory has: itself and the one above."""
    block = bytearray(size)
    _ROW.pack_into(block, 0, ino, 12, 1, kind)
    block[8:9] = b"."
    _ROW.pack_into(block, 12, above, size - 12, 2, kind)
    block[20:22] = b".."
    return bytes(block)


def empty_block(size: int) -> bytearray:
    """A block with one row, which is not used."""
    block = bytearray(size)
    _ROW.pack_into(block, 0, 0, size, 0, 0)
    return block
