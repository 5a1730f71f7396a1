"""sendfilev: pieces of files and of memory, written to a descriptor (usr/src/uts/common/syscall/sendfile.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.waiting import write_all
from ring3.solaris.definition import syscall
from ring3.solaris.rw import broken_pipe

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

SENDFILEV: Final = 0
SENDFILEV64: Final = 1
SFV_FD_SELF: Final = -2
"""In the place of a descriptor: the piece is memory of the program."""
_VEC: Final = struct.Struct("<iIqQ")
_VEC32: Final = {SENDFILEV: struct.Struct("<iIiI"), SENDFILEV64: struct.Struct("<iIqI")}
_MOST_PIECES: Final = 1024
_AT_ONCE: Final = 1 << 20
"""Bytes that one call transfers at most: less than was asked for is no error, it is to be called again."""


def _gather(task: SolarisTask, form: struct.Struct, vec: int, count: int) -> bytes:
    """What the pieces hold, up to what one call takes."""
    parts: list[bytes] = []
    room = _AT_ONCE
    for fd, flag, offset, length in form.iter_unpack(task.memory.read(vec, form.size * count)):
        if flag:
            raise Errno(SolarisE.EINVAL)
        wanted = min(length, room)
        if fd == SFV_FD_SELF:
            piece = task.memory.read(offset & (1 << 64) - 1, wanted)
        else:
            file = task.files[fd]
            if not file.readable:
                raise Errno(SolarisE.EBADF)
            if offset < 0:
                raise Errno(SolarisE.EINVAL)
            piece = file.pread(wanted, offset)
        parts.append(piece)
        room -= len(piece)
        if len(piece) < length:
            break
    return b"".join(parts)


@syscall("full")
def sendfilev(
    task: SolarisTask, opcode: Int, fildes: Int, vec: Address, sfvcnt: Int, xferred: Address
) -> int | Waiting:
    """Writes pieces of files and memory; stores how many bytes went."""
    if opcode not in (SENDFILEV, SENDFILEV64) or not 0 < sfvcnt <= _MOST_PIECES:
        raise Errno(SolarisE.EINVAL)
    file = task.files[fildes]
    if not file.writable:
        raise Errno(SolarisE.EBADF)
    data = _gather(task, _VEC32[opcode] if task.ilp32 else _VEC, vec, sfvcnt)
    if not data:
        return _note(task, xferred, 0)
    try:
        done = write_all(task, file, data, broken_pipe)
    except Errno:
        _note(task, xferred, 0)
        raise
    return _note(task, xferred, done) if isinstance(done, int) else _wait(task, xferred, done)


async def _wait(task: SolarisTask, xferred: int, done: Waiting) -> int:
    return _note(task, xferred, await done)


def _note(task: SolarisTask, xferred: int, done: int) -> int:
    if xferred:
        task.memory.write(xferred, done.to_bytes(task.bits // 8, "little"))
    return done
