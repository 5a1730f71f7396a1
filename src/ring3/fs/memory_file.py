"""Regular files in memory.

Contents are a `SharedObject`, so a mapping, a read and a write of the same file touch the same frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.file import Stat
from ring3.fs.inode import FileSystem
from ring3.fs.memory_inode import Attributes
from ring3.fs.regular import MAX_SIZE, RegularInode
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.shared import SharedObject
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.tmpfs_limits import Limits
    from ring3.fs.vfs import Vfs

FALLOC_FL_KEEP_SIZE: Final = 1
FALLOC_FL_PUNCH_HOLE: Final = 2


class MemoryFile(Attributes, RegularInode):
    """A regular file in memory."""

    def __init__(
        self,
        vfs: Vfs,
        fs: FileSystem,
        ino: int,
        mode: int,
        uid: int,
        gid: int,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(fs, ino, mode, uid, gid)
        self.vfs = vfs
        self._limits = limits
        self._pages: SharedObject | None = None
        self.nlink = 1
        self.start_times()

    @property
    def pages(self) -> SharedObject:
        """The contents."""
        if self._pages is None:
            device = (self.fs.dev >> 8, self.fs.dev & 0xFF)
            if self._limits is None:
                self._pages = SharedObject(self.vfs.ram, 0, "", device, self.ino)
            else:
                self._pages = self._limits.pages(self.vfs.ram, device, self.ino)
        return self._pages

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return 0 if self._pages is None else self._pages.size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        return b"" if self._pages is None else self._pages.read(offset, size)

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes; fewer if RAM or the file system is full."""
        if not data:
            return 0
        if offset >= MAX_SIZE:
            raise Errno(E.EFBIG)
        self.touch()
        pages = self.pages
        data = data[: MAX_SIZE - offset]
        while True:
            try:
                pages.write(offset, data)
            except Errno as error:
                if error.number is E.ENOMEM and self.vfs.objects.reclaim(
                    1 + len(data) // PAGE_SIZE, mapped=False
                ):
                    continue
                done = min(len(data), pages.size - offset)
                if done <= 0:
                    raise Errno(E.ENOSPC) from None
                return done
            return len(data)

    def truncate(self, size: int) -> None:
        """Changes the size."""
        self.touch()
        self.pages.truncate(size)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Frees or fills whole pages."""
        self.touch()
        allocate(self.pages, mode, offset, length)

    def data_at(self, offset: int, hole: bool) -> int:
        """Frames are data, and pages without one are holes."""
        if offset >= self.size:
            raise Errno(E.ENXIO)
        return data_at(self.pages, self.size, offset, hole)

    def stat(self) -> Stat:
        """All attributes; the pages in memory are its blocks."""
        frames = 0 if self._pages is None else len(self._pages.frames)
        return self.as_stat(self.size, frames * (PAGE_SIZE // 512))

    def closed(self) -> None:
        """The last user of a file without names gives its pages back."""
        super().closed()
        self.forget_if_unused()

    def forget_if_unused(self) -> None:
        """Gives the pages back if neither a name nor an open file leads here."""
        if not self.nlink and not self.opens and self._pages is not None:
            self._pages.drop()
            self._pages = None


def allocate(pages: MemoryObject, mode: int, offset: int, length: int) -> None:
    """fallocate(2) on an object in memory.

    Raises:
        Errno: EOPNOTSUPP, a mode that memory files do not have; ENOSPC.
    """
    if mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE):
        raise Errno(E.EOPNOTSUPP)
    if mode & FALLOC_FL_PUNCH_HOLE:
        punch(pages, offset, min(offset + length, pages.size))
        return
    first, last = offset >> PAGE_SHIFT, (offset + length + PAGE_SIZE - 1) >> PAGE_SHIFT
    if last - first > pages.ram.frames_free:
        raise Errno(E.ENOSPC)
    if not mode & FALLOC_FL_KEEP_SIZE:
        pages.size = max(pages.size, offset + length)
    for index in range(first, min(last, (pages.size + PAGE_SIZE - 1) >> PAGE_SHIFT)):
        try:
            pages.page(index)
        except Errno:
            raise Errno(E.ENOSPC) from None


def punch(pages: MemoryObject, start: int, end: int) -> None:
    """Makes a range read as zeros: whole pages are freed, the rest is overwritten."""
    if start >= end:
        return
    first, last = (start + PAGE_SIZE - 1) >> PAGE_SHIFT, end >> PAGE_SHIFT
    if end == pages.size:
        last = (end + PAGE_SIZE - 1) >> PAGE_SHIFT
    if first < last:
        pages.punch(first, last)
    for low, high in ((start, min(end, first << PAGE_SHIFT)), (max(start, last << PAGE_SHIFT), end)):
        if low < high:
            pages.blank(low >> PAGE_SHIFT, low % PAGE_SIZE, low % PAGE_SIZE + high - low)


def data_at(pages: MemoryObject, size: int, offset: int, hole: bool) -> int:
    """The first byte from an offset that has a frame, or has none.

    Raises:
        Errno: ENXIO, no data follows.
    """
    for index in range(offset >> PAGE_SHIFT, (size + PAGE_SIZE - 1) >> PAGE_SHIFT):
        if (index in pages.frames) is not hole:
            return max(offset, index << PAGE_SHIFT)
    if hole:
        return size
    raise Errno(E.ENXIO)
