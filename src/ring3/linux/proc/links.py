"""/proc/PID/fd and ns: links to open files, by which they can be opened again (fs/proc/fd.c, namespaces.c)."""

from __future__ import annotations

from collections.abc import Callable

from ring3.fs.dentry import Dentry
from ring3.fs.file import O_APPEND, File
from ring3.fs.inode import Inode
from ring3.fs.pseudo import PseudoFileSystem, PseudoLink


class FdLink(PseudoLink):
    """One of them."""

    size = 64

    def __init__(
        self,
        fs: PseudoFileSystem,
        key: bytes,
        file: File,
        check: Callable[[], None],
        mode: int,
        owner: tuple[int, int],
    ) -> None:
        super().__init__(fs, key, file.path, mode=mode, owner=owner)
        self._file = file
        self._check = check

    def follow(self) -> Dentry:
        """The place it was opened at; for what has no name, one that only leads there."""
        self._check()
        if self._file.dentry is not None:
            return self._file.dentry
        return Dentry(self.pseudo, OpenInode(self.pseudo, self._file), None, self._file.path())


class OpenInode(Inode):
    """Stands for an open file without an inode, where one is asked for."""

    def __init__(self, fs: PseudoFileSystem, file: File) -> None:
        found = file.stat()
        super().__init__(fs, found.ino, found.mode, found.uid, found.gid)
        self._file = file
        self.stat = file.stat  # type: ignore[method-assign]

    def open(self, dentry: Dentry, flags: int) -> File:
        """The same thing, opened anew."""
        return self._file.reopen(flags)

    def truncate(self, size: int) -> None:
        """Changes its size, unless it was opened to be appended to: then it is appended to."""
        if not self._file.flags & O_APPEND:
            self._file.truncate(size)
