"""Dentries: names in the tree, from which paths are made.

A dentry is a step of a path that somebody took: it knows its parent, its name and the inode it led to. File systems
know nothing of them. They are made when a name is looked up and kept by whoever stands on them (open files, working
directories, mounts, their own children); the same name leads to the same dentry as long as somebody keeps it, so a
rename or a removal shows everywhere. A file system keeps those made last, because they are likely to be walked again.
A file that is opened by a name (`NamedFile`) stands on one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ring3.fs.file import File, Stat

if TYPE_CHECKING:
    from ring3.fs.inode import FileSystem, Inode
    from ring3.fs.mounts import Mount


class Dentry:
    """A place in the tree.

    Attributes:
        name: Its name, empty for the root of a file system.
        parent: The directory it is in; None for the root of a file system.
        inode: What is there.
        fs: The file system it belongs to.
        mounted: The root of a file system mounted on it.
        covers: For a mounted root: the dentry it is mounted on.
        mount: For a mounted root: the mount.
        deleted: The name was removed.
    """

    __slots__ = (
        "__weakref__", "_children", "covers", "deleted", "fs", "inode", "mount", "mounted", "name", "parent"
    )  # fmt: skip

    def __init__(self, fs: FileSystem, inode: Inode, parent: Dentry | None = None, name: bytes = b"") -> None:
        self.fs = fs
        self.inode = inode
        self.parent = parent
        self.name = name
        self.mounted: Dentry | None = None
        self.covers: Dentry | None = None
        self.mount: Mount | None = None
        self.deleted = False
        self._children: WeakValueDictionary[bytes, Dentry] | None = None

    def child(self, name: bytes) -> Dentry:
        """The dentry of a name in this directory, what is mounted there if anything is.

        Raises:
            Errno: As `Inode.lookup`.
        """
        inode = self.inode.lookup(name)
        found = self.known(name)
        if found is None:
            found = self.adopt(name, inode)
        elif found.inode is not inode:
            if found.inode.fs is inode.fs and found.inode.ino == inode.ino:
                found.inode = inode  # the same file, of which a made-up file system has made another object
            else:
                found = self.adopt(name, inode)
        while found.mounted is not None:
            found = found.mounted
        return found

    @property
    def readonly(self) -> bool:
        """Whether nothing can be changed there, whatever its mode says."""
        return self.fs.readonly or bool(self.mount_flags & 1)

    @property
    def mount_flags(self) -> int:
        """The flags of the mount that it is in (`mounts.FLAGS`)."""
        at = self
        while at.parent is not None:
            at = at.parent
        return 0 if at.mount is None else at.mount.flags

    def known(self, name: bytes) -> Dentry | None:
        """The dentry of a name, if somebody keeps it."""
        return None if self._children is None else self._children.get(name)

    def adopt(self, name: bytes, inode: Inode) -> Dentry:
        """A new dentry for a name that leads to an inode."""
        found = Dentry(self.fs, inode, self, name)
        if self._children is None:
            self._children = WeakValueDictionary()
        self._children[name] = found
        self.fs.recent.append(found)
        return found

    def forget(self, name: bytes) -> None:
        """Notes that a name was removed."""
        found = self.known(name)
        if found is not None:
            found.deleted = True
            self._children.pop(name)  # type: ignore[union-attr]

    def moved(self, name: bytes, to: Dentry, new_name: bytes) -> None:
        """Notes that a name has moved to another directory."""
        found = None if self._children is None else self._children.pop(name, None)
        if found is None:
            return
        found.parent, found.name = to, new_name
        if to._children is None:
            to._children = WeakValueDictionary()
        to._children[new_name] = found

    def up(self, root: Dentry) -> Dentry:
        """The directory above, across mounts; ``root`` is its own parent."""
        at = self
        while at is not root:
            if at.parent is not None:
                return at.parent
            if at.covers is None:
                return at
            at = at.covers
        return root

    def path(self, root: Dentry | None = None) -> bytes:
        """The path from a root to here; from the real root if it does not lead here or none is given.

        A name that was removed ends in " (deleted)", as in /proc/PID/fd.
        """
        names: list[bytes] = []
        at = self
        while at is not root:
            if at.parent is not None:
                names.append(at.name)
                at = at.parent
            elif at.covers is not None:
                at = at.covers
            else:
                break
        text = b"/" + b"/".join(reversed(names))
        return text + b" (deleted)" if self.deleted else text

    def reaches(self, root: Dentry) -> bool:
        """Whether ``root`` is this place or above it."""
        at = self
        while at is not root:
            above = at.up(root)
            if above is at:
                return False
            at = above
        return True

    def is_below(self, other: Dentry) -> bool:
        """Whether ``other`` is this place or above it on the same file system."""
        at: Dentry | None = self
        while at is not None:
            if at is other or at.inode is other.inode:
                return True
            at = at.parent
        return False


class NamedFile(File):
    """A file that was opened by its name."""

    def __init__(self, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(flags)
        self._inode = inode
        self._dentry = dentry

    @property
    def inode(self) -> Inode:
        """The inode."""
        return self._inode

    @property
    def dentry(self) -> Dentry:
        """The place it was opened at."""
        return self._dentry

    def stat(self) -> Stat:
        """The inode's attributes."""
        return self._inode.stat()

    def path(self) -> bytes:
        """Where it was opened, and has moved to since."""
        return self._dentry.path()

    def reopen(self, flags: int) -> File:
        """The same inode, opened anew."""
        return self._inode.open(self._dentry, flags)
