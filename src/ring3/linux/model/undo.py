"""What semop(2) is to take back when a program ends (``struct sem_undo_list`` of ipc/sem.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ring3.kernel.ipc import SemaphoreSet
    from ring3.linux.model.task import LinuxTask


class UndoList:
    """What threads that share it have done with SEM_UNDO.

    Attributes:
        holders: How many threads.
        sets: The sets that have entries for it.
    """

    __slots__ = ("holders", "sets")

    def __init__(self) -> None:
        self.holders = 1
        self.sets: dict[SemaphoreSet, None] = {}


def undo_list(task: LinuxTask) -> UndoList:
    """The list of a thread, made when it is first needed."""
    if task.undo_list is None:
        task.undo_list = UndoList()
    return task.undo_list


def share_undo_list(task: LinuxTask, child: LinuxTask) -> None:
    """Gives a child its parent's list (CLONE_SYSVSEM)."""
    child.undo_list = found = undo_list(task)
    found.holders += 1
