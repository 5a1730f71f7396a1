"""Directories of an ext2 file system (fs/ext2/namei.c, dir.c)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.directory import Directory
from ring3.fs.ext2 import directory as names
from ring3.fs.ext2 import layout
from ring3.fs.ext2.inodes import Ext2Node, Ext2Special, owner
from ring3.fs.inode import NAME_MAX, Entry, Inode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ring3.fs.dentry import Dentry
    from ring3.fs.ext2.directory import Row
    from ring3.fs.ext2.filesystem import Ext2FileSystem
    from ring3.fs.ext2.layout import InodeRecord
    from ring3.fs.file import File, Stat
    from ring3.fs.permission import Who


class Ext2Directory(Ext2Node, Inode):
    """A directory."""

    def __init__(self, fs: Ext2FileSystem, ino: int, record: InodeRecord) -> None:
        Inode.__init__(self, fs, ino, record.mode, *owner(record))
        self._known: dict[bytes, int] | None = None
        self.settle(fs, record)

    # -- its blocks ----------------------------------------------------------------------------------------------

    def _blocks(self) -> Iterator[tuple[int, bytearray]]:
        """Its blocks, each with where it is on the device.

        Raises:
            Errno: EIO, one is missing.
        """
        volume = self.ext2.volume
        for index in range(self.record.size_low // volume.block_size):
            first, _ = self.blocks.run(index, 1)
            if not first:
                raise Errno(E.EIO)
            yield first, bytearray(volume.read(first))

    def _rows(self) -> Iterator[Row]:
        for _, block in self._blocks():
            for row in names.rows(block):
                if row.ino:
                    yield row

    def find_row(self, name: bytes) -> tuple[int, bytearray, Row]:
        """The block that a name is in, its contents, and the row.

        Raises:
            Errno: ENOENT.
        """
        for at, block in self._blocks():
            for row in names.rows(block):
                if row.ino and row.name == name:
                    return at, block, row
        raise Errno(E.ENOENT)

    @property
    def inodes(self) -> dict[bytes, int]:
        """The inodes of all names, ``.`` and ``..`` among them."""
        if self._known is None:
            self._known = {row.name: row.ino for row in self._rows()}
        return self._known

    # -- looking -------------------------------------------------------------------------------------------------

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name."""
        found = self.inodes.get(name)
        if found is None or name in (b".", b".."):
            raise Errno(E.ENAMETOOLONG if len(name) > NAME_MAX else E.ENOENT)
        return self.ext2.inode(found)

    def entries(self) -> list[Entry]:
        """All names but ``.`` and ``..``, in the order of the device."""
        return [
            Entry(row.name, row.ino, names.MODES.get(row.kind, 0))
            for row in self._rows()
            if row.name not in (b".", b"..")
        ]

    def is_empty(self) -> bool:
        """Whether it has no entries."""
        return self.inodes.keys() <= {b".", b".."}

    def stat(self) -> Stat:
        """All attributes."""
        return self.as_stat(self.record.size_low, 0)

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open directory."""
        return Directory(self, dentry, flags)

    def sync(self) -> None:
        """Brings everything to the device, and that to where it is kept."""
        self.ext2.sync()

    # -- new names -----------------------------------------------------------------------------------------------

    def create(self, name: bytes, mode: int, who: Who, rdev: int = 0) -> Inode:
        """Makes a file of any type."""
        self.check_name(name)
        is_directory = stat.S_ISDIR(mode)
        if is_directory and self.nlink >= layout.LINK_MAX:
            raise Errno(E.EMLINK)
        made = self.ext2.new_inode(self, mode, who, rdev)
        try:
            if is_directory:
                self._fill_new(made)
            self.put(name, made)
        except Errno:
            made.nlink = 0
            made.forget_if_unused()
            raise
        return made

    def _fill_new(self, made: Ext2Node) -> None:
        """Gives a new directory its block.

        Raises:
            Errno: ENOSPC.
        """
        volume = self.ext2.volume
        made.blocks.fill(0, 1)
        first, _ = made.blocks.run(0, 1)
        kind = self.kind_shown(stat.S_IFDIR)
        volume.write(first, names.first_block(volume.block_size, made.ino, self.ino, kind))
        made.record.size_low, made.nlink = volume.block_size, 2
        made.note_change()

    def create_unnamed(self, mode: int, who: Who) -> Inode:
        """Makes a regular file without a name."""
        made = self.ext2.new_inode(self, mode, who, 0)
        made.nlink, made.linkable = 0, True
        made.note_change()
        return made

    def symlink(self, name: bytes, target: bytes, who: Who) -> Inode:
        """Makes a symbolic link."""
        self.check_name(name)
        volume = self.ext2.volume
        if len(target) >= volume.block_size:
            raise Errno(E.ENAMETOOLONG)
        made = self.ext2.new_inode(self, stat.S_IFLNK | 0o777, who, 0)
        try:
            if len(target) < layout.TEXT:
                made.record.raw[layout.BLOCK : layout.BLOCK + len(target)] = target
            else:
                made.blocks.fill(0, 1)
                first, _ = made.blocks.run(0, 1)
                volume.write(first, target.ljust(volume.block_size, b"\0"))
            assert isinstance(made, Ext2Special)
            made.record.size_low, made.target = len(target), target
            made.note_change()
            self.put(name, made)
        except Errno:
            made.nlink = 0
            made.forget_if_unused()
            raise
        return made

    def link(self, name: bytes, inode: Inode) -> None:
        """One more name."""
        self.check_name(name)
        assert isinstance(inode, Ext2Node)
        if inode.nlink >= layout.LINK_MAX:
            raise Errno(E.EMLINK)
        inode.add_name()
        try:
            self.put(name, inode)
        except Errno:
            inode.lose_name()
            raise

    def put(self, name: bytes, inode: Inode) -> None:
        """Adds an entry, in a new block if none has room for it.

        Raises:
            Errno: ENOSPC.
        """
        volume, kind = self.ext2.volume, self.kind_shown(inode.kind)
        for at, block in self._blocks():
            row = next((row for row in names.rows(block) if names.is_free(row, name)), None)
            if row is not None:
                names.put(block, row, inode.ino, kind, name)
                volume.write(at, block)
                break
        else:
            index = self.record.size_low // volume.block_size
            self.blocks.fill(index, 1)
            at, _ = self.blocks.run(index, 1)
            block = names.empty_block(volume.block_size)
            names.put(block, next(names.rows(block)), inode.ino, kind, name)
            volume.write(at, block)
            self.record.size_low += volume.block_size
        self.inodes[name] = inode.ino
        self.names_changed(1 if inode.is_directory else 0)

    def names_changed(self, subdirectories: int) -> None:
        """Its list is another one, with so many more directories in it."""
        self.fs_flags &= ~layout.INDEX_FL
        self.nlink += subdirectories
        self.touch()

    def kind_shown(self, mode: int) -> int:
        """What a row says of the kind of a file."""
        if not self.ext2.volume.superblock.feature_incompat & layout.INCOMPAT_FILETYPE:
            return 0
        return names.KINDS[stat.S_IFMT(mode) >> 9]

    # -- names that go -------------------------------------------------------------------------------------------

    def take(self, name: bytes) -> Ext2Node:
        """Removes an entry, whatever it is."""
        at, block, row = self.find_row(name)
        inode = self.ext2.inode(row.ino)
        names.remove(block, row)
        self.ext2.volume.write(at, block)
        del self.inodes[name]
        self.names_changed(-1 if inode.is_directory else 0)
        return inode

    def unlink(self, name: bytes) -> None:
        """Takes a name away."""
        self.take(name).lose_name()

    def rmdir(self, name: bytes) -> None:
        """Removes an empty directory."""
        inode = self.lookup(name)
        if isinstance(inode, Ext2Directory) and not inode.is_empty():
            raise Errno(E.ENOTEMPTY)
        self.take(name).lose_name()

    def lose_name(self) -> None:
        """It was removed."""
        self.nlink = 0
        self.ctime = self.vfs.now()
        self.forget_if_unused()

    def move(self, name: bytes, to: Inode, new_name: bytes, exchange: bool) -> None:
        """Moves an entry."""
        assert isinstance(to, Ext2Directory)
        if exchange:
            raise Errno(E.EINVAL)  # ext2_rename knows RENAME_NOREPLACE alone
        to.check_name(new_name)
        moving = self.ext2.inode(self.inodes[name])
        replaced = to.inodes.get(new_name)
        if replaced is None:
            if moving.is_directory and to is not self and to.nlink >= layout.LINK_MAX:
                raise Errno(E.EMLINK)
            to.put(new_name, moving)
        else:
            self._replace(to, new_name, self.ext2.inode(replaced), moving)
        self.take(name)
        if isinstance(moving, Ext2Directory) and to is not self:
            moving.point_up(to)
        moving.ctime = self.vfs.now()
        moving.note_change()

    @staticmethod
    def _replace(to: Ext2Directory, name: bytes, replaced: Ext2Node, moving: Ext2Node) -> None:
        """Has a name lead to another inode.

        Raises:
            Errno: ENOTEMPTY, a directory would be lost.
        """
        if isinstance(replaced, Ext2Directory) and not replaced.is_empty():
            raise Errno(E.ENOTEMPTY)
        at, block, row = to.find_row(name)
        names.point(block, row, moving.ino, to.kind_shown(moving.kind))
        to.ext2.volume.write(at, block)
        to.inodes[name] = moving.ino
        to.names_changed(int(moving.is_directory) - int(replaced.is_directory))
        replaced.lose_name()

    def point_up(self, above: Ext2Directory) -> None:
        """It is in another directory now."""
        at, block, row = self.find_row(b"..")
        names.point(block, row, above.ino, row.kind)
        self.ext2.volume.write(at, block)
        self.inodes[b".."] = above.ino
