"""Directories of the host that are written to: what programs do there has happened on the host, and nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ring3.abi.errno import E
from ring3.fs.file import O_RDWR
from ring3.fs.host_writable import WritableFileSystem
from ring3.fs.opening import O_CREAT, O_TRUNC
from ring3.fs.permission import KERNEL
from ring3.fs.vfs import Vfs
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "shown/d").mkdir(parents=True)
    (tmp_path / "shown/f").write_bytes(b"contents")
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "shown"


@pytest.fixture
def tree(root: Tree, vfs: Vfs, base: Path) -> Tree:
    vfs.mount(WritableFileSystem(vfs, os.fsencode(base)), root.mkdir("host"))
    root.cwd = root.find("host")
    return root


def test_contents(tree: Tree, base: Path) -> None:
    file = tree.open("f", O_RDWR)
    file.pwrite(b"CONT", 0)
    assert (base / "f").read_bytes() == b"CONTents"
    file.truncate(4)
    file.seek(0, os.SEEK_END)
    file.write(b"!")
    assert (base / "f").read_bytes() == b"CONT!"
    assert tree.stat("f").size == 5
    file.drop()
    tree.open("f", O_RDWR | O_TRUNC).drop()
    assert (base / "f").read_bytes() == b""


def test_what_is_stored_into_a_mapping(tree: Tree, base: Path) -> None:
    file = tree.open("f", O_RDWR)
    pages = file.mapping(shared=True)
    assert pages is not None
    frame = pages.page(0)
    pages.store(0, 0, b"MAPP")
    pages.dirty.add(0)
    assert file.pread(8, 0) == b"MAPPents"
    assert (base / "f").read_bytes() == b"MAPPents"
    file.pwrite(b"!", 7)
    assert bytes(pages.ram.bytes[frame : frame + 8]) == b"MAPPent!"
    pages.store(0, 0, b"last")
    pages.dirty.add(0)
    file.drop()
    assert (base / "f").read_bytes() == b"lastent!"


def test_the_hosts_own_changes_show(tree: Tree, base: Path) -> None:
    assert tree.read("f") == b"contents"
    (base / "f").write_bytes(b"of the host")
    assert tree.read("f") == b"of the host"


def test_names(tree: Tree, base: Path) -> None:
    tree.open("new", O_CREAT | O_RDWR, 0o640).drop()
    tree.mkdir("dir")
    tree.symlink("f", "link")
    tree.link("f", "hard")
    tree.rename("new", "dir/moved")
    tree.unlink("hard")
    tree.rmdir("d")
    assert sorted(path.name for path in base.rglob("*")) == ["dir", "f", "link", "moved"]
    assert stat.S_IMODE((base / "dir/moved").stat().st_mode) == 0o640
    assert os.readlink(base / "link") == "f"
    tree.open("dir/moved", O_RDWR).drop()


def test_attributes(tree: Tree, base: Path) -> None:
    inode = tree.find("f").inode
    inode.set_mode(0o600)
    inode.set_times(5_000_000_000, None)
    found = (base / "f").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_atime) == (0o600, 5)
    with fails(E.EPERM):
        inode.set_mode(0o4755)
    tree.find("d").inode.set_mode(0o700)
    assert stat.S_IMODE((base / "d").stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK])
def test_what_leads_out_is_not_made(tree: Tree, base: Path, kind: int) -> None:
    with fails(E.EPERM):
        tree.cwd.inode.create(b"x", kind | 0o666, KERNEL, 5)
    assert sorted(path.name for path in base.iterdir()) == ["d", "f"]


def test_links_that_the_host_puts_there_lead_nowhere(tree: Tree, base: Path) -> None:
    place = tree.find("f")
    (base / "f").unlink()
    (base / "f").symlink_to("../secret")
    with fails(E.ELOOP):
        place.inode.truncate(0)
    with fails(E.EIO):
        place.inode.set_mode(0o777)
    with fails(E.EEXIST):
        tree.cwd.inode.create(b"f", stat.S_IFREG | 0o600, KERNEL)
    secret = base.parent / "secret"
    assert secret.read_bytes() == b"secret"
    assert stat.S_IMODE(secret.stat().st_mode) != 0o777


def test_a_file_that_may_be_read_only(tree: Tree, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "f").chmod(0o444)
    if os.access(base / "f", os.W_OK):
        pytest.skip("this user may write everything")
    with fails(E.EACCES):
        tree.find("f").inode.truncate(0)


def test_a_single_file(root: Tree, vfs: Vfs, base: Path) -> None:
    root.open("one", O_CREAT | O_RDWR).drop()
    vfs.mount(WritableFileSystem(vfs, os.fsencode(base / "f")), root.find("one"))
    file = root.open("one", O_RDWR)
    file.write(b"new ")
    file.drop()
    assert (base / "f").read_bytes() == b"new ents"
