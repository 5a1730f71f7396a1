"""Users, groups, process groups and sessions (usr/src/uts/common/syscall/uid.c, gid.c, groups.c, pgrpsys.c)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Pid, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.credentials import PRIV_SETSIZE
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

NGROUPS_MAX: Final = 16
_UNCHANGED: Final = 0xFFFF_FFFF


@syscall("full")
def setuid(task: SolarisTask, uid: UnsignedInt) -> int:
    """Sets the user: all of its numbers with privilege, else the effective one to one of the others."""
    cred = task.cred
    if cred.all_privileges:
        task.process.cred = replace(cred, uid=uid, ruid=uid)
    elif uid in (cred.ruid, cred.uid):
        task.process.cred = replace(cred, uid=uid)
    else:
        raise Errno(SolarisE.EPERM)
    return 0


@syscall("full")
def seteuid(task: SolarisTask, uid: UnsignedInt) -> int:
    """Sets the effective user."""
    cred = task.cred
    if not cred.all_privileges and uid not in (cred.ruid, cred.uid):
        raise Errno(SolarisE.EPERM)
    task.process.cred = replace(cred, uid=uid)
    return 0


@syscall("full")
def setgid(task: SolarisTask, gid: UnsignedInt) -> int:
    """Sets the group, as setuid."""
    cred = task.cred
    if cred.all_privileges:
        task.process.cred = replace(cred, gid=gid, rgid=gid)
    elif gid in (cred.rgid, cred.gid):
        task.process.cred = replace(cred, gid=gid)
    else:
        raise Errno(SolarisE.EPERM)
    return 0


@syscall("full")
def setegid(task: SolarisTask, gid: UnsignedInt) -> int:
    """Sets the effective group."""
    cred = task.cred
    if not cred.all_privileges and gid not in (cred.rgid, cred.gid):
        raise Errno(SolarisE.EPERM)
    task.process.cred = replace(cred, gid=gid)
    return 0


def _pair(effective: int, real: int, new_real: int, new_effective: int, free: bool) -> tuple[int, int]:
    """Real and effective number after setreuid(2) and setregid(2): those of the caller unless it is free to choose."""
    wanted_real = real if new_real == _UNCHANGED else new_real
    wanted = effective if new_effective == _UNCHANGED else new_effective
    if not free and not (wanted_real in (real, effective) and wanted in (real, effective)):
        raise Errno(SolarisE.EPERM)
    return wanted_real, wanted


@syscall("full")
def setreuid(task: SolarisTask, ruid: UnsignedInt, euid: UnsignedInt) -> int:
    """Sets real and effective user."""
    cred = task.cred
    real, effective = _pair(cred.uid, cred.ruid, ruid, euid, cred.all_privileges)
    task.process.cred = replace(cred, ruid=real, uid=effective)
    return 0


@syscall("full")
def setregid(task: SolarisTask, rgid: UnsignedInt, egid: UnsignedInt) -> int:
    """Sets real and effective group."""
    cred = task.cred
    real, effective = _pair(cred.gid, cred.rgid, rgid, egid, cred.all_privileges)
    task.process.cred = replace(cred, rgid=real, gid=effective)
    return 0


@syscall("full")
def getgroups(task: SolarisTask, gidsetsize: Int, gidset: Address) -> int:
    """Stores the supplementary groups; returns how many there are."""
    groups = task.cred.groups
    if gidsetsize == 0:
        return len(groups)
    if gidsetsize < len(groups):
        raise Errno(SolarisE.EINVAL)
    task.memory.write(gidset, b"".join(gid.to_bytes(4, "little") for gid in groups))
    return len(groups)


@syscall("full")
def setgroups(task: SolarisTask, gidsetsize: Int, gidset: Address) -> int:
    """Sets the supplementary groups."""
    if not 0 <= gidsetsize <= NGROUPS_MAX:
        raise Errno(SolarisE.EINVAL)
    if not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    groups = tuple(memoryview(task.memory.read(gidset, 4 * gidsetsize)).cast("I")) if gidsetsize else ()
    task.process.cred = replace(task.cred, groups=groups)
    return 0


# -- groups of processes and sessions ----------------------------------------------------------------------------


def _process(task: SolarisTask, pid: int) -> Process:
    found = task.process if not pid else task.kernel.processes.get(pid)
    if found is None:
        raise Errno(SolarisE.ESRCH)
    return found


def _new_session(kernel: SolarisKernel, process: Process) -> int:
    """The process leads a session of its own, which has no terminal (sess_create)."""
    process.pgid = process.sid = process.pid
    kernel.terminals[process.sid] = None
    return process.sid


def _setsid(kernel: SolarisKernel, process: Process) -> int:
    if any(other.pgid == process.pid for other in kernel.processes.values()):
        raise Errno(SolarisE.EPERM)
    return _new_session(kernel, process)


def _setpgid(task: SolarisTask, pid: int, pgid: int) -> int:
    process = _process(task, pid)
    if process is not task.process and process.ppid != task.pid:
        raise Errno(SolarisE.ESRCH)
    wanted = pgid or process.pid
    if wanted < 0:
        raise Errno(SolarisE.EINVAL)
    group = [other for other in task.kernel.processes.values() if other.pgid == wanted]
    if process.sid == process.pid or (
        wanted != process.pid and all(other.sid != process.sid for other in group)
    ):
        raise Errno(SolarisE.EPERM)
    process.pgid = wanted
    return 0


@syscall("full")
def setpgrp(task: SolarisTask, flag: Int, pid: Pid, pgid: Pid) -> int:
    """getpgrp (0), setpgrp (1), getsid (2), setsid (3), getpgid (4), setpgid (5)."""
    process = task.process
    match flag:
        case 0:
            return process.pgid
        case 1:
            return _new_session(task.kernel, process) if process.sid != process.pid else process.sid
        case 2:
            return _process(task, pid).sid
        case 3:
            return _setsid(task.kernel, process)
        case 4:
            return _process(task, pid).pgid
        case 5:
            return _setpgid(task, pid, pgid)
        case _:
            raise Errno(SolarisE.EINVAL)


PRIVSYS_GETPPRIV: Final = 1
PRIVSYS_GETPFLAGS: Final = 4
PRIVSYS_ISSETUGID: Final = 5
PRIV_SETS: Final = 4
"""Effective, inheritable, permitted, limit."""


@syscall(
    "partial",
    "the sets can be asked for, all or nothing; no names of privileges, and they cannot be set: EINVAL",
)
def privsys(
    task: SolarisTask,
    code: Int,
    op: Int,
    kind: Int,
    buf: Address,
    bufsize: Address,
    ikind: Int,
) -> int:
    """Privileges: the sets, flags, and whether the program has gained rights by being started."""
    if code in (PRIVSYS_ISSETUGID, PRIVSYS_GETPFLAGS):
        return 0
    if code == PRIVSYS_GETPPRIV:
        if bufsize != PRIV_SETSIZE or not 0 <= kind < PRIV_SETS:
            raise Errno(SolarisE.ENOMEM if bufsize < PRIV_SETSIZE else SolarisE.EINVAL)
        task.memory.write(buf, task.cred.privilege_set())
        return 0
    raise Errno(SolarisE.EINVAL)


@syscall("partial", "as privsys")
def privsys32(
    task: SolarisTask,
    code: Int,
    op: Int,
    kind: Int,
    buf: Address,
    bufsize: Address,
    ikind: Int,
) -> int:
    """The same for 32-bit programs."""
    return privsys(task, code, op, kind, buf, bufsize, ikind)
