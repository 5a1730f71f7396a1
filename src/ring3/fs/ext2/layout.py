"""What lies where on an ext2 file system (fs/ext2/ext2.h of Linux 6.x)."""

from __future__ import annotations

import struct
from typing import Final

MAGIC: Final = 0xEF53
SUPERBLOCK: Final = 1024
"""Where the superblock starts, and how long it is."""
ROOT: Final = 2
"""The inode of the root directory."""
NDIR: Final = 12
"""Blocks of a file that its inode names itself."""
LINK_MAX: Final = 32000
"""Names that a file may have."""
GOOD_OLD_REV: Final = 0

STATE_VALID: Final = 1
"""It was unmounted (EXT2_VALID_FS)."""

COMPAT_EXT_ATTR: Final = 0x8
COMPAT_RESIZE_INODE: Final = 0x10
INCOMPAT_FILETYPE: Final = 0x2
INCOMPAT_META_BG: Final = 0x10
RO_COMPAT_SPARSE_SUPER: Final = 0x1
RO_COMPAT_LARGE_FILE: Final = 0x2
RO_COMPAT_BTREE_DIR: Final = 0x4
INCOMPAT_KNOWN: Final = INCOMPAT_FILETYPE | INCOMPAT_META_BG
"""With others than these it cannot be mounted."""
RO_COMPAT_KNOWN: Final = RO_COMPAT_SPARSE_SUPER | RO_COMPAT_LARGE_FILE | RO_COMPAT_BTREE_DIR
"""With others than these it cannot be written."""

INDEX_FL: Final = 0x1000
"""The directory has an index, which is no longer right once somebody has changed the list."""
SYNC_FL: Final = 0x8
IMMUTABLE_FL: Final = 0x10
APPEND_FL: Final = 0x20
NODUMP_FL: Final = 0x40
NOATIME_FL: Final = 0x80
DIRSYNC_FL: Final = 0x10000
INHERITED_FL: Final = 0x1 | 0x2 | SYNC_FL | NODUMP_FL | NOATIME_FL | 0x4 | 0x4000 | 0x8000 | DIRSYNC_FL
"""Flags that what is made in a directory has too (EXT2_FL_INHERITED); not"""
OF_DIRECTORIES_FL: Final = DIRSYNC_FL | 0x20000
"""those, where it is no directory; and what is neither has only"""
OF_OTHERS_FL: Final = NODUMP_FL | NOATIME_FL
SETTABLE_FL: Final = (
    0x3 | 0x4 | SYNC_FL | IMMUTABLE_FL | APPEND_FL | NODUMP_FL | NOATIME_FL | 0x3C000 | DIRSYNC_FL
)
"""Flags that programs set (EXT2_FL_USER_MODIFIABLE)."""


class Field:
    """A number in a record, as an attribute of it."""

    __slots__ = ("_form", "_offset")

    def __init__(self, offset: int, form: str) -> None:
        self._offset = offset
        self._form = struct.Struct("<" + form)

    def __get__(self, record: Record, kind: type) -> int:
        number: int = self._form.unpack_from(record.raw, self._offset)[0]
        return number

    def __set__(self, record: Record, value: int) -> None:
        self._form.pack_into(record.raw, self._offset, value)


class Record:
    """Bytes with numbers in them.

    Attributes:
        raw: The bytes.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: bytes | bytearray) -> None:
        self.raw = bytearray(raw)


class Superblock(Record):
    """``struct ext2_super_block``."""

    __slots__ = ()

    inodes_count = Field(0, "I")
    blocks_count = Field(4, "I")
    r_blocks_count = Field(8, "I")
    free_blocks_count = Field(12, "I")
    free_inodes_count = Field(16, "I")
    first_data_block = Field(20, "I")
    log_block_size = Field(24, "I")
    blocks_per_group = Field(32, "I")
    inodes_per_group = Field(40, "I")
    mtime = Field(44, "I")
    wtime = Field(48, "I")
    mnt_count = Field(52, "H")
    magic = Field(56, "H")
    state = Field(58, "H")
    errors = Field(60, "H")
    rev_level = Field(76, "I")
    first_ino = Field(84, "I")
    inode_size = Field(88, "H")
    feature_compat = Field(92, "I")
    feature_incompat = Field(96, "I")
    feature_ro_compat = Field(100, "I")
    reserved_gdt_blocks = Field(206, "H")
    first_meta_bg = Field(260, "I")

    @property
    def uuid(self) -> bytes:
        """What tells it from all others."""
        return bytes(self.raw[104:120])


class Group(Record):
    """``struct ext2_group_desc``."""

    __slots__ = ()

    block_bitmap = Field(0, "I")
    inode_bitmap = Field(4, "I")
    inode_table = Field(8, "I")
    free_blocks_count = Field(12, "H")
    free_inodes_count = Field(14, "H")
    used_dirs_count = Field(16, "H")


GROUP_SIZE: Final = 32


class InodeRecord(Record):
    """``struct ext2_inode``: times in seconds since 1970 with a sign, blocks of 512 bytes."""

    __slots__ = ()

    mode = Field(0, "H")
    uid_low = Field(2, "H")
    size_low = Field(4, "I")
    atime = Field(8, "i")
    ctime = Field(12, "i")
    mtime = Field(16, "i")
    dtime = Field(20, "I")
    gid_low = Field(24, "H")
    nlink = Field(26, "H")
    blocks = Field(28, "I")
    flags = Field(32, "I")
    generation = Field(100, "I")
    file_acl = Field(104, "I")
    size_high = Field(108, "I")
    uid_high = Field(120, "H")
    gid_high = Field(122, "H")


INODE_SIZE: Final = 128
"""Bytes of an inode that ext2 knows of; there may be more."""
BLOCK: Final = 40
"""Where in it the numbers of its blocks are, or a short link's text."""
BLOCKS: Final = 15
TEXT: Final = BLOCKS * 4
