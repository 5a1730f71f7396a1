"""Directories of the host by descriptor: what the host does to the tree meanwhile leads nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.host_tree import Held, HostPlace
from ring3.fs.hostfs import HostFileSystem
from ring3.fs.overlay import OverlayFileSystem
from ring3.fs.vfs import Vfs
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name, text in (("shown/d/file", b"shown"), ("secret/file", b"secret")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(text)
    return tmp_path


@pytest.fixture(params=[HostFileSystem, OverlayFileSystem])
def tree(request: pytest.FixtureRequest, root: Tree, vfs: Vfs, base: Path) -> Tree:
    vfs.mount(request.param(vfs, os.fsencode(base / "shown")), root.mkdir("host"))
    root.cwd = root.find("host")
    return root


def swap(base: Path) -> None:
    """The host replaces a directory by a link that leads out."""
    (base / "shown/d").rename(base / "moved")
    (base / "shown/d").symlink_to("../secret")


def test_who_stands_in_a_directory_stays_there(tree: Tree, base: Path) -> None:
    tree.cwd = tree.find("d")
    assert tree.list() == ["file"]
    swap(base)
    assert tree.read("file") == b"shown"
    assert tree.list() == ["file"]


def test_a_directory_that_lost_its_descriptor_is_not_found_behind_a_link(
    tree: Tree, base: Path, vfs: Vfs
) -> None:
    tree.cwd = tree.find("d")
    swap(base)
    while vfs.held.make_room():
        pass
    with pytest.raises(Errno) as raised:
        tree.list()
    assert raised.value.number in (E.ELOOP, E.ENOTDIR)


def test_another_directory_of_that_name_is_another_one(tree: Tree, base: Path, vfs: Vfs) -> None:
    tree.cwd = tree.find("d")
    (base / "shown/d").rename(base / "moved")
    (base / "shown/d").mkdir()
    (base / "shown/d/file").write_bytes(b"other")
    while vfs.held.make_room():
        pass
    with fails(E.ENOENT):
        tree.read("file")


def test_the_link_is_walked_inside(tree: Tree, base: Path) -> None:
    swap(base)
    with fails(E.ENOENT):
        tree.read("d/file")


def test_a_file_that_became_a_link_is_not_followed(tree: Tree, base: Path) -> None:
    place = tree.find("d/file")
    (base / "shown/d/file").unlink()
    (base / "shown/d/file").symlink_to(base / "secret/file")
    with fails(E.ELOOP):
        place.inode.open(place, os.O_RDONLY)


def chain(base: Path, depth: int) -> tuple[Held, HostPlace]:
    """A place so many directories below another."""
    held = Held()
    at = HostPlace(held, None, os.fsencode(base), os.stat(base))
    for _ in range(depth):
        os.mkdir("a", dir_fd=at.fd)
        at = at.child(b"a", at.lstat(b"a"))
    return held, at


@pytest.mark.parametrize("has_openat2", [True, False])
def test_a_deep_directory_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_openat2: bool
) -> None:
    held, at = chain(tmp_path, 30)
    monkeypatch.setattr("ring3.fs.host_tree.LONGEST", 20)
    if not has_openat2:
        monkeypatch.setattr(host_os, "_openat2", lambda *_: -38)
    while held.make_room():
        pass
    before = len(os.listdir("/proc/self/fd"))
    assert at.entries() == []
    held.make_room()
    while held.make_room():
        pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_few_descriptors_are_made_of_those_that_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, at = chain(tmp_path, 5)
    kept = at.fd
    monkeypatch.setattr(host_os, "most_descriptors", lambda: kept + 1)
    assert at.entries() == []
    monkeypatch.setattr(host_os, "most_descriptors", lambda: 3)
    with fails(E.ENFILE):
        at.entries()
