"""Mounts: which file systems, or parts of them, stand where in a tree of files (mount_namespaces(7), fs/namespace.c).

A dentry is a step of a path, so a mount has a root dentry of its own, also where it shows a directory that another one
shows too: they lead to the same inodes. `MountTree` is what a mount namespace has; copying one makes dentries for all
its places anew, and whoever stands in the old tree is brought to the same place in the new one by
`ring3.fs.mount_copies`.

What happens in a shared mount happens in its peers and in those that follow them as well (`PeerGroup`).
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ring3.fs.inode import FileSystem, Inode

RDONLY: Final = 0x1
NOSUID: Final = 0x2
NODEV: Final = 0x4
NOEXEC: Final = 0x8
NOSYMFOLLOW: Final = 0x100
NOATIME: Final = 0x400
NODIRATIME: Final = 0x800
RELATIME: Final = 0x20_0000
TIMES: Final = NOATIME | NODIRATIME | RELATIME
"""Those that say when times of access are noted."""
FLAGS: Final = RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW | NOATIME | NODIRATIME | RELATIME
"""What is a mount's own, with the numbers of mount(2)."""

UNIQUE: Final = 1 << 31
"""Numbers that stand for one mount for good are beyond this (MNT_UNIQUE_ID_OFFSET)."""
INTERNAL: Final = 15
"""The number of a mount that only the kernel has, of pipes, sockets and their like."""

_NUMBERS: Final = count(21)
_GROUPS: Final = count(1)


class PeerGroup:
    """Mounts in which the same happens.

    Attributes:
        number: What /proc/PID/mountinfo calls it.
        members: The mounts.
        followers: Mounts that follow them, but are not followed.
    """

    def __init__(self) -> None:
        self.number = next(_GROUPS)
        self.members: list[Mount] = []
        self.followers: list[Mount] = []


class Mount:
    """A file system, or a part of it, at a place.

    Attributes:
        fs: The file system.
        root: Where it starts.
        subpath: The path of that in the file system.
        at: The dentry it covers, None for the root of all.
        flags: Its own flags.
        number: What /proc/PID/mountinfo calls it.
        source: What was said to be mounted.
        peers: With whom it shares what happens in it, None for nobody.
        master: Whom it follows, None for nobody.
        tree: Whose it is, None while it is nobody's.
        unbindable: It cannot be shown elsewhere.
        expiring: It was found unused, and nobody has used it since.
        locked: It came from a user namespace above, and stays where it is.
        kept_flags: Flags that it came with from there, which stay set.
        keeps_times: It came from there: when times of access are noted stays as it is.
    """

    __slots__ = (
        "__weakref__",
        "at",
        "expiring",
        "flags",
        "fs",
        "keeps_times",
        "kept_flags",
        "locked",
        "master",
        "number",
        "peers",
        "root",
        "source",
        "subpath",
        "tree",
        "unbindable",
    )  # fmt: skip

    def __init__(
        self, fs: FileSystem, at: Dentry | None, inode: Inode | None = None, subpath: bytes = b"/"
    ) -> None:
        """Makes one that is not in a tree yet.

        Args:
            fs: The file system.
            at: Where it is to be.
            inode: What it starts with; None for the file system's own root, where that has no place yet.
            subpath: The path of that in the file system.
        """
        self.fs = fs
        self.at = at
        self.root = fs.root if inode is None and fs.root.mount is None else Dentry(fs, inode or fs.root.inode)
        self.root.mount = self
        self.subpath = subpath
        self.flags = RELATIME
        self.number = next(_NUMBERS)
        self.source = fs.source
        self.tree: MountTree | None = None
        self.peers: PeerGroup | None = None
        self.master: PeerGroup | None = None
        self.kept_flags = 0
        self.keeps_times = False
        self.unbindable = self.locked = self.expiring = False

    @property
    def readonly(self) -> bool:
        """Whether nothing can be changed through it."""
        return bool(self.flags & RDONLY) or self.fs.readonly

    @property
    def unique(self) -> int:
        """Its number among all that there ever were (mnt_id_unique)."""
        return UNIQUE | self.number

    def keeps(self, flags: int) -> bool:
        """Whether a user namespace above forbids to change its flags to these (can_change_locked_flags)."""
        return bool(self.kept_flags & ~flags or (self.keeps_times and (self.flags ^ flags) & TIMES))

    def parent(self) -> Mount | None:
        """The mount that it stands in."""
        return None if self.at is None else mount_of(self.at)

    def like(self, inode: Inode, subpath: bytes) -> Mount:
        """Another one that shows a part of the same file system."""
        made = Mount(self.fs, None, inode, subpath)
        made.flags, made.source = self.flags, self.source
        made.kept_flags, made.keeps_times = self.kept_flags, self.keeps_times
        if self.peers is not None:
            share(made, self.peers)
        if self.master is not None:
            follow(made, self.master)
        return made


def top_of(place: Dentry) -> Dentry:
    """Where the mount starts that a place is in, or what has no place at all."""
    at = place
    while at.parent is not None:
        at = at.parent
    return at


def mount_of(place: Dentry) -> Mount:
    """The mount that a place is in.

    Raises:
        Errno: EINVAL, it is in none: what a link of /proc leads to that has no place.
    """
    mount = top_of(place).mount
    if mount is None:
        raise Errno(E.EINVAL)
    return mount


def flags_at(place: Dentry) -> int:
    """The flags of the mount that a place is in, 0 if it is in none."""
    mount = top_of(place).mount
    return 0 if mount is None else mount.flags


def number_at(place: Dentry | None) -> int:
    """The number of the mount that a place is in, or of the kernel's own for what has none."""
    mount = None if place is None else top_of(place).mount
    return INTERNAL if mount is None else mount.number


def subpath_of(place: Dentry) -> bytes:
    """The path of a place in its file system."""
    names = []
    at = place
    while at.parent is not None:
        names.append(at.name)
        at = at.parent
    base = b"/" if at.mount is None else at.mount.subpath
    return base if not names else base.rstrip(b"/") + b"/" + b"/".join(reversed(names))


def share(mount: Mount, group: PeerGroup) -> None:
    """Makes a mount one of a group."""
    mount.peers = group
    group.members.append(mount)


def follow(mount: Mount, group: PeerGroup) -> None:
    """Makes a mount one that follows a group."""
    mount.master = group
    group.followers.append(mount)


def make_private(mount: Mount) -> None:
    """Makes a mount one in which nothing happens that happens elsewhere."""
    for group, members in ((mount.peers, "members"), (mount.master, "followers")):
        if group is not None and mount in getattr(group, members):
            getattr(group, members).remove(mount)
    mount.peers = mount.master = None


def make_slave(mount: Mount) -> None:
    """Makes a mount one that follows its peers; one that has none becomes private."""
    group = mount.peers
    if group is None:
        return
    make_private(mount)
    if group.members:
        follow(mount, group)


def make_shared(mount: Mount) -> None:
    """Gives a mount a group of its own, if it has none."""
    if mount.peers is None:
        share(mount, PeerGroup())


class MountTree:
    """The mounts of a namespace.

    Attributes:
        mounts: All of them, each behind the one that it stands in.
        event: How often they have changed.
        changed: Woken when they do.
    """

    def __init__(self) -> None:
        self.mounts: list[Mount] = []
        self.event = 0
        self.changed = WaitQueue()

    def note_change(self) -> None:
        """A mount came, went or moved."""
        self.event += 1
        self.changed.wake()

    @property
    def root(self) -> Dentry:
        """The root of the tree."""
        return self.mounts[0].root

    def add(self, mount: Mount, at: Dentry | None) -> None:
        """Puts a mount at a place, on top of what is mounted there.

        Raises:
            Errno: ENOTDIR, one is a directory and the other is not.
        """
        if at is not None:
            at = top(at)
            if at.inode.is_directory is not mount.root.inode.is_directory:
                raise Errno(E.ENOTDIR)
            at.mounted = mount.root
            mount.root.covers = at
        mount.at = at
        mount.tree = self
        self.mounts.append(mount)
        self.note_change()

    def graft(self, other: MountTree, at: Dentry) -> None:
        """Puts all mounts of another tree at a place; the other one is empty afterwards.

        Raises:
            Errno: ENOTDIR, one is a directory and the other is not.
        """
        first, *rest = other.mounts
        self.add(first, at)
        for mount in rest:
            mount.tree = self
        self.mounts += rest
        other.mounts.clear()

    def remove(self, mount: Mount) -> None:
        """Takes a mount away."""
        if mount.at is not None:
            mount.at.mounted = None
        mount.root.covers = mount.at = mount.tree = None
        self.mounts.remove(mount)
        make_private(mount)
        self.note_change()

    def below(self, mount: Mount) -> Iterator[Mount]:
        """The mounts that stand in one, and in those, in order."""
        within = {mount}
        for other in list(self.mounts):
            parent = other.parent()
            if parent is not None and parent in within:
                within.add(other)
                yield other

    def move(self, mount: Mount, at: Dentry) -> None:
        """Moves a mount with all that stands in it."""
        subtree = [mount, *self.below(mount)]
        if mount.at is not None:
            mount.at.mounted = None
        at = top(at)
        at.mounted = mount.root
        mount.root.covers = mount.at = at
        for one in subtree:
            self.mounts.remove(one)
        self.mounts += subtree
        self.note_change()

    def tuck(self, mount: Mount, old: Mount) -> None:
        """Puts a mount beneath the one that it stands on top of."""
        below = old.at
        assert below is not None, "the root of all has nothing beneath it"
        old.root.mounted = None
        below.mounted, mount.root.covers, mount.at = mount.root, below, below
        mount.root.mounted, old.root.covers, old.at = old.root, mount.root, mount.root
        self._sort()

    def pivot(self, old: Mount, new: Mount, place: Dentry) -> None:
        """Puts another mount where one is, and that one at a place below it."""
        above = old.at
        assert new.at is not None
        new.at.mounted = None
        new.root.covers = new.at = above
        if above is not None:
            above.mounted = new.root
        place = top(place)
        place.mounted = old.root
        old.root.covers = old.at = place
        old.locked, new.locked = False, old.locked
        self._sort()

    def _sort(self) -> None:
        """Puts each mount behind the one that it stands in."""
        found = [one for one in self.mounts if one.at is None]
        left = [one for one in self.mounts if one.at is not None]
        while left:
            ready = [one for one in left if one.parent() in found]
            found += ready
            left = [one for one in left if one not in ready]
        self.mounts[:] = found
        self.note_change()


def top(place: Dentry) -> Dentry:
    """What is seen at a place: the root of what is mounted there last, or the place itself."""
    while place.mounted is not None:
        place = place.mounted
    return place


def places_in_peers(place: Dentry) -> list[Dentry]:
    """The same place in the mounts in which the same happens as in the one that it is in."""
    mount, names = mount_of(place), []
    if mount.peers is None:
        return []
    at = place
    while at.parent is not None:
        names.append(at.name)
        at = at.parent
    found = []
    for other in _hearing(mount.peers):
        if other is mount or other.subpath != mount.subpath:
            continue
        try:
            there = other.root
            for name in reversed(names):
                there = there.child(name)
        except Errno:
            continue
        found.append(there)
    return found


def _hearing(group: PeerGroup) -> Iterator[Mount]:
    """All mounts that hear of what happens in a group."""
    yield from list(group.members)
    for follower in list(group.followers):
        yield follower
        if follower.peers is not None and follower.peers is not group:
            yield from (one for one in _hearing(follower.peers) if one is not follower)
