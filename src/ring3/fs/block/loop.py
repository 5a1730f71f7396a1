"""Loop devices: block devices that are files (drivers/block/loop.c of Linux 6.x, loop(4)).

A device that is bound reads and writes its file with every request, so that it and the file show the same at any time.
Left out: partitions (the flag is kept, no table is read), and encryption, which Linux has not had since 5.16.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple
from ring3.fs.block.disk import SECTOR, Disk, DiskFile
from ring3.fs.devices import LOOPS, make_disk_node
from ring3.fs.file import SEEK_END, File
from ring3.fs.memory_file import FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
from ring3.fs.vfs import LOOP_MAJOR
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.tmpfs import MemoryFileSystem
    from ring3.fs.vfs import Vfs

MOST: Final = 1 << 20
"""Minor numbers (MINORMASK + 1)."""


class Flag(IntFlag):
    """What a loop device is told (LO_FLAGS of include/uapi/linux/loop.h)."""

    READ_ONLY = 1
    AUTOCLEAR = 4
    PARTSCAN = 8
    DIRECT_IO = 16


SETTABLE: Final = Flag.AUTOCLEAR | Flag.PARTSCAN
"""Flags that are set while it is bound; and"""
CLEARABLE: Final = Flag.AUTOCLEAR
"""those that are cleared then."""


class Status(NamedTuple):
    """What is said of a loop device besides its file.

    Attributes:
        offset: Where in the file it starts.
        limit: Bytes of the file that it shows at most, 0 for all.
        flags: See `Flag`.
        name: What the file was called by who bound it, 64 bytes at most.
    """

    offset: int = 0
    limit: int = 0
    flags: int = 0
    name: bytes = b""


class LoopDisk(Disk):
    """A loop device.

    Attributes:
        index: Its number among them.
        file: What it shows, None if it is not bound.
        status: What was said of it.
        is_ending: It gives up its file when who has it open closes it (Lo_rundown).
    """

    requests = "loop"

    def __init__(self, vfs: Vfs, index: int) -> None:
        super().__init__(vfs, f"loop{index}", os.makedev(LOOP_MAJOR, index))
        self.index = index
        self.file: File | None = None
        self.status = Status()
        self.is_ending = False

    @property
    def place(self) -> Dentry | None:
        """Where its file is."""
        return None if self.file is None else self.file.dentry

    # -- binding -------------------------------------------------------------------------------------------------

    def bound(self) -> File:
        """Its file.

        Raises:
            Errno: ENXIO, it has none, or not for long.
        """
        if self.file is None or self.is_ending:
            raise Errno(E.ENXIO)
        return self.file

    def bind(self, file: File, status: Status, *, may_write: bool, block_size: int = 0) -> None:
        """Gives it a file (loop_configure).

        Raises:
            Errno: EBUSY, it has one, or somebody has the device alone; EINVAL, one that cannot be shown, or a wrong
                size of blocks; EBADF, the device itself; EOVERFLOW.
        """
        if self.file is not None or self.holder is not None:
            raise Errno(E.EBUSY)
        self._require_fit(file)
        if block_size:
            require_block_size(block_size)
        _require_range(status)
        self.logical_size = block_size or SECTOR
        self.file = file.hold()
        readonly = not file.writable or not may_write or bool(status.flags & Flag.READ_ONLY)
        flags = status.flags & ~Flag.READ_ONLY | (Flag.READ_ONLY if readonly else 0)
        self.status = status._replace(flags=flags)
        self.readonly = readonly
        self.sequence = max((disk.sequence for disk in self.vfs.disks.values()), default=0) + 1
        self.measure()

    def _require_fit(self, file: File) -> None:
        """Whether a file can be shown (loop_validate_file).

        Raises:
            Errno: EBADF, it shows this device; EINVAL, it is neither a regular file nor a block device that has a file.
        """
        below: File | None = file
        while isinstance(below, DiskFile) and isinstance(below.disk, LoopDisk):
            if below.disk is self:
                raise Errno(E.EBADF)
            below = below.disk.file
            if below is None:
                raise Errno(E.EINVAL)
        inode = file.inode
        if inode is None or inode.kind not in (stat.S_IFREG, stat.S_IFBLK) or file.is_path:
            raise Errno(E.EINVAL)

    def change(self, file: File) -> None:
        """Gives it another file of the same size, which is only for devices that nobody writes (loop_change_fd).

        Raises:
            Errno: ENXIO; EINVAL, it is written, or the sizes differ; as `bind`.
        """
        old = self.bound()
        if not self.status.flags & Flag.READ_ONLY:
            raise Errno(E.EINVAL)
        self._require_fit(file)
        if size_of(file) != size_of(old):
            raise Errno(E.EINVAL)
        self.flush()
        self.file = file.hold()
        old.drop()
        self.measure()

    def configure(self, status: Status) -> None:
        """Says anew where in the file it starts and ends (loop_set_status); not all flags can be changed.

        Raises:
            Errno: ENXIO; EOVERFLOW.
        """
        self.bound()
        _require_range(status)
        flags = self.status.flags & ~CLEARABLE | status.flags & SETTABLE
        self.status = status._replace(flags=flags)
        self.measure()

    def measure(self) -> None:
        """Looks how long the file is now."""
        size = size_of(self.bound()) - self.status.offset
        if self.status.limit:
            size = min(size, self.status.limit)
        self.resize(max(size, 0) // SECTOR * SECTOR)

    def clear(self) -> None:
        """Has it give up its file when the last one closes it (loop_clr_fd).

        Raises:
            Errno: ENXIO.
        """
        self.bound()
        self.status = self.status._replace(flags=self.status.flags | Flag.AUTOCLEAR)
        self.is_ending = self.opens == 1

    def set_logical_size(self, size: int) -> None:
        """Says how large its smallest unit is.

        Raises:
            Errno: ENXIO; EINVAL.
        """
        self.bound()
        require_block_size(size)
        self.logical_size = size

    def set_direct(self, wanted: bool) -> None:
        """Notes whether the host's cache is to be passed by, which makes no difference here.

        Raises:
            Errno: ENXIO.
        """
        self.bound()
        flags = self.status.flags & ~Flag.DIRECT_IO
        self.status = self.status._replace(flags=flags | (Flag.DIRECT_IO if wanted else 0))

    def closed(self, holder: object) -> None:
        """The last one to close it takes the file away, where that was asked for."""
        super().closed(holder)
        file = self.file
        if not self.opens and file is not None and self.status.flags & Flag.AUTOCLEAR:
            self.resize(0)
            self.file, self.status, self.is_ending, self.logical_size = None, Status(), False, SECTOR
            file.drop()

    # -- contents ------------------------------------------------------------------------------------------------

    def fetch(self, offset: int, size: int) -> bytes:
        """What the file has there; zeros where it has become shorter."""
        file = self.file
        if file is None:
            raise Errno(E.EIO)
        return file.pread(size, self.status.offset + offset).ljust(size, b"\0")

    def put(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Stores bytes in the file."""
        file = self.file
        if file is None:
            raise Errno(E.EIO)
        offset += self.status.offset
        done, data = 0, memoryview(data)
        while done < len(data):
            done += file.pwrite(data[done:], offset + done)

    def drop(self, offset: int, size: int) -> None:
        """Makes a hole in the file."""
        file = self.file
        if file is None:
            raise Errno(E.EIO)
        file.allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, self.status.offset + offset, size)

    def sync(self) -> None:
        """Brings everything to the file, and that to where it is kept."""
        super().sync()
        if self.file is not None:
            self.file.sync()


def size_of(file: File) -> int:
    """Bytes in a regular file or on a device."""
    kept = file.position
    try:
        return file.seek(0, SEEK_END)
    finally:
        file.position = kept


def require_block_size(size: int) -> None:
    """Refuses what is no size of blocks (blk_validate_block_size).

    Raises:
        Errno: EINVAL.
    """
    if not SECTOR <= size <= PAGE_SIZE or size & size - 1:
        raise Errno(E.EINVAL)


def _require_range(status: Status) -> None:
    """Refuses numbers that no file is as long as (loop_set_status_from_info).

    Raises:
        Errno: EOVERFLOW.
    """
    if status.offset >> 63 or status.limit >> 63:
        raise Errno(E.EOVERFLOW)


class Loops:
    """The loop devices of a machine, and their nodes in /dev."""

    def __init__(self, vfs: Vfs, dev: MemoryFileSystem) -> None:
        self._vfs = vfs
        self._dev = dev
        self._disks: dict[int, LoopDisk] = {}
        for index in range(LOOPS):
            self._disk(index)

    def _disk(self, index: int) -> LoopDisk:
        made = self._disks[index] = self._vfs.disks[os.makedev(LOOP_MAJOR, index)] = LoopDisk(
            self._vfs, index
        )
        return made

    def of(self, number: int) -> LoopDisk | None:
        """The one of a device number, None if there is none."""
        return self._disks.get(os.minor(number))

    def disks(self) -> list[Disk]:
        """All of them, by number."""
        return [disk for _, disk in sorted(self._disks.items())]

    def add(self, index: int) -> int:
        """Makes one more; returns its number, the lowest free one for -1.

        Raises:
            Errno: EEXIST, there is one of that number; EINVAL, no number.
        """
        if index < 0:
            index = next(number for number in range(MOST) if number not in self._disks)
        if index >= MOST:
            raise Errno(E.EINVAL)
        if index in self._disks:
            raise Errno(E.EEXIST)
        disk = self._disk(index)
        self._dev.top.put(disk.name.encode(), make_disk_node(self._dev, stat.S_IFBLK, disk.number))
        return index

    def remove(self, index: int) -> None:
        """Takes one away.

        Raises:
            Errno: EINVAL, no number; ENODEV, there is none; EBUSY, it is in use.
        """
        if index < 0:
            raise Errno(E.EINVAL)
        disk = self._disks.get(index)
        if disk is None:
            raise Errno(E.ENODEV)
        if disk.file is not None or disk.opens:
            raise Errno(E.EBUSY)
        del self._disks[index], self._vfs.disks[disk.number]
        if self._dev.top.find(disk.name.encode()) is not None:
            self._dev.top.unlink(disk.name.encode())

    def free(self) -> int:
        """The number of one without a file, which is made if there is none."""
        for index, disk in sorted(self._disks.items()):
            if disk.file is None:
                return index
        return self.add(-1)
