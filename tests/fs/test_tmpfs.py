from __future__ import annotations

import stat

import pytest

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_APPEND, O_RDWR
from ring3.fs.memory_file import FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
from ring3.fs.opening import O_CREAT, O_DIRECTORY, O_TMPFILE
from ring3.fs.regular import RegularFile
from ring3.machine.ram import PAGE_SIZE, Ram
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


def contents(root: Tree) -> int:
    """Frames that hold what is in files."""
    return root.vfs.ram.frames_in_use - root.vfs.ledger.frames


def test_contents_are_pages_that_go_with_the_last_name_and_user(root: Tree) -> None:
    before = contents(root)
    root.write("f", bytes(3 * PAGE_SIZE))
    assert contents(root) == before + 3
    root.link("f", "g")
    file = root.open("f")
    root.unlink("f")
    root.unlink("g")
    assert contents(root) == before + 3
    assert file.read(5) == bytes(5)
    file.drop()
    assert contents(root) == before


def test_a_mapping_outlives_the_file(root: Tree, ram: Ram) -> None:
    root.write("f", b"mapped")
    file = root.open("f")
    pages = file.mapping(shared=True)
    assert pages is not None
    pages.hold()
    root.unlink("f")
    file.drop()
    frame = pages.page(0)
    assert bytes(ram.bytes[frame : frame + 6]) == b"mapped"
    pages.drop()


def test_a_replaced_file_gives_its_pages_back(root: Tree) -> None:
    root.write("old", b"o")
    before = contents(root)
    root.write("new", b"n")
    root.rename("new", "old")
    assert contents(root) == before
    assert root.read("old") == b"n"


def test_holes_take_no_frames(root: Tree) -> None:
    before = contents(root)
    file = root.open("f", O_RDWR | O_CREAT)
    file.pwrite(b"x", 1 << 30)
    assert contents(root) == before + 1
    assert file.pread(4, (1 << 30) - 3) == b"\0\0\0x"
    assert file.stat().size == (1 << 30) + 1
    assert file.stat().blocks == 8


def test_a_full_ram_is_a_short_write_and_then_enospc(root: Tree, ram: Ram) -> None:
    file = root.open("f", O_RDWR | O_CREAT)
    free = ram.frames_free * PAGE_SIZE
    assert file.write(bytes(free + PAGE_SIZE)) == free
    with fails(E.ENOSPC):
        file.write(b"x")
    assert file.stat().size == free
    file.truncate(0)
    assert ram.frames_free * PAGE_SIZE == free


def test_allocating_and_punching(root: Tree, ram: Ram) -> None:
    file = root.open("f", O_RDWR | O_CREAT)
    before = contents(root)
    file.allocate(0, 0, 3 * PAGE_SIZE)
    assert (file.stat().size, contents(root)) == (3 * PAGE_SIZE, before + 3)
    file.pwrite(b"x" * 3 * PAGE_SIZE, 0)
    file.allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 2 * PAGE_SIZE)
    assert contents(root) == before + 2
    data = file.pread(3 * PAGE_SIZE, 0)
    assert data == b"x" * 10 + bytes(2 * PAGE_SIZE) + b"x" * (PAGE_SIZE - 10)
    with fails(E.ENOSPC):
        file.allocate(0, 0, ram.size * 2)


def test_appending_writes_at_the_end_whatever_the_position(root: Tree) -> None:
    root.write("f", b"one")
    file = root.open("f", O_RDWR | O_APPEND)
    file.write(b"two")
    assert file.position == 6
    assert file.pwrite(b"three", 0) == 5
    assert root.read("f") == b"onetwothree"


def test_owner_and_group_of_what_is_made(root: Tree, user: Tree) -> None:
    root.mkdir("shared", 0o777).inode.set_owner(0, 77)
    root.find("shared").inode.set_mode(0o2777)
    user.mkdir("shared/d")
    user.write("shared/f", b"")
    assert (user.stat("shared/d").uid, user.stat("shared/d").gid) == (1000, 77)
    assert user.stat("shared/d").mode & stat.S_ISGID
    assert user.stat("shared/f").gid == 77
    root.mkdir("plain", 0o777)
    user.mkdir("plain/d")
    assert user.stat("plain/d").gid == 1000


def test_links_are_counted(root: Tree) -> None:
    root.mkdir("d")
    assert root.stat("d").nlink == 2
    root.mkdir("d/a")
    root.mkdir("d/b")
    assert root.stat("d").nlink == 4
    root.rename("d/b", "b")
    root.rmdir("d/a")
    assert root.stat("d").nlink == 2
    root.write("f", b"")
    root.link("f", "g")
    assert root.stat("g").nlink == 2
    root.unlink("f")
    assert root.stat("g").nlink == 1


def test_times_follow_what_is_done(root: Tree) -> None:
    root.write("f", b"x")
    made = root.stat("f")
    root.read("f")
    read = root.stat("f")
    assert (read.atime > made.atime, read.mtime) == (True, made.mtime)
    root.find("f").inode.set_mode(0o600)
    changed = root.stat("f")
    assert (changed.mtime, changed.ctime > read.ctime) == (read.mtime, True)
    directory = root.stat(".").mtime
    root.link("f", "g")
    assert root.stat(".").mtime > directory


def test_an_unnamed_file_can_be_given_a_name_once(root: Tree) -> None:
    before = contents(root)
    file = root.open(".", O_RDWR | O_TMPFILE | O_DIRECTORY)
    assert isinstance(file, RegularFile)
    file.write(b"x")
    assert file.stat().nlink == 0
    root.cwd.inode.link(b"named", file.inode)
    assert root.read("named") == b"x"
    root.unlink("named")
    with fails(E.ENOENT):
        root.cwd.inode.link(b"again", file.inode)
    file.drop()
    assert contents(root) == before


def test_names_in_a_removed_directory_cannot_be_made(root: Tree) -> None:
    root.cwd = root.mkdir("d")
    root.walk().root.inode.rmdir(b"d")
    for attempt in (lambda: root.mkdir("x"), lambda: root.symlink("x", "y"), lambda: root.write("f", b"")):
        with fails(E.ENOENT):
            attempt()


def test_a_device_without_a_driver_cannot_be_opened(root: Tree, user: Tree) -> None:
    root.cwd.inode.create(b"device", stat.S_IFCHR | 0o666, root.who, 0x105)
    assert root.stat("device").rdev == 0x105
    with fails(E.ENXIO):
        user.open("device")


def test_listing_while_removing(root: Tree) -> None:
    for number in range(100):
        root.write(str(number), b"")
    assert len(root.list()) == 100
    for name in root.list():
        root.unlink(name)
    with pytest.raises(Errno):
        root.find("0")
    assert root.list() == []
