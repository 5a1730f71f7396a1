"""The page cache: file pages in guest frames, one frame a page for all who map the file.

Pages come from a `Backing` when somebody touches them, several in one read where the backing can do that. Stores
through shared mappings mark a page dirty; it goes back to the backing by `flush` (msync, fsync) and when the
cache is freed. Reads and writes of the file by system calls must go the same way, or they and the mappings would
show different files: `PageCache.read` for reading, `PageCache.update` after a write to the backing.

Not modelled: read-ahead beyond the aligned 64 KiB around a touched page, writeback by age. Changes that somebody
else makes to the backing are not seen in pages already here.
"""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from ring3.abi.errno import Errno
from ring3.kernel.mm.objects import MemoryObject, Objects
from ring3.kernel.mm.vma import LOCKED, SHARED
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, Ram

AROUND: Final = 16
"""Pages of the aligned window that a fault on a file maps (mm/memory.c, fault_around_pages)."""


class Backing(Protocol):
    """Where a file's pages come from and go to."""

    @property
    def size(self) -> int:
        """Bytes in the file now."""

    def read_page(self, index: int) -> bytes:
        """The page's bytes, fewer than 4096 at the end of the file; may raise Errno, which becomes a bus error."""

    def write_page(self, index: int, data: bytes) -> None:
        """Stores a page, the last one shortened to the file's size; may raise Errno."""


@runtime_checkable
class RunBacking(Backing, Protocol):
    """A backing that reads many pages in one go."""

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills zeroed pages from page ``index`` on, as preadv(2) does; may raise Errno."""


class PageCache(MemoryObject):
    """The pages of one file."""

    __slots__ = ("_owner", "_runs", "backing")

    def __init__(
        self,
        ram: Ram,
        backing: Backing,
        name: str = "",
        device: tuple[int, int] = (0, 0),
        inode: int = 0,
        owner: Objects | None = None,
    ) -> None:
        super().__init__(ram, backing.size, name, device, inode)
        self.backing = backing
        self.writeback = True
        self._runs = backing if isinstance(backing, RunBacking) else None
        self._owner = owner
        if owner is not None:
            owner.shrinkable[self] = None

    def load(self, index: int) -> int:
        """Reads a page, and its neighbours if that costs no second read; 0 beyond the end or if reading fails."""
        self.size = self.backing.size
        if index << PAGE_SHIFT >= self.size:
            return 0
        try:
            if self._runs is not None:
                return self._load_run(self._runs, index)
            data = self.backing.read_page(index)
        except Errno:
            return 0
        frame = self.ram.alloc()
        self.ram.bytes[frame : frame + len(data)] = data
        self.frames[index] = frame
        return frame

    def _load_run(self, backing: RunBacking, index: int) -> int:
        frames = self.frames
        first = last = index
        lowest = index & -AROUND
        highest = min(lowest + AROUND, (self.size + PAGE_SIZE - 1) >> PAGE_SHIFT)
        while first > lowest and first - 1 not in frames:
            first -= 1
        while last + 1 < highest and last + 1 not in frames:
            last += 1
        if self.ram.frames_free <= 4 * AROUND:
            first = last = index
        fresh = [self.ram.alloc() for _ in range(first, last + 1)]
        try:
            backing.read_pages(first, [self.ram.bytes[frame : frame + PAGE_SIZE] for frame in fresh])
        except Errno:
            for frame in fresh:
                self.ram.release(frame)
            raise
        frames.update(zip(range(first, last + 1), fresh, strict=True))
        return frames[index]

    def clean_pages(self) -> dict[int, int]:
        """The frames that hold what the backing holds."""
        return {index: frame for index, frame in self.frames.items() if index not in self.dirty}

    def take_pages(self, pages: dict[int, int]) -> list[int]:
        """Adds pages that are not there; returns their frames."""
        new = {index: frame for index, frame in pages.items() if index not in self.frames}
        self.frames.update(new)
        return list(new.values())

    def read(self, offset: int, size: int) -> bytes:
        """The file's bytes from ``offset``, fewer at the end.

        Raises:
            Errno: What the backing says. A page that finds no frame is read past the cache.
        """
        self.size = self.backing.size
        end = min(offset + size, self.size)
        ram, parts = self.ram.bytes, []
        while offset < end:
            index, inside = offset >> PAGE_SHIFT, offset % PAGE_SIZE
            count = min(PAGE_SIZE - inside, end - offset)
            frame = self.frames.get(index)
            if frame is None:
                parts.append(self.backing.read_page(index)[inside : inside + count].ljust(count, b"\0"))
            else:
                parts.append(bytes(ram[frame + inside : frame + inside + count]))
            offset += count
        return b"".join(parts)

    def update(self, offset: int, data: bytes | memoryview) -> None:
        """Shows mappings what a system call has just written to the backing at ``offset``."""
        self.size = self.backing.size
        position = 0
        while position < len(data):
            inside = (offset + position) % PAGE_SIZE
            count = min(PAGE_SIZE - inside, len(data) - position)
            index = (offset + position) >> PAGE_SHIFT
            if index in self.frames:
                self.store(index, inside, data[position : position + count])
            position += count

    def flush(self, first: int = 0, last: int = 1 << 52) -> None:
        """Writes dirty pages from ``first`` up to ``last`` to the backing.

        Raises:
            Errno: What the backing says; the page it refused and those after it stay dirty.
        """
        size = self.backing.size
        for index in sorted(index for index in self.dirty if first <= index < last):
            for vma, mapper, start, end in self.shown_in(index, index + 1):
                if vma.flags & SHARED:
                    mapper.write_protect(start, end)
            frame = self.frames[index]
            count = min(PAGE_SIZE, size - (index << PAGE_SHIFT))
            if count > 0:
                self.backing.write_page(index, bytes(self.ram.bytes[frame : frame + count]))
            self.dirty.discard(index)

    def punch(self, first: int, last: int) -> None:
        """Stores zeros over the pages that the file has there."""
        for index in range(first, min(last, (self.size + PAGE_SIZE - 1) >> PAGE_SHIFT)):
            if self.page(index):
                self.store(index, 0, bytes(PAGE_SIZE))
                self.dirty.add(index)

    def free(self) -> None:
        """Writes what is dirty and gives all frames back; pages that the backing refuses are lost."""
        try:
            self.flush()
        except Errno:
            self.dirty.clear()
        if self._owner is not None:
            self._owner.shrinkable.pop(self, None)
        super().free()

    def shrink(self, wanted: int, mapped: bool) -> int:
        """Gives clean pages back, those in use by no page table or with ``mapped`` all but the locked ones.

        Returns:
            How many frames that freed, about ``wanted`` at most.
        """
        victims: list[int] = []
        for index in self.frames:
            if len(victims) >= wanted:
                break
            shown = [] if index in self.dirty else list(self.shown_in(index, index + 1))
            if index in self.dirty or any(
                vma.flags & LOCKED or (not mapped and mapper.is_mapped(at)) for vma, mapper, at, _ in shown
            ):
                continue
            victims.append(index)
        for index in victims:
            self.unmap(index, index + 1, copies=False)
        self.discard(victims)
        return len(victims)
