"""From a path to a place: walking the tree, name by name (path_resolution(7), fs/namei.c of Linux 6.x).

A walk goes from a start to the last name of a path, checks search permission of every directory it goes through and
follows symbolic links on the way. What becomes of the last name depends on the call: `Walk.find` takes the step,
`Walk.parent` leaves it to the caller, who may be about to make, move or remove what is there.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple
from ring3.fs.dentry import Dentry
from ring3.fs.mounts import NOSYMFOLLOW, flags_at
from ring3.fs.permission import MAY_EXEC, Who, permits

MAX_LINKS: Final = 40
"""Symbolic links that one walk follows (MAXSYMLINKS)."""
_SPECIAL: Final = (b".", b"..")


class Resolve(IntFlag):
    """Where a walk may go (openat2(2), include/uapi/linux/openat2.h)."""

    NO_XDEV = 0x01
    NO_MAGICLINKS = 0x02
    NO_SYMLINKS = 0x04
    BENEATH = 0x08
    IN_ROOT = 0x10
    CACHED = 0x20


NO_XDEV: Final = int(Resolve.NO_XDEV)
NO_MAGICLINKS: Final = int(Resolve.NO_MAGICLINKS)
NO_SYMLINKS: Final = int(Resolve.NO_SYMLINKS)
BENEATH: Final = int(Resolve.BENEATH)
IN_ROOT: Final = int(Resolve.IN_ROOT)
"""The bits as plain numbers: a walk tests them at every step, where an enum would cost more than the step."""


class FsContext:
    """Where a program stands in the tree (``struct fs_struct``); threads may share one.

    Attributes:
        root: What ``/`` means to it.
        cwd: Its working directory.
        umask: Permission bits that new files do not get.
    """

    __slots__ = ("cwd", "root", "umask")

    def __init__(self, root: Dentry, cwd: Dentry, umask: int = 0o022) -> None:
        self.root = root
        self.cwd = cwd
        self.umask = umask

    def copy(self) -> FsContext:
        """One of the same contents, as fork makes it."""
        return FsContext(self.root, self.cwd, self.umask)


class Last(NamedTuple):
    """The last name of a path, not looked up yet.

    Attributes:
        parent: The directory it is in.
        name: The name; ``.`` for a path without any, such as ``/``.
        slash: A slash follows it, so that it must be a directory.
        links: Symbolic links followed so far.
    """

    parent: Dentry
    name: bytes
    slash: bool
    links: int

    @property
    def is_special(self) -> bool:
        """Whether the name is ``.`` or ``..``, which nothing can be made or removed under."""
        return self.name in _SPECIAL


class Walk:
    """How one call walks: for whom, from where, within which bounds.

    Attributes:
        root: Where absolute paths start, and where ``..`` ends.
        who: Whose permissions count.
        resolve: Bounds.
    """

    __slots__ = ("_bound", "resolve", "root", "who")

    def __init__(self, root: Dentry, who: Who, resolve: int = 0) -> None:
        self.root = root
        self.who = who
        self.resolve = resolve
        self._bound: Dentry | None = None

    def find(self, start: Dentry, path: bytes, *, follow: bool = True) -> Dentry:
        """The place that a path leads to.

        Args:
            start: Where a relative path starts.
            path: The path.
            follow: Follow a symbolic link at the end too; a slash after it does so in any case.

        Raises:
            Errno: ENOENT, a name is missing or the path is empty; ENOTDIR, what should be a directory is none; EACCES,
                a directory may not be searched; ELOOP, too many links or one that ``resolve`` forbids; ENAMETOOLONG;
                EXDEV, out of the bounds of ``resolve``.
        """
        last = self.parent(start, path)
        while True:
            found = self.step(last)
            if not found.inode.is_link or not (follow or last.slash):
                break
            target = self._target(found, last.links)
            if isinstance(target, Dentry):
                found = target
                break
            last = self._continue(last, target)
        if last.slash and not found.inode.is_directory:
            raise Errno(E.ENOTDIR)
        return found

    def parent(self, start: Dentry, path: bytes) -> Last:
        """Walks up to the last name of a path.

        Raises:
            Errno: As `find`, but for the last name.
        """
        if not path:
            raise Errno(E.ENOENT)
        if self.resolve:
            start = self._bounded(start, path)
        return self._walk(start, path, 0)

    def step(self, last: Last) -> Dentry:
        """Looks the last name up; links are not followed.

        Raises:
            Errno: ENOENT; ENAMETOOLONG; EXDEV.
        """
        if last.name == b".":
            return last.parent
        if last.name == b"..":
            return self._up(last.parent)
        return self._child(last.parent, last.name)

    def beyond(self, last: Last, link: Dentry) -> Last | Dentry:
        """Follows a link that was found at the end, for a call that makes what the link leads to (open with O_CREAT).

        Raises:
            Errno: As `find`.
        """
        target = self._target(link, last.links)
        return target if isinstance(target, Dentry) else self._continue(last, target)

    def _continue(self, last: Last, target: bytes) -> Last:
        return self._walk(last.parent, target + b"/" if last.slash else target, last.links + 1)

    def _walk(self, at: Dentry, path: bytes, links: int) -> Last:
        if path[:1] == b"/":
            at = self._to_root()
        names = [name for name in path.split(b"/") if name]
        names.reverse()
        who = self.who
        while names:
            name = names.pop()
            inode = at.inode
            if not inode.is_directory:
                raise Errno(E.ENOTDIR)
            if not permits(inode, who, MAY_EXEC):
                raise Errno(E.EACCES)
            if not names:
                return Last(at, name, path[-1:] == b"/", links)
            if name in _SPECIAL:
                at = at if name == b"." else self._up(at)
                continue
            found = self._child(at, name)
            if found.inode.is_link:
                target = self._target(found, links)
                at = self._pass(at, target, names)
                links += 1
            else:
                at = found
        return Last(at, b".", True, links)

    def _child(self, at: Dentry, name: bytes) -> Dentry:
        found = at.child(name)
        if self.resolve & NO_XDEV and found.fs is not at.fs:
            raise Errno(E.EXDEV)
        return found

    def _pass(self, at: Dentry, target: bytes | Dentry, names: list[bytes]) -> Dentry:
        """Goes on behind a link in the middle of a path: its names come before those that are left."""
        if isinstance(target, Dentry):
            return target
        names += [name for name in reversed(target.split(b"/")) if name]
        return self._to_root() if target[:1] == b"/" else at

    def _target(self, link: Dentry, links: int) -> bytes | Dentry:
        """Where a link leads.

        Raises:
            Errno: ELOOP, that makes too many or links are not to be followed; ENOENT, it is empty; EACCES.
        """
        if links >= MAX_LINKS or self.resolve & NO_SYMLINKS:
            raise Errno(E.ELOOP)
        if flags_at(link) & NOSYMFOLLOW:
            raise Errno(E.ELOOP)
        target = link.inode.follow()
        if isinstance(target, Dentry):
            if self.resolve & (NO_MAGICLINKS | BENEATH | IN_ROOT):
                raise Errno(E.ELOOP if self.resolve & NO_MAGICLINKS else E.EXDEV)
        elif not target:
            raise Errno(E.ENOENT)
        return target

    # -- bounds --------------------------------------------------------------------------------------------------

    def _bounded(self, start: Dentry, path: bytes) -> Dentry:
        if self.resolve & IN_ROOT:
            self.root = start
        elif self.resolve & BENEATH:
            if path[:1] == b"/":
                raise Errno(E.EXDEV)
            self._bound = start
        return start

    def _to_root(self) -> Dentry:
        if self.resolve & (BENEATH | NO_XDEV) and not self.resolve & IN_ROOT:
            raise Errno(E.EXDEV)
        return self.root

    def _up(self, at: Dentry) -> Dentry:
        if at is self._bound:
            raise Errno(E.EXDEV)
        above = at.up(self.root)
        if self.resolve & NO_XDEV and above.fs is not at.fs:
            raise Errno(E.EXDEV)
        return above
