"""A program's memory as a file whose position is an address: /proc/PID/mem of Linux, /proc/PID/as of Solaris."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import NamedFile
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm


class ProcessMemory(NamedFile):
    """The memory, open; the systems say whose it is, and where a position leads."""

    pollable = False

    @abstractmethod
    def _memory(self) -> Mm | None:
        """The memory, None once there is nothing to be read or written any more.

        Raises:
            Errno: Why it is not there.
        """

    def _address(self, offset: int) -> int:
        """Where a position leads."""
        return offset

    def pread(self, size: int, offset: int) -> bytes:
        """Bytes from an address on, up to the first that is not there.

        Raises:
            Errno: EIO, nothing is there; as the system says of a process that has ended.
        """
        mm = self._memory()
        if mm is None:
            return b""
        address, parts = self._address(offset), list[bytes]()
        while size > 0:
            count = min(size, PAGE_SIZE - address % PAGE_SIZE)
            try:
                parts.append(mm.peek(address, count))
            except Errno:
                if not parts:
                    raise Errno(E.EIO) from None
                break
            address += count
            size -= count
        return b"".join(parts)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Stores bytes at an address, also where the program itself cannot.

        Raises:
            Errno: EIO, nothing is there; as the system says of a process that has ended.
        """
        mm = self._memory()
        if mm is None:
            return 0
        try:
            mm.poke(self._address(offset), bytes(data))
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
        """Moves the position; addresses may have their top bit set.

        Raises:
            Errno: EINVAL, memory has no end to count from.
        """
        if whence not in (0, 1):
            raise Errno(E.EINVAL)
        self.position = (offset + (self.position if whence else 0)) & (1 << 64) - 1
        return self.position
