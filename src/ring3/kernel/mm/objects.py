"""Memory objects: pages by index, for all mappings that show them.

An object owns one reference to each of its frames; a page table owns none. So an object that gives a frame back
first takes it out of every address space that maps it, by the list of its mappings. Private anonymous memory is no
object: its frames belong to the address space (see `Space`), which is also where the private copies of an object's
pages go.

Objects are counted: their maker and every mapping hold them, and with the last holder the frames are freed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, ZERO_PAGE, Ram

if TYPE_CHECKING:
    from ring3.kernel.mm.vma import Vma


MAX_MAP_COUNT: Final = 65530


class Mapper(Protocol):
    """An address space, as an object sees it."""

    def forget_pages(self, start: int, end: int, copies: bool) -> None:
        """Unmaps the pages of a range, and with ``copies`` frees the private copies there too."""

    def write_protect(self, start: int, end: int) -> None:
        """Makes the next store to each page of a range fault."""

    def is_mapped(self, address: int) -> bool:
        """Whether the page tables lead somewhere from there."""


class MemoryObject:
    """Pages by index.

    Attributes:
        ram: Where its frames are.
        frames: Physical address of the frame of each page present, by index.
        vmas: The mappings that show it, and whose they are.
        size: Bytes; a touch of a page beyond them is a bus error.
        name: What /proc/PID/maps shows for a mapping that was given no name of its own.
        device: Major and minor number for /proc/PID/maps.
        inode: Inode number for /proc/PID/maps.
        writeback: Stores through shared mappings must be noticed, page by page, in ``dirty``.
        dirty: Indices of pages changed since they were last written back.
        mergeable: Adjacent mappings of it may become one.
    """

    __slots__ = (
        "_holders",
        "device",
        "dirty",
        "frames",
        "inode",
        "mergeable",
        "name",
        "ram",
        "size",
        "vmas",
        "writeback",
    )

    def __init__(
        self, ram: Ram, size: int, name: str = "", device: tuple[int, int] = (0, 0), inode: int = 0
    ) -> None:
        self.ram = ram
        self.size = size
        self.name = name
        self.device = device
        self.inode = inode
        self.frames: dict[int, int] = {}
        self.vmas: dict[Vma, Mapper] = {}
        self.dirty: set[int] = set()
        self.writeback = False
        self.mergeable = True
        self._holders = 1

    def load(self, index: int) -> int:
        """Physical address of the frame of a page that was not present, 0 where there is no such page.

        Raises:
            OutOfFrames: RAM is full.
        """
        raise NotImplementedError

    def punch(self, first: int, last: int) -> None:
        """Makes pages from ``first`` up to ``last`` read as zeros (fallocate's PUNCH_HOLE).

        Raises:
            Errno: EOPNOTSUPP, it has no holes; others from the store behind it.
        """
        raise Errno(E.EOPNOTSUPP)

    def blank(self, index: int, start: int, end: int) -> None:
        """Makes bytes ``start`` up to ``end`` of a page read as zeros.

        Raises:
            Errno: ENOMEM, RAM is full.
        """
        if self.page(index):
            self.store(index, start, bytes(end - start))
            self.dirty.add(index)

    def flush(self, first: int, last: int) -> None:
        """Writes changed pages from ``first`` up to ``last`` back to the store behind the object, if it has one.

        Raises:
            Errno: What the store says; pages not written stay marked as changed.
        """

    def hold(self) -> None:
        """Adds a holder."""
        self._holders += 1

    def drop(self) -> None:
        """Takes a holder away; the last one frees the pages."""
        self._holders -= 1
        if self._holders == 0:
            self.free()

    def free(self) -> None:
        """Gives all frames back; nobody maps them any more."""
        for frame in self.frames.values():
            self.ram.release(frame)
        self.frames.clear()

    def attach(self, vma: Vma, mapper: Mapper) -> None:
        """Notes a new mapping, which holds the object."""
        self.vmas[vma] = mapper
        self._holders += 1

    def detach(self, vma: Vma) -> None:
        """Forgets a mapping."""
        del self.vmas[vma]
        self.drop()

    def shown_in(self, first: int, last: int) -> Iterator[tuple[Vma, Mapper, int, int]]:
        """The mappings that show pages from ``first`` up to ``last``: each with whose it is, from and to address."""
        for vma, mapper in list(self.vmas.items()):
            low = max(first, vma.offset)
            high = min(last, vma.offset + vma.pages)
            if low < high:
                shift = vma.start - (vma.offset << PAGE_SHIFT)
                yield vma, mapper, shift + (low << PAGE_SHIFT), shift + (high << PAGE_SHIFT)

    def unmap(self, first: int, last: int, copies: bool) -> None:
        """Takes pages from ``first`` up to ``last`` out of all address spaces; they can be faulted in again.

        With ``copies`` the private copies that programs made of them are lost too, as truncation does.
        """
        for _, mapper, start, end in self.shown_in(first, last):
            mapper.forget_pages(start, end, copies)

    def written_through_mappings(self) -> bool:
        """Whether a shared mapping can write it, now or after mprotect(2): F_SEAL_WRITE is refused then."""
        return any(vma.flags & 1 and vma.may & 2 for vma in self.vmas)

    def discard(self, indices: Iterable[int]) -> None:
        """Frees pages that no address space maps (any more)."""
        for index in list(indices):
            frame = self.frames.pop(index, 0)
            if frame:
                self.dirty.discard(index)
                self.ram.release(frame)

    def present(self, first: int, last: int) -> list[int]:
        """Indices of the pages present from ``first`` up to ``last``."""
        if last - first <= len(self.frames):
            return [index for index in range(first, last) if index in self.frames]
        return sorted(index for index in self.frames if first <= index < last)

    def truncate(self, size: int) -> None:
        """Changes the size in bytes; what lay beyond is gone, for private mappings too (truncate_pagecache)."""
        old, self.size = self.size, size
        if size >= old:
            return
        first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT
        last = 1 << 52
        self.unmap(first, last, copies=True)
        self.discard(self.present(first, last))
        index = size >> PAGE_SHIFT
        if size % PAGE_SIZE and index in self.frames:
            self.store(index, size % PAGE_SIZE, ZERO_PAGE[size % PAGE_SIZE :])

    def own_frame(self, index: int) -> int:
        """The frame of a page that is present, to be stored into: a copy if a snapshot keeps the one that it has.

        Raises:
            OutOfFrames: RAM is full.
        """
        ram, frame = self.ram, self.frames[index]
        if ram.refs[frame >> PAGE_SHIFT] != 1:
            new = ram.alloc()
            ram.bytes[new : new + PAGE_SIZE] = ram.bytes[frame : frame + PAGE_SIZE]
            self.unmap(index, index + 1, copies=False)
            self.frames[index] = new
            ram.release(frame)
            return new
        return frame

    def store(self, index: int, offset: int, data: bytes | memoryview) -> None:
        """Writes into a page that is present and tells the CPU if it may have translated its contents.

        Raises:
            Errno: ENOMEM, RAM is full.
        """
        try:
            frame = self.own_frame(index)
        except OutOfFrames:
            raise Errno(E.ENOMEM) from None
        self.ram.bytes[frame + offset : frame + offset + len(data)] = data
        if self.ram.is_code(frame):
            self.ram.on_code_freed()

    def page(self, index: int) -> int:
        """Physical address of the frame of a page, loaded if need be, 0 where there is none.

        Raises:
            Errno: ENOMEM, RAM is full.
        """
        frame = self.frames.get(index)
        if frame is None:
            try:
                frame = self.load(index)
            except OutOfFrames:
                raise Errno(E.ENOMEM) from None
        return frame


class Shrinkable(Protocol):
    """An object that can give frames back and get their contents again."""

    def shrink(self, wanted: int, mapped: bool) -> int:
        """Frees about so many frames, and returns how many; without ``mapped`` only those no page table leads to."""


class Objects:
    """What concerns all memory objects of a machine: numbers for those without a file, and frames when RAM is full.

    Attributes:
        shrinkable: Where frames can be taken from, oldest object first.
        max_map_count: Mappings one address space may have (vm.max_map_count).
    """

    __slots__ = ("_inode", "max_map_count", "shrinkable")

    def __init__(self) -> None:
        self.shrinkable: dict[Shrinkable, None] = {}
        self.max_map_count = MAX_MAP_COUNT
        self._inode = 0

    def new_inode(self) -> int:
        """The next inode number, 1 and up."""
        self._inode += 1
        return self._inode

    def reclaim(self, wanted: int, mapped: bool) -> int:
        """Frees about ``wanted`` frames of clean file pages; the next touch reads them again.

        Args:
            wanted: Frames.
            mapped: Pages that programs have mapped may go as well; not while somebody holds slices of RAM.

        Returns:
            How many were freed; 0 if there is nothing to take.
        """
        freed = 0
        for use_mapped in (False, True) if mapped else (False,):
            for member in list(self.shrinkable):
                if freed < wanted:
                    freed += member.shrink(wanted - freed, use_mapped)
        return freed


class FrameObject(MemoryObject):
    """Given frames under a name: ``[vdso]``, ``[vvar]``. Their owner may change the contents at any time."""

    __slots__ = ()

    def __init__(self, ram: Ram, frames: Iterable[int], name: str) -> None:
        """Takes a reference to each frame; page 0 is the first."""
        super().__init__(ram, 0, name)
        for frame in frames:
            ram.share(frame)
            self.frames[len(self.frames)] = frame
        self.size = len(self.frames) << PAGE_SHIFT
        self.mergeable = False

    def load(self, index: int) -> int:
        """There is no page but those given."""
        return 0
