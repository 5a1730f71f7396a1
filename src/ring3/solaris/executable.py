"""Opening files to be run (usr/src/uts/common/os/exec.c, gexec)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.permission import MAY_EXEC, permits
from ring3.fs.regular import RegularInode
from ring3.loader.program import ExecError

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.namei import Walk
    from ring3.kernel.mm.objects import MemoryObject


class ExecFile:
    """A regular file of the machine's tree, as the loader needs it.

    Attributes:
        place: Where it was found.
        inode: What is there.
    """

    __slots__ = ("inode", "place")

    def __init__(self, place: Dentry, inode: RegularInode) -> None:
        self.place = place
        self.inode = inode

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.inode.size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end of the file."""
        return self.inode.pread(offset, size)

    @property
    def pages(self) -> MemoryObject:
        """The file's page cache."""
        return self.inode.pages


def open_exec(how: Walk, start: Dentry, path: bytes) -> ExecFile:
    """Finds a file and checks that it may be run.

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
    if not permits(inode, how.who, MAY_EXEC):
        raise ExecError(E.EACCES, E.EACCES.text)
    return ExecFile(place, inode)
