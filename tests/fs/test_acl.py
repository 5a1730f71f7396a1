"""Access control lists: what is one, what it permits, and how it goes with a mode."""

from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.fs import acl
from ring3.fs.acl import AclEntry, Tag
from ring3.fs.inode import FileSystem, Inode
from ring3.fs.permission import MAY_READ, MAY_WRITE, Who, permits
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from tests.fs.test_namei import fails

BASE = (AclEntry(Tag.USER_OBJ, 6), AclEntry(Tag.GROUP_OBJ, 4), AclEntry(Tag.OTHER, 0))
FULL = (
    AclEntry(Tag.USER_OBJ, 6),
    AclEntry(Tag.USER, 6, 7),
    AclEntry(Tag.GROUP_OBJ, 4),
    AclEntry(Tag.GROUP, 2, 8),
    AclEntry(Tag.MASK, 4),
    AclEntry(Tag.OTHER, 0),
)


def test_what_is_packed_is_parsed() -> None:
    assert acl.parse(acl.pack(FULL)) == FULL
    assert acl.parse(b"") is None
    assert acl.parse(acl.pack(())) is None


@pytest.mark.parametrize(
    "entries",
    [
        BASE[:2],
        BASE[::-1],
        (*BASE, AclEntry(64, 0)),
        (BASE[0], FULL[1], *BASE[1:]),
        (AclEntry(1, 8), *BASE[1:]),
    ],
    ids=["one is missing", "out of order", "an unknown tag", "no mask", "no permissions"],
)
def test_what_is_none_is_refused(entries: acl.Acl) -> None:
    with fails(E.EINVAL):
        acl.parse(acl.pack(entries))


def test_cut_off_or_of_another_version() -> None:
    with fails(E.EINVAL):
        acl.parse(acl.pack(BASE)[:-1])
    with fails(E.EOPNOTSUPP):
        acl.parse(b"\3" + acl.pack(BASE)[1:])


@pytest.fixture
def inode(vfs: Vfs) -> Inode:
    fs: FileSystem = MemoryFileSystem(vfs, uid=5, gid=6, mode=0o640)
    found = fs.root.inode
    found.set_acls(FULL, None)
    return found


@pytest.mark.parametrize(
    ("who", "wanted", "allowed"),
    [
        (Who(5, 1), MAY_READ | MAY_WRITE, True),
        (Who(7, 1), MAY_READ, True),
        (Who(7, 1), MAY_WRITE, False),
        (Who(9, 6), MAY_READ, True),
        (Who(9, 8), MAY_READ, False),
        (Who(9, 8), MAY_WRITE, False),
        (Who(9, 6, frozenset({8})), MAY_READ, True),
        (Who(9, 9), MAY_READ, False),
    ],
    ids=["owner", "user", "masked", "group", "other group", "masked group", "either group", "others"],
)
def test_who_may_do_what(inode: Inode, who: Who, wanted: int, allowed: bool) -> None:
    assert permits(inode, who, wanted) is allowed


def test_the_mask_is_the_groups_part_of_the_mode(inode: Inode) -> None:
    assert acl.mode_of(FULL) == 0o640
    inode.set_mode(0o421)
    assert inode.acl is not None
    assert acl.mode_of(inode.acl) == 0o421
    assert inode.acl[2].permissions == 4
    assert acl.mode_of(acl.with_mode(BASE, 0o777)) == 0o777
