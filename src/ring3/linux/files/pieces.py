"""Transfers of more than a piece: what programs read or write is never in the host's memory at once.

A program may have its buffer in memory that nobody has touched, so that its size costs it nothing; of such a buffer a
mebibyte at a time is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.file import WouldBlock
from ring3.kernel.mm.usercopy import PIECE
from ring3.linux.files.vectors import Vectors, gather, scatter
from ring3.machine.ram import PAGE_MASK

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask


class Pieces:
    """Bytes of a program that are read when they are written: for `ring3.fs.waiting.write_all`."""

    def __init__(self, task: LinuxTask, file: File, vectors: Vectors) -> None:
        self._task = task
        self._file = file
        self._vectors = vectors
        self._size = sum(length for _, length in vectors)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> bytes:
        """The next piece from a start on.

        Raises:
            Errno: EFAULT, nothing of it can be read, or less than a file takes at once.
        """
        wanted = cut(self._vectors, span.start, PIECE)
        data = gather(self._task, wanted)
        if len(data) < sum(length for _, length in wanted) and self._file.takes_whole_pages:
            data = data[: len(data) & PAGE_MASK]
            if not data:
                raise Errno(E.EFAULT)
        return data

    def shortened(self, size: int) -> Pieces:
        """The first bytes."""
        return Pieces(self._task, self._file, cut(self._vectors, 0, size))


def cut(vectors: Vectors, start: int, size: int) -> Vectors:
    """Of several buffers the part from a byte on, at most so large."""
    found = []
    for base, length in vectors:
        if start >= length:
            start -= length
            continue
        taken = min(length - start, size)
        if not taken:
            break
        found.append((base + start, taken))
        start, size = 0, size - taken
    return found


def read(task: LinuxTask, file: File, vectors: Vectors, offset: int | None) -> int:
    """Reads from a file, at its position or at an offset, as much as there is now.

    Raises:
        Errno: As `File.read`, if nothing was read; EFAULT.
        WouldBlock: There is nothing now.
    """

    def step(done: int) -> tuple[int, int]:
        wanted = cut(vectors, done, PIECE)
        size = sum(length for _, length in wanted)
        data = file.read(size) if offset is None else file.pread(size, offset + done)
        stored = 0
        try:
            stored = scatter(task, wanted, data)
        finally:
            if offset is None and stored < len(data):
                file.unread(data[stored:])
        return stored, size

    return _repeat(step, sum(length for _, length in vectors))


def write_at(task: LinuxTask, file: File, vectors: Vectors, offset: int) -> int:
    """Writes to a file at an offset.

    Raises:
        Errno: As `File.pwrite`, if nothing was written; EFAULT.
        WouldBlock: Nothing can be written now.
    """
    pieces = Pieces(task, file, vectors)

    def step(done: int) -> tuple[int, int]:
        data = pieces[done:]
        return file.pwrite(data, offset + done), len(data)

    return _repeat(step, len(pieces))


def _repeat(step: Callable[[int], tuple[int, int]], size: int) -> int:
    """Takes steps up to a size, or until one does less than it might; what was done before one fails counts."""
    done = 0
    while done < size:
        try:
            did, wanted = step(done)
        except (Errno, WouldBlock):
            if done:
                break
            raise
        done += did
        if did < wanted:
            break
    return done
