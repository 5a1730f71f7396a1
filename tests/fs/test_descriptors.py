from __future__ import annotations

from ring3.abi.errno import E
from ring3.fs.descriptors import FdTable
from ring3.fs.file import O_RDWR, File
from tests.fs.test_namei import fails


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
