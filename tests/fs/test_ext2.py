"""ext2: what mke2fs has made is read and written, and e2fsck finds nothing wrong with what is left."""

from __future__ import annotations

import random
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from ring3.abi.errno import E, Errno
from ring3.fs.block.disk import Disk
from ring3.fs.ext2.attributes import pack, parse
from ring3.fs.ext2.filesystem import Ext2FileSystem
from ring3.fs.file import O_RDWR
from ring3.fs.opening import O_CREAT, O_TMPFILE
from ring3.fs.permission import KERNEL
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.objects import Objects
from ring3.machine.ram import Ram
from tests.fs.test_namei import fails
from tests.fs.tree import Tree

pytestmark = pytest.mark.skipif(shutil.which("mke2fs") is None, reason="the host has no e2fsprogs")

MADE: Final = (
    "-b 1024 -g 1024", "-b 1024 -I 128 -O ^filetype,^sparse_super,^resize_inode", "-b 2048 -r 0", "-b 4096",
    "-b 1024 -g 256 -O meta_bg,^resize_inode",
)  # fmt: skip


class FileDisk(Disk):
    """A device that is a file of the host."""

    def __init__(self, vfs: Vfs, path: Path) -> None:
        super().__init__(vfs, "test", 0x700)
        self.path = path
        self.file = path.open("r+b", buffering=0)
        self.resize(path.stat().st_size)

    def fetch(self, offset: int, size: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(size)

    def put(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self.file.seek(offset)
        self.file.write(data)


Mounted = tuple[Tree, Ext2FileSystem]


@pytest.fixture
def mounted(vfs: Vfs, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Mounted]:
    """A tree whose root is a new file system, which is checked in the end."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(2 << 20)
    made = getattr(request, "param", MADE[0])
    subprocess.run(["mke2fs", "-q", "-t", "ext2", *made.split(), image], check=True, capture_output=True)
    disk = FileDisk(vfs, image)
    fs = Ext2FileSystem(vfs, disk)
    vfs.replace_root(fs)
    tree = Tree(vfs, KERNEL)
    yield tree, fs
    fs.close()
    disk.file.close()
    checked = subprocess.run(["e2fsck", "-fn", image], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


class Random:
    """Does the same at random to two trees, and compares what comes of it."""

    def __init__(self, seed: int, *trees: Tree) -> None:
        self.random = random.Random(seed)
        self.trees = trees
        self.paths = [
            f"{above}{name}" for above in ("", "d/", "e/", "d/f/") for name in ("a", "b", "d", "f", "e" * 40)
        ]

    def both(self, what: Callable[[Tree], object]) -> None:
        """The same to each, with the same result or error."""
        found = []
        for tree in self.trees:
            try:
                found.append(what(tree))
            except Errno as error:
                found.append(error.number)
        assert found[0] == found[1]

    def step(self) -> None:
        """One thing."""
        pick, path, other = (
            self.random.random(),
            self.random.choice(self.paths),
            self.random.choice(self.paths),
        )
        size = self.random.choice((0, 1, 59, 60, 1000, 1024, 5000, 40000, 300000))
        data = self.random.randbytes(min(size, 20000))
        if pick < 0.15:
            self.both(lambda tree: tree.mkdir(path).inode.mode)
        elif pick < 0.3:
            self.both(lambda tree: self.store(tree, path, size, data))
        elif pick < 0.4:
            self.both(lambda tree: self.cut(tree, path, size))
        elif pick < 0.5:
            self.both(lambda tree: tree.unlink(path))
        elif pick < 0.55:
            self.both(lambda tree: tree.rmdir(path))
        elif pick < 0.7:
            self.both(lambda tree: tree.rename(path, other))
        elif pick < 0.8:
            self.both(lambda tree: tree.link(path, other))
        elif pick < 0.85:
            self.both(lambda tree: tree.symlink("x" * max(1, min(size, 1000)), path))
        else:
            self.both(lambda tree: self.shown(tree, path))

    @staticmethod
    def store(tree: Tree, path: str, offset: int, data: bytes) -> int:
        file = tree.open(path, O_RDWR | O_CREAT)
        try:
            return file.pwrite(data, offset)
        finally:
            file.drop()

    @staticmethod
    def cut(tree: Tree, path: str, size: int) -> None:
        file = tree.open(path, O_RDWR)
        try:
            file.truncate(size)
        finally:
            file.drop()

    @staticmethod
    def shown(tree: Tree, path: str) -> object:
        found = tree.stat(path)
        if stat.S_ISREG(found.mode):
            return found.size, found.nlink, tree.read(path)
        if stat.S_ISLNK(found.mode):
            return tree.find(path, follow=False).inode.readlink()
        return found.nlink, tree.list(path)


@pytest.mark.parametrize("mounted", MADE, indirect=True, ids=range(len(MADE)))
def test_random_changes_are_those_of_a_file_system_in_memory(mounted: Mounted) -> None:
    ram = Ram(16 << 20)
    memory = Vfs(ram, Objects(), lambda: 10**18)
    memory.mount(MemoryFileSystem(memory))
    tree, fs = mounted
    tree.rmdir("lost+found")
    both = Random(1, tree, Tree(memory, KERNEL))
    for step in range(600):
        both.step()
        if step % 200 == 199:
            fs.sync()
    for path in both.paths:
        both.both(lambda one, path=path: both.shown(one, path))  # type: ignore[misc]
    ram.close()


def test_a_file_without_names_goes_with_its_last_user(mounted: Mounted) -> None:
    tree, fs = mounted
    free = fs.statfs()
    tree.write("f", bytes(300000))
    file = tree.open("f")
    pages = file.mapping(shared=True)
    assert pages is not None
    pages.hold()
    tree.unlink("f")
    assert file.read(3) == bytes(3)
    file.drop()
    assert fs.statfs().bfree < free.bfree
    pages.drop()
    assert fs.statfs() == free
    unnamed = tree.open(".", O_TMPFILE | O_RDWR)
    unnamed.write(b"x" * 5000)
    unnamed.drop()
    assert fs.statfs() == free


def test_a_full_device_is_a_short_write_and_then_enospc(mounted: Mounted) -> None:
    tree, fs = mounted
    file = tree.open("f", O_RDWR | O_CREAT)
    done = file.write(bytes(4 << 20))
    assert 1 << 20 < done < 2 << 20
    with fails(E.ENOSPC):
        file.write(b"x" * 1024)
    with fails(E.ENOSPC):
        tree.mkdir("d")
    file.truncate(0)
    assert fs.statfs().bfree > 1 << 10
    file.drop()
    tree.mkdir("d")


def test_attributes_are_kept(mounted: Mounted) -> None:
    tree, fs = mounted
    tree.write("f", b"x")
    inode = tree.find("f").inode
    inode.set_xattrs({b"user.a": b"1", b"trusted.b": b"22" * 40})
    inode.set_owner(70000, 1 << 17)
    inode.set_mode(0o640)
    inode.set_times(10**9, -5 * 10**9)
    del inode
    fs.recent.clear()
    tree.find(".").forget(b"f")
    found = tree.find("f").inode
    assert found.xattrs() == {b"user.a": b"1", b"trusted.b": b"22" * 40}
    assert (found.uid, found.gid, found.mode) == (70000, 1 << 17, stat.S_IFREG | 0o640)
    assert (found.stat().atime, found.stat().mtime) == (10**9, -5 * 10**9)
    with fails(E.ENOSPC):
        found.set_xattrs({b"user.a": bytes(5000)})
    found.set_xattrs({})


def test_a_block_of_attributes_reads_as_it_was_packed() -> None:
    values = {b"user.name": b"value", b"security.x": b"", b"trusted.long": b"y" * 99}
    assert parse(pack(values, None, None, 1024)).values == values
    assert pack({}, None, None, 1024) == b""


def damaged(image: Path, at: int, data: bytes) -> None:
    """Puts wrong bytes into an image."""
    with image.open("r+b") as file:
        file.seek(at)
        file.write(data)


@pytest.mark.parametrize(
    ("at", "data"),
    [(1024 + 56, b"no"), (1024 + 24, b"\x09"), (1024 + 32, bytes(4)), (1024 + 40, bytes(4)), (1024 + 4, b"\xff" * 4),
     (1024 + 96, b"\x40"), (1024 + 88, b"\x07\x00"), (2048, bytes(32)), (1024 + 100, b"\x00\x08")],
    ids=["magic", "block size", "blocks", "inodes", "length", "incompatible", "inode size", "descriptor", "feature"],
)  # fmt: skip
def test_what_is_no_such_file_system_is_refused(vfs: Vfs, tmp_path: Path, at: int, data: bytes) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(1 << 20))
    subprocess.run(["mke2fs", "-q", "-t", "ext2", "-b", "1024", image], check=True, capture_output=True)
    damaged(image, at, data)
    disk = FileDisk(vfs, image)
    with fails(E.EINVAL):
        Ext2FileSystem(vfs, disk)
    disk.file.close()


def test_damage_is_an_error_and_no_end(vfs: Vfs, tmp_path: Path) -> None:
    """Bytes of a used file system are overwritten at random: whatever is read then, `Errno` is the only exception."""
    image, seeds = tmp_path / "image", random.Random(7)
    image.write_bytes(bytes(1 << 20))
    folder = tmp_path / "files"
    (folder / "d").mkdir(parents=True)
    for name in range(20):
        (folder / "d" / str(name)).write_bytes(bytes(20000))
    command = ["mke2fs", "-q", "-t", "ext2", "-b", "1024", "-N", "64", "-d", str(folder), str(image)]
    subprocess.run(command, check=True, capture_output=True)
    whole = image.read_bytes()
    used = [at for at in range(1024, len(whole), 4) if whole[at : at + 4] != bytes(4)]
    for _ in range(100):
        image.write_bytes(whole)
        for _ in range(8):
            damaged(image, seeds.choice(used), seeds.randbytes(4))
        disk = FileDisk(vfs, image)
        try:
            vfs.replace_root(Ext2FileSystem(vfs, disk))
            walk(Tree(vfs, KERNEL), ".", 0)
        except Errno:
            pass
        vfs.replace_root(MemoryFileSystem(vfs))
        disk.file.close()


def walk(tree: Tree, path: str, depth: int) -> None:
    """Reads all that is below a place, and removes it."""
    for entry in tree.find(path).inode.entries()[:40]:
        below = f"{path}/{entry.name.decode('ascii', 'ignore')}"
        try:
            found = tree.stat(below)
            if stat.S_ISDIR(found.mode) and depth < 4:
                walk(tree, below, depth + 1)
                tree.rmdir(below)
            elif stat.S_ISREG(found.mode):
                tree.read(below)
                tree.unlink(below)
        except Errno:
            continue
