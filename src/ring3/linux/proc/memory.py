"""/proc/PID/mem: a program's memory as a file, for debuggers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.file import File, Stat
from ring3.fs.inode import Inode
from ring3.fs.pseudo import PseudoFile, PseudoFileSystem
from ring3.kernel.mm.mm import Mm
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class MemoryInode(PseudoFile):
    """The file."""

    def __init__(self, fs: PseudoFileSystem, key: bytes, task: LinuxTask, check: Callable[[], None]) -> None:
        owner = (task.credentials.euid, task.credentials.egid)
        super().__init__(fs, key, lambda: b"", mode=0o600, owner=owner)
        self._task = task
        self._check = check

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens the memory that the program has now; it stays that one after an execve."""
        self._check()
        return MemoryOfTask(self, dentry, flags, self._task)


class MemoryOfTask(File):
    """A program's memory, open: the position is an address."""

    pollable = False

    def __init__(self, inode: Inode, dentry: Dentry, flags: int, task: LinuxTask) -> None:
        super().__init__(flags)
        self._inode = inode
        self._dentry = dentry
        self._task = task
        self._mm = task.mm

    @property
    def inode(self) -> Inode:
        """The inode."""
        return self._inode

    @property
    def dentry(self) -> Dentry:
        """The place it was opened at."""
        return self._dentry

    def _memory(self) -> Mm | None:
        """The memory, None once the program has left it."""
        return self._mm if self._mm is self._task.mm else None

    def pread(self, size: int, offset: int) -> bytes:
        """Bytes from an address on, up to the first that is not there.

        Raises:
            Errno: EIO, nothing is there.
        """
        mm = self._memory()
        if mm is None:
            return b""
        parts: list[bytes] = []
        while size > 0:
            count = min(size, PAGE_SIZE - offset % PAGE_SIZE)
            try:
                parts.append(mm.peek(offset, count))
            except Errno:
                if not parts:
                    raise Errno(E.EIO) from None
                break
            offset += count
            size -= count
        return b"".join(parts)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Stores bytes at an address, also where the program itself cannot.

        Raises:
            Errno: EIO, nothing is there.
        """
        mm = self._memory()
        if mm is None:
            return 0
        try:
            mm.poke(offset, bytes(data))
        except Errno:
            raise Errno(E.EIO) from None
        return len(data)

    def read(self, size: int) -> bytes:
        """Bytes from the position on."""
        data = self.pread(size, self.position)
        self.position += len(data)
        return data

    def write(self, data: bytes | memoryview) -> int:
        """Stores bytes at the position."""
        done = self.pwrite(data, self.position)
        self.position += done
        return done

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position; addresses may have their top bit set."""
        if whence > 1:
            raise Errno(E.EINVAL)
        self.position = (offset + (self.position if whence else 0)) & (1 << 64) - 1
        return self.position

    def stat(self) -> Stat:
        """The inode's attributes."""
        return self._inode.stat()

    def path(self) -> bytes:
        """Its path."""
        return self._dentry.path()
