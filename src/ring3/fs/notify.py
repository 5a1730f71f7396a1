"""Telling who watches a file or directory what happens to it (fs/notify of Linux 6.x).

A file system has a list of those who watch, by inode number, and none while nobody does: only then does anybody look
here. What is read and written is noticed by the open file itself: its methods are exchanged for ones that tell, when it
is opened while somebody watches it or when that begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from ring3.fs.dentry import Dentry

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.fs.inode import Inode

ACCESS: Final = 0x1
MODIFY: Final = 0x2
ATTRIB: Final = 0x4
CLOSE_WRITE: Final = 0x8
CLOSE_NOWRITE: Final = 0x10
OPEN: Final = 0x20
MOVED_FROM: Final = 0x40
MOVED_TO: Final = 0x80
CREATE: Final = 0x100
DELETE: Final = 0x200
DELETE_SELF: Final = 0x400
MOVE_SELF: Final = 0x800
ISDIR: Final = 0x4000_0000
"""The events, as inotify(7) numbers them (IN_ACCESS and so on)."""

_READS: Final = ("read", "pread", "rest")
_WRITES: Final = ("write", "pwrite", "truncate", "allocate")


class Mark(Protocol):
    """One who watches one inode."""

    def tell(self, mask: int, name: bytes, cookie: int, *, gone: bool) -> None:
        """Something happened.

        Args:
            mask: What.
            name: To which name in the directory that is watched; empty if to what is watched itself.
            cookie: The same number for both ends of a rename.
            gone: The name was removed before.
        """

    def ended(self) -> None:
        """What is watched is no more."""


Marks = dict[int, list[Mark]]
"""Who watches, by inode number."""


def add(inode: Inode, mark: Mark) -> None:
    """Begins to tell somebody."""
    if inode.fs.watches is None:
        inode.fs.watches = {}
    inode.fs.watches.setdefault(inode.ino, []).append(mark)


def remove(inode: Inode, mark: Mark) -> None:
    """Ends it."""
    watches = inode.fs.watches
    if watches is None:
        return
    marks = watches.get(inode.ino, [])
    if mark in marks:
        marks.remove(mark)
    if not marks:
        watches.pop(inode.ino, None)
    if not watches:
        inode.fs.watches = None


def _tell(inode: Inode, mask: int, name: bytes = b"", cookie: int = 0, *, gone: bool = False) -> None:
    watches = inode.fs.watches
    for mark in list(watches.get(inode.ino, ())) if watches else ():
        mark.tell(mask, name, cookie, gone=gone)


def happened(place: Dentry | None, inode: Inode, mask: int) -> None:
    """Something happened to a file: who watches its directory is told first, then who watches it."""
    if inode.is_directory:
        mask |= ISDIR
    if place is not None and place.parent is not None:
        _tell(place.parent.inode, mask, place.name, gone=place.deleted)
    _tell(inode, mask)


def changed(found: Dentry | File, inode: Inode, mask: int) -> None:
    """The same of what a call has found, a place or an open file."""
    happened(found if isinstance(found, Dentry) else found.dentry, inode, mask)


def named(directory: Inode, name: bytes, inode: Inode, mask: int, cookie: int = 0) -> None:
    """A name was made, removed or moved."""
    _tell(directory, mask | (ISDIR if inode.is_directory else 0), name, cookie)


def unlinked(directory: Inode, name: bytes, inode: Inode) -> None:
    """A name was removed, and with the last one what it led to, unless somebody has that open."""
    if not inode.is_directory:
        _tell(inode, ATTRIB)
    named(directory, name, inode, DELETE)
    if inode.is_directory or not (inode.stat().nlink or inode.opens):
        ended(inode)


def ended(inode: Inode) -> None:
    """An inode is no more."""
    watches = inode.fs.watches
    for mark in list(watches.get(inode.ino, ())) if watches else ():
        mark.tell(DELETE_SELF, b"", 0, gone=False)
        mark.ended()


def moved(
    old: tuple[Inode, bytes], new: tuple[Inode, bytes], inode: Inode, replaced: Inode | None, cookie: int
) -> None:
    """A name was moved, in place of another one."""
    named(*old, inode, MOVED_FROM, cookie)
    named(*new, inode, MOVED_TO, cookie)
    if replaced is not None:
        if not replaced.is_directory:
            _tell(replaced, ATTRIB)
        if replaced.is_directory or not (replaced.stat().nlink or replaced.opens):
            ended(replaced)
    _tell(inode, MOVE_SELF)


def opened(file: File, *, truncated: bool) -> None:
    """A file was opened on a file system where somebody watches something, and cut to nothing by that or not."""
    inode = file.inode
    if inode is not None:
        happened(file.dentry, inode, OPEN)
        if truncated and inode.is_regular:
            happened(file.dentry, inode, MODIFY)
        follow(file)


def follow(file: File) -> None:
    """Tells of what is done with an open file from now on, if somebody watches it or its directory."""
    inode, place = file.inode, file.dentry
    watches = None if inode is None else inode.fs.watches
    if inode is None or watches is None or "close" in vars(file):
        return
    above = None if place is None or place.parent is None else place.parent.inode.ino
    if inode.ino not in watches and above not in watches:
        return
    for names, mask in ((_READS, ACCESS), (_WRITES, MODIFY)):
        for name in names:
            setattr(file, name, _telling(file, getattr(file, name), mask))
    close = file.close

    def closing() -> None:
        close()
        happened(place, inode, CLOSE_WRITE if file.writable else CLOSE_NOWRITE)
        if not inode.opens and not inode.is_directory and not inode.stat().nlink:
            ended(inode)

    vars(file)["close"] = closing


def _telling(file: File, method: Callable[..., Any], mask: int) -> Callable[..., Any]:
    """A method that tells when it has done something."""

    def telling(*arguments: object) -> object:
        result = method(*arguments)
        inode = file.inode
        if inode is not None and (result is None or result):
            happened(file.dentry, inode, mask)
        return result

    return telling
