"""Tasks and projects (settaskid(2), gettaskid(2), getprojid(2); usr/src/uts/common/syscall/tasksys.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, SizeT, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

MAXPROJID: Final = 0x7FFF_FFFF
_FLAGS: Final = 3
"""TASK_NORMAL, TASK_FINAL and TASK_PROJ_PURGE are all that flags can say."""


class TaskOp(IntEnum):
    """What the call does."""

    SETTASKID = 0
    GETTASKID = 1
    GETPROJID = 2
    PROJLIST = 3


@syscall("full")
def tasksys(
    task: SolarisTask, code: Int, projid: Int, flags: UnsignedInt, projidbuf: Address, pbufsz: SizeT
) -> int:
    """Joins a new task of a project, and asks which one it is in."""
    process, kernel = task.process, task.kernel
    match code:
        case TaskOp.SETTASKID:
            if not 0 <= projid <= MAXPROJID or flags & ~_FLAGS:
                raise Errno(SolarisE.EINVAL)
            if not task.cred.all_privileges:
                raise Errno(SolarisE.EPERM)
            process.project = projid
            process.task = 1 + max(other.task for other in kernel.processes.values())
            return process.task
        case TaskOp.GETTASKID:
            return process.task
        case TaskOp.GETPROJID:
            return process.project
        case TaskOp.PROJLIST:
            found = sorted({other.project for other in kernel.processes.values()})
            raw = b"".join(project.to_bytes(4, "little") for project in found)
            if projidbuf:
                task.memory.write(projidbuf, raw[: pbufsz & ~3])
            return len(found)
        case _:
            raise Errno(SolarisE.EINVAL)
