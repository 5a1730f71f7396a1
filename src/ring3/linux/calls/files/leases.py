"""Leases as programs meet them: who opens or truncates waits for them, who has one is told by a signal (fs/locks.c)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.fs.file import File
from ring3.fs.leases import F_RDLCK, F_UNLCK, F_WRLCK, Leases
from ring3.fs.opening import LeaseConflict
from ring3.fs.regular import RegularInode
from ring3.kernel.functions import function
from ring3.kernel.wait import wait_event
from ring3.linux.signals.sigio import POLL_MSG, OwnerKind, owner_of

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

    Result = int | Coroutine[Any, Any, int]

_SECOND: Final = 10**9


@function("int fcntl_setlease(unsigned int fd, struct file *filp, int arg)")
def fcntl_setlease(task: LinuxTask, fd: int, file: File, kind: int) -> int:
    """F_SETLEASE: takes, changes or gives up a lease.

    Raises:
        Errno: EINVAL, no such lease, or no regular file; EACCES, another user's file; EAGAIN, the file is open
            otherwise, or there is no lease to give up.
    """
    inode = file.inode
    if kind not in (F_RDLCK, F_WRLCK, F_UNLCK):
        raise Errno(E.EINVAL)
    who = task.credentials
    if inode is not None and who.fsuid != inode.uid and not who.capable(Cap.LEASE):
        raise Errno(E.EACCES)
    if not isinstance(inode, RegularInode):
        raise Errno(E.EINVAL)
    if kind == F_UNLCK:
        if inode.leases is None or not inode.leases.drop(file):
            raise Errno(E.EAGAIN)
        return 0
    if inode.leases is None:
        kernel = task.kernel
        inode.leases = Leases(inode, kernel.clocks.monotonic, lambda: kernel.lease_break_time * _SECOND)
    inode.leases.set(file, kind, partial(_tell, task, fd, file))
    owner = owner_of(file)
    if not owner.number:
        owner.set(task, OwnerKind.F_OWNER_PID, task.vtgid)
    return 0


def _tell(task: LinuxTask, fd: int, file: File) -> None:
    owner_of(file).notify(task, fd, POLL_MSG)


def fcntl_getlease(file: File) -> int:
    """F_GETLEASE: what lease an open file has, or is to have where it must give way."""
    inode = file.inode
    if inode is None or inode.leases is None:
        return F_UNLCK
    inode.leases.expire()
    lease = inode.leases.of(file)
    return F_UNLCK if lease is None else lease.target


async def after_leases(task: LinuxTask, conflict: LeaseConflict, attempt: Callable[[], Result]) -> int:
    """Waits until leases no longer stand against something, or their time is over, and does it.

    Raises:
        Errno: ERESTARTSYS, a signal came; as what is to be done.
    """
    while True:
        await _given_up(task, conflict.leases, conflict.write)
        try:
            result = attempt()
        except LeaseConflict as another:
            conflict = another
        else:
            return result if isinstance(result, int) else await result


async def _given_up(task: LinuxTask, leases: Leases, write: bool) -> None:
    """Waits until no lease stands against opening a file so; those whose time is over do not."""
    while leases.conflicting(write):
        if not await wait_event(
            task, leases.changed, lambda: not leases.conflicting(write), leases.next_deadline()
        ):
            leases.expire()
