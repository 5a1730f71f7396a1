"""Operations on sets of semaphores, who waits for them, and what is taken back (ipc/sem.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.ipc import SEMVMX, Operation, SemaphoreSet, Sleeper, perform, update
from ring3.kernel.wait import wait_event
from ring3.linux.ipc.permissions import READ, WRITE, require, seconds
from ring3.linux.model.undo import undo_list

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def remove(task: LinuxTask, found: SemaphoreSet) -> None:
    """IPC_RMID: who waits gets EIDRM, and nothing of it is taken back any more."""
    for sleeper in found.sleepers:
        sleeper.outcome = -E.EIDRM
    found.sleepers.clear()
    for undo in found.undos:
        undo.sets.pop(found, None)
    found.undos.clear()
    ipc = task.kernel.ipc
    ipc.semaphores_in_use -= len(found.all)
    ipc.semaphores.remove(found)


@function(
    "long do_semtimedop(int semid, struct sembuf *tsops, unsigned int nsops, const struct timespec64 *timeout)"
)
async def do_semtimedop(
    task: LinuxTask, number: int, operations: list[Operation], deadline: int | None
) -> int:
    """Does operations when all can be done.

    Args:
        task: The caller.
        number: The set's.
        operations: What to do.
        deadline: Monotonic nanoseconds at which to give up, None for never.

    Raises:
        Errno: EINVAL, EIDRM, EFBIG, EACCES, EAGAIN, ERANGE, EINTR.
    """
    found = task.kernel.ipc.semaphores.get(number)
    undo = None
    if any(operation.undo for operation in operations):  # also where nothing comes of it (find_alloc_undo)
        mine = undo_list(task)
        mine.sets[found] = None
        undo = found.undos.setdefault(mine, [0] * len(found.all))
    if max(operation.number for operation in operations) >= len(found.all):
        raise Errno(E.EFBIG)
    require(task, found, WRITE if any(operation.amount for operation in operations) else READ)
    sleeper = Sleeper(operations, task.tgid, undo)
    if perform(found, sleeper):
        found.otime = seconds(task)
        if any(operation.amount for operation in operations):
            update(found, found.otime)
        return 0
    found.sleepers.append(sleeper)
    try:
        if not await wait_event(task, found.changed, lambda: sleeper.outcome is not None, deadline):
            raise Errno(E.EAGAIN)
    except Errno as error:
        if error.number == E.ERESTARTSYS:
            raise Errno(E.EINTR) from None
        raise
    finally:
        if sleeper in found.sleepers:
            found.sleepers.remove(sleeper)
    assert sleeper.outcome is not None
    return sleeper.outcome


@function("void exit_sem(struct task_struct *tsk)")
def exit_sem(task: LinuxTask) -> None:
    """A thread ends or unshares: the last that holds its list takes back what was to be taken back."""
    undo, task.undo_list = task.undo_list, None
    if undo is None:
        return
    undo.holders -= 1
    if undo.holders:
        return
    for found in undo.sets:
        adjustments = found.undos.pop(undo, None)
        if adjustments is None or found.deleted:
            continue
        for semaphore, adjustment in zip(found.all, adjustments, strict=True):
            if adjustment:
                semaphore.value = min(max(semaphore.value + adjustment, 0), SEMVMX)
                semaphore.pid = task.tgid
        found.otime = seconds(task)
        update(found, found.otime)
