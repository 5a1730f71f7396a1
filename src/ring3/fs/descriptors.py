"""The table of descriptors that a program has, and what closes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno

if TYPE_CHECKING:
    from ring3.fs.file import File

_WORD: Final = 64


class FdTable:
    """A program's descriptors.

    Attributes:
        limit: RLIMIT_NOFILE: descriptors are below it.
        size: How many it has room for now, as Linux lets it grow; select(2) ignores what is beyond.
    """

    def __init__(self, limit: int = 1024) -> None:
        self.limit = limit
        self.size = 64
        self._files: dict[int, File] = {}
        self._cloexec: set[int] = set()
        self._users = 1

    def __getitem__(self, fd: int) -> File:
        """The file behind a descriptor.

        Raises:
            Errno: EBADF, it is not open.
        """
        file = self._files.get(fd)
        if file is None:
            raise Errno(E.EBADF)
        return file

    def __contains__(self, fd: int) -> bool:
        return fd in self._files

    def __iter__(self) -> Iterator[int]:
        """The open descriptors in order."""
        return iter(sorted(self._files))

    def __len__(self) -> int:
        return len(self._files)

    def get(self, fd: int) -> File | None:
        """The file behind a descriptor, None if it is not open."""
        return self._files.get(fd)

    def install(self, file: File, lowest: int = 0, cloexec: bool = False) -> int:
        """Gives a file the lowest free descriptor from ``lowest`` on.

        Raises:
            Errno: EMFILE, all below the limit are taken.
        """
        fd = self.free_from(lowest)
        self._files[fd] = file
        if fd >= self.size:
            self._grow(fd)
        file.refs += 1
        if cloexec:
            self._cloexec.add(fd)
        return fd

    def free_from(self, lowest: int = 0) -> int:
        """The lowest free descriptor from ``lowest`` on.

        Raises:
            Errno: EMFILE, all below the limit are taken.
        """
        fd = lowest
        while fd in self._files:
            fd += 1
        if fd >= self.limit:
            raise Errno(E.EMFILE)
        return fd

    def replace(self, fd: int, file: File, cloexec: bool = False) -> None:
        """Gives a file a certain descriptor; what was there is closed (dup2).

        Raises:
            Errno: EBADF, the number is not below the limit.
        """
        if not 0 <= fd < self.limit:
            raise Errno(E.EBADF)
        file.refs += 1
        if fd in self._files:
            self.close(fd)
        self._files[fd] = file
        if fd >= self.size:
            self._grow(fd)
        self.set_cloexec(fd, cloexec)

    def _grow(self, fd: int) -> None:
        """Makes room for a descriptor (alloc_fdtable in fs/file.c)."""
        self.size = 128
        while self.size <= fd:
            self.size *= 2

    def cloexec(self, fd: int) -> bool:
        """Whether execve(2) closes a descriptor."""
        return fd in self._cloexec

    def set_cloexec(self, fd: int, wanted: bool) -> None:
        """Sets or clears FD_CLOEXEC."""
        if wanted:
            self._cloexec.add(fd)
        else:
            self._cloexec.discard(fd)

    def close(self, fd: int) -> None:
        """Closes a descriptor.

        Raises:
            Errno: EBADF, it is not open.
        """
        file = self._files.pop(fd, None)
        if file is None:
            raise Errno(E.EBADF)
        self._cloexec.discard(fd)
        locks = file.locks
        if locks is not None and not file.is_path:
            locks.release(self)
        if file.hears_of_closing:
            file.descriptor_closed(self)
        file.drop()

    def share(self) -> FdTable:
        """One more task uses this table (CLONE_FILES)."""
        self._users += 1
        return self

    def release(self) -> None:
        """One task less uses it; the last one closes everything."""
        self._users -= 1
        if not self._users:
            self.close_all()

    def close_all(self) -> None:
        """Closes everything, as exit does."""
        for fd in list(self._files):
            self.close(fd)

    def close_on_exec(self) -> None:
        """Closes what is marked with FD_CLOEXEC."""
        for fd in sorted(self._cloexec):
            self.close(fd)

    def require_at_most(self, most: int) -> None:
        """Refuses to copy a table with more descriptors than one may have, rounded up to a word's bits (dup_fd).

        Raises:
            Errno: EMFILE.
        """
        if self._files and max(self._files) >= -(-most // _WORD) * _WORD:
            raise Errno(E.EMFILE)

    def copy(self) -> FdTable:
        """A table with the same descriptors, as fork makes it."""
        child = FdTable(self.limit)
        child._files = dict(self._files)
        child._cloexec = set(self._cloexec)
        child.size = self.size
        for file in child._files.values():
            file.refs += 1
        return child
