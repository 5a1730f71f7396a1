"""An ext2 file system that is mounted (fs/ext2/super.c, ialloc.c)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.ext2 import layout
from ring3.fs.ext2.blocks import SECTOR
from ring3.fs.ext2.directories import Ext2Directory
from ring3.fs.ext2.inodes import Ext2Special, put_number
from ring3.fs.ext2.layout import InodeRecord
from ring3.fs.ext2.regular import Ext2File
from ring3.fs.ext2.volume import Volume
from ring3.fs.inode import FileSystem, StatFs
from ring3.fs.permission import of_new

if TYPE_CHECKING:
    from ring3.fs.block.disk import Disk
    from ring3.fs.ext2.inodes import Ext2Node
    from ring3.fs.permission import Who
    from ring3.fs.vfs import Vfs

    Ext2Inode = Ext2File | Ext2Directory | Ext2Special

SECOND: Final = 10**9


class Ext2FileSystem(FileSystem):
    """An ext2 file system.

    Attributes:
        vfs: The machine's files.
        disk: The device that it is on.
        volume: What is on the device.
        longest: Bytes that a file may have.
        by_directory: New files have the group of their directory (the option ``grpid``).
    """

    def __init__(self, vfs: Vfs, disk: Disk, *, readonly: bool = False, by_directory: bool = False) -> None:
        """Mounts what is on a device.

        Raises:
            Errno: EINVAL, no such file system, or one with features that are not known; EACCES, the device cannot be
                written; EIO.
        """
        self.volume = volume = Volume(disk)
        if not readonly and disk.readonly:
            raise Errno(E.EACCES)
        if not readonly and not volume.can_be_written:
            raise Errno(E.EINVAL)
        super().__init__("ext2", disk.number, source=f"/dev/{disk.name}", readonly=readonly)
        self.vfs = vfs
        self.disk = disk
        self.by_directory = by_directory
        self.longest = _longest(volume)
        self._inodes: WeakValueDictionary[int, Ext2Inode] = WeakValueDictionary()
        self._state = volume.superblock.state
        top = self.inode(layout.ROOT)
        if not isinstance(top, Ext2Directory):
            raise Errno(E.EINVAL)
        self.root = Dentry(self, top)
        if not readonly:
            self._begin_to_write()

    def _begin_to_write(self) -> None:
        """Notes on the device that it is mounted (ext2_setup_super)."""
        superblock = self.volume.superblock
        self._state = superblock.state
        superblock.state &= ~layout.STATE_VALID
        superblock.mnt_count = superblock.mnt_count + 1 & 0xFFFF
        superblock.mtime = superblock.wtime = self.vfs.now() // SECOND & 0xFFFF_FFFF
        self.volume.store_superblock()

    def _end_writing(self) -> None:
        """Notes on the device that it is not written any more."""
        superblock = self.volume.superblock
        superblock.state = self._state
        superblock.wtime = self.vfs.now() // SECOND & 0xFFFF_FFFF
        self.volume.sync()

    def set_readonly(self, readonly: bool) -> None:
        """Changes whether it can be written (ext2_remount).

        Raises:
            Errno: EROFS, it has features that are not known, or the device cannot be written.
        """
        if readonly == self.readonly:
            return
        if readonly:
            self.sync()
            self._end_writing()
        elif self.disk.readonly or not self.volume.can_be_written:
            raise Errno(E.EROFS)
        else:
            self._begin_to_write()
        self.readonly = readonly

    def statfs(self) -> StatFs:
        """How full it is; blocks that hold no files do not count (``bsddf``)."""
        volume, found = self.volume, self.volume.superblock
        free = found.free_blocks_count
        return StatFs(
            layout.MAGIC, volume.block_size, found.blocks_count - volume.overhead(), free,
            max(0, free - found.r_blocks_count), found.inodes_count, found.free_inodes_count,
        )  # fmt: skip

    def sync(self) -> None:
        """Brings everything to the device, and that to where it is kept."""
        if not self.readonly:
            for inode in list(self._inodes.values()):
                if isinstance(inode, Ext2File):
                    inode.flush()
            self.volume.sync()
        self.disk.sync()

    def close(self) -> None:
        """It is mounted nowhere any more."""
        for inode in list(self._inodes.values()):
            if isinstance(inode, Ext2File):
                inode.drop_pages()
        if not self.readonly:
            self._end_writing()
            self.readonly = True
        self.disk.closed(self)

    # -- inodes --------------------------------------------------------------------------------------------------

    def inode(self, ino: int) -> Ext2Inode:
        """The inode of a number.

        Raises:
            Errno: EIO, there is none.
        """
        found = self._inodes.get(ino)
        if found is None:
            raw = self.disk.pread(self.volume.inode_at(ino), layout.INODE_SIZE)
            if len(raw) < layout.INODE_SIZE:
                raise Errno(E.EIO)
            record = InodeRecord(raw)
            if not record.nlink and (not record.mode or record.dtime):
                raise Errno(E.EIO)
            found = self._adopt(ino, record)
        return found

    def _adopt(self, ino: int, record: InodeRecord) -> Ext2Inode:
        kinds: dict[int, type[Ext2File | Ext2Directory]] = {
            stat.S_IFREG: Ext2File,
            stat.S_IFDIR: Ext2Directory,
        }
        made: Ext2Inode = kinds.get(stat.S_IFMT(record.mode), Ext2Special)(self, ino, record)
        self._inodes[ino] = made
        return made

    def store(self, ino: int, record: InodeRecord) -> None:
        """Writes an inode to the device."""
        if not self.readonly:
            self.disk.pwrite(self.volume.inode_at(ino), record.raw)

    def new_inode(self, directory: Ext2Directory, mode: int, who: Who, rdev: int) -> Ext2Inode:
        """Makes an inode with one name, for a directory.

        Raises:
            Errno: ENOSPC.
        """
        mode, uid, gid = of_new(directory, mode, who, by_directory=self.by_directory)
        ino = self.volume.allocate_inode(directory.ino, stat.S_ISDIR(mode))
        record = InodeRecord(bytes(layout.INODE_SIZE))
        record.mode, record.nlink, record.flags = mode, 1, _inherited(directory.fs_flags, mode)
        record.generation = self.vfs.now() & 0xFFFF_FFFF
        if self.volume.inode_size > layout.INODE_SIZE:
            rest = bytes(self.volume.inode_size - layout.INODE_SIZE)
            self.disk.pwrite(self.volume.inode_at(ino) + layout.INODE_SIZE, rest)
        put_number(record, rdev)
        made = self._adopt(ino, record)
        made.uid, made.gid = uid, gid
        made.start_times()
        if directory.default_acl is not None and not made.is_link:
            made.inherit_acl(directory.default_acl)
        made.note_change()
        return made

    def give_back(self, inode: Ext2Node) -> None:
        """Takes an inode away that neither a name nor anybody leads to."""
        record = inode.record
        if inode.is_gone:
            return
        if inode.own_blocks():
            inode.blocks.cut(0)
        inode.give_attributes_back()
        record.size_low = record.size_high = 0
        record.dtime = self.vfs.now() // SECOND & 0xFFFF_FFFF
        inode.nlink = 0
        inode.note_change()
        inode.is_gone = True
        self.volume.release_inode(inode.ino, inode.is_directory)
        self._inodes.pop(inode.ino, None)

    # -- features ------------------------------------------------------------------------------------------------

    def has_large_files(self) -> None:
        """Notes that there is a file of more than 2 GiB."""
        superblock = self.volume.superblock
        if superblock.rev_level and not superblock.feature_ro_compat & layout.RO_COMPAT_LARGE_FILE:
            superblock.feature_ro_compat |= layout.RO_COMPAT_LARGE_FILE
            self.volume.store_superblock()

    def has_attributes(self) -> None:
        """Notes that there is a block of extended attributes."""
        superblock = self.volume.superblock
        if not superblock.feature_compat & layout.COMPAT_EXT_ATTR:
            superblock.feature_compat |= layout.COMPAT_EXT_ATTR
            self.volume.store_superblock()


def _inherited(flags: int, mode: int) -> int:
    """The flags of a new inode (ext2_mask_flags)."""
    flags &= layout.INHERITED_FL
    if stat.S_ISDIR(mode):
        return flags
    if stat.S_ISREG(mode):
        return flags & ~layout.OF_DIRECTORIES_FL
    return flags & layout.OF_OTHERS_FL


def _longest(volume: Volume) -> int:
    """Bytes that a file may have: as many as there are numbers for, in less than 2^32 sectors (ext2_max_size)."""
    per_block, size = volume.per_block, volume.block_size
    if not volume.superblock.rev_level:
        return (1 << 31) - 1
    named = layout.NDIR + per_block + per_block**2 + per_block**3
    return min(named, ((1 << 32) - 1) // (size // SECTOR)) * size
