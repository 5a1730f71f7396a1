"""How much a file system in memory may hold: the options size=, nr_blocks= and nr_inodes= of tmpfs(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from ring3.abi.errno import E, Errno
from ring3.kernel.mm.shared import SharedObject

if TYPE_CHECKING:
    from ring3.machine.ram import Ram


class CountedInode(Protocol):
    """What is asked of an inode that counts."""

    nlink: int

    @property
    def opens(self) -> int:
        """How many open file descriptions it has."""


class Limits:
    """What is in a file system, and how much may be.

    Pages are counted when as many were taken as there may have been room for: what was freed meanwhile counts then.

    Attributes:
        blocks: Pages that its files may have together, 0 for any number.
        count: Inodes that it may have, 0 for any number.
    """

    def __init__(self, blocks: int, count: int) -> None:
        self.blocks = blocks
        self.count = count
        self._objects: WeakSet[SharedObject] = WeakSet()
        self._inodes: WeakSet[CountedInode] = WeakSet()
        self._left = 0

    @property
    def used(self) -> int:
        """Pages that its files have."""
        return sum(len(found.frames) for found in self._objects)

    @property
    def inodes(self) -> int:
        """Inodes that there are: who walked past a name that is gone may keep its inode, which does not count."""
        return sum(1 for found in self._inodes if found.nlink or found.opens)

    def change(self, blocks: int, count: int) -> None:
        """Sets others (remount).

        Raises:
            Errno: EINVAL, there is more than that already.
        """
        if 0 < blocks < self.used or 0 < count < self.inodes:
            raise Errno(E.EINVAL)
        self.blocks, self.count, self._left = blocks, count, 0

    def may_take_page(self) -> bool:
        """Whether there is room for one page more, which is taken."""
        if self._left <= 0:
            self._left = self.blocks - self.used if self.blocks else 1
        self._left -= 1
        return self._left >= 0

    def require_inode(self) -> None:
        """Refuses one inode too many.

        Raises:
            Errno: ENOSPC.
        """
        if self.count and len(self._inodes) >= self.count and self.inodes >= self.count:
            raise Errno(E.ENOSPC)

    def add(self, inode: CountedInode) -> None:
        """Counts an inode, as long as it is there."""
        self._inodes.add(inode)

    def pages(self, ram: Ram, device: tuple[int, int], ino: int) -> SharedObject:
        """The contents of a new file."""
        made = LimitedObject(ram, device, ino, self)
        self._objects.add(made)
        return made


class LimitedObject(SharedObject):
    """The contents of a file that gets no more pages than its file system has room for."""

    __slots__ = ("__weakref__", "_limits")

    def __init__(self, ram: Ram, device: tuple[int, int], ino: int, limits: Limits) -> None:
        super().__init__(ram, 0, "", device, ino)
        self._limits = limits

    def load(self, index: int) -> int:
        """A zeroed frame for a page; none where there is no room for it."""
        return super().load(index) if self._limits.may_take_page() else 0

    def page(self, index: int) -> int:
        """The same, for what is written.

        Raises:
            Errno: ENOSPC; ENOMEM.
        """
        frame = super().page(index)
        if not frame:
            raise Errno(E.ENOSPC)
        return frame
