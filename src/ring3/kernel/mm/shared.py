"""Shared memory: an object that is its own store."""

from __future__ import annotations

from ring3.abi.errno import Errno
from ring3.kernel.mm.objects import MemoryObject
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, ZERO_PAGE


class SharedObject(MemoryObject):
    """Memory that is its own store: shared anonymous mappings, System V segments, memfd, tmpfs files."""

    __slots__ = ()

    def load(self, index: int) -> int:
        """A zeroed frame for a page inside ``size``."""
        if index << PAGE_SHIFT >= self.size:
            return 0
        frame = self.frames[index] = self.ram.alloc()
        return frame

    def read(self, offset: int, size: int) -> bytes:
        """The bytes from ``offset``, fewer at the end; holes read as zeros and stay holes."""
        end = min(offset + size, self.size)
        ram, parts = self.ram.bytes, []
        while offset < end:
            inside = offset % PAGE_SIZE
            count = min(PAGE_SIZE - inside, end - offset)
            frame = self.frames.get(offset >> PAGE_SHIFT)
            parts.append(ZERO_PAGE[:count] if frame is None else ram[frame + inside : frame + inside + count])
            offset += count
        return b"".join(parts)

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Stores bytes at ``offset``; the object grows to hold them.

        Raises:
            Errno: ENOMEM, RAM is full; pages before the one that found no frame are written, ``size`` says how far.
        """
        position = 0
        while position < len(data):
            index, inside = (offset + position) >> PAGE_SHIFT, (offset + position) % PAGE_SIZE
            count = min(PAGE_SIZE - inside, len(data) - position)
            old = self.size
            self.size = max(old, offset + position + count)
            try:
                self.page(index)
                self.store(index, inside, data[position : position + count])
            except Errno:
                self.size = old
                raise
            position += count

    def punch(self, first: int, last: int) -> None:
        """Frees the pages, which then read as zeros."""
        self.unmap(first, last, copies=False)
        self.discard(self.present(first, last))

    def blank(self, index: int, start: int, end: int) -> None:
        """Overwrites a part of a page; a hole reads as zeros already."""
        if index in self.frames:
            super().blank(index, start, end)
