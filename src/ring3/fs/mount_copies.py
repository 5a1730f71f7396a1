"""Copies of mounts: for a bind, for another namespace, and for those who share what happens (copy_tree)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.fs.mounts import MountTree, mount_of, subpath_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ring3.fs.dentry import Dentry
    from ring3.fs.mounts import Mount


class Copied:
    """Mounts that were copied, from a place on.

    Attributes:
        tree: The copies, the one that starts at the place first.
    """

    def __init__(
        self, old: Sequence[Mount], start: Dentry, *, recursive: bool = True, whole: bool = False
    ) -> None:
        """Copies the mount of a place, as far as it is below the place.

        Args:
            old: The mounts that may be below it, each behind the one that it stands in.
            start: The place.
            recursive: And what stands in it.
            whole: It is for another namespace: what cannot be shown elsewhere is copied too.
        """
        self.tree = MountTree()
        source = mount_of(start)
        first = source.like(start.inode, subpath_of(start))
        first.locked = source.locked and whole
        self._made: dict[Dentry, Mount] = {start: first}
        self.tree.add(first, None)
        for mount in old if recursive else ():
            at = None if mount.at is None or mount.root in self._made else self._known(mount.at)
            if at is not None and (whole or not mount.unbindable):
                made = mount.like(mount.root.inode, mount.subpath)
                made.unbindable, made.locked = mount.unbindable and whole, mount.locked
                self._made[mount.root] = made
                self.tree.add(made, at)

    def place(self, old: Dentry) -> Dentry:
        """The place in the copy that a place in the old tree was; itself, if it was not copied."""
        return self._known(old) or old

    def _known(self, old: Dentry) -> Dentry | None:
        names = []
        at = old
        while at not in self._made:
            if at.parent is None:
                return None
            names.append((at.name, at.inode))
            at = at.parent
        found = self._made[at].root
        for name, inode in reversed(names):
            known = found.known(name)
            found = known if known is not None and known.inode is inode else found.adopt(name, inode)
        return found
