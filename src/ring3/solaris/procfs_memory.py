"""/proc/PID/as: the memory of a process as a file, in which the position is an address (prreadwrite in prvnops.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.file import File, Stat
from ring3.fs.pseudo import PseudoFile
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
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
        return MemoryFile(self, dentry, flags, self._process)


class MemoryFile(File):
    """The memory, open."""

    pollable = False
    any_offset = True

    def __init__(self, inode: Inode, dentry: Dentry, flags: int, process: Process) -> None:
        super().__init__(flags)
        self._inode = inode
        self._dentry = dentry
        self._process = process

    @property
    def inode(self) -> Inode:
        """The inode."""
        return self._inode

    @property
    def dentry(self) -> Dentry:
        """The place it was opened at."""
        return self._dentry

    def stat(self) -> Stat:
        """What it is."""
        return self._inode.stat()

    def _memory(self) -> Mm:
        lwp = next(iter(self._process.lwps.values()), None)
        if lwp is None or lwp.mm is None:
            raise Errno(E.ENOENT)
        return lwp.mm

    def _address(self, offset: int) -> int:
        return offset & (_M32 if self._process.ilp32 else _M64)

    def pread(self, size: int, offset: int) -> bytes:
        """Bytes from an address on, up to the first that is not there.

        Raises:
            Errno: EIO, nothing is there; ENOENT, the process has ended.
        """
        mm, at, parts = self._memory(), self._address(offset), []
        while size > 0:
            count = min(size, PAGE_SIZE - at % PAGE_SIZE)
            try:
                parts.append(mm.peek(at, count))
            except Errno:
                if not parts:
                    raise Errno(E.EIO) from None
                break
            at += count
            size -= count
        return b"".join(parts)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Stores bytes at an address, also where the program itself cannot.

        Raises:
            Errno: EIO, nothing is there; ENOENT, the process has ended.
        """
        try:
            self._memory().poke(self._address(offset), bytes(data))
        except Errno as error:
            raise Errno(E.ENOENT if error.number == E.ENOENT else E.EIO) from None
        return len(data)

    def read(self, size: int) -> bytes:
        """Bytes from the position on."""
        data = self.pread(size, self.position)
        self.position += len(data)
        return data

    def write(self, data: bytes | memoryview) -> int:
        """Stores at the position."""
        done = self.pwrite(data, self.position)
        self.position += done
        return done

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position; an address of the upper half is a negative offset."""
        if whence not in (0, 1):
            raise Errno(E.EINVAL)
        self.position = (offset if whence == 0 else self.position + offset) & _M64
        return self.position - (self.position >> 63 << 64)
