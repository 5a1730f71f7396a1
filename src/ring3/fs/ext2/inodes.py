"""What all inodes of an ext2 file system have: attributes that lie in the inode's record on the device."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from ring3.fs.ext2 import attributes, layout
from ring3.fs.ext2.blocks import SECTOR, BlockMap
from ring3.fs.inode import Inode
from ring3.fs.memory_inode import Attributes, MemoryNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ring3.fs.acl import Acl
    from ring3.fs.ext2.filesystem import Ext2FileSystem
    from ring3.fs.ext2.layout import InodeRecord
    from ring3.fs.file import Stat

SECOND: Final = 10**9
LAST: Final = (1 << 31) - 1


class Ext2Node(Attributes, Inode):
    """The attributes of an inode, which are stored when they change.

    Attributes:
        ext2: The file system.
        record: The inode as it lies on the device.
        blocks: Which blocks it has.
        is_gone: It was given back.
    """

    ext2: Ext2FileSystem
    record: InodeRecord
    blocks: BlockMap
    is_gone: bool

    def settle(self, fs: Ext2FileSystem, record: InodeRecord) -> None:
        """Takes its attributes from the record.

        Raises:
            Errno: EIO, the block of its attributes is damaged.
        """
        self.ext2, self.vfs, self.record, self.is_gone = fs, fs.vfs, record, False
        self.nlink, self.fs_flags = record.nlink, record.flags
        self.atime, self.mtime, self.ctime = (
            time * SECOND for time in (record.atime, record.mtime, record.ctime)
        )
        self.blocks = BlockMap(fs.volume, record, fs.volume.near(self.ino))
        if record.file_acl:
            kept = attributes.parse(fs.volume.read(record.file_acl))
            self.extended, self.acl, self.default_acl = kept.values, kept.acl, kept.default_acl

    def accessed(self) -> None:
        """Contents were read: the time is kept where anything can be."""
        if not self.fs.readonly:
            super().accessed()

    def note_change(self) -> None:
        """Stores the record."""
        record = self.record
        for name in ("atime", "mtime", "ctime"):
            seconds = min(max(getattr(self, name) // SECOND, -LAST - 1), LAST)
            setattr(self, name, seconds * SECOND)
            setattr(record, name, seconds)
        record.mode, record.nlink, record.flags = self.mode, self.nlink, self.fs_flags
        record.uid_low, record.uid_high = self.uid & 0xFFFF, self.uid >> 16
        record.gid_low, record.gid_high = self.gid & 0xFFFF, self.gid >> 16
        if not self.is_gone:
            self.ext2.store(self.ino, record)

    @property
    def settable_flags(self) -> int:  # type: ignore[override]
        """Flags that programs may set."""
        return layout.SETTABLE_FL

    def set_xattrs(self, values: Mapping[bytes, bytes]) -> None:
        """Sets all extended attributes."""
        self._store_attributes(values, self.acl, self.default_acl)
        self.extended = values
        self.ctime = self.vfs.now()
        self.note_change()

    def set_acls(self, access: Acl | None, default: Acl | None) -> None:
        """Sets who may do what, and what new files in it inherit."""
        self._store_attributes(self.extended, access, default)
        super().set_acls(access, default)

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits, those in its access control list too."""
        before = self.acl
        super().set_mode(mode)
        if self.acl is not before:
            self._store_attributes(self.extended, self.acl, self.default_acl)
            self.note_change()

    def inherit_acl(self, from_above: Acl) -> None:
        """It was made in a directory with a default list."""
        super().inherit_acl(from_above)
        self._store_attributes(self.extended, self.acl, self.default_acl)

    def _store_attributes(self, values: Mapping[bytes, bytes], acl: Acl | None, default: Acl | None) -> None:
        """Puts attributes into a block of their own, which is given back where there are none.

        Raises:
            Errno: ENOSPC.
        """
        volume, record = self.ext2.volume, self.record
        raw = attributes.pack(values, acl, default, volume.block_size)
        block = 0
        if raw and record.file_acl and attributes.parse(volume.read(record.file_acl)).users == 1:
            block = record.file_acl
        elif raw:
            block, _ = volume.allocate(volume.near(self.ino), 1)
        if record.file_acl != block:
            self.give_attributes_back()
        if block:
            volume.write(block, raw)
            if not record.file_acl:
                record.blocks += volume.block_size // SECTOR
                self.ext2.has_attributes()
            record.file_acl = block

    def give_attributes_back(self) -> None:
        """Gives the block of its attributes back, or lets those have it who share it (ext2_xattr_delete_inode)."""
        volume, record = self.ext2.volume, self.record
        block = record.file_acl
        if not block:
            return
        users = attributes.parse(volume.read(block)).users
        if users > 1:
            volume.write(block, (users - 1).to_bytes(4, "little"), 4)
        else:
            volume.release(block)
        record.file_acl = 0
        record.blocks -= volume.block_size // SECTOR

    def forget_if_unused(self) -> None:
        """Without a name it is given back."""
        if not self.nlink:
            self.ext2.give_back(self)

    def own_blocks(self) -> int:
        """Bytes of its contents on the device, in sectors."""
        return self.record.blocks - (self.ext2.volume.block_size // SECTOR if self.record.file_acl else 0)

    def as_stat(self, size: int, blocks: int, rdev: int = 0) -> Stat:
        """All attributes; blocks are those on the device."""
        return super().as_stat(size, self.record.blocks, rdev)._replace(blksize=self.ext2.volume.block_size)


class Ext2Special(Ext2Node, MemoryNode):
    """A symbolic link, a device, a FIFO or a socket."""

    def __init__(self, fs: Ext2FileSystem, ino: int, record: InodeRecord) -> None:
        MemoryNode.__init__(self, fs.vfs, fs, ino, record.mode, *owner(record))
        self.settle(fs, record)
        if stat.S_ISLNK(record.mode):
            self.target = self._text()
        else:
            self.rdev = number_of(record)

    def _text(self) -> bytes:
        """A link's text: in the inode, if it has no blocks (ext2_inode_is_fast_symlink)."""
        record, volume = self.record, self.ext2.volume
        if not self.own_blocks():
            return bytes(record.raw[layout.BLOCK : layout.BLOCK + min(record.size_low, layout.TEXT)])
        first, _ = self.blocks.run(0, 1)
        return volume.read(first, 0, min(record.size_low, volume.block_size))


def owner(record: InodeRecord) -> tuple[int, int]:
    """User and group."""
    return record.uid_low | record.uid_high << 16, record.gid_low | record.gid_high << 16


def number_of(record: InodeRecord) -> int:
    """The number of a device, as makedev(3) makes it: in the old form, or in the new one (ext2_iget)."""
    if stat.S_IFMT(record.mode) not in (stat.S_IFCHR, stat.S_IFBLK):
        return 0
    old = int.from_bytes(record.raw[layout.BLOCK : layout.BLOCK + 4], "little")
    new = int.from_bytes(record.raw[layout.BLOCK + 4 : layout.BLOCK + 8], "little")
    if old:
        return os.makedev(old >> 8 & 0xFF, old & 0xFF)
    return os.makedev(new >> 8 & 0xFFF, new & 0xFF | new >> 12 & 0xFFF00)


def put_number(record: InodeRecord, rdev: int) -> None:
    """Stores the number of a device."""
    major, minor = os.major(rdev), os.minor(rdev)
    old, new = 0, 0
    if major < 256 and minor < 256:
        old = major << 8 | minor
    else:
        new = minor & 0xFF | major << 8 | (minor & ~0xFF) << 12
    record.raw[layout.BLOCK : layout.BLOCK + 8] = old.to_bytes(4, "little") + new.to_bytes(4, "little")
