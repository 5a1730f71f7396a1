"""Processors, sets of them and locality groups: there is one of each (processor_bind(2), pset_info(2), lgrp(3LGRP)).

Source: usr/src/uts/common/syscall/processor_bind.c, processor_info.c, p_online.c, pset.c, lgrpsys.c and
sys/processor.h, sys/pset.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Long, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import as_int, syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

THE_CPU: Final = 0
PBIND_NONE: Final = -1
PBIND_QUERY: Final = -2
P_ONLINE: Final = 2
P_MYID: Final = -1
PS_NONE: Final = -1
PS_QUERY: Final = -2
PS_MYID: Final = -3
PS_SYSTEM: Final = 1
_INFO: Final = struct.Struct("<i16s32si")
"""``processor_info_t``: state, type, floating point, MHz."""
_P_PID, _P_LWPID, _P_ALL = 0, 8, 7


class POnline(IntEnum):
    """What p_online(2) is asked for (sys/processor.h)."""

    P_OFFLINE = 1
    P_ONLINE = 2
    P_STATUS = 3
    P_FAULTED = 4
    P_NOINTR = 6
    P_SPARE = 7


class PsetOp(IntEnum):
    """What the call on processor sets does."""

    PSET_CREATE = 0
    PSET_DESTROY = 1
    PSET_ASSIGN = 2
    PSET_INFO = 3
    PSET_BIND = 4
    PSET_GETLOADAVG = 5
    PSET_LIST = 6
    PSET_SETATTR = 7
    PSET_GETATTR = 8


class LgrpOp(IntEnum):
    """What the call on locality groups does."""

    LGRP_SYS_MEMINFO = 0
    LGRP_SYS_GENERATION = 1
    LGRP_SYS_VERSION = 2
    LGRP_SYS_SNAPSHOT = 3
    LGRP_SYS_AFFINITY_GET = 4
    LGRP_SYS_AFFINITY_SET = 5
    LGRP_SYS_LATENCY = 6
    LGRP_SYS_HOME = 7


LGRP_VER_CURRENT: Final = 2


def _check_target(task: SolarisTask, idtype: int, number: int) -> None:
    """Whether there is what is to be bound.

    Raises:
        Errno: EINVAL, it is no process, lwp or everything; ESRCH.
    """
    if idtype == _P_PID:
        there = number in (P_MYID, 0) or number in task.kernel.processes
    elif idtype == _P_LWPID:
        there = number == P_MYID or number in task.process.lwps
    elif idtype == _P_ALL:
        there = True
    else:
        raise Errno(SolarisE.EINVAL)
    if not there:
        raise Errno(SolarisE.ESRCH)


@syscall("partial", "a binding to the one processor changes nothing, and is not told of")
def processor_bind(task: SolarisTask, idtype: Int, id: Int, bind: Int, obind: Address) -> int:  # noqa: A002
    """Binds to a processor, frees, or asks."""
    if bind not in (THE_CPU, PBIND_NONE, PBIND_QUERY):
        raise Errno(SolarisE.EINVAL)
    _check_target(task, idtype, id)
    if obind:
        task.memory.write_u32(obind, PBIND_NONE & 0xFFFF_FFFF)
    return 0


@syscall("full")
def processor_info(task: SolarisTask, processorid: Int, infop: Address) -> int:
    """What a processor is."""
    if processorid != THE_CPU:
        raise Errno(SolarisE.EINVAL)
    task.memory.write(infop, _INFO.pack(P_ONLINE, b"i386", b"i387 compatible", 1000))
    return 0


@syscall("full")
def p_online(task: SolarisTask, processorid: Int, flag: Int) -> int:
    """The state of a processor; the last one cannot be taken away (EBUSY)."""
    if processorid != THE_CPU or flag not in POnline.__members__.values():
        raise Errno(SolarisE.EINVAL)
    if flag == POnline.P_STATUS:
        return P_ONLINE
    if not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    if flag not in (POnline.P_ONLINE, POnline.P_NOINTR):
        raise Errno(SolarisE.EBUSY)
    return P_ONLINE


@syscall(
    "partial",
    "all processors are in no set: asking and listing; making one is ENOTSUP, as with pools",
    module="pset",
)
def pset(
    task: SolarisTask,
    subcode: Int,
    a1: UnsignedLong,
    a2: UnsignedLong,
    a3: UnsignedLong,
    a4: UnsignedLong,
    a5: UnsignedLong,
) -> int:
    """Asks about processor sets."""
    wanted, third = as_int(a1), as_int(a3)
    match subcode:
        case PsetOp.PSET_INFO:
            return _pset_info(task, wanted, a2, a3, a4)
        case PsetOp.PSET_BIND:
            if wanted not in (PS_NONE, PS_QUERY, PS_MYID):
                raise Errno(SolarisE.EINVAL)
            _check_target(task, as_int(a2), third)
            if a4:
                task.memory.write_u32(a4, PS_NONE & 0xFFFF_FFFF)
            return 0
        case PsetOp.PSET_LIST:
            if a2:
                task.memory.write_u32(a2, 0)
            return 0
        case PsetOp.PSET_GETLOADAVG:
            if wanted not in (PS_NONE, PS_MYID) or third < 0:
                raise Errno(SolarisE.EINVAL)
            task.memory.write(a2, bytes(4 * min(third, 3)))
            return min(third, 3)
        case _ if 0 <= subcode <= PsetOp.PSET_GETATTR:
            raise Errno(SolarisE.ENOTSUP if task.cred.all_privileges else SolarisE.EPERM)
        case _:
            raise Errno(SolarisE.EINVAL)


def _pset_info(task: SolarisTask, wanted: int, kind: int, count: int, cpus: int) -> int:
    """The processors that are in no set, of PS_NONE or the caller's own."""
    if wanted not in (PS_NONE, PS_MYID):
        raise Errno(SolarisE.EINVAL)
    if kind:
        task.memory.write_u32(kind, PS_SYSTEM)
    if count:
        room = task.memory.read_u32(count)
        if cpus and room:
            task.memory.write_u32(cpus, THE_CPU)
        task.memory.write_u32(count, 1)
    return 0


@syscall(
    "partial", "the one group's generation, version, home and affinity; no snapshots and no latencies: EINVAL"
)
def lgrpsys(task: SolarisTask, subcode: Int, ia: Long, ap: Address) -> int:
    """Asks about locality groups."""
    match subcode:
        case LgrpOp.LGRP_SYS_VERSION:
            return LGRP_VER_CURRENT if ia in (0, 1, LGRP_VER_CURRENT) else 0
        case LgrpOp.LGRP_SYS_GENERATION | LgrpOp.LGRP_SYS_HOME | LgrpOp.LGRP_SYS_AFFINITY_GET:
            return 0
        case _:
            raise Errno(SolarisE.EINVAL)
