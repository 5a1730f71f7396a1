"""Vectors of buffers in user memory (struct iovec)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.file import MAX_RW_COUNT
from ring3.kernel.functions import function
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.kernel.mm.usercopy import BadAddress

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


UIO_MAXIOV: Final = 1024
Vectors = list[tuple[int, int]]


@function(
    "ssize_t import_iovec(int type, const struct iovec __user *uvec, unsigned nr_segs, "
    "unsigned fast_segs, struct iovec **iovp, struct iov_iter *i)",
)
def import_iovec(task: LinuxTask, address: int, count: int, narrow: bool) -> Vectors:
    """The (address, length) pairs of an iovec array, cut off where a call ends at the latest.

    Raises:
        Errno: EINVAL, too many or a length that is negative; EFAULT.
    """
    if count > UIO_MAXIOV:
        raise Errno(E.EINVAL)
    word = 4 if narrow else 8
    raw = memoryview(task.memory.read(address, count * 2 * word)).cast("I" if narrow else "Q")
    found, left = [], MAX_RW_COUNT
    for n in range(count):
        base, length = raw[2 * n], raw[2 * n + 1]
        if length >> (8 * word - 1):
            raise Errno(E.EINVAL)
        if base + length > TASK_SIZE_64:
            raise Errno(E.EFAULT)
        length = min(length, left)
        left -= length
        found.append((base, length))
    return found


def gather(task: LinuxTask, vectors: Vectors) -> bytes:
    """What the buffers hold; up to the first bad page."""
    parts: list[bytes] = []
    for base, length in vectors:
        try:
            parts.append(task.memory.read(base, length))
        except BadAddress as bad:
            if not bad.done and not any(parts):
                raise
            parts.append(task.memory.read(base, bad.done))
            break
    return b"".join(parts)


def scatter(task: LinuxTask, vectors: Vectors, data: bytes) -> int:
    """Fills the buffers in order; returns how many bytes could be stored."""
    done = 0
    for base, length in vectors:
        piece = data[done : done + length]
        try:
            task.memory.write(base, piece)
        except BadAddress as bad:
            if not done + bad.done:
                raise
            return done + bad.done
        done += len(piece)
    return done
