"""Guest RAM and its frames.

One shared mapping, backed by a memfd where the host has one, so that another process (a CPU that runs user code
on the host's processor) can map the same frames. Pages of the mapping that nobody touched cost nothing.

A frame is a 4096-byte page of RAM, named by its physical address. Every frame in use has a reference count;
it returns to the free list when the count reaches 0, and it is all zeros when it is handed out.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from typing import Final

from ring3.errors import OutOfFrames

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 1 << PAGE_SHIFT
PAGE_MASK: Final = ~(PAGE_SIZE - 1)
ZERO_PAGE: Final = bytes(PAGE_SIZE)
PINNED: Final = 1 << 31
"""The bit of a reference count that says that a kept state of RAM needs the frame (`machine.ram_states`)."""


def _backing(size: int) -> tuple[mmap.mmap, int]:
    """A shared, lazily filled mapping of ``size`` bytes and its memfd; where the host makes none, without, and -1."""
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_NORESERVE", 0)
    try:
        fd = os.memfd_create("ring3-ram", os.MFD_CLOEXEC)
    except (AttributeError, OSError):  # not Linux, or a filter of calls
        return mmap.mmap(-1, size, flags=flags | mmap.MAP_ANONYMOUS), -1
    try:
        os.ftruncate(fd, size)
        return mmap.mmap(fd, size, flags=flags), fd
    except (OSError, ValueError):
        os.close(fd)
        raise


class Ram:
    """Physical memory from address 0, and who uses which frame of it.

    Attributes:
        size: Bytes of RAM.
        bytes: All of RAM as unsigned bytes.
        q: The same memory as 64-bit words; index is the physical address divided by 8.
        d: The same as 32-bit words; index is the physical address divided by 4.
        refs: Reference count of each frame, by frame number.
        fd: The memfd behind it for who shares it with other processes; else -1.
        free: Frames that were in use and are free; the last one is handed out first.
        fresh: The first frame that was never in use: all those above it are free too.
        code: Frames in use that were ever mapped executable.
        on_code_freed: Called when a frame that held code is freed: translations of it are stale.
    """

    is_state = False
    __slots__ = ("_map", "bytes", "code", "d", "fd", "free", "fresh", "on_code_freed", "q", "refs", "size")

    def __init__(self, size: int, *, shared: bool = False) -> None:
        """Maps it.

        Args:
            size: Bytes, a multiple of the page size.
            shared: Keep the memfd, for other processes to map it.

        Raises:
            OSError: The host cannot provide it.
            ValueError: It is of no possible size.
        """
        if size % PAGE_SIZE or size < 64 * PAGE_SIZE:
            raise ValueError(
                f"RAM must be a multiple of {PAGE_SIZE} bytes and hold 64 pages at least, not {size}"
            )
        self.size = size
        self._map, self.fd = _backing(size)
        if not shared:
            self._close_file()
        self.bytes = memoryview(self._map)
        self.q = self.bytes.cast("Q")
        self.d = self.bytes.cast("I")
        self.refs = memoryview(mmap.mmap(-1, max(size >> PAGE_SHIFT, 1024) * 4)).cast("I")
        self.fresh = PAGE_SIZE  # frame 0 is never handed out: a physical address of 0 means none
        self.free: list[int] = []
        self.code: set[int] = set()
        self.on_code_freed: Callable[[], None] = lambda: None

    def alloc(self) -> int:
        """Physical address of a zeroed frame with one reference.

        Raises:
            OutOfFrames: No frame is free.
        """
        if self.free:
            frame = self.free.pop()
            self.bytes[frame : frame + PAGE_SIZE] = ZERO_PAGE
        else:
            frame = self.fresh
            if frame >= self.size:
                raise OutOfFrames(f"all {self.size >> PAGE_SHIFT} frames are in use")
            self.fresh = frame + PAGE_SIZE
        self.refs[frame >> PAGE_SHIFT] = 1
        return frame

    def alloc_contiguous(self, count: int) -> int:
        """Physical address of ``count`` zeroed frames in a row, each with one reference.

        Raises:
            OutOfFrames: There is no such run above the frames used so far.
        """
        first = self.fresh
        if first + count * PAGE_SIZE > self.size:
            raise OutOfFrames(f"no {count} frames in a row are free")
        self.fresh = first + count * PAGE_SIZE
        for frame in range(first >> PAGE_SHIFT, self.fresh >> PAGE_SHIFT):
            self.refs[frame] = 1
        return first

    def share(self, frame: int) -> None:
        """Adds a reference to a frame in use."""
        self.refs[frame >> PAGE_SHIFT] += 1

    def release(self, frame: int) -> None:
        """Drops a reference; at 0 the frame is free."""
        number = frame >> PAGE_SHIFT
        left = self.refs[number] - 1
        self.refs[number] = left
        if left == 0:
            self._freed(frame)

    def unpin(self, frame: int) -> None:
        """A frame that had the bit of `PINNED` in its count loses it; if nobody refers to it, it is free."""
        number = frame >> PAGE_SHIFT
        left = self.refs[number] & ~PINNED
        self.refs[number] = left
        if left == 0:
            self._freed(frame)

    def _freed(self, frame: int) -> None:
        self.free.append(frame)
        if frame in self.code:
            self.code.discard(frame)
            self.on_code_freed()

    def mark_code(self, frame: int) -> None:
        """Notes that a CPU may have translated this frame's contents."""
        self.code.add(frame)

    def is_code(self, frame: int) -> bool:
        """Whether the frame was ever mapped executable while in use."""
        return frame in self.code

    @property
    def frames_in_use(self) -> int:
        """Frames with at least one reference."""
        return (self.fresh >> PAGE_SHIFT) - 1 - len(self.free)

    @property
    def frames_free(self) -> int:
        """Frames that `alloc` can still hand out."""
        return (self.size >> PAGE_SHIFT) - 1 - self.frames_in_use

    def _close_file(self) -> None:
        """Closes the memfd: no other process can map RAM any more."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def close(self) -> None:
        """Gives the mapping back to the host; the object is unusable afterwards."""
        self.q.release()
        self.d.release()
        self.bytes.release()
        self._map.close()
        self._close_file()
