"""Advisory locks: fcntl(2)'s by byte range, of a process or of an open file, and flock(2)'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, FdArg
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.files import FLOCK, FLOCK64
from ring3.abi.structs import Struct
from ring3.fs.file import SEEK_CUR, SEEK_END, SEEK_SET, File
from ring3.fs.inode import Inode
from ring3.fs.locks import END, Lock, Locks
from ring3.fs.waiting import Waiting
from ring3.kernel.wait import wait_event
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

F_RDLCK: Final = 0
F_WRLCK: Final = 1
F_UNLCK: Final = 2

F_OFD_GETLK: Final = 36
GET: Final = (5, 12, F_OFD_GETLK)
SET: Final = (6, 13, 37)
SET_AND_WAIT: Final = (7, 14, 38)
OPEN_FILE: Final = (36, 37, 38)
LOCK_COMMANDS: Final = GET + SET + SET_AND_WAIT
"""F_GETLK, F_SETLK, F_SETLKW: plain, with 64 bits for 32-bit programs, and for open files."""
WIDE_COMMANDS: Final = (12, 13, 14)

LOCK_SH: Final = 1
LOCK_EX: Final = 2
LOCK_NB: Final = 4
LOCK_UN: Final = 8
LOCK_MAND: Final = 32

FlockOperation = Annotated[int, UNSIGNED_INT]


class Wanted(NamedTuple):
    """``struct flock`` as a program gives it.

    Attributes:
        kind: F_RDLCK, F_WRLCK or F_UNLCK.
        lock: The range and the owner.
    """

    kind: int
    lock: Lock


def locks_of(inode: Inode) -> Locks:
    """The locks of a file."""
    if inode.locks is None:
        inode.locks = Locks()
    return inode.locks


def _layout(task: LinuxTask, cmd: int) -> tuple[Struct, int]:
    """The struct that a command takes, and the width that it has."""
    if not task.in_ia32_syscall:
        return FLOCK, 64
    return FLOCK64 if cmd in WIDE_COMMANDS or cmd in OPEN_FILE else FLOCK, 32


def _wanted(task: LinuxTask, file: File, cmd: int, arg: int) -> Wanted:
    """What a program asks for (flock64_to_posix_lock).

    Raises:
        Errno: EFAULT; EINVAL, no such kind, or a range before the start; EOVERFLOW.
    """
    row, bits = _layout(task, cmd)
    kind, whence, start, length, pid = row.integers(task.memory, arg, bits)
    base = {SEEK_SET: 0, SEEK_CUR: file.position, SEEK_END: file.stat().size}.get(whence)
    if base is None or kind not in (F_RDLCK, F_WRLCK, F_UNLCK):
        raise Errno(E.EINVAL)
    start += base
    if start < 0 or (length < 0 and start + length < 0):
        raise Errno(E.EINVAL)
    if start > END or (length > 0 and start + length - 1 > END):
        raise Errno(E.EOVERFLOW)
    end = END if not length else start + length - 1 if length > 0 else start - 1
    if length < 0:
        start += length
    owner: object = task.files
    number = task.tgid
    if cmd in OPEN_FILE:
        if pid:
            raise Errno(E.EINVAL)
        owner, number = file, -1
    return Wanted(kind, Lock(owner, number, kind == F_WRLCK, start, end))


def lock_command(task: LinuxTask, file: File, cmd: int, arg: int) -> int | Waiting:
    """F_GETLK, F_SETLK, F_SETLKW and their relatives.

    Raises:
        Errno: EINVAL; EBADF, not open for what the lock is for; EAGAIN, another one's lock stands against it; EFAULT.
    """
    inode = file.lockable
    if inode is None:
        row, bits = _layout(task, cmd)
        row.read(task.memory, arg, bits)
        raise Errno(E.EINVAL)
    wanted = _wanted(task, file, cmd, arg)
    locks = locks_of(inode)
    if cmd in GET:
        return _get(task, locks, wanted, cmd, arg)
    lock = wanted.lock
    if wanted.kind == F_UNLCK:
        locks.clear(lock.owner, lock.start, lock.end)
        return 0
    if not (file.writable if lock.exclusive else file.readable):
        raise Errno(E.EBADF)
    against = locks.conflict(lock)
    if against is not None:
        if cmd in SET:
            raise Errno(E.EAGAIN)
        return _wait_for_lock(task, file, locks, lock)
    locks.set(lock)
    return 0


def _get(task: LinuxTask, locks: Locks, wanted: Wanted, cmd: int, arg: int) -> int:
    if wanted.kind != F_UNLCK:
        against = locks.conflict(wanted.lock)
    elif cmd == F_OFD_GETLK:  # posix_test_locks_conflict: those of the same open file
        against = locks.held(wanted.lock)
    else:
        raise Errno(E.EINVAL)
    if against is None:
        task.memory.write(arg, F_UNLCK.to_bytes(2, "little"))
        return 0
    kind = F_WRLCK if against.exclusive else F_RDLCK
    length = 0 if against.end == END else against.end - against.start + 1
    pid = against.pid if against.pid < 0 else task.pid_ns.shown(against.pid)
    row, bits = _layout(task, cmd)
    if row is FLOCK and (against.start >> bits - 1 or length >> bits - 1):
        raise Errno(E.EOVERFLOW)
    row.write(task.memory, arg, bits, kind, SEEK_SET, against.start, length, pid)
    return 0


async def _wait_for_lock(task: LinuxTask, file: File, locks: Locks, lock: Lock) -> int:
    """Waits until nothing stands against a lock, and sets it."""
    waits = task.kernel.vfs.lock_waits
    file.hold()
    try:
        while (against := locks.conflict(lock)) is not None:
            if lock.owner is not file and _would_deadlock(waits, lock.owner, against.owner):
                raise Errno(E.EDEADLK)
            waits[lock.owner] = against.owner
            await wait_event(task, locks.queue, _changed(locks, lock, against))
        locks.set(lock)
    finally:
        waits.pop(lock.owner, None)
        file.drop()
    return 0


def _changed(locks: Locks, lock: Lock, against: Lock) -> Callable[[], bool]:
    return lambda: locks.conflict(lock) is not against


def _would_deadlock(waits: dict[object, object], owner: object, against: object) -> bool:
    """Whether an owner would wait for itself, through those that wait already."""
    while against in waits:
        against = waits[against]
        if against is owner:
            return True
    return False


@syscall("full")
def sys_flock(task: LinuxTask, fd: FdArg, cmd: FlockOperation) -> int | Waiting:
    """Locks a whole file for an open file description."""
    operation = cmd & ~LOCK_NB
    if cmd & LOCK_MAND:
        return 0
    if operation not in (LOCK_SH, LOCK_EX, LOCK_UN):
        raise Errno(E.EINVAL)
    file = task.files[fd]
    inode = file.lockable
    if inode is None or file.is_path or (operation != LOCK_UN and not (file.readable or file.writable)):
        raise Errno(E.EBADF)
    locks = locks_of(inode)
    if operation == LOCK_UN:
        locks.unflock(file)
        return 0
    if locks.flock(file, task.tgid, operation == LOCK_EX):
        return 0
    if cmd & LOCK_NB:
        raise Errno(E.EAGAIN)
    return _wait_for_flock(task, file, locks, operation == LOCK_EX)


async def _wait_for_flock(task: LinuxTask, file: File, locks: Locks, exclusive: bool) -> int:
    file.hold()
    try:
        await wait_event(task, locks.queue, lambda: locks.flock(file, task.tgid, exclusive))
    finally:
        file.drop()
    return 0
