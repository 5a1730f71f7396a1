"""Open files and the table of descriptors.

A file's operations never block: they do what can be done now or raise `WouldBlock`, and `File.readiness` says what to
await. The calls above decide whether to wait (or to answer EAGAIN).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ring3.abi.errno import E, Errno

O_ACCMODE: Final = 3
O_RDONLY: Final = 0
O_WRONLY: Final = 1
O_RDWR: Final = 2


class WouldBlock(Exception):
    """Nothing can be done now; `watch` calls back when it may have changed.

    Attributes:
        watch: Registers a function to be called once.
    """

    def __init__(self, watch: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self.watch = watch


@dataclass(frozen=True, slots=True)
class Stat:
    """What stat(2) says of a file; times in nanoseconds since 1970, sizes in bytes."""

    dev: int
    ino: int
    mode: int
    nlink: int
    uid: int
    gid: int
    rdev: int
    size: int
    blksize: int
    blocks: int
    atime: int
    mtime: int
    ctime: int


class File:
    """An open file description (open(2)): what descriptors share after dup and fork.

    Attributes:
        flags: The access mode and status flags of open(2), Linux's values.
        refs: How many descriptors lead here.
    """

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.refs = 0

    @property
    def readable(self) -> bool:
        """Opened for reading."""
        return self.flags & O_ACCMODE != O_WRONLY

    @property
    def writable(self) -> bool:
        """Opened for writing."""
        return self.flags & O_ACCMODE != O_RDONLY

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes from the file's position; empty at the end.

        Raises:
            Errno: EINVAL here; subclasses read.
            WouldBlock: There is nothing yet.
        """
        raise Errno(E.EINVAL)

    def write(self, data: bytes | memoryview) -> int:
        """Writes at the file's position; returns how many bytes were taken.

        Raises:
            Errno: EINVAL here; subclasses write.
            WouldBlock: There is no room yet.
        """
        raise Errno(E.EINVAL)

    def stat(self) -> Stat:
        """The file's attributes.

        Raises:
            Errno: EBADF here.
        """
        raise Errno(E.EBADF)

    def is_terminal(self) -> bool:
        """Whether it is a terminal."""
        return False

    def close(self) -> None:
        """The last descriptor is gone."""


class FdTable:
    """A program's descriptors.

    Attributes:
        limit: RLIMIT_NOFILE: descriptors are below it.
    """

    def __init__(self, limit: int = 1024) -> None:
        self.limit = limit
        self._files: dict[int, File] = {}
        self._cloexec: set[int] = set()

    def __getitem__(self, fd: int) -> File:
        """The file behind a descriptor.

        Raises:
            Errno: EBADF, it is not open.
        """
        file = self._files.get(fd)
        if file is None:
            raise Errno(E.EBADF)
        return file

    def install(self, file: File, lowest: int = 0, cloexec: bool = False) -> int:
        """Gives a file the lowest free descriptor from ``lowest`` on.

        Raises:
            Errno: EMFILE, all below the limit are taken.
        """
        fd = lowest
        while fd in self._files:
            fd += 1
        if fd >= self.limit:
            raise Errno(E.EMFILE)
        self._files[fd] = file
        file.refs += 1
        if cloexec:
            self._cloexec.add(fd)
        return fd

    def close(self, fd: int) -> None:
        """Closes a descriptor.

        Raises:
            Errno: EBADF, it is not open.
        """
        file = self._files.pop(fd, None)
        if file is None:
            raise Errno(E.EBADF)
        self._cloexec.discard(fd)
        file.refs -= 1
        if not file.refs:
            file.close()

    def close_all(self) -> None:
        """Closes everything, as exit does."""
        for fd in list(self._files):
            self.close(fd)
