"""``struct msghdr`` and control messages, in both widths (include/linux/socket.h, net/compat.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.sockets import (
    MSG_CTRUNC,
    SCM_CREDENTIALS,
    SCM_MAX_FD,
    SCM_RIGHTS,
    SO_TIMESTAMP_OLD,
    SO_TIMESTAMPNS_OLD,
    SOCKADDR_MAX,
    SOL_SOCKET,
)
from ring3.abi.linux.structs.sockets import UCRED
from ring3.linux.calls.sockets.arguments import Buffers, read_address, shown_ucred
from ring3.linux.files.vectors import UIO_MAXIOV, import_iovec
from ring3.net.caller import Ucred

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Control, Socket

MOST_CONTROL: Final = 131072
"""Bytes of control messages (net.core.optmem_max)."""


class Width(NamedTuple):
    """How the structures of one width lie in memory.

    Attributes:
        header: ``struct msghdr``: name, its size, vectors, their count, control, its size, flags.
        size_at: Where in it the size of the name is stored.
        control_at: Where the size of control messages is stored, ...
        flags_at: ... and the flags.
        control: ``struct cmsghdr``: length, level, type.
        word: What control messages are aligned to, and the format of their size.
        size_format: That of a size.
        entry: Bytes of ``struct mmsghdr``.
    """

    header: struct.Struct
    size_at: int
    control_at: int
    flags_at: int
    control: struct.Struct
    word: int
    size_format: str
    entry: int

    def space(self, size: int) -> int:
        """Bytes that a control message takes with its data, aligned (CMSG_SPACE)."""
        return self.control.size + (size + self.word - 1) // self.word * self.word


WIDE: Final = Width(struct.Struct("<Qi4xQQQQI4x"), 8, 40, 48, struct.Struct("<Qii"), 8, "<Q", 64)
NARROW: Final = Width(struct.Struct("<IiIIIII"), 4, 20, 24, struct.Struct("<Iii"), 4, "<I", 32)


def width_of(task: LinuxTask) -> Width:
    """The width of the call in progress."""
    return NARROW if task.in_ia32_syscall else WIDE


class MessageHeader:
    """A ``struct msghdr`` of a program.

    Attributes:
        address: Where it lies.
        width: Its width.
        name: Address of the socket address, 0 for none.
        name_size: Bytes there.
        buffers: The data.
        control: Address of control messages.
        control_size: Bytes there.
    """

    __slots__ = ("address", "buffers", "control", "control_size", "name", "name_size", "task", "width")

    def __init__(self, task: LinuxTask, address: int, width: Width) -> None:
        """Reads it (copy_msghdr_from_user).

        Raises:
            Errno: EFAULT; EINVAL, a negative size; EMSGSIZE, too many buffers.
        """
        self.task = task
        self.address = address
        self.width = width
        raw = task.memory.read(address, width.header.size)
        name, name_size, vectors, count, control, control_size, _ = width.header.unpack(raw)
        self.control: int = control
        self.control_size: int = control_size
        if not name:
            name_size = 0
        if name_size < 0:
            raise Errno(E.EINVAL)
        self.name = name
        self.name_size = min(name_size, SOCKADDR_MAX)
        if count > UIO_MAXIOV:
            raise Errno(E.EMSGSIZE)
        self.buffers = Buffers(task, import_iovec(task, vectors, count, width is NARROW))

    def read_name(self) -> bytes:
        """The socket address.

        Raises:
            Errno: EFAULT.
        """
        return read_address(self.task, self.name, self.name_size) if self.name else b""

    def read_control(self) -> list[Control]:
        """The control messages.

        Raises:
            Errno: ENOBUFS, too much of them; EINVAL, one of no possible length; EFAULT.
        """
        if self.width is NARROW and self.control_size:
            self._check_first()
        if self.control_size > MOST_CONTROL:
            raise Errno(E.ENOBUFS)
        if not self.control or not self.control_size:
            return []
        raw = self.task.memory.read(self.control, self.control_size)
        found: list[Control] = []
        header, at = self.width.control, 0
        while at + header.size <= len(raw):
            length, level, kind = header.unpack_from(raw, at)
            if not header.size <= length <= len(raw) - at:
                raise Errno(E.EINVAL)
            found.append((level, kind, raw[at + header.size : at + length]))
            at += self.width.space(length - header.size)
        return found

    def _check_first(self) -> None:
        """A 32-bit program's control messages are looked at before their size (cmsghdr_from_user_compat_to_kern).

        Raises:
            Errno: EINVAL, not even one; EFAULT.
        """
        if not self.control or self.control_size < NARROW.control.size:
            raise Errno(E.EINVAL)
        self.task.memory.read(self.control, NARROW.control.size)

    def write_result(self, address: bytes | None, control: ControlWriter, flags: int) -> None:
        """Stores what was received besides the data.

        Raises:
            Errno: EFAULT.
        """
        memory, at = self.task.memory, self.address
        if self.name:
            raw = address or b""
            (room,) = struct.unpack("<i", memory.read(at + self.width.size_at, 4))
            if room < 0:
                raise Errno(E.EINVAL)
            memory.write(self.name, raw[:room])
            memory.write_u32(at + self.width.size_at, len(raw))
        memory.write_u32(at + self.width.flags_at, flags | control.flags)
        memory.write(at + self.width.control_at, struct.pack(self.width.size_format, control.used))


NARROW_TIMES: Final = (SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD)
"""Messages with a time that is narrow for 32-bit programs (put_old_timeval)."""


class ControlWriter:
    """Stores control messages one after the other, as far as there is room (put_cmsg).

    Attributes:
        used: Bytes stored.
        flags: MSG_CTRUNC once something had no room.
    """

    __slots__ = ("_header", "flags", "used")

    def __init__(self, header: MessageHeader) -> None:
        self._header = header
        self.used = 0
        self.flags = 0

    @property
    def room(self) -> int:
        """Bytes of data that one more message could have."""
        if not self._header.control:
            return 0
        return self._header.control_size - self.used - self._header.width.control.size

    def put(self, message: Control) -> None:
        """Stores one; what has no room of it is cut off.

        Raises:
            Errno: EFAULT.
        """
        level, kind, data = message
        room = self.room
        if room < 0 or not self._header.control:
            self.flags |= MSG_CTRUNC
            return
        if level == SOL_SOCKET and kind == SCM_CREDENTIALS:
            data = shown_ucred(self._header.task, data)
        elif level == SOL_SOCKET and kind in NARROW_TIMES and self._header.width.word == 4:
            data = struct.pack("<ii", *struct.unpack("<qq", data))
        if len(data) > room:
            self.flags |= MSG_CTRUNC
            data = data[:room]
        head, width = self._header, self._header.width
        raw = width.control.pack(width.control.size + len(data), level, kind) + data
        head.task.memory.write(head.control + self.used, raw)
        self.used = min(self.used + width.space(len(data)), head.control_size)

    def put_files(self, files: tuple[File, ...], cloexec: bool) -> None:
        """Gives the receiver descriptors for open files, as many as there is room for; the others are closed.

        Raises:
            Errno: EFAULT.
        """
        task = self._header.task
        numbers: list[int] = []
        fitting = max(0, self.room) // 4
        for file in files:
            if len(numbers) < fitting:
                try:
                    numbers.append(task.files.install(file, cloexec=cloexec))
                except Errno:
                    fitting = len(numbers)
            file.drop()
        if numbers:
            self.put((SOL_SOCKET, SCM_RIGHTS, struct.pack(f"<{len(numbers)}i", *numbers)))
        if len(numbers) < len(files):
            self.flags |= MSG_CTRUNC


class Ancillary(NamedTuple):
    """What control messages say that are sent.

    Attributes:
        rights: Open files to pass.
        credentials: Who the sender says it is.
        others: Those of other levels.
    """

    rights: tuple[File, ...] = ()
    credentials: Ucred | None = None
    others: tuple[Control, ...] = ()


NOTHING: Final = Ancillary()


def ancillary(task: LinuxTask, messages: list[Control], socket: Socket) -> Ancillary:
    """Takes the control messages of SOL_SOCKET apart (__scm_send, __sock_cmsg_send).

    Args:
        task: The sender.
        messages: All of them.
        socket: What it sends by.

    Raises:
        Errno: EINVAL, no such message, one of a wrong size, too many files; EBADF; EPERM, ids that are not its own;
            ESRCH.
    """
    if not messages:
        return NOTHING
    rights: list[File] = []
    credentials = None
    others = []
    for level, kind, data in messages:
        if level != SOL_SOCKET:
            others.append((level, kind, data))
        elif kind in (SCM_RIGHTS, SCM_CREDENTIALS) and socket.overlooks_rights:
            continue
        elif kind == SCM_RIGHTS and socket.passes_rights:
            rights += _files(task, data)
            if len(rights) > SCM_MAX_FD:
                raise Errno(E.EINVAL)
        elif kind == SCM_CREDENTIALS and len(data) == 12:
            credentials = _credentials(task, data)
        else:
            raise Errno(E.EINVAL)
    return Ancillary(tuple(rights), credentials, tuple(others))


def _files(task: LinuxTask, data: bytes) -> list[File]:
    if len(data) // 4 > SCM_MAX_FD:
        raise Errno(E.EINVAL)
    numbers = struct.unpack(f"<{len(data) // 4}I", data[: len(data) & ~3])
    return [task.files[number] for number in numbers]


def _credentials(task: LinuxTask, data: bytes) -> Ucred:
    """What a sender may say of itself (scm_check_creds)."""
    number, user, group = UCRED.form(64).unpack(data)
    who = task.credentials
    pid, uid, gid = task.pid_ns.found(number), who.user_ns.user(user), who.user_ns.group_of(group)
    if uid is None or gid is None:
        raise Errno(E.EINVAL)
    if not (
        (pid == task.tgid or who.ns_capable(task.pid_ns.owner, Cap.SYS_ADMIN))
        and (uid in (who.uid, who.euid, who.suid) or who.ns_capable(who.user_ns, Cap.SETUID))
        and (gid in (who.gid, who.egid, who.sgid) or who.ns_capable(who.user_ns, Cap.SETGID))
    ):
        raise Errno(E.EPERM)
    if pid != task.tgid and not task.kernel.number_in_use(pid):
        raise Errno(E.ESRCH)
    return Ucred(pid, uid, gid)
