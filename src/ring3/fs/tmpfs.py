"""Files in memory: tmpfs, and what other file systems keep in memory of their own.

Contents are a `SharedObject`, so a mapping, a read and a write of the same file touch the same frames.
"""

from __future__ import annotations

import stat
from itertools import count
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.directory import Directory
from ring3.fs.fifo import Pipe, open_fifo
from ring3.fs.file import File, Stat
from ring3.fs.inode import NAME_MAX, Entry, FileSystem, Inode, StatFs
from ring3.fs.permission import CAP_FSETID, Who
from ring3.fs.regular import MAX_SIZE, RegularInode
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.shared import SharedObject
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

TMPFS_MAGIC: Final = 0x0102_1994
DIRECTORY_SIZE: Final = 4096
DAY: Final = 24 * 3600 * 10**9
FALLOC_FL_KEEP_SIZE: Final = 1
FALLOC_FL_PUNCH_HOLE: Final = 2
FALLOC_FL_ZERO_RANGE: Final = 0x10


class MemoryFileSystem(FileSystem):
    """A file system in memory.

    Attributes:
        vfs: The machine's files, which it is one of.
    """

    magic = TMPFS_MAGIC

    def __init__(
        self, vfs: Vfs, name: str = "tmpfs", *, mode: int = 0o755, uid: int = 0, gid: int = 0, source: str = "tmpfs"
    ) -> None:
        super().__init__(name, vfs.new_dev(), source=source)
        self.vfs = vfs
        self._numbers = count(1)
        self.root = Dentry(self, MemoryDirectory(self, self.new_ino(), mode, uid, gid, None))

    def new_ino(self) -> int:
        """The next inode number."""
        return next(self._numbers)

    def statfs(self) -> StatFs:
        """What guest RAM has room for."""
        ram = self.vfs.ram
        blocks, free = ram.size >> PAGE_SHIFT, ram.frames_free
        return StatFs(self.magic, PAGE_SIZE, blocks, free, free, blocks, free)


class Attributes:
    """Times, and what follows from changing them, for inodes in memory."""

    __slots__ = ()

    vfs: Vfs
    fs: FileSystem
    ino: int
    mode: int
    uid: int
    gid: int
    nlink: int
    atime: int
    mtime: int
    ctime: int

    def start_times(self) -> None:
        """All times are now."""
        self.atime = self.mtime = self.ctime = self.vfs.now()

    def touch(self) -> None:
        """Contents have changed."""
        self.mtime = self.ctime = self.vfs.now()

    def accessed(self) -> None:
        """Contents were read: the time is kept as ``relatime`` does."""
        now = self.vfs.now()
        if self.atime <= self.mtime or self.atime <= self.ctime or now - self.atime >= DAY:
            self.atime = now

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits."""
        self.mode = stat.S_IFMT(self.mode) | mode
        self.ctime = self.vfs.now()

    def set_owner(self, uid: int, gid: int) -> None:
        """Changes user and group."""
        self.uid, self.gid = uid, gid
        self.ctime = self.vfs.now()

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Changes times."""
        self.ctime = self.vfs.now()
        if atime is not None:
            self.atime = atime
        if mtime is not None:
            self.mtime = mtime

    def as_stat(self, size: int, blocks: int, rdev: int = 0) -> Stat:
        """All attributes."""
        return Stat(
            self.fs.dev, self.ino, self.mode, self.nlink, self.uid, self.gid, rdev, size, PAGE_SIZE, blocks,
            self.atime, self.mtime, self.ctime,
        )  # fmt: skip


class MemoryNode(Attributes, Inode):
    """An inode in memory that has neither names nor contents: a link, a device, a FIFO or a socket.

    Attributes:
        target: Text of a symbolic link.
        rdev: Number of a device.
    """

    __slots__ = ("atime", "ctime", "mtime", "nlink", "pipe", "rdev", "target", "vfs")

    def __init__(
        self, fs: MemoryFileSystem, ino: int, mode: int, uid: int, gid: int, *, target: bytes = b"", rdev: int = 0
    ) -> None:
        super().__init__(fs, ino, mode, uid, gid)
        self.vfs = fs.vfs
        self.target = target
        self.rdev = rdev
        self.nlink = 1
        self.pipe: Pipe | None = None
        self.start_times()

    def stat(self) -> Stat:
        """All attributes."""
        return self.as_stat(len(self.target), 0, self.rdev)

    def readlink(self) -> bytes:
        """The text of a symbolic link."""
        if not self.is_link:
            raise Errno(E.EINVAL)
        return self.target

    def follow(self) -> bytes:
        """The same."""
        return self.readlink()

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens a FIFO; no driver is behind a device made here."""
        if not stat.S_ISFIFO(self.mode):
            raise Errno(E.ENXIO)
        if self.pipe is None:
            self.pipe = Pipe(self.vfs)
        return open_fifo(self.pipe, self, dentry, flags)


class MemoryFile(Attributes, RegularInode):
    """A regular file in memory."""

    __slots__ = ("_pages", "atime", "ctime", "mtime", "nlink", "vfs")

    def __init__(self, fs: MemoryFileSystem, ino: int, mode: int, uid: int, gid: int) -> None:
        super().__init__(fs, ino, mode, uid, gid)
        self.vfs = fs.vfs
        self._pages: SharedObject | None = None
        self.nlink = 1
        self.start_times()

    @property
    def pages(self) -> SharedObject:
        """The contents."""
        if self._pages is None:
            device = (self.fs.dev >> 8, self.fs.dev & 0xFF)
            self._pages = SharedObject(self.vfs.ram, 0, "", device, self.ino)
        return self._pages

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return 0 if self._pages is None else self._pages.size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        self.accessed()
        return b"" if self._pages is None else self._pages.read(offset, size)

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes; fewer if RAM is full."""
        if offset >= MAX_SIZE:
            raise Errno(E.EFBIG)
        self.touch()
        return store(self.pages, offset, data)

    def truncate(self, size: int) -> None:
        """Changes the size."""
        self.pages.truncate(size)
        self.touch()

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


def store(pages: SharedObject, offset: int, data: bytes | memoryview) -> int:
    """Writes to an object in memory; returns how many bytes there was room for.

    Raises:
        Errno: ENOSPC, there was room for none; EFBIG, the file may be no longer.
    """
    data = data[: MAX_SIZE - offset]
    try:
        pages.write(offset, data)
    except Errno:
        done = min(len(data), pages.size - offset)
        if done <= 0:
            raise Errno(E.ENOSPC) from None
        return done
    return len(data)


def allocate(pages: MemoryObject, mode: int, offset: int, length: int) -> None:
    """fallocate(2) on an object in memory.

    Raises:
        Errno: EOPNOTSUPP, a mode that memory files do not have; ENOSPC.
    """
    if mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE):
        raise Errno(E.EOPNOTSUPP)
    first, last = offset >> PAGE_SHIFT, (offset + length + PAGE_SIZE - 1) >> PAGE_SHIFT
    if mode & FALLOC_FL_PUNCH_HOLE:
        punch(pages, offset, min(offset + length, pages.size))
        return
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
        frame = pages.frames.get(low >> PAGE_SHIFT)
        if low < high and frame is not None:
            pages.store(frame, low % PAGE_SIZE, bytes(high - low))


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


class MemoryDirectory(Attributes, Inode):
    """A directory in memory.

    Attributes:
        names: Its entries.
        parent: The directory above, None for the root and for one that was removed.
    """

    __slots__ = ("atime", "ctime", "mtime", "names", "nlink", "parent", "vfs")

    def __init__(
        self, fs: MemoryFileSystem, ino: int, mode: int, uid: int, gid: int, parent: MemoryDirectory | None
    ) -> None:
        super().__init__(fs, ino, stat.S_IFDIR | mode & 0o7777, uid, gid)
        self.vfs = fs.vfs
        self.names: dict[bytes, Inode] = {}
        self.nlink = 2
        self.parent = parent
        self.start_times()

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name."""
        found = self.names.get(name)
        if found is None:
            raise Errno(E.ENAMETOOLONG if len(name) > NAME_MAX else E.ENOENT)
        return found

    def entries(self) -> list[Entry]:
        """All names, oldest first."""
        self.accessed()
        return [Entry(name, inode.ino, inode.kind) for name, inode in self.names.items()]

    def stat(self) -> Stat:
        """All attributes."""
        return self.as_stat(DIRECTORY_SIZE, 0)

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open directory."""
        return Directory(self, dentry, flags)

    # -- new names -----------------------------------------------------------------------------------------------

    def create(self, name: bytes, mode: int, who: Who, rdev: int = 0) -> Inode:
        """Makes a file of any type; a directory in one with the set-group-ID bit gets the bit too."""
        self.check_name(name)
        inode = self._new(mode, who, rdev)
        self.put(name, inode)
        return inode

    def create_unnamed(self, mode: int, who: Who) -> Inode:
        """Makes a regular file without a name."""
        inode = self._new(mode, who, 0)
        assert isinstance(inode, MemoryFile)
        inode.nlink = 0
        return inode

    def _new(self, mode: int, who: Who, rdev: int) -> Inode:
        fs = self.memory
        gid = self.gid if self.mode & stat.S_ISGID else who.gid
        if stat.S_ISDIR(mode):
            return fs_directory(self, mode | self.mode & stat.S_ISGID, who.uid, gid)
        if mode & stat.S_ISGID and mode & stat.S_IXGRP and not (who.in_group(gid) or who.has(CAP_FSETID)):
            mode &= ~stat.S_ISGID
        if stat.S_ISREG(mode):
            return MemoryFile(fs, fs.new_ino(), mode, who.uid, gid)
        return MemoryNode(fs, fs.new_ino(), mode, who.uid, gid, rdev=rdev)

    @property
    def memory(self) -> MemoryFileSystem:
        """The file system."""
        assert isinstance(self.fs, MemoryFileSystem)
        return self.fs

    def symlink(self, name: bytes, target: bytes, who: Who) -> Inode:
        """Makes a symbolic link."""
        self.check_name(name)
        gid = self.gid if self.mode & stat.S_ISGID else who.gid
        node = MemoryNode(self.memory, self.memory.new_ino(), stat.S_IFLNK | 0o777, who.uid, gid, target=target)
        self.put(name, node)
        return node

    def link(self, name: bytes, inode: Inode) -> None:
        """One more name."""
        self.check_name(name)
        assert isinstance(inode, MemoryFile | MemoryNode)
        inode.nlink += 1
        inode.ctime = self.vfs.now()
        self.put(name, inode)

    def check_name(self, name: bytes) -> None:
        """Refuses a name that is too long, and any in a directory that was removed.

        Raises:
            Errno: ENAMETOOLONG; ENOENT.
        """
        if len(name) > NAME_MAX:
            raise Errno(E.ENAMETOOLONG)
        if not self.nlink:
            raise Errno(E.ENOENT)

    def put(self, name: bytes, inode: Inode) -> None:
        """Adds an entry."""
        self.names[name] = inode
        if isinstance(inode, MemoryDirectory):
            inode.parent = self
            self.nlink += 1
        self.touch()

    # -- names that go -------------------------------------------------------------------------------------------

    def take(self, name: bytes) -> Inode:
        """Removes an entry, whatever it is."""
        inode = self.names.pop(name)
        if isinstance(inode, MemoryDirectory):
            self.nlink -= 1
        self.touch()
        return inode

    def unlink(self, name: bytes) -> None:
        """Takes a name away."""
        self.lose(self.take(name))

    def lose(self, inode: Inode) -> None:
        """An inode has one name less."""
        if isinstance(inode, MemoryDirectory):
            inode.nlink, inode.parent = 0, None
        elif isinstance(inode, MemoryFile | MemoryNode):
            inode.nlink -= 1
            inode.ctime = self.vfs.now()
            if isinstance(inode, MemoryFile):
                inode.forget_if_unused()

    def is_empty(self) -> bool:
        """Whether it has no entries."""
        return not self.names

    def rmdir(self, name: bytes) -> None:
        """Removes an empty directory."""
        inode = self.lookup(name)
        if isinstance(inode, MemoryDirectory) and not inode.is_empty():
            raise Errno(E.ENOTEMPTY)
        self.lose(self.take(name))

    def move(self, name: bytes, to: Inode, new_name: bytes, exchange: bool) -> None:
        """Moves an entry."""
        assert isinstance(to, MemoryDirectory)
        to.check_name(new_name)
        replaced = to.find(new_name)
        if not exchange and isinstance(replaced, MemoryDirectory) and not replaced.is_empty():
            raise Errno(E.ENOTEMPTY)
        moving = self.take(name)
        if replaced is not None:
            to.take(new_name)
            if exchange:
                self.put(name, replaced)
            else:
                self.lose(replaced)
        to.put(new_name, moving)
        if isinstance(moving, Attributes):
            moving.ctime = self.vfs.now()

    def find(self, name: bytes) -> Inode | None:
        """The inode of a name, None if there is none."""
        try:
            return self.lookup(name)
        except Errno as error:
            if error.number is E.ENOENT:
                return None
            raise


def fs_directory(parent: MemoryDirectory, mode: int, uid: int, gid: int) -> MemoryDirectory:
    """A new directory below another one, of the same class."""
    fs = parent.memory
    return MemoryDirectory(fs, fs.new_ino(), mode, uid, gid, parent)
