"""Regular files of an ext2 file system (fs/ext2/inode.c, file.c)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.ext2.inodes import Ext2Node, owner
from ring3.fs.regular import RegularInode
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.ext2.filesystem import Ext2FileSystem
    from ring3.fs.ext2.layout import InodeRecord
    from ring3.fs.file import Stat


class Ext2Pages(PageCache):
    """The pages of a file; a file without names is given back when nobody maps it any more."""

    __slots__ = ("_file",)

    def __init__(self, file: Ext2File) -> None:
        number = file.fs.dev
        self._file = file
        device = (os.major(number), os.minor(number))
        super().__init__(file.vfs.ram, file, "", device, file.ino, file.vfs.objects)

    def free(self) -> None:
        """Nobody has them any more."""
        if not self._file.nlink:
            self.dirty.clear()
        super().free()
        self._file.lost_pages()


class Ext2File(Ext2Node, RegularInode):
    """A regular file."""

    def __init__(self, fs: Ext2FileSystem, ino: int, record: InodeRecord) -> None:
        RegularInode.__init__(self, fs, ino, record.mode, *owner(record))
        self._pages: Ext2Pages | None = None
        self.settle(fs, record)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.record.size_low | self.record.size_high << 32

    def _set_size(self, size: int) -> None:
        self.record.size_low, self.record.size_high = size & 0xFFFF_FFFF, size >> 32
        if size >> 31:
            self.ext2.has_large_files()

    @property
    def pages(self) -> Ext2Pages:
        """The contents."""
        if self._pages is None:
            self._pages = Ext2Pages(self)
        return self._pages

    # -- contents ------------------------------------------------------------------------------------------------

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        self.flush()
        return self._fetch(offset, size)

    def _fetch(self, offset: int, size: int) -> bytes:
        volume, parts = self.ext2.volume, []
        block_size = volume.block_size
        while size > 0:
            index, inside = divmod(offset, block_size)
            first, count = self.blocks.run(index, -(-(inside + size) // block_size))
            length = min(size, count * block_size - inside)
            parts.append(volume.read(first, inside, length) if first else bytes(length))
            offset += length
            size -= length
        return b"".join(parts)

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes; fewer if the device is full."""
        if not data:
            return 0
        if offset >= self.ext2.longest:
            raise Errno(E.EFBIG)
        data = data[: self.ext2.longest - offset]
        self.flush()
        done = self._store(offset, data)
        if offset + done > self.size:
            self._set_size(offset + done)
        self.touch()
        if self._pages is not None:
            self._pages.update(offset, data[:done])
        return done

    def _store(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes, in new blocks where there are holes; returns how many.

        Raises:
            Errno: ENOSPC, there was room for none; as the device.
        """
        volume, done = self.ext2.volume, 0
        block_size = volume.block_size
        while done < len(data):
            index, inside = divmod(offset + done, block_size)
            wanted = -(-(inside + len(data) - done) // block_size)
            first, count = self.blocks.run(index, wanted)
            if first:
                piece = data[done : done + count * block_size - inside]
                volume.write(first, piece, inside)
                done += len(piece)
                continue
            try:
                taken = self.blocks.fill(index, count)
            except Errno as error:
                self.note_change()  # blocks of numbers may have been taken
                if done and error.number is E.ENOSPC:
                    break
                raise
            first, _ = self.blocks.run(index, taken)
            piece = data[done : done + taken * block_size - inside]
            volume.write(first, b"".join((bytes(inside), piece, bytes(-(inside + len(piece)) % block_size))))
            done += len(piece)
        return done

    def truncate(self, size: int) -> None:
        """Changes the size."""
        if size > self.ext2.longest:
            raise Errno(E.EFBIG)
        volume = self.ext2.volume
        self.flush()
        if size < self.size:
            self.blocks.cut(-(-size // volume.block_size))
            index, inside = divmod(size, volume.block_size)
            first, _ = self.blocks.run(index, 1) if inside else (0, 0)
            if first:
                volume.write(first, bytes(volume.block_size - inside), inside)
        self._set_size(size)
        self.touch()
        if self._pages is not None:
            self._pages.truncate(size)

    def sync(self) -> None:
        """Brings everything to the device, and that to where it is kept."""
        self.ext2.sync()

    # -- mappings ------------------------------------------------------------------------------------------------

    def read_page(self, index: int) -> bytes:
        """The bytes of a page."""
        offset = index << PAGE_SHIFT
        return self._fetch(offset, min(PAGE_SIZE, self.size - offset))

    def write_page(self, index: int, data: bytes) -> None:
        """Stores a page that was changed through a mapping."""
        self._store(index << PAGE_SHIFT, data)
        self.touch()

    def flush(self) -> None:
        """Stores what was written into mappings."""
        if self._pages is not None and self._pages.dirty:
            self._pages.flush()

    def lost_pages(self) -> None:
        """Nobody has its pages any more."""
        self._pages = None
        self.forget_if_unused()

    def drop_pages(self) -> None:
        """Stores what is left, and keeps no pages any more."""
        if self._pages is not None:
            self.flush()
            self._pages.drop()

    def closed(self) -> None:
        """One open file description fewer."""
        super().closed()
        self.forget_if_unused()

    def forget_if_unused(self) -> None:
        """Gives its blocks back when neither a name nor an open file nor a mapping leads here."""
        if self.nlink or self.opens or self.is_gone:
            return
        pages, self._pages = self._pages, None
        if pages is None:
            self.ext2.give_back(self)
        else:
            pages.drop()

    def stat(self) -> Stat:
        """All attributes."""
        return self.as_stat(self.size, 0)
