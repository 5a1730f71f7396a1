"""A directory of the host, copy-on-write: changes stay in memory.

What nobody has changed is looked up on the host each time. What was changed is *pinned*: it, and the directories above
it, stay in memory with their attributes, and the host is not asked for them again. Contents are copied page by page:
`OverlayPages` reads from the host what was not written here. Should the host rewrite such a file in place, the pages
not yet written show it.

Hard links of the host are one file here too. Left out: FIFOs and sockets do not lead to the host's.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.dentry import Dentry
from ring3.fs.file import Stat
from ring3.fs.host_tree import HostPlace
from ring3.fs.hostfs import OVERLAYFS_MAGIC, HostFileSystem, HostRegular
from ring3.fs.inode import Entry, Inode, StatFs
from ring3.fs.memory_file import FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, punch
from ring3.fs.memory_inode import INODE, Attributes, MemoryNode
from ring3.fs.overlay_pages import OverlayPages
from ring3.fs.regular import MAX_SIZE, RegularInode
from ring3.fs.tmpfs import NAME, MemoryDirectory, MemoryFileSystem

if TYPE_CHECKING:
    from ring3.fs.overlay_pages import Lower
    from ring3.fs.vfs import Vfs

FIRST_NEW_INO: Final = 0xFFFF_FF00
"""New files are numbered downwards from here, out of the way of the host's numbers."""


class OverlayFileSystem(MemoryFileSystem):
    """A directory of the host and all below it, or a single file of it, with changes in memory.

    Attributes:
        lower: The same directory as the host has it.
    """

    magic = OVERLAYFS_MAGIC

    def __init__(self, vfs: Vfs, base: bytes) -> None:
        """Shows a directory or file of the host.

        Raises:
            Errno: As stat(2).
        """
        super().__init__(vfs, "overlay")
        self.lower = HostFileSystem(vfs, base)
        self.host_path = base
        self._next = FIRST_NEW_INO
        self._linked: WeakValueDictionary[tuple[int, int], Inode] = WeakValueDictionary()
        self.dev = self.lower.dev
        found = host_os.call(os.stat, base)
        if stat.S_ISDIR(found.st_mode):
            self.top = OverlayDirectory(self, HostPlace(vfs.held, None, base, found), found, None, b"")
            self.root = Dentry(self, self.top)
        else:
            lower = self.lower.root.inode
            assert isinstance(lower, HostRegular)
            self.root = Dentry(self, OverlayFile(self, lower, found, None, b""))

    def new_ino(self) -> int:
        """The next number for a file that the host does not have."""
        self._next = getattr(self, "_next", FIRST_NEW_INO) - 1
        return self._next

    def statfs(self) -> StatFs:
        """The host's numbers."""
        return self.lower.statfs()

    def close(self) -> None:
        """Gives the host's descriptors back."""
        self.lower.close()

    def show(self, above: OverlayDirectory, name: bytes, found: os.stat_result) -> Inode:
        """The inode that stands for a file of the host."""
        place = above.place
        if stat.S_ISDIR(found.st_mode):
            return OverlayDirectory(self, place.child(name, found), found, above, name)
        key = (found.st_dev, found.st_ino)
        linked = self._linked.get(key)
        if linked is not None:
            return linked
        inode: Inode
        if stat.S_ISREG(found.st_mode):
            lower = self.lower.inode(place, name, found)
            assert isinstance(lower, HostRegular)
            inode = OverlayFile(self, lower, found, above, name)
        else:
            inode = OverlayNode(self, place, found, above, name)
        if found.st_nlink > 1:
            self._linked[key] = inode
        return inode


class Shown(Attributes):
    """The attributes of a file of the host until it is changed, and its own from then on.

    Attributes:
        above: The directory it was found in.
        name: Its name there.
        changed: It is pinned.
    """

    above: OverlayDirectory | None
    name: bytes
    changed: bool

    def pin(self) -> None:
        """Keeps it, and what leads to it, in memory from now on."""
        at: Shown | None = self
        while at is not None and not at.changed:
            at.charge(INODE)
            at.changed = True
            if at.above is not None:
                at.above.names[at.name] = at  # type: ignore[assignment]
                at.above.charge(NAME + len(at.name))
            at = at.above

    def accessed(self) -> None:
        """Reading changes nothing."""

    def copy_attributes(self, found: os.stat_result) -> None:
        """Notes what the host says, unless it does not matter any more."""
        if self.changed:
            return
        self.mode, self.uid, self.gid, self.nlink = found.st_mode, found.st_uid, found.st_gid, found.st_nlink
        self.atime, self.mtime, self.ctime = found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns


class OverlayDirectory(Shown, MemoryDirectory):
    """A directory of the host with changes.

    Attributes:
        place: The host's directory.
        hidden: Names that the host has and that are gone here.
    """

    def __init__(
        self,
        fs: OverlayFileSystem,
        place: HostPlace,
        found: os.stat_result,
        above: OverlayDirectory | None,
        name: bytes,
    ) -> None:
        self.changed = True  # nothing to pin while it is being made
        super().__init__(fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        self.place = place
        self.above, self.name, self.changed = above, name, False
        self.hidden: set[bytes] = set()
        self._seen: WeakValueDictionary[bytes, Inode] = WeakValueDictionary()
        self.copy_attributes(found)

    @property
    def overlay(self) -> OverlayFileSystem:
        """The file system."""
        assert isinstance(self.fs, OverlayFileSystem)
        return self.fs

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name: the one in memory, or one that stands for the host's."""
        pinned = self.names.get(name)
        if pinned is not None:
            return pinned
        if name in self.hidden:
            raise Errno(E.ENOENT)
        found = self.place.lstat(name)
        seen = self._seen.get(name)
        if seen is not None and seen.ino == found.st_ino and seen.kind == stat.S_IFMT(found.st_mode):
            assert isinstance(seen, OverlayDirectory | OverlayFile | OverlayNode)
            seen.refresh(self.place, name, found)
            return seen
        inode = self._seen[name] = self.overlay.show(self, name, found)
        return inode

    def refresh(self, above: HostPlace, name: bytes, found: os.stat_result) -> None:
        """Notes what the host says now, and where it is now."""
        self.place.above, self.place.name = above, name
        self.copy_attributes(found)

    def entries(self) -> list[Entry]:
        """The host's names in its order, without the hidden ones, and then the new ones."""
        rest = dict(self.names)
        found = []
        for name, ino, kind in self.place.entries():
            inode = rest.pop(name, None)
            if inode is not None:
                found.append(Entry(name, inode.ino, inode.kind))
            elif name not in self.hidden:
                found.append(Entry(name, ino, kind))
        return found + [Entry(name, inode.ino, inode.kind) for name, inode in rest.items()]

    def stat(self) -> Stat:
        """The host's attributes, or its own."""
        if self.changed:
            return super().stat()
        found = self.place.stat()
        self.copy_attributes(found)
        return host_os.stat_of(found)

    def is_empty(self) -> bool:
        """Whether nothing is left in it."""
        return not self.entries()

    def take(self, name: bytes) -> Inode:
        """Removes an entry; the host's is hidden."""
        inode = super().take(name)
        if name not in self.hidden and self._has_below(name):
            self.charge(NAME + len(name))
            self.hidden.add(name)
        self._seen.pop(name, None)
        if isinstance(inode, Shown):
            inode.changed, inode.above = True, None
        return inode

    def _has_below(self, name: bytes) -> bool:
        """Whether the host has a name here."""
        try:
            self.place.lstat(name)
        except Errno:
            return False
        return True


class OverlayFile(Shown, RegularInode):
    """A regular file of the host with changes.

    Attributes:
        lower: The host's file.
    """

    def __init__(
        self,
        fs: OverlayFileSystem,
        lower: Lower,
        found: os.stat_result,
        above: OverlayDirectory | None,
        name: bytes,
    ) -> None:
        super().__init__(fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        self.vfs = fs.vfs
        self.lower: Lower = lower
        self.above, self.name, self.changed = above, name, False
        self._pages: OverlayPages | None = None
        self.copy_attributes(found)

    def refresh(self, above: HostPlace, name: bytes, found: os.stat_result) -> None:
        """Notes what the host says now; pages read before its contents changed are of no use any more."""
        if not self.changed:
            old = self.mtime, self.lower.size
            self.lower.refresh(above, name, found)
            self.copy_attributes(found)
            if old != (self.mtime, found.st_size) and self._pages is not None:
                self._pages.drop()
                self._pages = None

    def pin(self) -> None:
        """The host's file must stay reachable as long as parts of it show."""
        if not self.changed:
            self.lower.opened()
        super().pin()

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.lower.size if self._pages is None else self._pages.size

    @property
    def pages(self) -> OverlayPages:
        """The contents."""
        if self._pages is None:
            device = (os.major(self.fs.dev), os.minor(self.fs.dev))
            self._pages = OverlayPages(self.vfs, self.lower, device)
        return self._pages

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        return self.lower.pread(offset, size) if self._pages is None else self._pages.read(offset, size)

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes; fewer if RAM is full."""
        if not data:
            return 0
        if offset >= MAX_SIZE:
            raise Errno(E.EFBIG)
        self.touch()
        return self.pages.write(offset, data)

    def truncate(self, size: int) -> None:
        """Changes the size."""
        self.touch()
        self.pages.truncate(size)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Makes room at the end, or a hole."""
        if mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE):
            raise Errno(E.EOPNOTSUPP)
        self.touch()
        if mode & FALLOC_FL_PUNCH_HOLE:
            punch(self.pages, offset, min(offset + length, self.size))
        elif not mode & FALLOC_FL_KEEP_SIZE and offset + length > self.size:
            self.pages.truncate(offset + length)

    def stat(self) -> Stat:
        """The host's attributes, or its own."""
        if not self.changed:
            found = self.lower.stat()
            self.mode, self.uid, self.gid = found.mode, found.uid, found.gid
            return found
        return self.as_stat(self.size, (self.size + 511) // 512)

    def opened(self) -> None:
        """The host's file is open too."""
        self.lower.opened()
        super().opened()

    def closed(self) -> None:
        """And closed."""
        self.lower.closed()
        super().closed()
        self.forget_if_unused()

    def forget_if_unused(self) -> None:
        """Gives the pages back if neither a name nor an open file leads here."""
        if not self.nlink and not self.opens and self._pages is not None:
            self._pages.drop()
            self._pages = None


class OverlayNode(Shown, MemoryNode):
    """A link, device, FIFO or socket of the host with changes."""

    def __init__(
        self,
        fs: OverlayFileSystem,
        place: HostPlace,
        found: os.stat_result,
        above: OverlayDirectory,
        name: bytes,
    ) -> None:
        self.changed = True  # nothing to pin while it is being made
        super().__init__(fs.vfs, fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        self.above, self.name, self.changed = above, name, False
        self.rdev = getattr(found, "st_rdev", 0)
        self.refresh(place, name, found)

    def refresh(self, above: HostPlace, name: bytes, found: os.stat_result) -> None:
        """Notes what the host says now."""
        if not self.changed:
            self.copy_attributes(found)
            if self.is_link:
                self.target = above.readlink(name)
