"""Overlays: what layers show together, and what changes leave in the upper one."""

from __future__ import annotations

import stat

import pytest

from ring3.abi.errno import E
from ring3.fs.inode import Inode
from ring3.fs.layered import LayeredFileSystem, is_opaque, is_whiteout
from ring3.fs.layered_files import LayeredFile
from ring3.fs.permission import KERNEL, Who
from ring3.fs.regular import RegularInode
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from tests.fs.test_namei import fails

FILE = stat.S_IFREG | 0o644
FOLDER = stat.S_IFDIR | 0o755


def layer(vfs: Vfs, files: dict[str, bytes | None]) -> Inode:
    """A directory in memory; None for a folder."""
    top: Inode = MemoryFileSystem(vfs).top
    for path, data in files.items():
        *folders, name = path.encode().split(b"/")
        at = top
        for folder in folders:
            at = at.lookup(folder)
        made = at.create(name, FOLDER if data is None else FILE, KERNEL)
        if data:
            assert isinstance(made, RegularInode)
            made.pwrite(0, data)
    return top


class Overlay:
    """An overlay of an empty upper layer on two others."""

    def __init__(self, vfs: Vfs) -> None:
        self.upper = layer(vfs, {})
        self.first = layer(vfs, {"both": b"first", "d": None, "d/high": b"high"})
        self.second = layer(vfs, {"both": b"second", "d": None, "d/low": b"low", "d/deep": None})
        self.fs = LayeredFileSystem(vfs, self.upper, [self.first, self.second], "", by_user=False)
        self.root = self.fs.root.inode


@pytest.fixture
def overlay(vfs: Vfs) -> Overlay:
    return Overlay(vfs)


def names(directory: Inode) -> list[bytes]:
    return sorted(entry.name for entry in directory.entries())


def contents(inode: Inode) -> bytes:
    assert isinstance(inode, LayeredFile)
    return inode.pread(0, 100)


def test_directories_are_merged_and_files_hide_each_other(overlay: Overlay) -> None:
    assert names(overlay.root) == [b"both", b"d"]
    assert contents(overlay.root.lookup(b"both")) == b"first"
    assert names(overlay.root.lookup(b"d")) == [b"deep", b"high", b"low"]


def test_a_change_makes_a_copy_with_the_directories_that_lead_to_it(overlay: Overlay) -> None:
    low = overlay.root.lookup(b"d").lookup(b"low")
    assert isinstance(low, LayeredFile)
    before = low.stat()
    low.set_mode(0o600)
    low.pwrite(3, b"er")
    low.set_xattrs({b"user.a": b"b"})
    assert contents(low) == b"lower"
    assert contents(overlay.root.lookup(b"d").lookup(b"low")) == b"lower"
    assert (low.stat().ino, low.stat().dev) == (before.ino, before.dev)
    copy = overlay.upper.lookup(b"d").lookup(b"low")
    assert isinstance(copy, RegularInode)
    assert (copy.pread(0, 9), copy.stat().mode & 0o777, dict(copy.xattrs())) == (
        b"lower",
        0o600,
        {b"user.a": b"b"},
    )
    original = overlay.second.lookup(b"d").lookup(b"low")
    assert isinstance(original, RegularInode)
    assert (original.pread(0, 9), original.stat().mode & 0o777) == (b"low", 0o644)


def test_what_is_removed_leaves_a_whiteout_and_what_replaces_it_hides(overlay: Overlay) -> None:
    overlay.root.unlink(b"both")
    assert names(overlay.root) == [b"d"]
    assert is_whiteout(overlay.upper.lookup(b"both"))
    with fails(E.ENOENT):
        overlay.root.lookup(b"both")
    overlay.root.create(b"both", FOLDER, KERNEL)
    assert names(overlay.root.lookup(b"both")) == []
    folder = overlay.root.lookup(b"d")
    with fails(E.ENOTEMPTY):
        overlay.root.rmdir(b"d")
    for name in (b"high", b"low"):
        folder.unlink(name)
    folder.rmdir(b"deep")
    overlay.root.rmdir(b"d")
    overlay.root.create(b"d", FOLDER, KERNEL)
    assert is_opaque(overlay.upper.lookup(b"d"))
    assert names(overlay.root.lookup(b"d")) == []
    assert not overlay.root.lookup(b"d").xattrs()


def test_files_move_and_directories_with_lower_layers_do_not(overlay: Overlay) -> None:
    with fails(E.EXDEV):
        overlay.root.move(b"d", overlay.root, b"e", exchange=False)
    overlay.root.move(b"both", overlay.root.lookup(b"d"), b"low", exchange=False)
    assert contents(overlay.root.lookup(b"d").lookup(b"low")) == b"first"
    assert names(overlay.root) == [b"d"]
    overlay.root.create(b"new", FOLDER, KERNEL).create(b"x", FILE, KERNEL)
    overlay.root.move(b"new", overlay.root, b"newer", exchange=False)
    assert names(overlay.root.lookup(b"newer")) == [b"x"]


def test_new_files_belong_to_who_makes_them(overlay: Overlay) -> None:
    made = overlay.root.create(b"mine", FILE, Who(5, 6))
    assert (made.uid, made.gid) == (5, 6)
    link = overlay.root.symlink(b"link", b"mine", Who(5, 6))
    assert link.readlink() == b"mine"
    overlay.root.link(b"again", made)
    assert made.stat().nlink == 2
    overlay.root.unlink(b"mine")
    assert overlay.root.lookup(b"again").stat().nlink == 1


def test_without_an_upper_layer_nothing_changes(vfs: Vfs) -> None:
    lowers = [layer(vfs, {"a": b"1"}), layer(vfs, {"b": b"2"})]
    fs = LayeredFileSystem(vfs, None, lowers, "", by_user=False)
    assert fs.readonly
    assert names(fs.root.inode) == [b"a", b"b"]
    with fails(E.EROFS):
        fs.root.inode.lookup(b"a").set_mode(0)
