"""Open directories: a position in a list of names."""

from __future__ import annotations

import stat
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry, NamedFile
from ring3.fs.file import O_NOATIME, SEEK_END, File
from ring3.fs.inode import Entry, Inode
from ring3.fs.mounts import NOATIME, NODIRATIME
from ring3.fs.regular import seek

LAST: Final = (1 << 31) - 1
"""What lseek(2) calls the end of a directory."""


class Directory(NamedFile):
    """A directory, open.

    The names are read when the listing starts, so removing files while listing them neither skips nor repeats any.
    Positions are indices into that list.
    """

    pollable = False

    def __init__(self, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags)
        self._quiet = bool(
            flags & O_NOATIME or inode.fs.readonly or dentry.mount_flags & (NOATIME | NODIRATIME)
        )
        self._entries: list[Entry] = []

    def rest(self) -> list[Entry]:
        """The entries from the position on.

        Raises:
            Errno: ENOENT, it has been removed; the host cannot read the directory.
        """
        if self._dentry.deleted:
            raise Errno(E.ENOENT)
        if not self.position or not self._entries:
            if not self._quiet:
                self._inode.accessed()
            above = self._dentry.parent or self._dentry.covers or self._dentry
            self._entries = [
                Entry(b".", self._inode.ino, stat.S_IFDIR),
                Entry(b"..", above.inode.ino, stat.S_IFDIR),
                *self._inode.entries(),
            ]
        return self._entries[self.position :]

    def read(self, size: int) -> bytes:
        """Refused: names are read by getdents(2)."""
        raise Errno(E.EISDIR)

    def pread(self, size: int, offset: int) -> bytes:
        """Refused as well."""
        raise Errno(E.EISDIR)

    def seek(self, offset: int, whence: int) -> int:
        """Moves to another entry; at the start the names are read anew."""
        self.position = seek(self.position, LAST if whence == SEEK_END else 0, offset, whence)
        return self.position

    def sync(self) -> None:
        """Brings what was changed to where it is kept."""
        self._inode.sync()

    def reopen(self, flags: int) -> File:
        """The same directory, opened anew."""
        return Directory(self._inode, self._dentry, flags)
