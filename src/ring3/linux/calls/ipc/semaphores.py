"""semget(2), semop(2), semtimedop(2) and semctl(2) (ipc/sem.c of Linux 6.x)."""

from __future__ import annotations

import struct
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Int, Pointer, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.structs.ipc import SEMBUF, SEMID_DS, SEMID_DS32, SEMINFO
from ring3.kernel.ipc import SEMAEM, SEMVMX, Operation, SemaphoreSet, update
from ring3.kernel.wait import deadline_after
from ring3.linux.definition import syscall
from ring3.linux.ipc import permissions as ipc
from ring3.linux.ipc.semaphores import do_semtimedop, remove
from ring3.linux.timers.timespec import read_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SEM_UNDO: Final = 0x1000
_SEMUSZ: Final = 20
_SEMBUF: Final = SEMBUF.form(64)


class Semctl(IntEnum):
    """The commands of semctl(2) that other kinds do not have (include/uapi/linux/sem.h)."""

    GETPID = 11
    GETVAL = 12
    GETALL = 13
    GETNCNT = 14
    GETZCNT = 15
    SETVAL = 16
    SETALL = 17
    SEM_STAT = 18
    SEM_INFO = 19
    SEM_STAT_ANY = 20


@syscall("full")
def sys_semget(task: LinuxTask, key: Int, nsems: Int, semflg: Int) -> int:
    """Finds or makes a set of semaphores."""
    limits = task.kernel.ipc
    ids = limits.semaphores
    if not 0 <= nsems <= limits.semmsl:
        raise Errno(E.EINVAL)

    def make() -> SemaphoreSet:
        if not nsems:
            raise Errno(E.EINVAL)
        if limits.semaphores_in_use + nsems > limits.semmns or len(ids) >= ids.limit:
            raise Errno(E.ENOSPC)
        limits.semaphores_in_use += nsems
        return SemaphoreSet(key, semflg & 0o777, ipc.owner(task), ipc.seconds(task), nsems)

    def check(found: SemaphoreSet) -> None:
        if nsems > len(found.all):
            raise Errno(E.EINVAL)

    return ipc.get(task, ids, key, semflg, make, check)


def _operations(task: LinuxTask, semid: int, address: int, count: int) -> list[Operation]:
    """The array of semop(2)."""
    if count > task.kernel.ipc.semopm:
        raise Errno(E.E2BIG)
    raw = task.memory.read(address, count * _SEMBUF.size)
    if count < 1 or semid < 0:  # after the copy (do_semtimedop)
        raise Errno(E.EINVAL)
    return [
        Operation(number, amount, wait=not flags & ipc.IPC_NOWAIT, undo=bool(flags & SEM_UNDO))
        for number, amount, flags in _SEMBUF.iter_unpack(raw)
    ]


@syscall("full")
def sys_semop(task: LinuxTask, semid: Int, tsops: Pointer, nsops: UnsignedInt) -> Coroutine[Any, Any, int]:
    """Does operations on semaphores, all or none, waiting until they can be done."""
    return do_semtimedop(task, semid, _operations(task, semid, tsops, nsops), None)


@syscall("full")
def sys_semtimedop(
    task: LinuxTask, semid: Int, tsops: Pointer, nsops: UnsignedInt, timeout: Pointer, *, bits: int = 64
) -> Coroutine[Any, Any, int]:
    """The same, for a limited time."""
    wait = read_timespec(task, timeout, bits) if timeout else None
    operations = _operations(task, semid, tsops, nsops)
    return do_semtimedop(task, semid, operations, None if wait is None else deadline_after(task, wait))


@syscall("full")
def sys_semctl(task: LinuxTask, semid: Int, semnum: Int, cmd: Int, arg: UnsignedLong) -> int:
    """Looks at and changes semaphores and sets of them."""
    return do_semctl(task, semid, semnum, cmd, arg, 64)


@syscall("full")
def compat_sys_semctl(task: LinuxTask, semid: Int, semnum: Int, cmd: Int, arg: Int) -> int:
    """The same for programs of 32 bits."""
    return do_semctl(task, semid, semnum, cmd, arg & 0xFFFF_FFFF, 32)


def do_semctl(task: LinuxTask, semid: int, semnum: int, cmd: int, arg: int, bits: int) -> int:
    """What semctl(2) does, for programs of a width; ``arg`` is what its union holds."""
    if semid < 0:
        raise Errno(E.EINVAL)
    if cmd in (ipc.IPC_INFO, Semctl.SEM_INFO):
        return _info(task, cmd, arg)
    ids = task.kernel.ipc.semaphores
    if cmd in (ipc.IPC_STAT, Semctl.SEM_STAT, Semctl.SEM_STAT_ANY):
        pack = partial(_status, bits)
        return ipc.stat(task, ids, semid, cmd, Semctl.SEM_STAT_ANY, arg, pack)
    if cmd == ipc.IPC_SET:
        return ipc.set_permissions(task, ids, semid, SEMID_DS if bits == 64 else SEMID_DS32, arg, bits)
    if cmd == ipc.IPC_RMID:
        remove(task, ipc.owned(task, ids, semid))
        return 0
    if cmd == Semctl.SETVAL:
        return _set_value(task, semid, semnum, arg)
    if cmd in (Semctl.GETALL, Semctl.SETALL):
        return _all(task, semid, cmd, arg)
    return _one(task, semid, semnum, cmd)


def _info(task: LinuxTask, cmd: int, address: int) -> int:
    limits = task.kernel.ipc
    ids, semmns = limits.semaphores, limits.semmns
    counts = cmd == Semctl.SEM_INFO
    sets, semaphores = (len(ids), limits.semaphores_in_use) if counts else (_SEMUSZ, SEMAEM)
    most = (semmns, ids.limit, semmns, semmns, limits.semmsl, limits.semopm, limits.semopm)
    SEMINFO.write(task.memory, address, 64, *most, sets, SEMVMX, semaphores)
    return ids.highest


def _status(bits: int, found: SemaphoreSet) -> bytes:
    head, count = ipc.permission_values(found, bits), len(found.all)
    if bits == 64:
        return SEMID_DS.pack(64, *head, found.otime, 0, found.ctime, 0, count, 0, 0)
    times = (*ipc.time_values(found.otime, 32), *ipc.time_values(found.ctime, 32))
    return SEMID_DS32.pack(32, *head, *times, count, 0, 0)


def _set_value(task: LinuxTask, semid: int, number: int, arg: int) -> int:
    value = (arg & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000  # union semun holds an int here
    if not 0 <= value <= SEMVMX:
        raise Errno(E.ERANGE)
    found = task.kernel.ipc.semaphores.get(semid)
    if not 0 <= number < len(found.all):
        raise Errno(E.EINVAL)
    ipc.require(task, found, ipc.WRITE)
    _store(task, found, {number: value})
    return 0


def _store(task: LinuxTask, found: SemaphoreSet, values: dict[int, int]) -> None:
    """Sets values; nothing that was done to them before is taken back any more."""
    for number, value in values.items():
        for undo in found.undos.values():
            undo[number] = 0
        found.all[number].value = value
        found.all[number].pid = task.tgid
    found.ctime = ipc.seconds(task)
    update(found, found.ctime)


def _all(task: LinuxTask, semid: int, cmd: int, address: int) -> int:
    """GETALL and SETALL."""
    found = task.kernel.ipc.semaphores.get(semid)
    ipc.require(task, found, ipc.WRITE if cmd == Semctl.SETALL else ipc.READ)
    form = struct.Struct(f"<{len(found.all)}H")
    if cmd == Semctl.GETALL:
        task.memory.write(address, form.pack(*(semaphore.value for semaphore in found.all)))
        return 0
    values = form.unpack(task.memory.read(address, form.size))
    if max(values) > SEMVMX:
        raise Errno(E.ERANGE)
    _store(task, found, dict(enumerate(values)))
    return 0


def _one(task: LinuxTask, semid: int, number: int, cmd: int) -> int:
    """What is asked of one semaphore."""
    if cmd not in (Semctl.GETVAL, Semctl.GETPID, Semctl.GETNCNT, Semctl.GETZCNT):
        raise Errno(E.EINVAL)
    found = task.kernel.ipc.semaphores.get(semid)
    ipc.require(task, found, ipc.READ)
    if not 0 <= number < len(found.all):
        raise Errno(E.EINVAL)
    if cmd == Semctl.GETVAL:
        return found.all[number].value
    if cmd == Semctl.GETPID:
        return task.pid_ns.shown(found.all[number].pid)
    blocking = [sleeper.blocking for sleeper in found.sleepers]
    zero = cmd == Semctl.GETZCNT
    return sum(each is not None and each.number == number and (not each.amount) == zero for each in blocking)
