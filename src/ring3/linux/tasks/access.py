"""Which threads may look into others (kernel/ptrace.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def may_look_into(task: LinuxTask, target: LinuxTask, *, by_fsids: bool = False) -> bool:
    """Whether a thread may see what another has (ptrace_may_access with PTRACE_MODE_READ).

    Args:
        task: Who wants to look.
        target: At whom.
        by_fsids: As for a file, by the ids for access to files (PTRACE_MODE_FSCREDS).
    """
    if task.process is target.process:
        return True
    if not task.credentials.may_ptrace(target.credentials, by_fsids=by_fsids):
        return False
    domain = task.credentials.domain
    if domain is not None and not domain.reaches(target.credentials.domain):
        return False
    return target.mm is None or target.mm_context.dumpable == 1 or task.credentials.capable(Cap.SYS_PTRACE)


def refuse(task: LinuxTask, cap: Cap, name: str) -> int:
    """EPERM without the capability.

    Raises:
        Errno: EPERM; ENOSYS with it.
    """
    if not task.credentials.capable(cap):
        raise Errno(E.EPERM)
    task.kernel.report_absent(name)
    raise Errno(E.ENOSYS)
