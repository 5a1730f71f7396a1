"""A descriptor of the host as a snapshot remembers it: which file, opened how, and how far it was read or written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Final, Self

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.fs import host_os

STANDARD: Final = (0, 1, 2)
"""Numbers of standard input, output and error: in another process they are that process's own."""
_REOPENED: Final = os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK


class HostDescriptor(NamedTuple):
    """An open file of the host.

    Attributes:
        number: Which descriptor it was.
        name: What the host calls it.
        device: Number of the device that the file is on.
        inode: Its number there.
        is_regular: Whether it is a regular file, which can be opened again by its name.
        flags: What it was opened with.
        offset: The place in it, 0 if it has none.
    """

    number: int
    name: str
    device: int
    inode: int
    is_regular: bool
    flags: int
    offset: int

    @classmethod
    def of(cls, fd: int) -> Self | None:
        """What a descriptor leads to; None if it is not open."""
        try:
            found = os.fstat(fd)
        except OSError:
            return None
        try:
            name = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            name = f"descriptor {fd}"
        is_regular = stat.S_ISREG(found.st_mode)
        offset = os.lseek(fd, 0, os.SEEK_CUR) if is_regular else 0
        return cls(fd, name, found.st_dev, found.st_ino, is_regular, host_os.status_flags(fd) or 0, offset)

    def is_open_at(self, fd: int) -> bool:
        """Whether a descriptor leads to the same file; of no descriptor yet, whether the standard one does for it."""
        if fd < 0 and self.number in STANDARD:
            return self._is_there(lambda: os.fstat(self.number)) is not None
        return self._is(lambda: os.fstat(fd))

    def check(self, fd: int) -> None:
        """Makes sure that a descriptor leads to the file, or that it can be opened by its name.

        Raises:
            UserError: Neither is so.
        """
        if fd < 0 and self.number not in STANDARD and self.flags & os.O_ACCMODE != os.O_RDONLY:
            raise UserError(
                f"{self.name} was open for writing: a snapshot in a file opens nothing but to read"
            )
        if self.is_open_at(fd) or (self.is_regular and self._is(lambda: os.stat(self.name))):
            return
        if self.is_regular:
            raise UserError(
                f"{self.name}, which the snapshot has open, is not there any more, or is another file now"
            )
        raise UserError(
            f"descriptor {self.number} led to {self.name} when the snapshot was taken, and cannot be opened again"
        )

    def open_again(self, fd: int) -> int:
        """A descriptor for the file, the one given if that leads there, at the place where it was."""
        if fd < 0 and self.is_open_at(fd):
            return self.number
        if not self.is_open_at(fd):
            fd = os.open(self.name, self.flags & _REOPENED | os.O_CLOEXEC)
        if self.is_regular:
            os.lseek(fd, self.offset, os.SEEK_SET)
        return fd

    def _is(self, look: Callable[[], os.stat_result]) -> bool:
        found = self._is_there(look)
        return found is not None and (found.st_dev, found.st_ino) == (self.device, self.inode)

    @staticmethod
    def _is_there(look: Callable[[], os.stat_result]) -> os.stat_result | None:
        try:
            return look()
        except OSError:
            return None
