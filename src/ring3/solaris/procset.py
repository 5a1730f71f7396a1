"""Sets of processes (``procset_t``), and sending a signal to one (sigsend(2); usr/src/uts/common/os/procset.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Signal
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import NSIG
from ring3.solaris.definition import syscall
from ring3.solaris.sigcalls import may_signal
from ring3.solaris.siginfo import SI_USER, Info
from ring3.solaris.signals import sigtoproc

if TYPE_CHECKING:
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_PROCSET: Final = struct.Struct("<5i")
"""Operation, type and number on the left, the same on the right."""
P_MYID: Final = -1


class SetOp(IntEnum):
    """How both sides are combined."""

    POP_DIFF = 0
    POP_AND = 1
    POP_OR = 2
    POP_XOR = 3


_ATTRIBUTES: Final = {0: "pid", 1: "ppid", 2: "pgid", 3: "sid"}
"""Which number of a process an idtype is about: P_PID to P_SID."""
_P_UID, _P_GID, _P_ALL = 5, 6, 7


def _side(task: SolarisTask, idtype: int, number: int) -> set[int]:
    """The processes of one side, by number.

    Raises:
        Errno: EINVAL, there is no such type.
    """
    processes = [process for process in task.kernel.processes.values() if not process.exited]
    mine = number == P_MYID
    if idtype == _P_ALL:
        return {process.pid for process in processes}
    if idtype in _ATTRIBUTES:
        name = _ATTRIBUTES[idtype]
        wanted = getattr(task.process, name) if mine else number
        return {process.pid for process in processes if getattr(process, name) == wanted}
    if idtype == _P_UID:
        wanted = task.cred.uid if mine else number
        return {process.pid for process in processes if process.cred.uid == wanted}
    if idtype == _P_GID:
        wanted = task.cred.gid if mine else number
        return {process.pid for process in processes if process.cred.gid == wanted}
    raise Errno(SolarisE.EINVAL)


def members(task: SolarisTask, address: int) -> list[Process]:
    """The processes of a set in user memory.

    Raises:
        Errno: EFAULT; EINVAL, it is none; ESRCH, nobody is in it.
    """
    operation, left_type, left, right_type, right = _PROCSET.unpack(task.memory.read(address, _PROCSET.size))
    if operation not in SetOp.__members__.values():
        raise Errno(SolarisE.EINVAL)
    one, other = _side(task, left_type, left), _side(task, right_type, right)
    found = {
        SetOp.POP_DIFF: one - other,
        SetOp.POP_AND: one & other,
        SetOp.POP_OR: one | other,
        SetOp.POP_XOR: one ^ other,
    }[SetOp(operation)]
    if not found:
        raise Errno(SolarisE.ESRCH)
    return [task.kernel.processes[pid] for pid in sorted(found)]


@syscall("full")
def sigsendsys(task: SolarisTask, psp: Address, sig: Signal) -> int:
    """Sends a signal to a set of processes."""
    if not 0 <= sig < NSIG:
        raise Errno(SolarisE.EINVAL)
    allowed = [process for process in members(task, psp) if may_signal(task, process)]
    if not allowed:
        raise Errno(SolarisE.EPERM)
    for process in allowed:
        if sig:
            sigtoproc(process, Info(sig, SI_USER, task.pid, task.cred.ruid))
    return 0
