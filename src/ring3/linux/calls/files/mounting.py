"""What mount(2), umount2(2) and pivot_root(2) do, on the caller's tree of mounts (fs/namespace.c).

A user namespace's administrator may do all this in mount namespaces made there; mounts that came from above are locked:
they are not taken away one by one, and stay read-only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.fs import mounts
from ring3.fs.mount_copies import Copied
from ring3.fs.mounts import Mount, MountTree, mount_of, places_in_peers, top, top_of
from ring3.fs.pseudo import PseudoLink
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.linux.calls.files.disks import lost_mount, places
from ring3.linux.calls.files.filesystems import new_mount, reconfigure

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.dentry import Dentry
    from ring3.linux.model.task import LinuxTask

MS_SHARED: Final = 1 << 20
MS_PRIVATE: Final = 1 << 18
MS_SLAVE: Final = 1 << 19
MS_UNBINDABLE: Final = 1 << 17
PROPAGATION: Final = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE


def may_mount(task: LinuxTask) -> bool:
    """Whether a task may change its tree of mounts."""
    return task.credentials.ns_capable(task.namespaces.mnt.owner, Cap.SYS_ADMIN)


def require_mount(task: LinuxTask) -> None:
    """Refuses changes of the tree of mounts.

    Raises:
        Errno: EPERM.
    """
    if not may_mount(task):
        raise Errno(E.EPERM)


def require_no_domain(task: LinuxTask) -> None:
    """Refuses changes of the tree of mounts to those who have given up rights to files (landlock(7)).

    Raises:
        Errno: EPERM.
    """
    domain = task.credentials.domain
    if domain is not None:
        domain.require_mounting()


def own_mount(task: LinuxTask, place: Dentry) -> Mount:
    """The mount that starts at a place.

    Raises:
        Errno: EINVAL, none does, or it is of another namespace.
    """
    mount = place.mount
    if mount is None or mount.tree is not task.namespaces.mnt.tree:
        raise Errno(E.EINVAL)
    return mount


def is_placed(task: LinuxTask, tree: MountTree) -> bool:
    """Whether a tree is that of a namespace."""
    return any(thread.namespaces.mnt.tree is tree for thread in task.kernel.threads())


def any_mount(task: LinuxTask, place: Dentry) -> Mount:
    """The mount that starts at a place, of the caller's namespace or of none.

    Raises:
        Errno: EINVAL, none does, or it is of another namespace.
    """
    mount = place.mount
    if mount is None or mount.tree is None:
        raise Errno(E.EINVAL)
    if mount.tree is not mount_tree(task) and is_placed(task, mount.tree):
        raise Errno(E.EINVAL)
    return mount


def _require_own(task: LinuxTask, place: Dentry) -> Mount:
    """The mount that a place is in, of the caller's namespace.

    Raises:
        Errno: EINVAL, it is of another one.
    """
    mount = mount_of(place)
    if mount.tree is not task.namespaces.mnt.tree:
        raise Errno(E.EINVAL)
    return mount


def attach(task: LinuxTask, made: MountTree, place: Dentry) -> None:
    """Puts mounts at a place, and at the same place of the mounts that share what happens there.

    Raises:
        Errno: EINVAL, the place is in another namespace; ENOENT, it is a link of /proc; ENOTDIR.
    """
    place = top(place)
    if isinstance(place.inode, PseudoLink):
        raise Errno(E.ENOENT)  # links of /proc that lead to open files (dont_mount)
    parent = _require_own(task, place)
    if parent.peers is not None:
        for mount in made.mounts:
            mounts.make_shared(mount)
    peers = [there for there in places_in_peers(place) if mount_of(there) not in made.mounts]
    new, tree = list(made.mounts), parent.tree
    assert tree is not None
    _require_room(task, [tree, *(mount_of(there).tree for there in peers)], len(made.mounts))
    tree.graft(made, place)
    for there in peers:
        other = mount_of(there).tree
        if other is not None:
            copied = Copied(new, new[0].root)
            if mount_of(there).peers is None:
                for mount in copied.tree.mounts:
                    mounts.make_slave(mount)
            other.graft(copied.tree, there)


def _require_room(task: LinuxTask, trees: list[MountTree | None], count: int) -> None:
    """Refuses more mounts than a namespace may have (fs.mount-max).

    Args:
        task: Who mounts.
        trees: The trees that get them, one as often as it gets them.
        count: How many those are.

    Raises:
        Errno: ENOSPC.
    """
    for tree in trees:
        if tree is not None and len(tree.mounts) + count * trees.count(tree) > task.kernel.mount_max:
            raise Errno(E.ENOSPC)


def do_new_mount(task: LinuxTask, place: Dentry, kind: str, source: str, flags: int, data: str) -> None:
    """Mounts a new file system."""
    tree = MountTree()
    made = new_mount(task, kind, source, data, readonly=bool(flags & mounts.RDONLY))
    made.flags = flags & mounts.FLAGS
    require_other(made, place)
    if flags & mounts.RDONLY and isinstance(made.fs, MemoryFileSystem):
        made.fs.readonly = True
    tree.add(made, None)
    attach(task, tree, place)


def require_other(made: Mount, place: Dentry) -> None:
    """Refuses to mount a file system once more where it is (do_add_mount).

    Raises:
        Errno: EBUSY.
    """
    there = top(place).mount
    if there is not None and there.fs is made.fs:
        raise Errno(E.EBUSY)


def bind_copy(task: LinuxTask, source: Dentry, *, recursive: bool) -> MountTree:
    """Mounts that show what is at a place.

    Raises:
        Errno: EINVAL, it is of another namespace, cannot be shown, or would show what locked mounts hide.
    """
    mount = _require_own(task, source)
    if mount.unbindable:
        raise Errno(E.EINVAL)
    copied = Copied(mount_tree(task).mounts, source, recursive=recursive)
    hides = any(one.locked and _is_below(one.at, source) for one in mount_tree(task).mounts)
    if hides and not recursive:
        raise Errno(E.EINVAL)
    copied.tree.mounts[0].locked = False
    return copied.tree


def mount_tree(task: LinuxTask) -> MountTree:
    """The caller's mounts."""
    return task.namespaces.mnt.tree


def _is_below(place: Dentry | None, other: Dentry) -> bool:
    """Whether a place is below another one of the same mount."""
    at = place
    while at is not None:
        if at is other:
            return True
        at = at.parent
    return False


def do_remount(task: LinuxTask, place: Dentry, flags: int, *, bind: bool, data: str = "") -> None:
    """Changes the flags of a mount, or those of its file system too, and what else is said of it.

    Raises:
        Errno: EPERM, they are kept by a user namespace above; EROFS; EBUSY, it is written; EINVAL, no such options.
    """
    mount = own_mount(task, place)
    wanted = flags & mounts.FLAGS
    if mount.keeps(wanted):
        raise Errno(E.EPERM)
    if not bind:
        readonly = bool(wanted & mounts.RDONLY)
        if mount.kept_flags and not task.credentials.capable(Cap.SYS_ADMIN):
            raise Errno(E.EPERM)
        if readonly and not mount.fs.readonly and _is_written(task, mount):
            raise Errno(E.EBUSY)
        reconfigure(task, mount.fs, data)
        mount.fs.set_readonly(readonly)
    mount.flags = wanted
    mount_tree(task).note_change()


def _is_written(task: LinuxTask, mount: Mount) -> bool:
    """Whether somebody has a file of a mount open for writing."""
    return any(
        file.writable
        and file.dentry is not None
        and file.dentry.fs is mount.fs
        and file.dentry.inode.is_regular
        for thread in task.kernel.threads()
        for fd in thread.files
        for file in (thread.files.get(fd),)
        if file is not None
    )


def change_propagation(task: LinuxTask, place: Dentry, kind: int, *, recursive: bool) -> None:
    """Says with whom a mount shares what happens in it.

    Raises:
        Errno: EINVAL, more than one way was asked for, or no mount starts there.
    """
    if kind not in WAYS:
        raise Errno(E.EINVAL)
    mount = own_mount(task, place)
    for one in (mount, *(mount_tree(task).below(mount) if recursive else ())):
        WAYS[kind](one)
        one.unbindable = kind == MS_UNBINDABLE


WAYS: Final[dict[int, Callable[[Mount], None]]] = {
    MS_SHARED: mounts.make_shared,
    MS_PRIVATE: mounts.make_private,
    MS_SLAVE: mounts.make_slave,
    MS_UNBINDABLE: mounts.make_private,
}
"""What each way of sharing what happens does to a mount."""


def do_move_mount(task: LinuxTask, source: Dentry, place: Dentry) -> None:
    """Moves a mount to another place.

    Raises:
        Errno: EINVAL, none starts at the source, it may not be moved, or shares what happens above; ELOOP, the place is
            below it; ENOTDIR.
    """
    mount, tree = own_mount(task, source), mount_tree(task)
    _require_own(task, place)
    parent = mount.parent()
    if parent is None or mount.locked or parent.peers is not None:
        raise Errno(E.EINVAL)
    if source.inode.is_directory is not place.inode.is_directory:
        raise Errno(E.EINVAL)
    if place.reaches(mount.root):
        raise Errno(E.ELOOP)
    tree.move(mount, place)


def put_beneath(task: LinuxTask, mount: Mount, place: Dentry) -> None:
    """Puts a mount, which may be nowhere yet, beneath the one that starts at a place (can_move_mount_beneath).

    Raises:
        Errno: EINVAL, none starts there, or it may not be lifted, or the other one is above it, or may not be moved.
    """
    old, tree = own_mount(task, place), mount_tree(task)
    above, parent = mount, old.parent()
    if parent is None or parent.peers is not None or old.locked or old is mount_of(task.fs.root):
        raise Errno(E.EINVAL)
    if mount.root.mounted is not None or mount.root.inode.is_directory is not place.inode.is_directory:
        raise Errno(E.EINVAL)
    while above is not old:
        higher = above.parent()
        if higher is None:
            break
        above = higher
    if above is old:
        raise Errno(E.EINVAL)
    if mount.tree is not tree:
        assert mount.tree is not None, "one that is nowhere has a tree of its own"
        _require_room(task, [tree], len(mount.tree.mounts))
        tree.graft(mount.tree, place)
    else:
        left = mount.parent()
        if left is None or left.peers is not None or mount.locked:
            raise Errno(E.EINVAL)
        tree.move(mount, place)
    tree.tuck(mount, old)


def do_umount(task: LinuxTask, place: Dentry, *, lazily: bool) -> None:
    """Takes away what is mounted at a place.

    Raises:
        Errno: EINVAL, nothing is, or it is locked; EBUSY, it is in use.
    """
    mount, tree = own_mount(task, top(place)), mount_tree(task)
    require_no_domain(task)
    if mount.locked or mount.at is None:
        raise Errno(E.EBUSY if mount.at is None and not mount.locked else E.EINVAL)
    below = list(tree.below(mount))
    if not lazily and (below or _is_used(task, mount)):
        raise Errno(E.EBUSY)
    peers = [top(there) for there in places_in_peers(mount.at)]
    for there in peers:
        other = there.mount
        if other is not None and other.tree is not None and other.fs is mount.fs and other.at is not None:
            _take_away(other.tree, other)
    if mount.tree is not None:  # it may have stood in one of those
        _take_away(tree, mount)
    lost_mount(task.kernel, mount.fs)


def expires(task: LinuxTask, place: Dentry) -> bool:
    """Whether nobody has used a mount since this was last asked, which is now (MNT_EXPIRE).

    Raises:
        Errno: EINVAL, nothing is mounted there; EBUSY, it is in use.
    """
    mount = own_mount(task, top(place))
    if _is_used(task, mount):
        raise Errno(E.EBUSY)
    before, mount.expiring = mount.expiring, True
    return before


def _take_away(tree: MountTree, mount: Mount) -> None:
    for one in reversed(list(tree.below(mount))):
        tree.remove(one)
    tree.remove(mount)


def _is_used(task: LinuxTask, mount: Mount) -> bool:
    """Whether somebody stands in a mount, or has something of it open."""
    return any(top_of(place) is mount.root for place in places(task.kernel))


def do_pivot_root(task: LinuxTask, new_root: Dentry, put_old: Dentry) -> None:
    """Makes another mount the root, and puts the old one below it; who stands in the old root stands in the new one.

    Raises:
        Errno: EINVAL, the new one is no mount, shares what happens in it, or the place for the old one is not below it;
            EBUSY, it is the root already; ENOTDIR.
    """
    tree, root = mount_tree(task), task.fs.root
    if not new_root.inode.is_directory or not put_old.inode.is_directory:
        raise Errno(E.ENOTDIR)
    old, new = mount_of(root), mount_of(new_root)
    if any(mount.tree is not tree for mount in (old, new, mount_of(put_old))) or new.locked:
        raise Errno(E.EINVAL)
    if new is old or mount_of(put_old) is old:
        raise Errno(E.EBUSY)
    parents = [one for one in (new.parent(), old.parent(), old) if one is not None]
    if any(one.peers is not None for one in (new, *parents)):
        raise Errno(E.EINVAL)
    if root is not old.root or new_root is not new.root:
        raise Errno(E.EINVAL)
    if not put_old.reaches(new_root):
        raise Errno(E.EINVAL)
    tree.pivot(old, new, put_old)
    for thread in task.kernel.threads():
        if thread.fs.root is old.root:
            thread.fs.root = new.root
        if thread.fs.cwd is old.root:
            thread.fs.cwd = new.root
