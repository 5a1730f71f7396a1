"""read, write and close on open descriptors (usr/src/uts/common/syscall/rw.c, close.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferIn, BufferOut, FdArg, SizeT
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.waiting import Waiting, retry
from ring3.kernel.mm.usercopy import BadAddress
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

_AT_ONCE: Final = 1 << 30
"""Bytes that one call transfers at most: a larger count is a short one, which read(2) and write(2) allow."""


def _check_count(count: int) -> None:
    if count >> 63:
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
    wanted = min(count, _AT_ONCE)

    def transfer() -> int:
        try:
            data = task.memory.read(cbuf, wanted)
        except BadAddress as bad:
            if not bad.done:
                raise
            data = task.memory.read(cbuf, bad.done)
        return file.write(data)

    return retry(task, file, transfer)


@syscall("full")
def close(task: SolarisTask, fdes: FdArg) -> int:
    """Closes a descriptor."""
    task.files.close(fdes)
    return 0
