"""FIFOs (fifo(7)): pipes with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_ACCMODE, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY
from ring3.fs.pipe import Pipe, PipeFile

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.inode import Inode


class FifoFile(PipeFile):
    """An end of a FIFO."""

    def __init__(self, pipe: Pipe, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(pipe, flags, inode, dentry.path())
        self._seen = pipe.opened[1 if flags & O_ACCMODE == O_RDONLY else 0]

    def waits_for_other_end(self) -> bool:
        """Whether open(2) has to wait: nobody has the other end open, nor has had since."""
        mode = self.flags & O_ACCMODE
        if mode == O_RDWR or self.flags & O_NONBLOCK:
            return False
        others = self.pipe.writers if mode == O_RDONLY else self.pipe.readers
        return not others and self.pipe.opened[1 if mode == O_RDONLY else 0] == self._seen


def open_fifo(pipe: Pipe, inode: Inode, dentry: Dentry, flags: int) -> FifoFile:
    """Opens an end.

    Raises:
        Errno: ENXIO, nobody reads and the open is not to wait.
    """
    if flags & O_ACCMODE == O_WRONLY and flags & O_NONBLOCK and not pipe.readers:
        raise Errno(E.ENXIO)
    return FifoFile(pipe, inode, dentry, flags)
