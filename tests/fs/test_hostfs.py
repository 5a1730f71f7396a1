from __future__ import annotations

import gc
import os
import stat
from pathlib import Path

import pytest

from ring3.abi.errno import E
from ring3.fs.file import O_RDWR
from ring3.fs.host_tree import KEPT
from ring3.fs.hostfs import HostFileSystem
from ring3.fs.opening import O_CREAT, O_TRUNC
from ring3.fs.regular import RegularFile
from ring3.fs.vfs import Vfs
from ring3.machine.ram import PAGE_SIZE, Ram
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"contents")
    (tmp_path / "link").symlink_to("f")
    return tmp_path


@pytest.fixture
def tree(root: Tree, vfs: Vfs, base: Path) -> Tree:
    """A host directory, read-only, on /host."""
    vfs.mount(HostFileSystem(vfs, os.fsencode(base)), root.mkdir("host"))
    root.cwd = root.find("host")
    return root


def host_descriptors() -> int:
    gc.collect()  # what other tests left behind has closed its own
    return len(os.listdir("/proc/self/fd"))


def test_it_looks_as_on_the_host(tree: Tree, base: Path) -> None:
    assert tree.list() == ["d", "f", "link"]
    assert tree.read("link") == b"contents"
    ours, theirs = tree.stat("f"), (base / "f").stat()
    assert (ours.ino, ours.dev, ours.mode, ours.uid) == (
        theirs.st_ino,
        theirs.st_dev,
        theirs.st_mode,
        theirs.st_uid,
    )
    assert tree.find("link", follow=False).inode.readlink() == b"f"


def test_nothing_can_be_changed(tree: Tree, base: Path) -> None:
    for attempt in (
        lambda: tree.open("f", O_RDWR),
        lambda: tree.open("f", O_TRUNC),
        lambda: tree.open("new", O_CREAT),
        lambda: tree.mkdir("new"),
        lambda: tree.symlink("f", "new"),
        lambda: tree.link("f", "new"),
        lambda: tree.unlink("f"),
        lambda: tree.rmdir("d"),
        lambda: tree.rename("f", "g"),
    ):
        with fails(E.EROFS):
            attempt()
    with fails(E.EEXIST):
        tree.mkdir("d")
    assert (base / "f").read_bytes() == b"contents"


def test_pages_are_kept_for_the_next_one(tree: Tree, ram: Ram, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tree.open("f")
    pages = file.mapping(shared=False)
    assert pages is not None
    frame = pages.page(0)
    file.drop()
    tree.cwd.fs.recent.clear()
    reads: list[object] = []
    monkeypatch.setattr("ring3.fs.host_os.preadv", lambda *args: reads.append(args))
    again = tree.open("f")
    pages = again.mapping(shared=False)
    assert pages is not None
    assert pages.page(0) == frame
    assert not reads
    assert bytes(ram.bytes[frame : frame + 8]) == b"contents"


def test_pages_of_a_changed_file_are_read_anew(tree: Tree, ram: Ram, base: Path) -> None:
    file = tree.open("f")
    old = file.mapping(shared=False)
    assert old is not None
    old.page(0)
    file.drop()
    (base / "f").write_bytes(b"something else")
    new = tree.open("f").mapping(shared=False)
    assert new is not None
    frame = new.page(0)
    assert new is not old
    assert bytes(ram.bytes[frame : frame + 14]) == b"something else"


def test_an_open_file_stays_what_it_was(tree: Tree, base: Path) -> None:
    file = tree.open("f")
    (base / "f").unlink()
    (base / "f").write_bytes(b"another file")
    assert file.read(100) == b"contents"
    assert tree.read("f") == b"another file"


def test_a_growing_file_is_read_to_its_end(tree: Tree, base: Path) -> None:
    file = tree.open("f")
    assert file.read(100) == b"contents"
    assert file.read(100) == b""
    with (base / "f").open("ab") as log:
        log.write(b" and more")
    assert file.read(100) == b" and more"


def test_descriptors_of_the_host_are_not_hoarded(tree: Tree, vfs: Vfs, base: Path) -> None:
    before = host_descriptors()
    for number in range(KEPT + 20):
        (base / str(number)).write_bytes(b"x")
        file = tree.open(str(number))
        pages = file.mapping(shared=False)
        assert pages is not None
        pages.page(0)
        file.drop()
    assert host_descriptors() - before <= KEPT + 1
    file = tree.open("0")
    assert isinstance(file, RegularFile)
    assert file.read(1) == b"x"
    file.drop()
    vfs.close()
    assert host_descriptors() == before


def test_a_file_that_is_only_read_keeps_nothing_open(tree: Tree) -> None:
    tree.read("f")  # the directory itself is held from now on
    before = host_descriptors()
    assert tree.read("f") == b"contents"
    assert host_descriptors() == before


def test_another_file_under_the_same_name_is_not_paged_in(tree: Tree, base: Path) -> None:
    (base / "f").write_bytes(bytes(2 * PAGE_SIZE))
    inode = tree.find("f").inode
    (base / "f").rename(base / "kept")  # so that its inode number stays in use
    (base / "f").write_bytes(bytes(2 * PAGE_SIZE))
    pages = inode.pages  # type: ignore[attr-defined]
    assert pages.page(0) == 0


def test_devices_and_fifos_of_the_host_stay_closed(tree: Tree, base: Path) -> None:
    os.mkfifo(base / "fifo")
    assert stat.S_ISFIFO(tree.stat("fifo").mode)
    with fails(E.ENXIO):
        tree.open("fifo")
