from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.fs.file import O_PATH, O_RDONLY, O_RDWR, O_WRONLY, FdTable, File, WouldBlock
from ring3.fs.locks import END, Lock, Locks
from ring3.fs.readiness import ALWAYS, READABLE
from tests.fs.test_namei import fails
from tests.fs.tree import Tree


class Closing(File):
    """Counts how often it is closed."""

    def __init__(self, flags: int = O_RDWR) -> None:
        super().__init__(flags)
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_the_lowest_free_descriptor_is_given() -> None:
    files = FdTable(limit=4)
    assert [files.install(File(0)) for _ in range(3)] == [0, 1, 2]
    files.close(1)
    assert files.install(File(0)) == 1
    assert files.install(File(0), lowest=2) == 3
    with fails(E.EMFILE):
        files.install(File(0))
    assert list(files) == [0, 1, 2, 3]
    assert len(files) == 4
    with fails(E.EBADF):
        files.close(7)


def test_a_file_is_closed_with_its_last_descriptor() -> None:
    files, file = FdTable(), Closing()
    files.install(file)
    files.install(file)
    copy = files.copy()
    files.close(0)
    files.close_all()
    assert file.closed == 0
    copy.close_all()
    assert file.closed == 1


def test_replacing_closes_what_was_there() -> None:
    files, old, new = FdTable(limit=10), Closing(), Closing()
    files.install(old, cloexec=True)
    files.install(new)
    files.replace(0, new)
    assert (old.closed, files[0] is new, files.cloexec(0)) == (1, True, False)
    files.replace(9, new, cloexec=True)
    assert files.cloexec(9)
    for number in (-1, 10):
        with fails(E.EBADF):
            files.replace(number, new)
    files.close_on_exec()
    assert list(files) == [0, 1]


def test_room_grows_as_linux_lets_it() -> None:
    files = FdTable(limit=2000)
    assert files.size == 64
    files.install(File(0), lowest=63)
    assert files.size == 64
    files.install(File(0), lowest=64)
    assert files.size == 128
    files.replace(1000, File(0))
    assert files.size == 1024


@pytest.mark.parametrize(
    ("flags", "readable", "writable"),
    [
        (O_RDONLY, True, False),
        (O_WRONLY, False, True),
        (O_RDWR, True, True),
        (3, False, False),
        (O_PATH, False, False),
    ],
)
def test_access_modes(flags: int, readable: bool, writable: bool) -> None:
    file = File(flags)
    assert (file.readable, file.writable) == (readable, writable)


def test_a_file_that_can_nothing() -> None:
    file = File(O_RDWR)
    assert file.poll() == ALWAYS
    file.listen(lambda: None).cancel()
    for number, operation in (
        (E.EINVAL, lambda: file.read(1)),
        (E.EINVAL, lambda: file.write(b"")),
        (E.ESPIPE, lambda: file.pread(1, 0)),
        (E.ESPIPE, lambda: file.seek(0, 0)),
        (E.EINVAL, lambda: file.truncate(0)),
        (E.ENODEV, lambda: file.mapping(True)),
        (E.ENOTTY, file.available),
        (E.ENXIO, lambda: file.reopen(0)),
    ):
        with fails(number):
            operation()
    assert WouldBlock(file, READABLE).events == READABLE


def lock(owner: object, start: int, end: int, *, exclusive: bool = True) -> Lock:
    return Lock(owner, 1, exclusive, start, end)


def test_locks_conflict_between_owners_only() -> None:
    locks, one, other = Locks(), object(), object()
    locks.set(lock(one, 10, 19))
    assert locks.conflict(lock(one, 0, END)) is None
    assert locks.conflict(lock(other, 0, 9)) is None
    assert locks.conflict(lock(other, 20, END)) is None
    found = locks.conflict(lock(other, 19, 19, exclusive=False))
    assert found is not None
    assert (found.start, found.end) == (10, 19)
    locks.set(lock(one, 10, 19, exclusive=False))
    assert locks.conflict(lock(other, 15, 16, exclusive=False)) is None
    locks.release(one)
    assert locks.conflict(lock(other, 0, END)) is None


def test_ranges_are_cut_and_joined() -> None:
    locks, one, other = Locks(), object(), object()
    locks.set(lock(one, 0, 99))
    locks.clear(one, 40, 59)
    spans = []
    for start in (0, 60):
        found = locks.conflict(lock(other, start, start))
        assert found is not None
        spans.append((found.start, found.end))
    assert spans == [(0, 39), (60, 99)]
    assert locks.conflict(lock(other, 40, 59)) is None
    locks.set(lock(one, 40, 59))
    joined = locks.conflict(lock(other, 50, 50))
    assert joined is not None
    assert (joined.start, joined.end) == (0, 99)


def test_a_whole_file_is_locked_by_open_file_descriptions() -> None:
    locks, one, other = Locks(), object(), object()
    assert locks.flock(one, 1, exclusive=False)
    assert locks.flock(other, 1, exclusive=False)
    assert not locks.flock(one, 1, exclusive=True)
    locks.unflock(other)
    assert locks.flock(one, 1, exclusive=True)
    assert not locks.flock(other, 1, exclusive=False)


def test_closing_any_descriptor_loses_the_locks_of_the_table(root: Tree) -> None:
    root.write("f", b"")
    files = FdTable()
    files.install(root.open("f"))
    files.install(root.open("f"))
    inode = root.find("f").inode
    inode.locks = Locks()
    inode.locks.set(lock(files, 0, END))
    files.close(0)
    assert inode.locks.conflict(lock(object(), 0, 0)) is None
