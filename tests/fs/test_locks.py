from __future__ import annotations

from ring3.fs.descriptors import FdTable
from ring3.fs.locks import END, Lock, Locks
from tests.fs.tree import Tree


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
