"""ucredsys: whom another process runs as, or who is at the other end of a socket (ucred_get(3C), getpeerucred(3C)).

Sources: usr/src/uts/common/syscall/ucredsys.c, os/cred.c (cred2ucred); sys/ucred.h, sys/procfs.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.procfs import PRCRED
from ring3.net.socket import Socket
from ring3.solaris.credentials import PRIV_SETSIZE, Cred
from ring3.solaris.definition import syscall
from ring3.solaris.ids import PRIV_SETS

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


class UcredOp(IntEnum):
    """What the call does (sys/ucred.h)."""

    UCREDSYS_UCREDGET = 0
    UCREDSYS_GETPEERUCRED = 1


_HEAD: Final = struct.Struct("<IIIiIiiI")
"""``struct ucred_s``: size, where credentials and privileges are, process, no audit data, zone, project, no label."""
_PRIVILEGES: Final = struct.Struct("<III")
"""``prpriv_t``: how many sets, words of each, bytes of what follows them."""


def pack_cred(cred: Cred, bits: int = 64) -> bytes:
    """``prcred_t``, with the groups; there is room for one where there are none."""
    head = PRCRED.make(
        bits,
        pr_euid=cred.uid,
        pr_ruid=cred.ruid,
        pr_suid=cred.uid,
        pr_egid=cred.gid,
        pr_rgid=cred.rgid,
        pr_sgid=cred.gid,
        pr_ngroups=len(cred.groups),
    )
    return head + struct.pack(f"<{max(1, len(cred.groups))}I", *(cred.groups or (0,)))


def pack(cred: Cred, pid: int, project: int) -> bytes:
    """``ucred_t``."""
    credentials = pack_cred(cred)
    at = _HEAD.size + len(credentials)
    privileges = _PRIVILEGES.pack(PRIV_SETS, PRIV_SETSIZE // 4, 0) + cred.privilege_set() * PRIV_SETS
    head = _HEAD.pack(at + len(privileges), _HEAD.size, at, pid, 0, 0, project, 0)
    return head + credentials + privileges


def _of_process(task: SolarisTask, pid: int) -> bytes:
    process = task.process if pid == -1 else task.kernel.processes.get(pid)
    if process is None:
        raise Errno(SolarisE.ESRCH)
    cred = task.cred
    if not cred.all_privileges and cred.uid not in (process.cred.uid, process.cred.ruid):
        raise Errno(SolarisE.EACCES)
    return pack(process.cred, process.pid, process.project)


def _of_peer(task: SolarisTask, fd: int) -> bytes:
    file = task.files[fd]
    if not isinstance(file, Socket):
        raise Errno(SolarisE.ENOTSUP)
    known = file.peer_credentials()
    if known is None:
        raise Errno(SolarisE.ENOTCONN)
    peer, groups = known
    process = task.kernel.processes.get(peer.pid)
    project = task.process.project if process is None else process.project
    return pack(Cred(peer.uid, peer.gid, peer.uid, peer.gid, groups), peer.pid, project)


@syscall("partial", "of streams but sockets nothing is known: ENOTSUP; privileges are all or none")
def ucredsys(task: SolarisTask, code: Int, obj: Int, buf: Address) -> int:
    """Stores the credentials of a process (0; -1 is the caller) or of a socket's other end (1)."""
    match code:
        case UcredOp.UCREDSYS_UCREDGET:
            found = _of_process(task, obj)
        case UcredOp.UCREDSYS_GETPEERUCRED:
            found = _of_peer(task, obj)
        case _:
            raise Errno(SolarisE.EINVAL)
    task.memory.write(buf, found)
    return 0


@syscall("partial", "as ucredsys")
def ucredsys32(task: SolarisTask, code: Int, obj: Int, buf: Address) -> int:
    """The same for 32-bit programs."""
    return ucredsys(task, code, obj, buf)
