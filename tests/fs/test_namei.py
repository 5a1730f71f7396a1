from __future__ import annotations

import pytest

from ring3.abi.errno import E, Errno
from ring3.fs.namei import Resolve
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from tests.fs.tree import Tree


def fails(number: E) -> pytest.RaisesExc[Errno]:
    return pytest.RaisesExc(Errno, check=lambda error: error.number is number)


@pytest.fixture
def tree(root: Tree) -> Tree:
    """/a/b/file, and links: up -> .., here -> ., abs -> /a/b, file -> a/b/file, loop -> loop."""
    root.mkdir("a")
    root.mkdir("a/b")
    root.write("a/b/file", b"x")
    for target, name in (("..", "a/up"), (".", "here"), ("/a/b", "abs"), ("a/b/file", "f"), ("loop", "loop")):
        root.symlink(target, name)
    return root


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", b"/"),
        ("//", b"/"),
        (".", b"/"),
        ("..", b"/"),
        ("/../..", b"/"),
        ("a/b", b"/a/b"),
        ("a//b///", b"/a/b"),
        ("./a/./b/.", b"/a/b"),
        ("a/b/..", b"/a"),
        ("a/../a/b/../../a", b"/a"),
        ("a/up/a/up/a", b"/a"),
        ("here/here/here/a", b"/a"),
        ("abs/../b/file", b"/a/b/file"),
        ("f", b"/a/b/file"),
        ("abs/", b"/a/b"),
    ],
)
def test_a_path_leads_to_a_place(tree: Tree, path: str, place: bytes) -> None:
    assert tree.find(path).path() == place


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("", E.ENOENT),
        ("none", E.ENOENT),
        ("none/x", E.ENOENT),
        ("a/b/file/", E.ENOTDIR),
        ("a/b/file/.", E.ENOTDIR),
        ("a/b/file/..", E.ENOTDIR),
        ("a/b/file/x", E.ENOTDIR),
        ("f/", E.ENOTDIR),
        ("loop", E.ELOOP),
        ("loop/x", E.ELOOP),
        ("n" * 256, E.ENAMETOOLONG),
        ("n" * 256 + "/x", E.ENAMETOOLONG),
    ],
)
def test_a_path_leads_nowhere(tree: Tree, path: str, number: E) -> None:
    with fails(number):
        tree.find(path)


def test_the_last_link_is_followed_on_request_or_before_a_slash(tree: Tree) -> None:
    assert tree.find("abs", follow=False).inode.is_link
    assert tree.find("abs/", follow=False).path() == b"/a/b"
    assert tree.find("abs").path() == b"/a/b"


def test_forty_links_are_the_most(root: Tree) -> None:
    root.write("0", b"")
    for number in range(41):
        root.symlink(str(number), str(number + 1))
    assert root.find("40").path() == b"/0"
    with fails(E.ELOOP):
        root.find("41")


def test_every_directory_on_the_way_must_be_searchable(root: Tree, user: Tree) -> None:
    root.mkdir("closed", 0o700)
    root.mkdir("closed/in", 0o777)
    root.mkdir("group", 0o750).inode.set_owner(0, 50)
    root.write("group/file", b"")
    with fails(E.EACCES):
        user.find("closed/in")
    with fails(E.EACCES):
        user.find("closed/..")
    assert user.find("closed").path() == b"/closed"
    assert user.find("group/file").path() == b"/group/file"


def test_mounts_are_crossed_both_ways(vfs: Vfs, root: Tree) -> None:
    at = root.mkdir("mnt")
    other = MemoryFileSystem(vfs)
    vfs.mount(other, at)
    root.mkdir("mnt/in")
    assert root.find("mnt").fs is other
    assert root.find("mnt/in").path() == b"/mnt/in"
    assert root.find("mnt/in/../..").path() == b"/"
    assert root.stat("mnt").dev != root.stat(".").dev
    with fails(E.EBUSY):
        vfs.mount(MemoryFileSystem(vfs), at)
    with fails(E.EBUSY):
        root.rmdir("mnt")
    with fails(E.EXDEV):
        root.rename("mnt/in", "in")
    with fails(E.EXDEV):
        root.find("mnt/in", resolve=Resolve.NO_XDEV)


@pytest.mark.parametrize(
    ("path", "resolve", "number"),
    [
        ("f", Resolve.NO_SYMLINKS, E.ELOOP),
        ("abs/file", Resolve.NO_SYMLINKS, E.ELOOP),
        ("abs/file", Resolve.BENEATH, E.EXDEV),
        ("/a", Resolve.BENEATH, E.EXDEV),
        ("..", Resolve.BENEATH, E.EXDEV),
        ("a/../..", Resolve.BENEATH, E.EXDEV),
    ],
)
def test_bounds_are_not_left(tree: Tree, path: str, resolve: Resolve, number: E) -> None:
    with fails(number):
        tree.find(path, resolve=resolve)


def test_within_bounds_everything_is_reached(tree: Tree) -> None:
    assert tree.find("a/up/a/b/../b/file", resolve=Resolve.BENEATH).path() == b"/a/b/file"
    tree.cwd = tree.find("a")
    tree.symlink("/b/file", "in_root")
    assert tree.find("in_root", resolve=Resolve.IN_ROOT).path() == b"/a/b/file"
    assert tree.find("../../b", resolve=Resolve.IN_ROOT).path() == b"/a/b"


def test_a_place_knows_what_has_become_of_its_name(tree: Tree) -> None:
    file, directory = tree.find("a/b/file"), tree.find("a/b")
    tree.rename("a/b", "moved")
    assert (file.path(), directory.path()) == (b"/moved/file", b"/moved")
    assert tree.find("moved/file") is file
    tree.unlink("moved/file")
    assert file.path() == b"/moved/file (deleted)"
    tree.write("moved/file", b"another")
    assert tree.find("moved/file") is not file
    assert file.path() == b"/moved/file (deleted)"


def test_a_path_is_relative_to_a_root(tree: Tree) -> None:
    a, file = tree.find("a"), tree.find("a/b/file")
    assert file.path(a) == b"/b/file"
    assert file.reaches(a)
    assert not tree.cwd.reaches(a)
