"""What the calls on sockets have in common: the socket behind a descriptor, who calls, addresses in user memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import INT
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.sockets import MSG_CMSG_COMPAT, SOCKADDR_MAX
from ring3.abi.linux.structs.sockets import UCRED
from ring3.fs.file import File
from ring3.linux.files.lookup import opened, walk
from ring3.linux.files.vectors import Vectors
from ring3.linux.model.limits import Resource
from ring3.linux.model.user_namespace import NO_ID
from ring3.net.caller import Ucred
from ring3.net.socket import Socket

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.landlock import Domain
    from ring3.fs.namei import Walk
    from ring3.linux.model.task import LinuxTask


class TaskCaller:
    """A task that makes a call on a socket."""

    __slots__ = ("_task",)

    def __init__(self, task: LinuxTask) -> None:
        self._task = task

    @property
    def real(self) -> Ucred:
        """Process and real ids."""
        who = self._task.credentials
        return Ucred(self._task.tgid, who.uid, who.gid)

    @property
    def effective(self) -> Ucred:
        """Process and effective ids."""
        who = self._task.credentials
        return Ucred(self._task.tgid, who.euid, who.egid)

    @property
    def groups(self) -> tuple[int, ...]:
        """Supplementary groups."""
        return self._task.credentials.groups

    @property
    def cwd(self) -> Dentry:
        """Where relative paths start."""
        return self._task.fs.cwd

    @property
    def umask(self) -> int:
        """Permission bits that new files do not get."""
        return self._task.fs.umask

    @property
    def descriptor_limit(self) -> int:
        """RLIMIT_NOFILE; none for who may exceed resources (too_many_unix_fds)."""
        who = self._task.credentials
        if who.capable(Cap.SYS_RESOURCE) or who.capable(Cap.SYS_ADMIN):
            return 1 << 62
        return self._task.rlimits[Resource.NOFILE][0]

    @property
    def domain(self) -> Domain | None:
        """What it has given up for good."""
        return self._task.credentials.domain

    def walk(self) -> Walk:
        """A walk from its root with its permissions."""
        return walk(self._task)

    def may(self, capability: int) -> bool:
        """Whether a capability is effective."""
        owner = self._task.namespaces.net.owner
        return self._task.credentials.ns_capable(owner, Cap(capability.bit_length() - 1))


def socket_of(task: LinuxTask, fd: int) -> Socket:
    """The socket behind a descriptor.

    Raises:
        Errno: EBADF; ENOTSOCK.
    """
    return as_socket(opened(task, fd & 0xFFFF_FFFF))


def as_socket(file: File) -> Socket:
    """A file that is a socket.

    Raises:
        Errno: ENOTSOCK.
    """
    if not isinstance(file, Socket):
        raise Errno(E.ENOTSOCK)
    return file


def read_address(task: LinuxTask, address: int, size: int) -> bytes:
    """A ``struct sockaddr`` in user memory (move_addr_to_kernel).

    Raises:
        Errno: EINVAL, no possible size; EFAULT.
    """
    if not 0 <= size <= SOCKADDR_MAX:
        raise Errno(E.EINVAL)
    return task.memory.read(address, size) if size else b""


def write_address(task: LinuxTask, raw: bytes, address: int, size_at: int) -> None:
    """Stores as much of an address as there is room for, and how long it is (move_addr_to_user).

    Raises:
        Errno: EINVAL, room for less than nothing; EFAULT.
    """
    room = read_int(task, size_at)
    if room < 0:
        raise Errno(E.EINVAL)
    task.memory.write(address, raw[:room])
    task.memory.write_u32(size_at, len(raw))


def refuse_compat(flags: int, bits: int) -> None:
    """A flag that is the kernel's own; it marks the calls of 32-bit programs.

    Raises:
        Errno: EINVAL, a 64-bit program has set it.
    """
    if bits == 64 and flags & MSG_CMSG_COMPAT:
        raise Errno(E.EINVAL)


def read_int(task: LinuxTask, address: int) -> int:
    """A signed number of 32 bits in user memory.

    Raises:
        Errno: EFAULT.
    """
    return INT.cast(task.memory.read_u32(address))


def shown_ucred(task: LinuxTask, raw: bytes) -> bytes:
    """A ``struct ucred`` with the machine's numbers, as those of a task's namespaces (cred_to_ucred)."""
    pid, uid, gid = UCRED.form(64).unpack(raw)
    users = task.credentials.user_ns
    uid = uid if uid == NO_ID else users.shown_user(uid)
    gid = gid if gid == NO_ID else users.shown_group(gid)
    return UCRED.pack(64, task.pid_ns.shown(pid), uid, gid)


class Buffers:
    """The memory that a call sends from or receives into: one buffer or several as one.

    Attributes:
        size: Bytes in all.
    """

    __slots__ = ("_task", "_vectors", "size")

    def __init__(self, task: LinuxTask, vectors: Vectors) -> None:
        self._task = task
        self._vectors = vectors
        self.size = sum(length for _, length in vectors)

    def _from(self, start: int, size: int) -> Vectors:
        """The pieces of memory for a part."""
        if len(self._vectors) == 1:
            return [(self._vectors[0][0] + start, size)]
        found: Vectors = []
        for base, length in self._vectors:
            if start < length and size:
                piece = min(length - start, size)
                found.append((base + start, piece))
                size -= piece
            start = max(0, start - length)
        return found

    def read(self, start: int, size: int) -> bytes:
        """A part of what they hold.

        Raises:
            Errno: EFAULT.
        """
        memory = self._task.memory
        parts = [memory.read(base, length) for base, length in self._from(start, size)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, start: int, data: bytes) -> None:
        """Stores something in a part of them.

        Raises:
            Errno: EFAULT.
        """
        memory, done = self._task.memory, 0
        for base, length in self._from(start, len(data)):
            memory.write(base, data[done : done + length])
            done += length
