"""The contents of a file of the host that was changed here: its pages, with those written here over them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from typing import Protocol

    from ring3.fs.file import Stat
    from ring3.fs.host_tree import HostPlace
    from ring3.fs.vfs import Vfs

    class Lower(Protocol):
        """A file whose contents show until they are written over: `HostRegular`, or a part of an archive."""

        ino: int

        @property
        def path(self) -> bytes:
            """Its name, for messages."""

        @property
        def size(self) -> int:
            """Bytes in it."""

        def pread(self, offset: int, size: int) -> bytes:
            """Bytes at an offset."""

        def read_pages(self, index: int, pages: list[memoryview]) -> None:
            """Fills several pages."""

        def refresh(self, above: HostPlace, name: bytes, found: os.stat_result) -> None:
            """Notes what the host says now."""

        def stat(self) -> Stat:
            """Its attributes now."""

        def opened(self) -> None:
            """It has one more user."""

        def closed(self) -> None:
            """It has one fewer."""


class Below:
    """What the file below still contributes.

    Attributes:
        file: The file.
        limit: Bytes of it that show.
        size: Bytes in the file as it is here.
    """

    def __init__(self, file: Lower) -> None:
        self.file = file
        self.limit = self.size = file.size

    def read_page(self, index: int) -> bytes:
        """The bytes of a page."""
        return self.read(index << PAGE_SHIFT, PAGE_SIZE)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, none beyond the limit."""
        return self.file.pread(offset, min(size, self.limit - offset)) if offset < self.limit else b""

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills zeroed pages as far as the limit."""
        offset = index << PAGE_SHIFT
        inside = [page[: max(0, self.limit - offset - n * PAGE_SIZE)] for n, page in enumerate(pages)]
        inside = [page for page in inside if page]
        if inside:
            self.file.read_pages(index, inside)

    def write_page(self, index: int, data: bytes) -> None:
        """Refused: changes stay in memory."""
        raise Errno(E.EROFS)


class OverlayPages(PageCache):
    """Pages of the host's file, and those changed here, which are all dirty and never written back."""

    __slots__ = ("_below", "_vfs")

    def __init__(self, vfs: Vfs, file: Lower, device: tuple[int, int]) -> None:
        self._vfs = vfs
        self._below = Below(file)
        super().__init__(vfs.ram, self._below, os.fsdecode(file.path), device, file.ino, vfs.objects)

    def clean_pages(self) -> dict[int, int]:
        """Those of the host's file that were not changed, as far as it shows whole pages."""
        last = self._below.limit >> PAGE_SHIFT
        return {index: frame for index, frame in super().clean_pages().items() if index < last}

    def read(self, offset: int, size: int) -> bytes:
        """The file's bytes from ``offset``, fewer at the end.

        Raises:
            Errno: What the host says.
        """
        end = min(offset + size, self._below.size)
        ram, frames, parts = self.ram.bytes, self.frames, list[bytes | memoryview]()
        while offset < end:
            index, inside = offset >> PAGE_SHIFT, offset % PAGE_SIZE
            frame = frames.get(index)
            stop = min(end, (index + 1) << PAGE_SHIFT)
            if frame is not None:
                parts.append(ram[frame + inside : frame + inside + stop - offset])
            else:
                while stop < end and stop >> PAGE_SHIFT not in frames:
                    stop = min(end, stop + PAGE_SIZE)
                parts.append(self._below.read(offset, stop - offset).ljust(stop - offset, b"\0"))
            offset = stop
        return b"".join(parts)

    def write(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes; the file grows to hold them.

        Returns:
            How many there was room for.

        Raises:
            Errno: ENOSPC, there was room for none; what the host says.
        """
        below, done = self._below, 0
        old = below.size
        below.size = self.size = max(old, offset + len(data))
        while done < len(data):
            index, inside = (offset + done) >> PAGE_SHIFT, (offset + done) % PAGE_SIZE
            count = min(PAGE_SIZE - inside, len(data) - done)
            try:
                self.page(index)
                self.store(index, inside, data[done : done + count])
            except Errno:
                if self._vfs.objects.reclaim(1 + len(data) // PAGE_SIZE, mapped=False):
                    continue
                below.size = self.size = max(old, offset + done if done else 0)
                if not done:
                    raise Errno(E.ENOSPC) from None
                break
            self.dirty.add(index)
            done += count
        return done

    def truncate(self, size: int) -> None:
        """Changes the size; nothing of the host's file shows beyond it any more, even if it grows again."""
        super().truncate(size)
        if size % PAGE_SIZE and size >> PAGE_SHIFT in self.frames:
            self.dirty.add(size >> PAGE_SHIFT)
        self._below.size = size
        self._below.limit = min(self._below.limit, size)

    def flush(self, first: int = 0, last: int = 1 << 52) -> None:
        """Nothing: the pages are the store."""

    def update(self, offset: int, data: bytes | memoryview) -> None:
        """Not used: `write` is the only way in."""
        raise NotImplementedError
