"""What files cost besides their contents: paid for in guest RAM, and given back."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from ring3.abi.errno import E
from ring3.fs.overlay import OverlayDirectory, OverlayFileSystem
from ring3.fs.vfs import Vfs
from ring3.machine.ram import Ram
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


def make_link(tree: Tree, name: str) -> None:
    tree.symlink("x" * 4000, name)


def make_attribute(tree: Tree, name: str) -> None:
    tree.mkdir(name).inode.set_xattrs({b"user.a": bytes(60000)})


BOMBS: list[Callable[[Tree, str], object]] = [
    make_link,
    make_attribute,
    lambda tree, name: tree.mkdir(name),
    lambda tree, name: tree.write(name, b""),
    lambda tree, name: tree.link("one", name),
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_names_are_paid_for(root: Tree, bomb: Callable[[Tree, str], object]) -> None:
    root.mkdir("d")
    root.cwd = root.find("d")
    root.write("one", b"")
    names = iter(range(100_000))
    with fails(E.ENOSPC):
        for number in names:
            bomb(root, str(number))
    assert next(names) < 100_000
    assert root.vfs.ram.frames_free == 0
    for name in root.list():
        root.rmdir(name) if root.stat(name).mode & 0o040000 else root.unlink(name)
    root.cwd = root.vfs.root
    root.rmdir("d")
    root.cwd.fs.recent.clear()
    gc.collect()
    assert root.vfs.ledger.frames <= 1


def test_names_that_were_removed_leave_nothing(root: Tree, vfs: Vfs, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_bytes(b"")
    vfs.mount(OverlayFileSystem(vfs, bytes(tmp_path)), root.mkdir("host"))
    root.cwd = root.find("host")
    for number in range(1000):
        root.write(str(number), b"")
        root.unlink(str(number))
    root.unlink("hosts")
    top = root.cwd.inode
    assert isinstance(top, OverlayDirectory)
    assert (top.names, top.hidden) == ({}, {b"hosts"})
    assert root.vfs.ledger.frames <= 512  # some names are kept for a while
    root.write("hosts", b"new")
    assert root.list() == ["hosts"]
    root.unlink("hosts")
    assert root.list() == []


def test_a_move_when_all_is_taken_loses_nothing(root: Tree, vfs: Vfs, ram: Ram) -> None:
    root.write("a", b"contents")
    root.mkdir("d")
    while ram.frames_free:
        ram.alloc()
    with fails(E.ENOSPC):
        for number in range(100):
            root.symlink("x" * 200, str(number))
    with fails(E.ENOSPC):
        root.rename("a", "d/" + "b" * 250)
    with fails(E.ENOSPC):
        root.link("a", "b" * 250)
    assert (root.read("a"), root.stat("a").nlink) == (b"contents", 1)


def test_nothing_is_given_back_to_a_machine_that_is_off(root: Tree, vfs: Vfs, ram: Ram) -> None:
    root.mkdir("d")
    used = ram.frames_in_use
    vfs.close()
    root.rmdir("d")
    assert ram.frames_in_use == used
