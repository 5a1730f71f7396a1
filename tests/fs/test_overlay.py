from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import ALL
from ring3.fs.file import O_RDWR
from ring3.fs.opening import O_TRUNC
from ring3.fs.overlay import OverlayFileSystem
from ring3.fs.permission import Who
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.objects import Objects
from ring3.machine.ram import PAGE_SIZE, Ram
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


@contextmanager
def shown(base: Path, ram_bytes: int = 1 << 20) -> Iterator[Tree]:
    """A host directory as the root of a tree, copy-on-write."""
    ram = Ram(ram_bytes)
    vfs = Vfs(ram, Objects(), lambda: 1)
    vfs.mount(OverlayFileSystem(vfs, os.fsencode(base)))
    yield Tree(vfs, Who(os.getuid(), os.getgid(), capabilities=ALL))
    vfs.close()
    ram.close()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "inside").write_bytes(b"in")
    (tmp_path / "f").write_bytes(b"from the host")
    (tmp_path / "large").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "link").symlink_to("d/inside")
    (tmp_path / "twin").hardlink_to(tmp_path / "f")
    return tmp_path


@pytest.fixture
def tree(base: Path) -> Iterator[Tree]:
    with shown(base) as tree:
        yield tree


def test_the_hosts_files_are_there(tree: Tree, base: Path) -> None:
    assert tree.list() == ["d", "f", "large", "link", "twin"]
    assert tree.read("f") == b"from the host"
    assert tree.read("link") == b"in"
    theirs, ours = (base / "f").stat(), tree.stat("f")
    assert (ours.ino, ours.dev, ours.mode, ours.size) == (theirs.st_ino, theirs.st_dev, theirs.st_mode, 13)
    assert ours.mtime == theirs.st_mtime_ns
    assert ours.nlink == 2


def test_changes_stay_here(tree: Tree, base: Path) -> None:
    tree.write("f", b"changed")
    tree.write("d/new", b"new")
    tree.unlink("d/inside")
    tree.rename("large", "d/sub/moved")
    tree.find("d").inode.set_mode(0o700)
    tree.mkdir("made")
    assert tree.list() == ["d", "f", "link", "made", "twin"]
    assert tree.list("d") == ["new", "sub"]
    assert tree.read("d/sub/moved")[:3] == b"\0\1\2"
    assert tree.stat("d").mode == stat.S_IFDIR | 0o700
    assert sorted(entry.name for entry in base.iterdir()) == ["d", "f", "large", "link", "twin"]
    assert (base / "f").read_bytes() == b"from the host"
    assert (base / "d" / "inside").exists()


def test_changes_stay_when_nobody_holds_them(tree: Tree) -> None:
    tree.write("d/sub/deep", b"x")
    tree.find("f").inode.set_mode(0o600)
    tree.cwd.fs.recent.clear()
    assert tree.read("d/sub/deep") == b"x"
    assert tree.stat("f").mode & 0o777 == 0o600


def test_only_written_pages_are_copied(tree: Tree, base: Path) -> None:
    file = tree.open("large", O_RDWR)
    used = tree.vfs.ram.frames_in_use
    assert file.pwrite(b"X", PAGE_SIZE + 5) == 1
    assert tree.vfs.ram.frames_in_use - used <= 16
    expected = bytearray((base / "large").read_bytes())
    expected[PAGE_SIZE + 5] = ord("X")
    assert file.pread(1 << 20, 0) == bytes(expected)


def test_what_was_cut_off_does_not_come_back(tree: Tree) -> None:
    file = tree.open("large", O_RDWR)
    file.truncate(100)
    file.truncate(9000)
    data = file.pread(1 << 20, 0)
    assert data == bytes(range(100)) + bytes(8900)
    file.write(b"y")
    file.truncate(0)
    assert file.pread(10, 0) == b""
    tree.open("f", O_RDWR | O_TRUNC).drop()
    assert tree.read("f") == b""


def test_reads_and_mappings_agree(tree: Tree) -> None:
    file = tree.open("f", O_RDWR)
    pages = file.mapping(shared=True)
    assert pages is not None
    frame, ram = pages.page(0), tree.vfs.ram.bytes
    assert bytes(ram[frame : frame + 4]) == b"from"
    ram[frame : frame + 4] = b"into"
    pages.dirty.add(0)
    assert tree.read("f") == b"into the host"
    file.pwrite(b"!", 0)
    assert bytes(ram[frame : frame + 4]) == b"!nto"


def test_hard_links_of_the_host_are_one_file(tree: Tree) -> None:
    twin = tree.find("twin")
    tree.write("f", b"through f")
    assert twin.inode is tree.find("f").inode
    assert tree.read("twin") == b"through f"
    tree.unlink("f")
    assert tree.stat("twin").nlink == 1


def test_what_the_host_changes_is_seen_until_it_is_changed_here(tree: Tree, base: Path) -> None:
    assert tree.read("f") == b"from the host"
    (base / "f").write_bytes(b"news")
    (base / "late").write_bytes(b"late")
    assert tree.read("f") == b"news"
    assert tree.read("late") == b"late"
    tree.find("f").inode.set_mode(0o600)
    (base / "f").chmod(0o644)
    assert tree.stat("f").mode & 0o777 == 0o600


def test_pages_of_old_contents_are_dropped(tree: Tree, base: Path) -> None:
    file = tree.open("f")
    pages = file.mapping(shared=False)
    assert pages is not None
    assert pages.page(0)
    file.drop()
    (base / "f").write_bytes(b"quite different contents")
    assert tree.read("f") == b"quite different contents"


def test_a_full_ram_is_enospc(base: Path) -> None:
    with shown(base, 64 * PAGE_SIZE) as tree:
        file = tree.open("f", O_RDWR)
        done = file.pwrite(bytes(100 * PAGE_SIZE), 0)
        assert 0 < done < 64 * PAGE_SIZE
        with fails(E.ENOSPC):
            file.pwrite(b"x", 90 * PAGE_SIZE)
        assert file.stat().size == done


# -- the same random deeds on the overlay and on the host ---------------------------------------------------------

NAMES = ["d", "f", "d/inside", "d/sub", "large", "new", "d/new", "d/sub/x", "new/y", "twin"]
PATHS = st.sampled_from(NAMES)


def _write(path: str, offset: int, size: int) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    os.pwrite(fd, b"w" * size, offset)
    os.close(fd)


def _write_here(tree: Tree, path: str, offset: int, size: int) -> None:
    file = tree.open(path, O_RDWR | os.O_CREAT)
    try:
        file.pwrite(b"w" * size, offset)
    finally:
        file.drop()


def _truncate_here(tree: Tree, path: str, size: int) -> None:
    inode = tree.find(path).inode
    if inode.is_directory:
        raise Errno(E.EISDIR)
    inode.truncate(size)


Deed = tuple[str, tuple[str | int, ...]]
DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.tuples(st.just("write"), st.tuples(PATHS, st.integers(0, 9000), st.integers(1, 5000))),
    st.tuples(st.just("truncate"), st.tuples(PATHS, st.integers(0, 9000))),
    st.tuples(st.just("unlink"), st.tuples(PATHS)),
    st.tuples(st.just("rmdir"), st.tuples(PATHS)),
    st.tuples(st.just("mkdir"), st.tuples(PATHS)),
    st.tuples(st.just("rename"), st.tuples(PATHS, PATHS)),
    st.tuples(st.just("link"), st.tuples(PATHS, PATHS)),
    st.tuples(st.just("read"), st.tuples(PATHS)),
)
HOST: dict[str, Callable[..., object]] = {
    "write": _write,
    "truncate": os.truncate,
    "unlink": os.unlink,
    "rmdir": os.rmdir,
    "mkdir": os.mkdir,
    "rename": os.rename,
    "link": os.link,
    "read": lambda path: Path(path).read_bytes(),
}
HERE: dict[str, Callable[..., object]] = {
    "write": _write_here,
    "truncate": _truncate_here,
    "unlink": Tree.unlink,
    "rmdir": Tree.rmdir,
    "mkdir": Tree.mkdir,
    "rename": Tree.rename,
    "link": Tree.link,
    "read": lambda tree, path: tree.read(path),
}


def outcome(deed: Callable[..., object], *args: object) -> object:
    """What a deed gives: an error number, bytes that were read, or None."""
    try:
        found = deed(*args)
    except OSError as error:
        return error.errno
    except Errno as error:
        return int(error.number)
    return found if isinstance(found, bytes) else None


def contents(base: Path) -> dict[str, object]:
    """Every path below a directory, with its contents or its kind, and its links."""
    found: dict[str, object] = {}
    for path in sorted(base.rglob("*")):
        info = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        found[str(path.relative_to(base))] = (stat.S_IFMT(info.st_mode), info.st_nlink, data)
    return found


def contents_here(tree: Tree, path: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name in tree.list(path or "."):
        full = f"{path}/{name}" if path else name
        info = tree.stat(full)
        kind = stat.S_IFMT(info.mode)
        found[full] = (kind, info.nlink, tree.read(full) if kind == stat.S_IFREG else None)
        if kind == stat.S_IFDIR:
            found |= contents_here(tree, full)
    return found


def make(base: Path) -> None:
    (base / "d" / "sub").mkdir(parents=True)
    (base / "d" / "inside").write_bytes(b"in")
    (base / "f").write_bytes(b"from the host")
    (base / "large").write_bytes(bytes(range(256)) * 30)
    (base / "twin").hardlink_to(base / "f")


@settings(max_examples=60)
@given(st.lists(DEEDS, min_size=1, max_size=25))
def test_deeds_lead_to_the_same_tree(deeds: list[Deed]) -> None:
    with tempfile.TemporaryDirectory() as below, tempfile.TemporaryDirectory() as real:
        make(Path(below))
        make(Path(real))
        untouched = contents(Path(below))
        here = Path.cwd()
        os.chdir(real)
        try:
            with shown(Path(below)) as tree:
                for name, args in deeds:
                    assert outcome(HERE[name], tree, *args) == outcome(HOST[name], *args), (name, args)
                assert contents_here(tree) == contents(Path(real))
        finally:
            os.chdir(here)
        assert contents(Path(below)) == untouched
