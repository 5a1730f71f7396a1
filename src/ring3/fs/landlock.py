"""Landlock: what a thread has given up for good (landlock(7), security/landlock/fs.c of Linux 6.12).

A domain is a layer of rules over the domain that was there before, and a request is allowed if each layer allows it.
Rights to files are those of the directories above them, up to the real root and across mounts, so that a walk upwards
collects what it needs: of each layer a word says which of the wanted rights nobody has given yet.

A name that moves to another directory must not get more rights by that than it had (`Domain.require_refer`).
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.inode import FileSystem, Inode


class AccessFs(IntFlag):
    """Rights to files (include/uapi/linux/landlock.h)."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


class AccessNet(IntFlag):
    """Rights to ports of TCP."""

    BIND_TCP = 1 << 0
    CONNECT_TCP = 1 << 1


class Scope(IntFlag):
    """What does not reach beyond a domain and those below it."""

    ABSTRACT_UNIX_SOCKET = 1 << 0
    SIGNAL = 1 << 1


EXECUTE: Final = int(AccessFs.EXECUTE)
WRITE_FILE: Final = int(AccessFs.WRITE_FILE)
READ_FILE: Final = int(AccessFs.READ_FILE)
READ_DIR: Final = int(AccessFs.READ_DIR)
REMOVE_DIR: Final = int(AccessFs.REMOVE_DIR)
REMOVE_FILE: Final = int(AccessFs.REMOVE_FILE)
REFER: Final = int(AccessFs.REFER)
TRUNCATE: Final = int(AccessFs.TRUNCATE)
IOCTL_DEV: Final = int(AccessFs.IOCTL_DEV)
OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Rights that make sense for what is no directory."""
MAKES: Final = {
    stat.S_IFCHR: int(AccessFs.MAKE_CHAR),
    stat.S_IFDIR: int(AccessFs.MAKE_DIR),
    stat.S_IFREG: int(AccessFs.MAKE_REG),
    stat.S_IFSOCK: int(AccessFs.MAKE_SOCK),
    stat.S_IFIFO: int(AccessFs.MAKE_FIFO),
    stat.S_IFBLK: int(AccessFs.MAKE_BLOCK),
    stat.S_IFLNK: int(AccessFs.MAKE_SYM),
    0: int(AccessFs.MAKE_REG),
}
"""The right that making a file of a type takes."""
MAX_LAYERS: Final = 16

Place = tuple["FileSystem", int]
"""What a rule is about: a file system and the number of an inode."""


def place_of(inode: Inode) -> Place:
    """What a rule about an inode is kept by."""
    return inode.fs, inode.ino


class Domain:
    """A layer of rules over another domain.

    Attributes:
        parent: The domain that was there before, None for none.
        layers: All layers, this one last.
        fs: The rights to files that it takes away where no rule gives them.
        net: The same of ports.
        scoped: `Scope` bits.
        places: Rights to what is at or below a place.
        ports: Rights to ports.
    """

    __slots__ = ("fs", "layers", "net", "parent", "places", "ports", "scoped")

    def __init__(
        self,
        parent: Domain | None,
        fs: int,
        net: int,
        scoped: int,
        places: Mapping[Place, int],
        ports: Mapping[int, int],
    ) -> None:
        """Makes one.

        Raises:
            Errno: E2BIG, there are too many layers.
        """
        self.parent = parent
        self.fs = fs | REFER if fs else 0
        self.net = net
        self.scoped = scoped
        self.places = dict(places)
        self.ports = dict(ports)
        self.layers: tuple[Domain, ...] = (*(() if parent is None else parent.layers), self)
        if len(self.layers) > MAX_LAYERS:
            raise Errno(E.E2BIG)

    # -- others ----------------------------------------------------------------------------------------------------

    def reaches(self, other: Domain | None) -> bool:
        """Whether another domain is this one or below it (domain_scope_le)."""
        return other is not None and self in other.layers

    def may_signal(self, other: Domain | None) -> bool:
        """Whether what belongs to another domain can be sent signals."""
        return not self._is_scoped(other, Scope.SIGNAL)

    def may_connect(self, other: Domain | None) -> bool:
        """Whether abstract sockets of another domain can be talked to."""
        return not self._is_scoped(other, Scope.ABSTRACT_UNIX_SOCKET)

    def _is_scoped(self, other: Domain | None, scope: Scope) -> bool:
        """Whether what belongs to another domain is out of reach (domain_is_scoped)."""
        theirs = () if other is None else other.layers
        for level, layer in enumerate(self.layers):
            if layer.scoped & scope and (level >= len(theirs) or theirs[level] is not layer):
                return True
        return False

    def require_port(self, wanted: AccessNet, port: int) -> None:
        """Refuses what a layer does not allow to do with a port.

        Raises:
            Errno: EACCES.
        """
        if any(layer.net & wanted & ~layer.ports.get(port, 0) for layer in self.layers):
            raise Errno(E.EACCES)

    @property
    def holds_files(self) -> bool:
        """Whether it restricts anything about files, and with that all mounting."""
        return any(layer.fs for layer in self.layers)

    # -- files -----------------------------------------------------------------------------------------------------

    def missing(self, wanted: int) -> list[int]:
        """Of each layer, what of some rights it takes away where no rule gives them."""
        return [layer.fs & wanted for layer in self.layers]

    def give(self, missing: list[int], inode: Inode, wanted: int) -> bool:
        """Takes what rules about an inode give off what is missing; returns whether nothing is."""
        place = place_of(inode)
        for level, layer in enumerate(self.layers):
            missing[level] &= ~(layer.places.get(place, 0) & wanted)
        return not any(missing)

    def denied(self, place: Dentry, wanted: int) -> int:
        """What of some rights there is not at a place."""
        missing = self.missing(wanted)
        if not any(missing) or not _is_in_tree(place):
            return 0
        at: Dentry | None = place
        while at is not None and not self.give(missing, at.inode, wanted):
            at = _above(at)
        found = 0
        for word in missing:
            found |= word
        return found

    def require(self, place: Dentry, wanted: int) -> None:
        """Refuses what needs rights that there are not at a place.

        Raises:
            Errno: EACCES.
        """
        if self.denied(place, wanted):
            raise Errno(E.EACCES)

    def opening(self, place: Dentry, *, reads: bool, writes: bool, truncates: bool) -> int:
        """The rights that an open file keeps: those that opening it takes, and what is asked later (hook_file_open).

        Raises:
            Errno: EACCES, it cannot be opened.
        """
        inode = place.inode
        wanted = WRITE_FILE if writes else 0
        if inode.is_directory:
            wanted = READ_DIR
        elif reads:
            wanted |= READ_FILE
        asked = wanted | TRUNCATE | (IOCTL_DEV if inode.is_device else 0)
        granted = asked & ~self.denied(place, asked)
        if (wanted | (TRUNCATE if truncates else 0)) & ~granted:
            raise Errno(E.EACCES)
        return granted

    def may_run(self, place: Dentry) -> bool:
        """Whether a program may be run."""
        return not self.denied(place, EXECUTE | READ_FILE)

    def require_make(self, directory: Dentry, mode: int) -> None:
        """Refuses to make a file of the type in a mode.

        Raises:
            Errno: EACCES.
        """
        self.require(directory, MAKES[stat.S_IFMT(mode)])

    def require_remove(self, directory: Dentry, *, of_directory: bool) -> None:
        """Refuses to remove a name.

        Raises:
            Errno: EACCES.
        """
        self.require(directory, REMOVE_DIR if of_directory else REMOVE_FILE)

    def require_mounting(self) -> None:
        """Refuses changes of the tree of mounts, which would move files out of the reach of rules.

        Raises:
            Errno: EPERM.
        """
        if self.holds_files:
            raise Errno(E.EPERM)

    def require_refer(
        self, old: Dentry, to: Dentry, replaced: Dentry | None, *, moves: bool, exchange: bool
    ) -> None:
        """Refuses a new name for a file that gives more rights to it (current_check_refer_path).

        Args:
            old: The name that it has.
            to: The directory of the new one.
            replaced: What has the new name.
            moves: The old name goes.
            exchange: What has the new name gets the old one.

        Raises:
            Errno: EACCES, a right to make or remove is missing; EXDEV, REFER is, or there would be more rights.
        """
        source = old.parent or old
        for_source = MAKES[stat.S_IFMT(replaced.inode.mode)] if exchange and replaced is not None else 0
        for_target = MAKES[stat.S_IFMT(old.inode.mode)]
        if moves:
            for_source |= _removing(old)
            for_target |= 0 if replaced is None else _removing(replaced)
        if source is to:
            self.require(to, for_source | for_target)
            return
        move = _Move(self, source, to, old, replaced if exchange else None)
        move.require(for_source | REFER, for_target | REFER)


class _Move:
    """A name that moves from one directory to another, and perhaps one that moves back."""

    def __init__(
        self, domain: Domain, source: Dentry, target: Dentry, moved: Dentry, back: Dentry | None
    ) -> None:
        self._domain = domain
        self._all = 0
        for layer in domain.layers:
            self._all |= layer.fs
        self._moved = self._child(moved)
        self._back = None if back is None else self._child(back)
        self._source = domain.missing(self._all)
        self._target = domain.missing(self._all)
        top = target
        while top.parent is not None:
            top = top.parent
        self._allowed = all([self._collect(self._source, source), self._collect(self._target, target)])
        self._top = top

    def _child(self, child: Dentry) -> tuple[list[int], int]:
        """What is missing of the rights to a file by itself, and the rights that it can have."""
        missing = self._domain.missing(self._all)
        self._domain.give(missing, child.inode, self._all)
        return missing, self._all if child.inode.is_directory else OF_FILES

    def _collect(self, missing: list[int], at: Dentry) -> bool:
        """Takes off what is given between a directory and the start of its mount."""
        while not self._domain.give(missing, at.inode, self._all):
            if at.parent is None:
                return False
            at = at.parent
        return True

    def _gains_nothing(self) -> bool:
        """Whether nobody has more rights at its new place (no_more_access)."""
        ways = [(self._source, self._moved, self._target)]
        if self._back is not None:
            ways.append((self._target, self._back, self._source))
        return all(
            not before & own & rights & ~after
            for here, (child, rights), there in ways
            for before, own, after in zip(here, child, there, strict=True)
        )

    def require(self, for_source: int, for_target: int) -> None:
        """Goes on upwards from the start of the mount, which both names are in.

        Raises:
            Errno: EACCES; EXDEV.
        """
        if self._allowed:
            return
        at: Dentry | None = self._top
        is_checked = False
        while at is not None:
            if not is_checked and self._gains_nothing():
                is_checked = True
                self._source = [word & for_source for word in self._source]
                self._target = [word & for_target for word in self._target]
            if not any(self._source) and not any(self._target):
                return
            self._domain.give(self._source, at.inode, self._all)
            self._domain.give(self._target, at.inode, self._all)
            at = _above(at)
        if not any(self._source) and not any(self._target):
            return
        names = any(word & for_source & ~REFER for word in self._source)
        raise Errno(
            E.EACCES if names or any(word & for_target & ~REFER for word in self._target) else E.EXDEV
        )


def _removing(name: Dentry) -> int:
    return REMOVE_DIR if name.inode.is_directory else REMOVE_FILE


def _above(at: Dentry) -> Dentry | None:
    """The directory above, across mounts; None above the real root."""
    if at.parent is not None:
        return at.parent
    while at.covers is not None:
        at = at.covers
        if at.parent is not None:
            return at.parent
    return None


def _is_in_tree(place: Dentry) -> bool:
    """Whether a place is in a mount that a program sees, not in one of the kernel's own."""
    while place.parent is not None:
        place = place.parent
    return place.mount is not None
