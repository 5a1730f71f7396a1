"""Descriptors: fcntl, pipe, lseek.

Sources: usr/src/uts/common/syscall/fcntl.c, lseek.c and common/sys/fcntl.h of illumos.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, OffT, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.file import O_NONBLOCK, File
from ring3.fs.locks import END, Lock, Locks
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.pipe import make_pipe
from ring3.kernel.wait import wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.files import core_flags, solaris_flags

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask


class Fcntl(IntEnum):
    """Commands of fcntl(2)."""

    F_DUPFD = 0
    F_GETFD = 1
    F_SETFD = 2
    F_GETFL = 3
    F_SETFL = 4
    F_SETLK = 6
    F_SETLKW = 7
    F_DUP2FD = 9
    F_FREESP = 11
    F_GETLK = 14
    F_GETOWN = 23
    F_SETOWN = 24
    F_DUP2FD_CLOEXEC = 36
    F_DUPFD_CLOEXEC = 37


FD_CLOEXEC: Final = 1
_SETTABLE: Final = 0x8 | 0x80 | 0x4
_FLOCK: Final = struct.Struct("<hh4xqqii")
_FLOCK32: Final = struct.Struct("<hhiiii")
_FLOCK64_32: Final = struct.Struct("<hhqqii")
"""``struct flock`` of a 32-bit program, and its ``struct flock64``."""
_LARGE: Final = {27: Fcntl.F_FREESP, 33: Fcntl.F_GETLK, 34: Fcntl.F_SETLK, 35: Fcntl.F_SETLKW}
"""Commands of such programs with a ``struct flock64`` (F_FREESP64, F_GETLK64 ...), and which they are."""
_F_RDLCK, _F_WRLCK, _F_UNLCK = 1, 2, 3


def _dup(task: SolarisTask, file: File, lowest: int, cloexec: bool) -> int:
    if lowest >= task.files.limit:
        raise Errno(SolarisE.EINVAL)
    return task.files.install(file, lowest, cloexec)


def _dup2(task: SolarisTask, fd: int, file: File, to: int, cloexec: bool) -> int:
    if to != fd:
        task.files.replace(to, file, cloexec)
    elif cloexec:
        raise Errno(SolarisE.EINVAL)
    return to


def _setfl(file: File, flags: int) -> int:
    kept = core_flags(_SETTABLE)
    file.flags = file.flags & ~kept | core_flags(flags & _SETTABLE) & kept
    return 0


def _setfd(task: SolarisTask, fd: int, flags: int) -> int:
    task.files.set_cloexec(fd, bool(flags & FD_CLOEXEC))
    return 0


def _range(file: File, flock: tuple[int, ...]) -> tuple[int, int, int]:
    """Type, first byte and last byte of a ``struct flock``."""
    kind, whence, start, length, _, _ = flock
    if whence == 1:
        start += file.position
    elif whence == 2:
        start += file.stat().size
    last = start + length - 1 if length else END
    if start < 0 or last < start:
        raise Errno(SolarisE.EINVAL)
    return kind, start, last


def _freesp(task: SolarisTask, file: File, form: struct.Struct, address: int) -> int:
    """Cuts a file off (or lengthens it) where the range begins, which must go to the end."""
    _, start, last = _range(file, form.unpack(task.memory.read(address, form.size)))
    if last != END or not file.writable:
        raise Errno(SolarisE.EINVAL if file.writable else SolarisE.EBADF)
    file.truncate(start)
    return 0


async def _wait_for_lock(task: SolarisTask, file: File, locks: Locks, lock: Lock) -> int:
    """Waits until a range is free, and locks it."""
    file.hold()
    try:
        await wait_event(task, locks.queue, lambda: locks.conflict(lock) is None)
        locks.set(lock)
    finally:
        file.drop()
    return 0


def _lock(task: SolarisTask, file: File, cmd: int, form: struct.Struct, address: int) -> int | Waiting:
    """Locks of a process on a range of a file (fcntl(2))."""
    flock = form.unpack(task.memory.read(address, form.size))
    kind, start, last = _range(file, flock)
    inode = file.inode
    if inode is None:
        raise Errno(SolarisE.EINVAL)
    if inode.locks is None:
        inode.locks = Locks()
    lock = Lock(task.files, task.pid, kind == _F_WRLCK, start, last)
    if cmd == Fcntl.F_GETLK:
        other = inode.locks.conflict(lock)
        answer = (
            form.pack(_F_UNLCK, *flock[1:])
            if other is None
            else form.pack(
                _F_WRLCK if other.exclusive else _F_RDLCK, 0, other.start,
                0 if other.end == END else other.end - other.start + 1, 0, other.pid,
            )
        )  # fmt: skip
        task.memory.write(address, answer)
    elif kind == _F_UNLCK:
        inode.locks.clear(task.files, start, last)
    elif inode.locks.conflict(lock) is not None:
        if cmd == Fcntl.F_SETLKW:
            return _wait_for_lock(task, file, inode.locks, lock)
        raise Errno(SolarisE.EAGAIN)
    else:
        inode.locks.set(lock)
    return 0


@syscall(
    "partial",
    "waiting for locks finds no deadlocks; no owner of SIGPOLL, shares or OFD locks: EINVAL",
)
def fcntl(task: SolarisTask, fdes: Int, cmd: Int, arg: UnsignedLong) -> int | Waiting:
    """Asks and changes what an open file and its descriptor are."""
    file, form = task.files[fdes], _FLOCK
    if task.ilp32:
        form = _FLOCK64_32 if cmd in _LARGE else _FLOCK32
        cmd = _LARGE.get(cmd, cmd)
    match cmd:
        case Fcntl.F_DUPFD | Fcntl.F_DUPFD_CLOEXEC:
            return _dup(task, file, arg, cmd == Fcntl.F_DUPFD_CLOEXEC)
        case Fcntl.F_DUP2FD | Fcntl.F_DUP2FD_CLOEXEC:
            return _dup2(task, fdes, file, arg, cmd == Fcntl.F_DUP2FD_CLOEXEC)
        case Fcntl.F_GETFD:
            return FD_CLOEXEC if task.files.cloexec(fdes) else 0
        case Fcntl.F_SETFD:
            return _setfd(task, fdes, arg)
        case Fcntl.F_GETFL:
            return solaris_flags(file.flags)
        case Fcntl.F_SETFL:
            return _setfl(file, arg)
        case Fcntl.F_FREESP:
            return _freesp(task, file, form, arg)
        case Fcntl.F_GETLK | Fcntl.F_SETLK | Fcntl.F_SETLKW:
            return _lock(task, file, cmd, form, arg)
        case _:
            raise Errno(SolarisE.EINVAL)


@syscall("full", module="fifofs")
def pipe(task: SolarisTask, fds: Address, flags: Int) -> int:
    """Makes a pipe and stores its two descriptors; on Solaris each end does both, here as POSIX has it."""
    wanted = core_flags(flags)
    cred = task.cred
    reader, writer = make_pipe(task.kernel.vfs, wanted & O_NONBLOCK, (cred.uid, cred.gid))
    cloexec = bool(wanted & O_CLOEXEC)
    first = task.files.install(reader, cloexec=cloexec)
    try:
        second = task.files.install(writer, cloexec=cloexec)
    except Errno:
        task.files.close(first)
        raise
    try:
        task.memory.write(fds, struct.pack("<ii", first, second))
    except Errno:
        task.files.close(first)
        task.files.close(second)
        raise
    return 0


@syscall("full")
def lseek64(task: SolarisTask, fdes: Int, off: OffT, stype: Int) -> int:
    """Moves the position of an open file; returns the new one."""
    return task.files[fdes].seek(off, stype)
