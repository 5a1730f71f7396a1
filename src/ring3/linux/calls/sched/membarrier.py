"""membarrier(2): memory barriers on other CPUs, of which there are none (kernel/sched/membarrier.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Command(IntFlag):
    """What membarrier(2) does (include/uapi/linux/membarrier.h)."""

    GLOBAL = 1 << 0
    GLOBAL_EXPEDITED = 1 << 1
    REGISTER_GLOBAL_EXPEDITED = 1 << 2
    PRIVATE_EXPEDITED = 1 << 3
    REGISTER_PRIVATE_EXPEDITED = 1 << 4
    PRIVATE_EXPEDITED_SYNC_CORE = 1 << 5
    REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 1 << 6
    PRIVATE_EXPEDITED_RSEQ = 1 << 7
    REGISTER_PRIVATE_EXPEDITED_RSEQ = 1 << 8
    GET_REGISTRATIONS = 1 << 9


QUERY: Final = 0
FLAG_CPU: Final = 1
_C = Command
REGISTER: Final = (
    _C.REGISTER_GLOBAL_EXPEDITED,
    _C.REGISTER_PRIVATE_EXPEDITED,
    _C.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
    _C.REGISTER_PRIVATE_EXPEDITED_RSEQ,
)
NEEDS: Final = {
    _C.PRIVATE_EXPEDITED: _C.REGISTER_PRIVATE_EXPEDITED,
    _C.PRIVATE_EXPEDITED_SYNC_CORE: _C.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
    _C.PRIVATE_EXPEDITED_RSEQ: _C.REGISTER_PRIVATE_EXPEDITED_RSEQ,
}
"""The commands that a process must have registered for."""
_ALSO_PRIVATE: Final = _C.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | _C.REGISTER_PRIVATE_EXPEDITED_RSEQ
"""The registrations that show as one for PRIVATE_EXPEDITED too, without allowing it."""


@syscall("full")
def sys_membarrier(task: LinuxTask, cmd: Int, flags: UnsignedInt, cpu_id: Int) -> int:
    """Does a barrier on all CPUs that run the process; with one CPU, each instruction is in order already."""
    if flags and not (cmd == Command.PRIVATE_EXPEDITED_RSEQ and flags == FLAG_CPU):
        raise Errno(E.EINVAL)
    if cmd == QUERY:
        return int(sum(Command))
    if cmd not in tuple(Command):
        raise Errno(E.EINVAL)
    context = task.mm_context
    if cmd == Command.GET_REGISTRATIONS:
        also = Command.REGISTER_PRIVATE_EXPEDITED if context.membarrier & _ALSO_PRIVATE else 0
        return context.membarrier | also
    if cmd in REGISTER:
        context.membarrier |= cmd
    needed = NEEDS.get(Command(cmd), 0)
    if needed & ~context.membarrier:
        raise Errno(E.EPERM)
    return 0
