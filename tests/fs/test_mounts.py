"""Trees of mounts without a machine: copies, moves, and what is shared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.mount_copies import Copied
from ring3.fs.mounts import (
    RDONLY,
    Mount,
    PeerGroup,
    follow,
    make_private,
    make_shared,
    make_slave,
    mount_of,
    places_in_peers,
    share,
    subpath_of,
    top,
)
from ring3.fs.permission import KERNEL
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from ring3.kernel.clock import VirtualClocks
from ring3.kernel.mm.objects import Objects
from ring3.machine.ram import Ram


@pytest.fixture
def vfs() -> Iterator[Vfs]:
    ram = Ram(16 << 20)
    made = Vfs(ram, Objects(), VirtualClocks().realtime)
    made.mount(MemoryFileSystem(made))
    yield made
    made.close()
    ram.close()


def directory(place: Dentry, name: bytes) -> Dentry:
    place.inode.create(name, 0o040755, KERNEL)
    return place.child(name)


def mounted(vfs: Vfs, place: Dentry) -> Mount:
    vfs.mount(MemoryFileSystem(vfs), place)
    return vfs.mounts[-1]


def test_a_place_knows_its_mount_and_its_path_there(vfs: Vfs) -> None:
    a = directory(vfs.root, b"a")
    mount = mounted(vfs, a)
    inner = directory(directory(mount.root, b"x"), b"y")
    assert mount_of(inner) is mount
    assert subpath_of(inner) == b"/x/y"
    assert inner.path() == b"/a/x/y"
    assert top(a) is mount.root
    part = mount.like(inner.inode, subpath_of(inner))
    assert (part.subpath, part.root.inode) == (b"/x/y", inner.inode)


def test_what_has_no_place_is_in_no_mount(vfs: Vfs) -> None:
    stray = Dentry(vfs.root.fs, vfs.root.inode, None, b"pipe:[1]")  # what /proc/self/fd/N leads to
    with pytest.raises(Errno) as caught:
        mount_of(stray)
    assert caught.value.number is E.EINVAL
    assert not stray.readonly


def test_a_mount_that_is_read_only_is_so_through_that_mount_alone(vfs: Vfs) -> None:
    mount = mounted(vfs, directory(vfs.root, b"a"))
    inner = directory(mount.root, b"x")
    other = mount.like(mount.root.inode, b"/")
    other.flags |= RDONLY
    assert other.root.readonly
    assert other.root.child(b"x").readonly
    assert not inner.readonly


def test_a_copied_tree_has_the_same_files_and_places_of_its_own(vfs: Vfs) -> None:
    a = directory(vfs.root, b"a")
    mount = mounted(vfs, a)
    inner = directory(mount.root, b"x")
    deep = mounted(vfs, inner)
    copied = Copied(vfs.tree.mounts, vfs.root, whole=True)
    assert len(copied.tree.mounts) == 3
    there = copied.place(deep.root)
    assert there.inode is deep.root.inode
    assert there is not deep.root
    assert there.path() == b"/a/x"
    copied.tree.remove(copied.tree.mounts[2])
    assert copied.place(inner).mounted is None
    assert inner.mounted is deep.root


def test_what_is_shown_elsewhere_brings_only_what_is_below(vfs: Vfs) -> None:
    a = directory(vfs.root, b"a")
    mounted(vfs, directory(a, b"in"))
    mounted(vfs, directory(vfs.root, b"out"))
    assert len(Copied(vfs.tree.mounts, a).tree.mounts) == 2
    assert len(Copied(vfs.tree.mounts, a, recursive=False).tree.mounts) == 1


def test_a_file_is_not_mounted_on_a_directory(vfs: Vfs) -> None:
    a = directory(vfs.root, b"a")
    vfs.root.inode.create(b"f", 0o100644, KERNEL)
    file = Mount(vfs.root.fs, None, vfs.root.child(b"f").inode)
    with pytest.raises(Errno) as caught:
        vfs.tree.add(file, a)
    assert caught.value.number is E.ENOTDIR


def test_moves_and_another_root(vfs: Vfs) -> None:
    a, b = directory(vfs.root, b"a"), directory(vfs.root, b"b")
    mount = mounted(vfs, a)
    deep = mounted(vfs, directory(mount.root, b"x"))
    vfs.tree.move(mount, b)
    assert (deep.root.path(), a.mounted) == (b"/b/x", None)
    old = directory(mount.root, b"old")
    vfs.tree.pivot(vfs.mounts[0], mount, old)
    assert vfs.root is mount.root
    assert deep.root.path() == b"/x"
    assert a.path() == b"/old/a"
    assert [one.number for one in vfs.mounts] == [mount.number, *sorted(one.number for one in vfs.mounts[1:])]


def test_peers_share_and_followers_follow(vfs: Vfs) -> None:
    one = mounted(vfs, directory(vfs.root, b"a"))
    inner = directory(one.root, b"x")
    make_shared(one)
    group = one.peers
    assert isinstance(group, PeerGroup)
    two, three = one.like(one.root.inode, b"/"), one.like(one.root.inode, b"/")
    make_slave(three)
    assert (two.peers, three.peers, three.master) == (group, None, group)
    assert [mount_of(place) for place in places_in_peers(inner)] == [two, three]
    assert not places_in_peers(three.root.child(b"x"))
    make_private(two)
    make_private(three)
    assert not places_in_peers(inner)
    make_slave(one)
    assert (one.peers, one.master) == (None, None), "who had no peers has nobody to follow"
    share(one, group)
    follow(two, group)
    assert len(places_in_peers(inner)) == 1
