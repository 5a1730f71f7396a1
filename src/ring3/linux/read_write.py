"""read(2), write(2) and their relatives on open descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferIn, BufferOut, FdArg, Pointer, SizeT, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.fs.file import File
from ring3.fs.waiting import Waiting, retry
from ring3.kernel.mm.usercopy import BadAddress
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

MAX_RW_COUNT: Final = 0x7FFF_F000
"""Bytes that one call transfers at most (read(2), NOTES)."""
UIO_MAXIOV: Final = 1024


def _readable(task: LinuxTask, fd: int) -> File:
    file = task.files[fd]
    if not file.readable:
        raise Errno(E.EBADF)
    return file


def _writable(task: LinuxTask, fd: int) -> File:
    file = task.files[fd]
    if not file.writable:
        raise Errno(E.EBADF)
    return file


def _write_from(task: LinuxTask, file: File, address: int, size: int) -> int:
    """Writes user memory to a file; a bad page after some good ones makes the count short."""
    try:
        data = task.memory.read(address, size)
    except BadAddress as bad:
        if not bad.done:
            raise
        data = task.memory.read(address, bad.done)
    return file.write(data)


@syscall("full")
def sys_write(task: LinuxTask, fd: FdArg, buf: BufferIn, count: SizeT) -> int | Waiting:
    """Writes ``count`` bytes to a descriptor."""
    file = _writable(task, fd)
    if count >> 63:
        raise Errno(E.EINVAL)
    return retry(task, file, lambda: _write_from(task, file, buf, min(count, MAX_RW_COUNT)))


@syscall("full")
def sys_read(task: LinuxTask, fd: FdArg, buf: BufferOut, count: SizeT) -> int | Waiting:
    """Reads up to ``count`` bytes from a descriptor."""
    file = _readable(task, fd)
    if count >> 63:
        raise Errno(E.EINVAL)
    wanted = min(count, MAX_RW_COUNT)
    if wanted:
        task.memory.segments(buf, 1, write=True)

    def read() -> int:
        data = file.read(wanted)
        task.memory.write(buf, data)
        return len(data)

    return retry(task, file, read)


def _vectors(task: LinuxTask, address: int, count: int, narrow: bool) -> list[tuple[int, int]]:
    """The (address, length) pairs of an iovec array.

    Raises:
        Errno: EINVAL, too many or a length that is negative; EFAULT.
    """
    if count > UIO_MAXIOV:
        raise Errno(E.EINVAL)
    word = 4 if narrow else 8
    raw = memoryview(task.memory.read(address, count * 2 * word)).cast("I" if narrow else "Q")
    found = [(raw[2 * n], raw[2 * n + 1]) for n in range(count)]
    if any(length >> (8 * word - 1) for _, length in found):
        raise Errno(E.EINVAL)
    return found


def _writev(task: LinuxTask, fd: int, address: int, count: int, narrow: bool) -> int | Waiting:
    file = _writable(task, fd)
    vectors = _vectors(task, address, count, narrow)
    data = b"".join(task.memory.read(base, length) for base, length in vectors)[:MAX_RW_COUNT]
    return retry(task, file, lambda: file.write(data))


def _readv(task: LinuxTask, fd: int, address: int, count: int, narrow: bool) -> int | Waiting:
    file = _readable(task, fd)
    vectors = _vectors(task, address, count, narrow)
    wanted = min(sum(length for _, length in vectors), MAX_RW_COUNT)

    def read() -> int:
        data = file.read(wanted)
        rest = memoryview(data)
        for base, length in vectors:
            task.memory.write(base, rest[:length])
            rest = rest[length:]
        return len(data)

    return retry(task, file, read)


@syscall("full")
def sys_writev(task: LinuxTask, fd: UnsignedLong, vec: Pointer, vlen: UnsignedLong) -> int | Waiting:
    """Writes several buffers as one."""
    return _writev(task, fd, vec, vlen, task.in_ia32_syscall)


@syscall("full")
def sys_readv(task: LinuxTask, fd: UnsignedLong, vec: Pointer, vlen: UnsignedLong) -> int | Waiting:
    """Reads into several buffers as one."""
    return _readv(task, fd, vec, vlen, task.in_ia32_syscall)


@syscall("full")
def sys_close(task: LinuxTask, fd: FdArg) -> int:
    """Closes a descriptor."""
    task.files.close(fd)
    return 0
