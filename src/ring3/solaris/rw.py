"""read, write and close on open descriptors (usr/src/uts/common/syscall/rw.c, close.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, BufferIn, BufferOut, FdArg, Int, OffT, SizeT
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.fs.waiting import Waiting, retry, write_all
from ring3.kernel.mm.usercopy import BadAddress
from ring3.solaris.definition import syscall
from ring3.solaris.signals import tsignal

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.solaris.task import SolarisTask

_AT_ONCE: Final = 1 << 30
"""Bytes that one call transfers at most: a larger count is a short one, which read(2) and write(2) allow."""


def _check_count(count: int) -> None:
    if count >> 63:
        raise Errno(SolarisE.EINVAL)


def _check_offset(file: File, offset: int) -> None:
    """Refuses an offset below 0, but in a file of addresses, where it is one of the upper half."""
    if offset < 0 and not file.any_offset:
        raise Errno(SolarisE.EINVAL)


def _check_mode(allowed: bool) -> None:
    if not allowed:
        raise Errno(SolarisE.EBADF)


@syscall("full")
def read(task: SolarisTask, fdes: FdArg, cbuf: BufferOut, count: SizeT) -> int | Waiting:
    """Reads up to ``count`` bytes from a descriptor."""
    _check_count(count)
    file = task.files[fdes]
    _check_mode(file.readable)
    wanted = min(count, _AT_ONCE)
    if wanted:
        task.memory.segments(cbuf, 1, write=True)

    def transfer() -> int:
        data = file.read(wanted)
        try:
            task.memory.write(cbuf, data)
        except BadAddress as bad:
            file.unread(data[bad.done :])
            if not bad.done:
                raise
            return bad.done
        return len(data)

    return retry(task, file, transfer)


@syscall("full")
def write(task: SolarisTask, fdes: FdArg, cbuf: BufferIn, count: SizeT) -> int | Waiting:
    """Writes ``count`` bytes to a descriptor."""
    _check_count(count)
    file = task.files[fdes]
    _check_mode(file.writable)
    try:
        data = task.memory.read(cbuf, min(count, _AT_ONCE))
    except BadAddress as bad:
        if not bad.done:
            raise
        data = task.memory.read(cbuf, bad.done)
    return write_all(task, file, data, broken_pipe)


@syscall("full")
def pread(task: SolarisTask, fdes: Int, cbuf: BufferOut, count: SizeT, offset: OffT) -> int:
    """Reads at an offset; the position stays."""
    _check_count(count)
    file = task.files[fdes]
    _check_mode(file.readable)
    _check_offset(file, offset)
    data = file.pread(min(count, _AT_ONCE), offset)
    task.memory.write(cbuf, data)
    return len(data)


@syscall("full")
def pwrite(task: SolarisTask, fdes: Int, cbuf: BufferIn, count: SizeT, offset: OffT) -> int:
    """Writes at an offset; the position stays."""
    _check_count(count)
    file = task.files[fdes]
    _check_mode(file.writable)
    _check_offset(file, offset)
    return file.pwrite(task.memory.read(cbuf, min(count, _AT_ONCE)), offset)


_IOV_MAX: Final = 1024


def _vectors(task: SolarisTask, iovp: int, count: int) -> list[tuple[int, int]]:
    """The (address, length) pairs of an iovec array."""
    if not 0 < count <= _IOV_MAX:
        raise Errno(SolarisE.EINVAL)
    raw = memoryview(task.memory.read(iovp, task.bits // 4 * count)).cast("I" if task.ilp32 else "Q")
    found = list(zip(raw[::2], raw[1::2], strict=True))
    if sum(length for _, length in found) >> (task.bits - 1):
        raise Errno(SolarisE.EINVAL)
    return found


@syscall("full")
def readv(task: SolarisTask, fdes: Int, iovp: Address, iovcnt: Int) -> int | Waiting:
    """Reads into several buffers."""
    file = task.files[fdes]
    _check_mode(file.readable)
    vectors = _vectors(task, iovp, iovcnt)
    wanted = min(sum(length for _, length in vectors), _AT_ONCE)

    def transfer() -> int:
        data = file.read(wanted)
        at = 0
        for address, length in vectors:
            task.memory.write(address, data[at : at + length])
            at += length
        return len(data)

    return retry(task, file, transfer)


@syscall("full")
def writev(task: SolarisTask, fdes: Int, iovp: Address, iovcnt: Int) -> int | Waiting:
    """Writes from several buffers."""
    file = task.files[fdes]
    _check_mode(file.writable)
    data = b"".join(task.memory.read(*vector) for vector in _vectors(task, iovp, iovcnt))
    return write_all(task, file, data, broken_pipe)


def _at(low: int, high: int, narrow: bool) -> int:
    """An offset that 32-bit programs give in two halves.

    Raises:
        Errno: EINVAL, it is negative.
    """
    offset = (low & 0xFFFF_FFFF) | (high & 0xFFFF_FFFF) << 32 if narrow else low
    if offset >> 63:
        raise Errno(SolarisE.EINVAL)
    return offset


@syscall("full")
def preadv(task: SolarisTask, fdes: Int, iovp: Address, iovcnt: Int, offset: OffT, extended: OffT) -> int:
    """Reads into several buffers at an offset."""
    file = task.files[fdes]
    _check_mode(file.readable)
    vectors = _vectors(task, iovp, iovcnt)
    wanted = min(sum(length for _, length in vectors), _AT_ONCE)
    data, done = file.pread(wanted, _at(offset, extended, task.ilp32)), 0
    for address, length in vectors:
        task.memory.write(address, data[done : done + length])
        done += length
    return len(data)


@syscall("full")
def pwritev(task: SolarisTask, fdes: Int, iovp: Address, iovcnt: Int, offset: OffT, extended: OffT) -> int:
    """Writes from several buffers at an offset."""
    file = task.files[fdes]
    _check_mode(file.writable)
    data = b"".join(task.memory.read(*vector) for vector in _vectors(task, iovp, iovcnt))
    return file.pwrite(data, _at(offset, extended, task.ilp32))


def broken_pipe(task: SolarisTask) -> None:
    """Nobody reads what a thread writes: SIGPIPE."""
    tsignal(task, SolarisSig.SIGPIPE)


@syscall("full")
def close(task: SolarisTask, fdes: FdArg) -> int:
    """Closes a descriptor."""
    task.files.close(fdes)
    return 0
