"""Advisory locks of a file: those of fcntl(2), by byte range, and those of flock(2), whole.

A range lock belongs to an owner: a table of descriptors, so a process (POSIX), or an open file description (OFD). Locks
of one owner never conflict; the last one set for a byte counts. Nobody is kept from reading or writing by them.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel.wait import WaitQueue

END: Final = (1 << 63) - 1
"""The last byte of a lock that reaches to the end of the file, wherever that is."""


class Lock(NamedTuple):
    """A lock on a range.

    Attributes:
        owner: Whose it is: an `FdTable`, or a `File`.
        pid: The process that set it, -1 for one of an open file description.
        exclusive: A write lock.
        start: First byte.
        end: Last byte, `END` for all that follows.
    """

    owner: object
    pid: int
    exclusive: bool
    start: int
    end: int

    def conflicts(self, other: Lock) -> bool:
        """Whether the two cannot both be held."""
        return self.owner is not other.owner and (self.exclusive or other.exclusive) and self.overlaps(other)

    def overlaps(self, other: Lock) -> bool:
        """Whether some byte is in both."""
        return self.start <= other.end and other.start <= self.end


class Whole(NamedTuple):
    """A lock on a whole file.

    Attributes:
        pid: The process that took it.
        exclusive: Nobody else has one.
    """

    pid: int
    exclusive: bool


class Locks:
    """All locks of one file.

    Attributes:
        ranges: Those of byte ranges.
        flocks: Those of the whole file, by open file description.
        queue: Woken when a lock was released.
    """

    __slots__ = ("flocks", "queue", "ranges")

    def __init__(self) -> None:
        self.ranges: list[Lock] = []
        self.flocks: dict[object, Whole] = {}
        self.queue = WaitQueue()

    def conflict(self, wanted: Lock) -> Lock | None:
        """The first lock that stands against another one."""
        found = [lock for lock in self.ranges if lock.conflicts(wanted)]
        return min(found, key=lambda lock: lock.start, default=None)

    def held(self, by: Lock) -> Lock | None:
        """The first lock of a lock's owner in its range."""
        found = [lock for lock in self.ranges if lock.owner is by.owner and lock.overlaps(by)]
        return min(found, key=lambda lock: lock.start, default=None)

    def set(self, lock: Lock) -> None:
        """Sets a lock that conflicts with none; it replaces what its owner held of the range."""
        self.clear(lock.owner, lock.start, lock.end)
        joined = lock
        for other in [other for other in self.ranges if other.owner is lock.owner]:
            if other.exclusive == lock.exclusive and (
                other.end + 1 == joined.start or joined.end + 1 == other.start
            ):
                self.ranges.remove(other)
                joined = joined._replace(start=min(joined.start, other.start), end=max(joined.end, other.end))
        self.ranges.append(joined)
        self.queue.wake()

    def clear(self, owner: object, start: int, end: int) -> None:
        """Releases what an owner holds of a range."""
        kept = []
        for lock in self.ranges:
            if lock.owner is not owner or lock.end < start or end < lock.start:
                kept.append(lock)
                continue
            if lock.start < start:
                kept.append(lock._replace(end=start - 1))
            if end < lock.end:
                kept.append(lock._replace(start=end + 1))
        if len(kept) != len(self.ranges) or kept != self.ranges:
            self.ranges = kept
            self.queue.wake()

    def release(self, owner: object) -> None:
        """Releases all range locks of an owner."""
        if self.ranges:
            self.clear(owner, 0, END)

    def flock(self, owner: object, pid: int, exclusive: bool) -> bool:
        """Takes the whole file for an open file description, or changes how it has it.

        As on Linux a change releases the old lock first, and so may lose it.

        Returns:
            False if others stand against it.
        """
        known = self.flocks.get(owner)
        if known is not None and known.exclusive is exclusive:
            return True
        self.unflock(owner)
        if any(exclusive or held.exclusive for held in self.flocks.values()):
            return False
        self.flocks[owner] = Whole(pid, exclusive)
        return True

    def unflock(self, owner: object) -> None:
        """Gives the whole file back."""
        if self.flocks.pop(owner, None) is not None:
            self.queue.wake()
