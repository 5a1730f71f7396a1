"""A program in memory, and the file it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.kinds import NamedTuple
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.regular import RegularInode
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.objects import MemoryObject
    from ring3.loader.program import Executable
    from ring3.loader.stack import Places


class Start(NamedTuple):
    """A program in memory, ready to run.

    Attributes:
        mm: Its address space.
        bits: 64 or 32.
        ip: The first instruction: the interpreter's if there is one.
        sp: The stack pointer.
        landing_pad: Where the fast 32-bit doors come back, 0 for a 64-bit program.
        file: The file it was loaded from.
        places: Where its arguments and its environment lie.
        auxv: Its auxiliary vector, as it lies on the stack.
    """

    mm: Mm
    bits: int
    ip: int
    sp: int
    landing_pad: int
    file: Executable
    places: Places
    auxv: bytes


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
