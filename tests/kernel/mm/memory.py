"""What the tests of memory share: pages, a file in a bytearray, and looks into an address space."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ring3.abi.errno import E, Errno
from ring3.kernel.mm import Mm
from ring3.machine.ram import PAGE_SIZE

PAGE = PAGE_SIZE
BASE = 0x1000_0000
R, W, X = 1, 2, 4
RW, RX = R | W, R | X


class File:
    """A backing that counts what is asked of it."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.reads: list[int] = []
        self.writes: list[int] = []
        self.error: E | None = None

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return len(self.data)

    def read_page(self, index: int) -> bytes:
        """The page's bytes."""
        self._fail()
        self.reads.append(index)
        return bytes(self.data[index * PAGE : index * PAGE + PAGE])

    def write_page(self, index: int, data: bytes) -> None:
        """Stores the page's bytes."""
        self._fail()
        self.writes.append(index)
        self.data[index * PAGE : index * PAGE + len(data)] = data

    def _fail(self) -> None:
        if self.error is not None:
            raise Errno(self.error)


class RunFile(File):
    """A backing that reads many pages at once."""

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills pages."""
        self._fail()
        self.reads.append(index)
        for number, page in enumerate(pages, index):
            data = self.data[number * PAGE : number * PAGE + PAGE]
            page[: len(data)] = data


def numbered(pages: int) -> bytes:
    """Pages full of their own number plus one."""
    return b"".join(bytes([page + 1]) * PAGE for page in range(pages))


def rows(mm: Mm) -> list[str]:
    """The mappings as text: pages from `BASE`, permissions, name."""
    found = []
    for row in mm.maps():
        pages = f"{(row.start - BASE) // PAGE}-{(row.end - BASE) // PAGE}"
        found.append(f"{pages} {row.perms} {row.name}".rstrip())
    return found


@contextmanager
def fails(number: E) -> Iterator[None]:
    """Expects a call to fail with an error number."""
    with pytest.raises(Errno) as caught:
        yield
    assert caught.value.number is number
