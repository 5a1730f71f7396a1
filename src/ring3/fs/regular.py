"""Open regular files: a position in the contents of an inode."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry, NamedFile
from ring3.fs.file import (
    O_APPEND,
    O_NOATIME,
    SEEK_CUR,
    SEEK_DATA,
    SEEK_END,
    SEEK_HOLE,
    SEEK_SET,
    File,
)
from ring3.fs.inode import FileSystem, Inode
from ring3.fs.mounts import NOATIME
from ring3.kernel.mm.objects import MemoryObject, Objects
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SIZE, Ram

if TYPE_CHECKING:
    from ring3.fs.leases import Leases

MAX_SIZE: Final = (1 << 63) - 1
"""The largest size of a file, in bytes (MAX_LFS_FILESIZE)."""


class RegularInode(Inode):
    """An inode with contents.

    Attributes:
        opens: How many open file descriptions it has.
        writers: How many of them can write: while there are some, it cannot be run.
        leases: Its leases, None if there never was one.
    """

    __slots__ = ("leases", "opens", "programs", "writers")

    def __init__(self, fs: FileSystem, ino: int, mode: int, uid: int, gid: int) -> None:
        super().__init__(fs, ino, mode, uid, gid)
        self.opens = 0
        self.programs = 0
        self.writers = 0
        self.leases: Leases | None = None

    @property
    def size(self) -> int:
        """Bytes in the file."""
        raise NotImplementedError

    @property
    def pages(self) -> MemoryObject:
        """Its contents, to be mapped."""
        raise NotImplementedError

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end of the file.

        Raises:
            Errno: The host cannot read them.
        """
        raise NotImplementedError

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes at an offset; returns how many, fewer when space runs out.

        Raises:
            Errno: EROFS here; ENOSPC, there is no space for any.
        """
        raise Errno(E.EROFS)

    def append(self, data: bytes | memoryview) -> int:
        """Stores bytes at the end; returns how many.

        Raises:
            Errno: As `pwrite`.
        """
        return self.pwrite(self.size, data)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Allocates or frees space (fallocate(2)).

        Raises:
            Errno: EOPNOTSUPP, the file system cannot.
        """
        raise Errno(E.EOPNOTSUPP)

    def data_at(self, offset: int, hole: bool) -> int:
        """The first byte from an offset that is data, or a hole; the end of the file counts as a hole.

        Raises:
            Errno: ENXIO, there is none.
        """
        if offset >= self.size:
            raise Errno(E.ENXIO)
        return self.size if hole else offset

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open regular file."""
        return RegularFile(self, dentry, flags)

    def opened(self) -> None:
        """One more open file description."""
        self.opens += 1

    def closed(self) -> None:
        """One fewer."""
        self.opens -= 1


class RegularFile(NamedFile):
    """A regular file, open."""

    _inode: RegularInode
    pollable = False

    def __init__(self, inode: RegularInode, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags)
        self._quiet = bool(flags & O_NOATIME or inode.fs.readonly or dentry.mount_flags & NOATIME)
        inode.opened()
        inode.writers += self.writable

    @property
    def inode(self) -> RegularInode:
        """The inode."""
        return self._inode

    def read(self, size: int) -> bytes:
        """Reads from the position on."""
        data = self._inode.pread(self.position, size)
        if not self._quiet:
            self._inode.accessed()
        self.position += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Moves the position back."""
        self.position -= len(data)

    def write(self, data: bytes | memoryview) -> int:
        """Writes at the position, or at the end with O_APPEND."""
        if self.flags & O_APPEND:
            done = self._inode.append(data)
            self.position = self._inode.size
        else:
            done = self._inode.pwrite(self.position, data)
            self.position += done
        return done

    def append_position(self) -> int:
        """Where the next write starts."""
        return self._inode.size if self.flags & O_APPEND else self.position

    def pread(self, size: int, offset: int) -> bytes:
        """Reads at an offset."""
        if not self._quiet:
            self._inode.accessed()
        return self._inode.pread(offset, size)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Writes at an offset; with O_APPEND at the end all the same (pwrite(2), BUGS)."""
        if self.flags & O_APPEND:
            return self._inode.append(data)
        return self._inode.pwrite(offset, data)

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position."""
        if whence in (SEEK_DATA, SEEK_HOLE):
            if offset < 0:
                raise Errno(E.ENXIO)
            self.position = self._inode.data_at(offset, whence == SEEK_HOLE)
        else:
            self.position = seek(self.position, self._inode.size, offset, whence)
        return self.position

    def available(self) -> int:
        """Bytes up to the end."""
        return self._inode.size - self.position

    def truncate(self, size: int) -> None:
        """Changes the size."""
        self._inode.truncate(size)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Allocates or frees space."""
        self._inode.allocate(mode, offset, length)

    def sync(self) -> None:
        """Brings what was written to where it is kept."""
        self._inode.sync()

    def mapping(self, shared: bool) -> MemoryObject:
        """The contents."""
        return self._inode.pages

    def close(self) -> None:
        """The inode has one user less."""
        self._inode.writers -= self.writable
        self._inode.closed()


def seek(position: int, size: int, offset: int, whence: int) -> int:
    """Where lseek(2) leads.

    Raises:
        Errno: EINVAL, before the start, beyond the largest file, or no such ``whence`` (vfs_setpos of fs/read_write.c).
    """
    base = {SEEK_SET: 0, SEEK_CUR: position, SEEK_END: size}.get(whence)
    if base is None or not 0 <= base + offset <= MAX_SIZE:
        raise Errno(E.EINVAL)
    return base + offset


class HostRegularFile:
    """A regular file of the host, open for reading; its pages are read when they are first touched."""

    inode = place = None
    """It is outside of the machine's tree of files."""

    def __init__(self, path: str | os.PathLike[str], ram: Ram, objects: Objects) -> None:
        """Opens the file.

        Raises:
            OSError: The host refuses, or it is a directory.
        """
        self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self.stat = os.fstat(self._fd)
        self.path = os.fspath(path)
        self._ram = ram
        self._objects = objects
        self._pages: PageCache | None = None

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.stat.st_size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        if offset >= self.size or size <= 0:
            return b""
        return os.pread(self._fd, min(size, self.size - offset), offset)

    def read_page(self, index: int) -> bytes:
        """The page of that number."""
        return self.pread(index * PAGE_SIZE, PAGE_SIZE)

    def write_page(self, index: int, data: bytes) -> None:
        """Refused: the host's files are not written to."""
        raise Errno(E.EROFS)

    @property
    def pages(self) -> MemoryObject:
        """The page cache."""
        if self._pages is None:
            device = (os.major(self.stat.st_dev), os.minor(self.stat.st_dev))
            self._pages = PageCache(self._ram, self, self.path, device, self.stat.st_ino, self._objects)
        return self._pages

    def close(self) -> None:
        """Closes the host's descriptor; mapped pages that were not read yet are lost."""
        os.close(self._fd)
