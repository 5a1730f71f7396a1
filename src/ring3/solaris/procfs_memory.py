"""/proc/PID/as: the memory of a process as a file, in which the position is an address (prreadwrite in prvnops.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.process_memory import ProcessMemory
from ring3.fs.pseudo import PseudoFile

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.fs.pseudo import PseudoFileSystem
    from ring3.kernel.mm.mm import Mm
    from ring3.solaris.process import Process

_M32: Final = (1 << 32) - 1
_M64: Final = (1 << 64) - 1


class MemoryInode(PseudoFile):
    """The file ``as``."""

    def __init__(self, fs: PseudoFileSystem, key: bytes, process: Process, owner: tuple[int, int]) -> None:
        super().__init__(fs, key, lambda: b"", mode=0o600, owner=owner)
        self._process = process

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens the memory that the process has at each moment."""
        return MemoryOfProcess(self, dentry, flags, self._process)


class MemoryOfProcess(ProcessMemory):
    """The memory, open."""

    any_offset = True

    def __init__(self, inode: Inode, dentry: Dentry, flags: int, process: Process) -> None:
        super().__init__(inode, dentry, flags)
        self._process = process

    def _memory(self) -> Mm:
        lwp = next(iter(self._process.lwps.values()), None)
        if lwp is None or lwp.mm is None:
            raise Errno(E.ENOENT)
        return lwp.mm

    def _address(self, offset: int) -> int:
        return offset & (_M32 if self._process.ilp32 else _M64)

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position; an address of the upper half is a negative offset."""
        position = super().seek(offset, whence)
        return position - (position >> 63 << 64)
