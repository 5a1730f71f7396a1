"""Files of the machine's tree that are to be run: finding them, and what a loader reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.mounts import NOEXEC
from ring3.fs.permission import MAY_EXEC, permits
from ring3.fs.regular import RegularInode
from ring3.loader.program import ExecError
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.namei import Walk
    from ring3.kernel.mm.objects import MemoryObject


class ExecFile:
    """A regular file that may be run.

    Attributes:
        place: Where it was found.
        inode: Its contents.
    """

    __slots__ = ("_head", "inode", "place")

    def __init__(self, place: Dentry, inode: RegularInode) -> None:
        self.place = place
        self.inode = inode
        self._head: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.inode.size

    @property
    def pages(self) -> MemoryObject:
        """The page cache."""
        return self.inode.pages

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end of the file; the first page is read once."""
        if self._head is None:
            self._head = self.inode.pread(0, PAGE_SIZE)
        if offset + size <= len(self._head):
            return self._head[offset : offset + size]
        return self.inode.pread(offset, size)


def find_executable(how: Walk, start: Dentry, path: bytes) -> ExecFile:
    """Finds a file and checks that it may be run.

    Args:
        how: Who looks, and from which root.
        start: Where a relative path starts.
        path: The path.

    Raises:
        ExecError: ENOENT, EACCES and what else a walk can fail with.
    """
    try:
        place = how.find(start, path)
    except Errno as error:
        number = E(error.number)
        raise ExecError(number, number.text) from None
    inode = place.inode
    if inode.is_directory:
        raise ExecError(E.EACCES, "is a directory")
    if not isinstance(inode, RegularInode):
        raise ExecError(E.EACCES, "not a regular file")
    if not permits(inode, how.who, MAY_EXEC) or place.mount_flags & NOEXEC:
        raise ExecError(E.EACCES, E.EACCES.text)
    domain = how.who.domain
    if domain is not None and not domain.may_run(place):
        raise ExecError(E.EACCES, E.EACCES.text)
    return ExecFile(place, inode)
