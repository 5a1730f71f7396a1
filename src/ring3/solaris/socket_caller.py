"""Who makes a call on a socket: a thread, as `net` asks for it; and the socket that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import ALL
from ring3.net.caller import Ucred
from ring3.net.socket import Socket
from ring3.solaris.lookup import walk

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.namei import Walk
    from ring3.solaris.task import SolarisTask


class TaskCaller:
    """A thread that makes a call on a socket."""

    __slots__ = ("_task",)

    def __init__(self, task: SolarisTask) -> None:
        self._task = task

    @property
    def real(self) -> Ucred:
        """Process and real ids."""
        return Ucred(self._task.pid, self._task.cred.ruid, self._task.cred.rgid)

    @property
    def effective(self) -> Ucred:
        """Process and effective ids."""
        return Ucred(self._task.pid, self._task.cred.uid, self._task.cred.gid)

    @property
    def groups(self) -> tuple[int, ...]:
        """Supplementary groups."""
        return self._task.cred.groups

    @property
    def cwd(self) -> Dentry:
        """Where relative paths start."""
        return self._task.process.fs.cwd

    @property
    def umask(self) -> int:
        """Permission bits that new files do not get."""
        return self._task.process.fs.umask

    @property
    def descriptor_limit(self) -> int:
        """How many descriptors may be under way in messages."""
        return self._task.files.limit

    @property
    def domain(self) -> None:
        """Nothing is given up for good."""

    def walk(self) -> Walk:
        """A walk from its root with its permissions."""
        return walk(self._task)

    def may(self, capability: int) -> bool:
        """Whether it may do what takes a privilege."""
        return bool(capability & ALL) and self._task.cred.all_privileges


def socket_of(task: SolarisTask, fd: int) -> Socket:
    """The socket behind a descriptor.

    Raises:
        Errno: EBADF; ENOTSOCK.
    """
    file = task.files[fd & 0xFFFF_FFFF]
    if not isinstance(file, Socket):
        raise Errno(E.ENOTSOCK)
    return file
