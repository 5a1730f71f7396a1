"""What a thread's settings make of the protection that it asks for: READ_IMPLIES_EXEC and PR_SET_MDWE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.kernel.mm.vma import EXEC, READ, WRITE
from ring3.linux.model.settings import Persona
from ring3.machine.ram import PAGE_MASK

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def implied(task: LinuxTask, prot: int) -> int:
    """The protection meant: for programs from before NX, what can be read can be executed."""
    if prot & READ and task.settings.personality & Persona.READ_IMPLIES_EXEC:
        return prot | EXEC
    return prot


def check_new(task: LinuxTask, prot: int) -> None:
    """Refuses a mapping that is writable and executable, if the program wants that (map_deny_write_exec).

    Raises:
        Errno: EACCES.
    """
    if prot & WRITE and prot & EXEC and task.mm_context.deny_write_exec:
        raise Errno(E.EACCES)


def check_change(task: LinuxTask, start: int, length: int, prot: int) -> None:
    """Refuses to make memory executable that is not, or that is writable, if the program wants that.

    Raises:
        Errno: EACCES.
    """
    if not prot & EXEC or not task.mm_context.deny_write_exec:
        return
    found = task.memory.overlapping(start & PAGE_MASK, start + length)
    if found and (prot & WRITE or any(not vma.prot & EXEC for vma in found)):
        raise Errno(E.EACCES)
