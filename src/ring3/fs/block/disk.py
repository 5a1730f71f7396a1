"""Block devices, and open ones (block/fops.c, block/bdev.c of Linux 6.x).

A device is a row of bytes of a fixed length. Mappings of it are pages of a cache, as those of a file are; what is
stored into them reaches the device before anybody reads that otherwise, so that file systems and programs see the
same. Requests are served at once: there is no queue.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.devices import DeviceFile
from ring3.fs.file import SEEK_DATA, SEEK_HOLE
from ring3.fs.memory_file import FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
from ring3.fs.opening import O_EXCL
from ring3.fs.regular import seek
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.inode import Inode
    from ring3.fs.vfs import Vfs
    from ring3.kernel.mm.objects import MemoryObject

SECTOR: Final = 512
"""Bytes that sizes and counters are told in."""
READ_AHEAD: Final = 256
"""Sectors that are read ahead where nothing else is said (VM_READAHEAD_PAGES)."""
FALLOC_FL_ZERO_RANGE: Final = 16
_PIECE: Final = 1 << 20


class Disk:
    """A block device.

    Attributes:
        name: What it is called in /dev and /sys.
        number: Its device number, as makedev(3) makes it.
        size: Bytes on it.
        readonly: Nothing can be written to it.
        logical_size: Bytes of its smallest unit.
        block_size: Bytes of the blocks in which its cache is asked for (BLKBSZGET).
        opens: How many have it open.
        holder: Who has it for itself: an open file (O_EXCL), or the file system that is mounted from it.
        counters: How often it was read, how many sectors, the same of writing, and the nanoseconds that all that took.
        read_ahead: What programs have said of reading ahead, in sectors: it is told, nothing is read ahead.
        sequence: Counts the media that were in all devices (BLKGETDISKSEQ).
    """

    requests = "block"
    """Which requests of ioctl(2) it answers."""

    def __init__(self, vfs: Vfs, name: str, number: int) -> None:
        self.vfs = vfs
        self.name = name
        self.number = number
        self.size = 0
        self.readonly = False
        self.logical_size = SECTOR
        self.block_size = PAGE_SIZE
        self.opens = 0
        self.holder: object = None
        self.counters = [0, 0, 0, 0, 0]
        self.read_ahead = READ_AHEAD
        self.sequence = 0
        self._pages: PageCache | None = None

    @property
    def place(self) -> Dentry | None:
        """Where the file is that it shows, if it shows one."""
        return None

    # -- what kinds of devices do --------------------------------------------------------------------------------

    def fetch(self, offset: int, size: int) -> bytes:
        """Bytes inside of it.

        Raises:
            Errno: EIO here; as what is behind it.
        """
        raise Errno(E.EIO)

    def put(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Stores bytes inside of it.

        Raises:
            Errno: EIO here; as what is behind it.
        """
        raise Errno(E.EIO)

    def drop(self, offset: int, size: int) -> None:
        """Forgets bytes inside of it, which are zeros then.

        Raises:
            Errno: EOPNOTSUPP, it cannot.
        """
        raise Errno(E.EOPNOTSUPP)

    # -- contents ------------------------------------------------------------------------------------------------

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end.

        Raises:
            Errno: As `fetch`.
        """
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        self.flush()
        return self._counted_fetch(offset, size)

    def pwrite(self, offset: int, data: bytes | bytearray | memoryview) -> int:
        """Stores bytes at an offset; returns how many, fewer at the end.

        Raises:
            Errno: EPERM, it is read-only; ENOSPC, there is no room for any (blkdev_write_iter); as `put`.
        """
        if self.readonly:
            raise Errno(E.EPERM)
        room = self.size - offset
        if not data:
            return 0
        if room <= 0:
            raise Errno(E.ENOSPC)
        data = memoryview(data)[:room]
        self.flush()
        self._counted_put(offset, data)
        if self._pages is not None:
            self._pages.update(offset, data)
        return len(data)

    def zero(self, offset: int, size: int) -> None:
        """Makes bytes inside of it zeros.

        Raises:
            Errno: EPERM; as `put`.
        """
        if self.readonly:
            raise Errno(E.EPERM)
        self.flush()
        try:
            self.drop(offset, size)
        except Errno as error:
            if error.number is not E.EOPNOTSUPP:
                raise
            for start in range(offset, offset + size, _PIECE):
                self._counted_put(start, bytes(min(_PIECE, offset + size - start)))
        self.forget(offset, size)

    def discard(self, offset: int, size: int) -> None:
        """Forgets bytes inside of it.

        Raises:
            Errno: EPERM; EOPNOTSUPP, it cannot.
        """
        if self.readonly:
            raise Errno(E.EPERM)
        self.flush()
        self.drop(offset, size)
        self.forget(offset, size)

    def forget(self, offset: int, size: int) -> None:
        """Shows mappings that bytes have become zeros."""
        if self._pages is not None:
            for start in range(offset, offset + size, PAGE_SIZE):
                self._pages.update(start, bytes(min(PAGE_SIZE, offset + size - start)))

    def _counted_fetch(self, offset: int, size: int) -> bytes:
        counters = self.counters
        counters[0] += 1
        counters[1] += -(-size // SECTOR)
        start = self.vfs.now()
        try:
            return self.fetch(offset, size)
        finally:
            counters[4] += self.vfs.now() - start

    def _counted_put(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        counters = self.counters
        counters[2] += 1
        counters[3] += -(-len(data) // SECTOR)
        start = self.vfs.now()
        self.put(offset, data)
        counters[4] += self.vfs.now() - start

    # -- mappings ------------------------------------------------------------------------------------------------

    @property
    def pages(self) -> MemoryObject:
        """Its contents, to be mapped."""
        if self._pages is None:
            name, device = f"/dev/{self.name}", (os.major(self.number), os.minor(self.number))
            self._pages = PageCache(self.vfs.ram, self, name, device, 0, self.vfs.objects)
        return self._pages

    def read_page(self, index: int) -> bytes:
        """The bytes of a page."""
        offset = index << PAGE_SHIFT
        return self._counted_fetch(offset, min(PAGE_SIZE, self.size - offset))

    def write_page(self, index: int, data: bytes) -> None:
        """Stores a page that was changed through a mapping."""
        self._counted_put(index << PAGE_SHIFT, data)

    def flush(self) -> None:
        """Stores what was written into mappings.

        Raises:
            Errno: As `put`.
        """
        if self._pages is not None and self._pages.dirty:
            self._pages.flush()

    def resize(self, size: int) -> None:
        """Its length is another one."""
        self.flush()
        self.size = size
        if self._pages is not None:
            self._pages.truncate(size)

    def sync(self) -> None:
        """Brings everything to what is behind it."""
        self.flush()

    # -- who uses it ---------------------------------------------------------------------------------------------

    def open(self, inode: Inode, dentry: Dentry, flags: int) -> DiskFile:
        """An open device.

        Raises:
            Errno: EBUSY, somebody has it alone who opens it with O_EXCL too.
        """
        return DiskFile(self, inode, dentry, flags)

    def claim(self, holder: object) -> None:
        """Takes it for somebody alone (bd_prepare_to_claim).

        Raises:
            Errno: EBUSY, another one has it.
        """
        if self.holder is not None and self.holder is not holder:
            raise Errno(E.EBUSY)
        self.holder = holder

    def opened(self) -> None:
        """One more has it open."""
        self.opens += 1

    def closed(self, holder: object) -> None:
        """One fewer has it open, who may have had it alone."""
        self.flush()
        if self.holder is holder:
            self.holder = None
        self.opens -= 1


class DiskFile(DeviceFile):
    """A block device, open.

    Attributes:
        disk: The device.
    """

    def __init__(self, disk: Disk, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags & ~O_EXCL)
        if flags & O_EXCL:
            disk.claim(self)
        disk.opened()
        self.disk = disk
        self.requests = disk.requests

    def read(self, size: int) -> bytes:
        """Reads from the position on."""
        data = self.disk.pread(self.position, size)
        self.position += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Moves the position back."""
        self.position -= len(data)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Writes at the position."""
        done = self.disk.pwrite(self.position, data)
        self.position += done
        return done

    def pread(self, size: int, offset: int) -> bytes:
        """Reads at an offset."""
        return self.disk.pread(offset, size)

    def pwrite(self, data: bytes | bytearray | memoryview, offset: int) -> int:
        """Writes at an offset."""
        return self.disk.pwrite(offset, data)

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position, not beyond the end; there are no holes (blkdev_llseek)."""
        size = self.disk.size
        if whence in (SEEK_DATA, SEEK_HOLE):
            raise Errno(E.EINVAL)
        found = seek(self.position, size, offset, whence)
        if found > size:
            raise Errno(E.EINVAL)
        self.position = found
        return found

    def available(self) -> int:
        """Refused (FIONREAD is no request of block devices)."""
        raise Errno(E.EINVAL)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Makes a range zeros (blkdev_fallocate): nothing else can be asked for."""
        punches = mode == FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        zeros = mode & ~FALLOC_FL_KEEP_SIZE == FALLOC_FL_ZERO_RANGE
        if not punches and not zeros:
            raise Errno(E.EOPNOTSUPP)
        size, end = self.disk.size, offset + length
        if offset >= size or (end > size and not mode & FALLOC_FL_KEEP_SIZE):
            raise Errno(E.EINVAL)
        end = min(end, size)
        if (offset | end) % self.disk.logical_size:
            raise Errno(E.EINVAL)
        self.disk.zero(offset, end - offset)

    def sync(self) -> None:
        """Brings what was written to what is behind the device."""
        self.disk.sync()

    def mapping(self, shared: bool) -> MemoryObject:
        """The contents."""
        return self.disk.pages

    def close(self) -> None:
        """One fewer has it open."""
        self.disk.closed(self)
