"""Files in memory that can be sealed (mm/memfd.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs.memory_file import FALLOC_FL_PUNCH_HOLE, MemoryFile

if TYPE_CHECKING:
    from ring3.fs.inode import FileSystem
    from ring3.fs.vfs import Vfs


class Seal(IntFlag):
    """What may not be done to a file any more (include/uapi/linux/fcntl.h)."""

    F_SEAL_SEAL = 1
    F_SEAL_SHRINK = 2
    F_SEAL_GROW = 4
    F_SEAL_WRITE = 8
    F_SEAL_FUTURE_WRITE = 16
    F_SEAL_EXEC = 32


NO_WRITES: Final = Seal.F_SEAL_WRITE | Seal.F_SEAL_FUTURE_WRITE


class SealedFile(MemoryFile):
    """A file in memory that may be sealed.

    Attributes:
        seals: `Seal` bits.
    """

    seals = int(Seal.F_SEAL_SEAL)

    def __init__(self, vfs: Vfs, fs: FileSystem, ino: int, mode: int, uid: int, gid: int) -> None:
        super().__init__(vfs, fs, ino, mode, uid, gid)
        self.writers = -1  # what memfd_create opens is not counted (alloc_file_pseudo in fs/file_table.c)

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes, if no seal forbids it; none can always be stored (generic_write_checks)."""
        if not len(data):
            return 0
        if self.seals & NO_WRITES:
            raise Errno(E.EPERM)
        if self.seals & Seal.F_SEAL_GROW and offset + len(data) > self.size:
            data = data[: max(0, self.size - offset)]
            if not data:
                raise Errno(E.EPERM)
        return super().pwrite(offset, data)

    def truncate(self, size: int) -> None:
        """Changes the size, if no seal forbids it."""
        if (size < self.size and self.seals & Seal.F_SEAL_SHRINK) or (
            size > self.size and self.seals & Seal.F_SEAL_GROW
        ):
            raise Errno(E.EPERM)
        super().truncate(size)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Makes or frees room, if no seal forbids it."""
        if mode & FALLOC_FL_PUNCH_HOLE and self.seals & NO_WRITES:
            raise Errno(E.EPERM)
        if offset + length > self.size and self.seals & Seal.F_SEAL_GROW:
            raise Errno(E.EPERM)
        super().allocate(mode, offset, length)

    def set_mode(self, mode: int) -> None:
        """Changes the permissions, if no seal keeps the execute bits."""
        if self.seals & Seal.F_SEAL_EXEC and (mode ^ self.mode) & 0o111:
            raise Errno(E.EPERM)
        super().set_mode(mode)


def may_map_writable(inode: object) -> bool:
    """Whether a shared mapping may be, or become, writable."""
    return not (isinstance(inode, SealedFile) and inode.seals & NO_WRITES)
