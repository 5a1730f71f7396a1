"""semsys: sets of semaphores (usr/src/uts/common/os/sem.c, sys/sem.h of illumos-gate)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.ipc import SEMVMX, Operation, SemaphoreSet, Sleeper, perform, update
from ring3.kernel.wait import wait_event
from ring3.solaris.definition import as_int, syscall
from ring3.solaris.ipc import permissions as ipc
from ring3.solaris.lwps import timespec

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

SEM_UNDO: Final = 0o10000
NSEMS_MAX: Final = 512
"""Semaphores of a set, and operations of a call, at most (process.max-sem-nsems, process.max-sem-ops)."""
_DS: Final = {64: struct.Struct("<QH6xqqi4x24x"), 32: struct.Struct("<IH2xi4xi4xi12x")}
"""``struct semid_ds`` behind its ipc_perm: base, count, times, binary."""


class SemOp(IntEnum):
    """What the call does."""

    SEMCTL = 0
    SEMGET = 1
    SEMOP = 2
    SEMIDS = 3
    SEMTIMEDOP = 4


class SemCommand(IntEnum):
    """Commands of semctl(2) that other kinds do not have."""

    GETNCNT = 3
    GETPID = 4
    GETVAL = 5
    GETALL = 6
    GETZCNT = 7
    SETVAL = 8
    SETALL = 9


@syscall("full", module="semsys")
def semsys(
    task: SolarisTask,
    opcode: Int,
    a0: UnsignedLong,
    a1: UnsignedLong,
    a2: UnsignedLong,
    a3: UnsignedLong,
) -> int | Waiting:
    """Makes, asks, and uses sets of semaphores."""
    number, second, third = as_int(a0), as_int(a1), as_int(a2)
    match opcode:
        case SemOp.SEMCTL:
            return _control(task, number, second, third, a3)
        case SemOp.SEMGET:
            return _get(task, number, second, third)
        case SemOp.SEMOP:
            return _operate(task, number, a1, a2, 0)
        case SemOp.SEMTIMEDOP:
            return _operate(task, number, a1, a2, a3)
        case SemOp.SEMIDS:
            return ipc.store_ids(task, task.kernel.ipc.semaphores, a0, a1 & 0xFFFF_FFFF, a2)
        case _:
            raise Errno(SolarisE.EINVAL)


def _get(task: SolarisTask, key: int, count: int, flags: int) -> int:
    def make(mode: int, owner: tuple[int, int], now: int) -> SemaphoreSet:
        if not 0 < count <= NSEMS_MAX:
            raise Errno(SolarisE.EINVAL)
        return SemaphoreSet(key, mode, owner, now, count)

    def check(found: SemaphoreSet) -> None:
        if count and len(found.all) < count:
            raise Errno(SolarisE.EINVAL)

    return ipc.get(task, task.kernel.ipc.semaphores, key, flags, make, check)


def _status(task: SolarisTask, found: SemaphoreSet) -> bytes:
    about = _DS[task.bits].pack(0, len(found.all), found.otime, found.ctime, 0)
    return ipc.permissions(task, found) + about


def _control(task: SolarisTask, number: int, index: int, cmd: int, arg: int) -> int:
    sets = task.kernel.ipc.semaphores
    if cmd == ipc.IPC_SET:
        ipc.change(task, ipc.owned(task, sets, number), arg)
        return 0
    if cmd == ipc.IPC_RMID:
        _remove(task, ipc.owned(task, sets, number))
        return 0
    found = ipc.lookup(sets, number)
    if cmd == ipc.IPC_STAT:
        ipc.require(task, found, ipc.READ)
        task.memory.write(arg, _status(task, found))
        return 0
    if cmd not in SemCommand.__members__.values():
        raise Errno(SolarisE.EINVAL)
    ipc.require(task, found, ipc.WRITE if cmd in (SemCommand.SETVAL, SemCommand.SETALL) else ipc.READ)
    if cmd in (SemCommand.GETALL, SemCommand.SETALL):
        return _all(task, found, cmd == SemCommand.SETALL, arg)
    if not 0 <= index < len(found.all):
        raise Errno(SolarisE.EINVAL)
    return _one(task, found, index, cmd, arg)


def _all(task: SolarisTask, found: SemaphoreSet, store: bool, address: int) -> int:
    """GETALL and SETALL: the values as an array of unsigned shorts."""
    form = struct.Struct(f"<{len(found.all)}H")
    if not store:
        task.memory.write(address, form.pack(*(semaphore.value for semaphore in found.all)))
        return 0
    values = form.unpack(task.memory.read(address, form.size))
    if max(values) > SEMVMX:
        raise Errno(SolarisE.ERANGE)
    for index, value in enumerate(values):
        _set(task, found, index, value)
    return _changed(task, found)


def _one(task: SolarisTask, found: SemaphoreSet, index: int, cmd: int, arg: int) -> int:
    semaphore = found.all[index]
    waiting = [sleeper.blocking for sleeper in found.sleepers]
    match cmd:
        case SemCommand.GETVAL:
            return semaphore.value
        case SemCommand.GETPID:
            return semaphore.pid
        case SemCommand.GETNCNT:
            return sum(1 for one in waiting if one is not None and one.number == index and one.amount < 0)
        case SemCommand.GETZCNT:
            return sum(1 for one in waiting if one is not None and one.number == index and not one.amount)
        case _:
            if not 0 <= arg & 0xFFFF_FFFF <= SEMVMX:
                raise Errno(SolarisE.ERANGE)
            _set(task, found, index, arg & 0xFFFF)
            return _changed(task, found)


def _set(task: SolarisTask, found: SemaphoreSet, index: int, value: int) -> None:
    found.all[index].value, found.all[index].pid = value, task.pid
    for adjustments in found.undos.values():
        adjustments[index] = 0


def _changed(task: SolarisTask, found: SemaphoreSet) -> int:
    found.ctime = ipc.seconds(task)
    update(found, found.ctime)
    return 0


def _remove(task: SolarisTask, found: SemaphoreSet) -> None:
    """IPC_RMID: who waits gets EIDRM, and nothing of it is taken back any more."""
    for sleeper in found.sleepers:
        sleeper.outcome = -SolarisE.EIDRM
    found.sleepers.clear()
    found.undos.clear()
    task.kernel.ipc.semaphores.remove(found)


def _operations(task: SolarisTask, address: int, count: int) -> list[Operation]:
    if count > NSEMS_MAX:
        raise Errno(SolarisE.E2BIG)
    raw = task.memory.read(address, 6 * count) if count else b""
    return [
        Operation(number, amount, wait=not flags & ipc.IPC_NOWAIT, undo=bool(flags & SEM_UNDO))
        for number, amount, flags in struct.iter_unpack("<Hhh", raw)
    ]


async def _operate(task: SolarisTask, number: int, address: int, count: int, timeout: int) -> int:
    """semop(2): does all operations when all can be done."""
    found = ipc.lookup(task.kernel.ipc.semaphores, number)
    operations = _operations(task, address, count)
    deadline = task.kernel.clocks.monotonic() + timespec(task, timeout) if timeout else None
    if not operations:
        return 0
    if max(operation.number for operation in operations) >= len(found.all):
        raise Errno(SolarisE.EFBIG)
    ipc.require(task, found, ipc.WRITE if any(operation.amount for operation in operations) else ipc.READ)
    undo = None
    if any(operation.undo for operation in operations):
        undo = found.undos.setdefault(task.process, [0] * len(found.all))
    sleeper = Sleeper(operations, task.pid, undo)
    if perform(found, sleeper):
        found.otime = ipc.seconds(task)
        if any(operation.amount for operation in operations):
            update(found, found.otime)
        return 0
    found.sleepers.append(sleeper)
    try:
        if not await wait_event(task, found.changed, lambda: sleeper.outcome is not None, deadline):
            raise Errno(SolarisE.EAGAIN)
    finally:
        if sleeper in found.sleepers:
            found.sleepers.remove(sleeper)
    assert sleeper.outcome is not None
    if sleeper.outcome < 0:
        raise Errno(SolarisE(-sleeper.outcome))
    return 0


def undo_all(task: SolarisTask, process: Process) -> None:
    """A process has ended: what it has done with SEM_UNDO is taken back (semexit)."""
    for found in list(task.kernel.ipc.semaphores):
        adjustments = found.undos.pop(process, None)
        if adjustments is None:
            continue
        for semaphore, adjustment in zip(found.all, adjustments, strict=True):
            if adjustment:
                semaphore.value = min(max(semaphore.value + adjustment, 0), SEMVMX)
                semaphore.pid = process.pid
        update(found, ipc.seconds(task))
