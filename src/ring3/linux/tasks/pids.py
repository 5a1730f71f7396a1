"""Numbers of new threads and processes, in each of the namespaces that see them (kernel/pid.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.kernel.scheduler import PID_MAX
from ring3.linux.model.process import INIT

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.pid_namespace import InnerPidNamespace
    from ring3.linux.model.task import LinuxTask


def alloc_pid(task: LinuxTask, namespace: PidNamespace, wanted: tuple[int, ...] = ()) -> int:
    """The machine's number for a task that is born in a namespace, which has one there and in all above from now on.

    Args:
        task: The parent.
        namespace: Where the child is born.
        wanted: The numbers that it is to have, from that namespace upwards; in those that are left out it gets any.

    Raises:
        Errno: EINVAL, no such numbers, or too many; EPERM, to choose one needs a capability; EEXIST, it is taken;
            EAGAIN, none is free; ENOMEM, the first process of the namespace has ended.
    """
    kernel = task.kernel
    if not wanted and not namespace.level:
        return kernel.new_tid()
    if len(wanted) > namespace.level + 1:
        raise Errno(E.EINVAL)
    innermost, chosen = namespace, list(wanted)
    numbers: list[tuple[InnerPidNamespace, int, bool]] = []
    while _is_inner(namespace):
        number = _checked(task, namespace, chosen.pop(0)) if chosen else 0
        numbers.append((namespace, number or namespace.next_free(kernel.number_in_use), not number))
        namespace = namespace.parent
    number = _checked(task, namespace, chosen.pop(0)) if chosen else kernel.new_tid()
    kernel.forget_number(number)
    for space, here, by_turn in numbers:
        if space.is_closed:
            raise Errno(E.ENOMEM)
        space.add(number, here)
        if by_turn:
            space.last_tid = here
    if _is_inner(innermost):
        kernel.pid_namespaces[number] = innermost
    return number


def _is_inner(namespace: PidNamespace) -> TypeGuard[InnerPidNamespace]:
    return namespace.level > 0


def _checked(task: LinuxTask, namespace: PidNamespace, number: int) -> int:
    """A number that a program chooses."""
    has_init = not namespace.level or namespace.init is not None
    if not 1 <= number < PID_MAX or (number != INIT and not has_init):
        raise Errno(E.EINVAL)
    who, owner = task.credentials, namespace.owner
    if not (who.ns_capable(owner, Cap.CHECKPOINT_RESTORE) or who.ns_capable(owner, Cap.SYS_ADMIN)):
        raise Errno(E.EPERM)
    if not namespace.is_free(number, task.kernel.number_in_use):
        raise Errno(E.EEXIST)
    return number
