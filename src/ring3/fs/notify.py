"""Telling who watches a file or directory what happens to it (fs/notify of Linux 6.x).

A file system has `Watches`, and none while nobody watches: only then does anybody look here. Marks watch one inode
(inotify(7), F_NOTIFY) and are told of it and of names in it; listeners hear of all that happens on a file system
(fanotify(7)), choose themselves, and may be asked before something is done. What is read and written is noticed by the
open file itself: its methods are exchanged for ones that tell, when it is opened while somebody watches it or when that
begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from ring3.abi.kinds import NamedTuple
from ring3.fs.dentry import Dentry

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.fs.inode import FileSystem, Inode

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
UNMOUNT: Final = 0x2000
ISDIR: Final = 0x4000_0000
"""The events, as inotify(7) numbers them (IN_ACCESS and so on)."""

OPEN_PERM: Final = 0x1_0000
ACCESS_PERM: Final = 0x2_0000
"""What is asked before something is done, as fanotify(7) numbers it."""
RENAME: Final = 0x1000_0000
"""A rename with both names, as fanotify(7) numbers it."""

_READS: Final = ("read", "pread", "rest")
_WRITES: Final = ("write", "pwrite", "truncate", "allocate")
_BY_PATH: Final = frozenset(("read", "pread", "rest", "write", "pwrite"))


class Event(NamedTuple):
    """Something that happens.

    Attributes:
        mask: What.
        inode: To which file.
        place: By which path or open file; None where only the inode or the name counts.
        directory: The directory that its name is in, or was; None where that does not matter.
        name: The name.
        moved_to: The directory and the name that it moved to.
    """

    mask: int
    inode: Inode
    place: Dentry | None = None
    directory: Dentry | None = None
    name: bytes = b""
    moved_to: tuple[Dentry, bytes] | None = None


class Listener(Protocol):
    """One who hears of all that happens on a file system."""

    def hear(self, event: Event) -> None:
        """Something has happened."""

    def ask(self, event: Event) -> None:
        """Something is about to happen; what this raises keeps it from happening now or at all."""


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


class Watches:
    """Who watches what of a file system.

    Attributes:
        marks: Who watches an inode, by its number.
        listeners: Who hears of everything.
    """

    __slots__ = ("listeners", "marks")

    def __init__(self) -> None:
        self.marks: dict[int, list[Mark]] = {}
        self.listeners: list[Listener] = []


def _watches(fs: FileSystem) -> Watches:
    """Who watches a file system, from now on if nobody has."""
    if fs.watches is None:
        fs.watches = Watches()
    return fs.watches


def _forget(fs: FileSystem) -> None:
    """Notes that perhaps nobody watches any more."""
    watches = fs.watches
    if watches is not None and not watches.marks and not watches.listeners:
        fs.watches = None


def add(inode: Inode, mark: Mark) -> None:
    """Begins to tell somebody of an inode."""
    _watches(inode.fs).marks.setdefault(inode.ino, []).append(mark)


def remove(inode: Inode, mark: Mark) -> None:
    """Ends it."""
    watches = inode.fs.watches
    if watches is None:
        return
    marks = watches.marks.get(inode.ino, [])
    if mark in marks:
        marks.remove(mark)
    if not marks:
        watches.marks.pop(inode.ino, None)
    _forget(inode.fs)


def join(fs: FileSystem, listener: Listener) -> None:
    """Begins to tell somebody of all of a file system."""
    listeners = _watches(fs).listeners
    if listener not in listeners:
        listeners.append(listener)


def leave(fs: FileSystem, listener: Listener) -> None:
    """Ends it."""
    if fs.watches is not None:
        if listener in fs.watches.listeners:
            fs.watches.listeners.remove(listener)
        _forget(fs)


def _tell(inode: Inode, mask: int, name: bytes = b"", cookie: int = 0, *, gone: bool = False) -> None:
    watches = inode.fs.watches
    for mark in list(watches.marks.get(inode.ino, ())) if watches is not None else ():
        mark.tell(mask, name, cookie, gone=gone)


def _listeners(fs: FileSystem) -> list[Listener]:
    return [] if fs.watches is None else list(fs.watches.listeners)


def _heard(event: Event) -> None:
    for listener in _listeners(event.inode.fs):
        listener.hear(event)


def ask(place: Dentry, mask: int) -> None:
    """Asks those who may forbid it whether something may be done to what is at a place.

    Raises:
        Errno: EPERM.
        WouldBlock: They have not answered yet.
    """
    inode = place.inode
    mask |= ISDIR if inode.is_directory else 0
    for listener in _listeners(inode.fs):
        listener.ask(Event(mask, inode, place, place.parent, place.name))


def happened(place: Dentry | None, inode: Inode, mask: int, *, by_path: bool = False) -> None:
    """Something happened to a file: who watches its directory is told first, then who watches it.

    Args:
        place: Where it is, as far as that matters.
        inode: The file.
        mask: What happened.
        by_path: It was done by an open file, or by that path.
    """
    if inode.is_directory:
        mask |= ISDIR
    above = None if place is None else place.parent
    if place is not None and above is not None:
        _tell(above.inode, mask, place.name, gone=place.deleted)
    _tell(inode, mask)
    _heard(Event(mask, inode, place if by_path else None, above, b"" if place is None else place.name))


def changed(found: Dentry | File, inode: Inode, mask: int) -> None:
    """The same of what a call has found, a place or an open file."""
    happened(found if isinstance(found, Dentry) else found.dentry, inode, mask)


def named(directory: Dentry, name: bytes, inode: Inode, mask: int) -> None:
    """A name was made or removed."""
    mask |= ISDIR if inode.is_directory else 0
    _tell(directory.inode, mask, name)
    _heard(Event(mask, inode, None, directory, name))


def unlinked(directory: Dentry, name: bytes, inode: Inode) -> None:
    """A name was removed, and with the last one what it led to, unless somebody has that open (d_delete_notify)."""
    if not inode.is_directory:
        _told_of_itself(inode, ATTRIB)
    if inode.is_directory or not (inode.stat().nlink or inode.opens):
        ended(inode)
    named(directory, name, inode, DELETE)


def _told_of_itself(inode: Inode, mask: int) -> None:
    """Something happened to a file, whatever its name."""
    kind = ISDIR if inode.is_directory else 0
    _tell(inode, mask if mask == MOVE_SELF else mask | kind)
    _heard(Event(mask | kind, inode))


def unmounted(fs: FileSystem) -> None:
    """A file system is mounted nowhere any more (fsnotify_unmount_inodes)."""
    watches = fs.watches
    for mark in [mark for marks in watches.marks.values() for mark in marks] if watches is not None else ():
        mark.tell(UNMOUNT, b"", 0, gone=False)
        mark.ended()


def ended(inode: Inode) -> None:
    """An inode is no more."""
    watches = inode.fs.watches
    for mark in list(watches.marks.get(inode.ino, ())) if watches is not None else ():
        mark.tell(DELETE_SELF, b"", 0, gone=False)
        mark.ended()
    _heard(Event(DELETE_SELF | (ISDIR if inode.is_directory else 0), inode))


def moved(
    old: tuple[Dentry, bytes], new: tuple[Dentry, bytes], inode: Inode, replaced: Inode | None, cookie: int
) -> None:
    """A name was moved, in place of another one."""
    kind = ISDIR if inode.is_directory else 0
    _heard(Event(RENAME | kind, inode, None, *old, new))
    for (directory, name), mask in ((old, MOVED_FROM), (new, MOVED_TO)):
        _tell(directory.inode, mask | kind, name, cookie)
        _heard(Event(mask | kind, inode, None, directory, name))
    if replaced is not None:
        _told_of_itself(replaced, ATTRIB)
    _told_of_itself(inode, MOVE_SELF)
    if replaced is not None and (replaced.is_directory or not (replaced.stat().nlink or replaced.opens)):
        ended(replaced)


def opened(file: File, *, truncated: bool) -> None:
    """A file was opened on a file system where somebody watches something, and cut to nothing by that or not."""
    inode = file.inode
    if inode is not None:
        happened(file.dentry, inode, OPEN, by_path=True)
        if truncated and inode.is_regular:
            happened(file.dentry, inode, MODIFY)
        follow(file)


def follow(file: File) -> None:
    """Tells of what is done with an open file from now on, if somebody watches it or its directory."""
    inode, place = file.inode, file.dentry
    watches = None if inode is None else inode.fs.watches
    if inode is None or watches is None or "close" in vars(file) or file.is_unheard:
        return
    above = None if place is None or place.parent is None else place.parent.inode.ino
    if not watches.listeners and inode.ino not in watches.marks and above not in watches.marks:
        return
    for names, mask in ((_READS, ACCESS), (_WRITES, MODIFY)):
        for name in names:
            setattr(file, name, _telling(file, getattr(file, name), mask, by_path=name in _BY_PATH))
    close = file.close

    def closing() -> None:
        close()
        happened(place, inode, CLOSE_WRITE if file.writable else CLOSE_NOWRITE, by_path=True)
        if not inode.opens and not inode.is_directory and not inode.stat().nlink:
            ended(inode)

    vars(file)["close"] = closing


def _telling(file: File, method: Callable[..., Any], mask: int, *, by_path: bool) -> Callable[..., Any]:
    """A method that asks before it reads, and tells when it has done something."""

    def telling(*arguments: object) -> object:
        if mask == ACCESS and file.dentry is not None:
            ask(file.dentry, ACCESS_PERM)
        result = method(*arguments)
        inode = file.inode
        if inode is not None and (result is None or result):
            happened(file.dentry, inode, mask, by_path=by_path)
        return result

    return telling
