"""Regular files of the host, as objects whose pages can be mapped."""

from __future__ import annotations

import os

from ring3.abi.errno import E, Errno
from ring3.kernel.mm.objects import MemoryObject, Objects
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SIZE, Ram


class HostRegularFile:
    """A regular file of the host, open for reading; its pages are read when they are first touched."""

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
