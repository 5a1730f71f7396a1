"""The descriptor of who is asked about calls: seccomp_unotify(2) (kernel/seccomp.c of Linux 6.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.structs.security import SECCOMP_NOTIF, SECCOMP_NOTIF_ADDFD, SECCOMP_NOTIF_RESP
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.readiness import WRITABLE
from ring3.kernel.wait import wait_event
from ring3.linux.model.listener import Reply, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.vfs import Vfs
    from ring3.fs.waiting import Waiting
    from ring3.kernel.wait import Listening
    from ring3.linux.model.listener import Listener, Question
    from ring3.linux.model.task import LinuxTask

PAGE: Final = 4096
GOES_ON: Final = 1
"""SECCOMP_USER_NOTIF_FLAG_CONTINUE."""
SETFD: Final = 1
SEND: Final = 2
SYNC_WAKE_UP: Final = 1


class Request(IntEnum):
    """Requests (include/uapi/linux/seccomp.h)."""

    RECV = 0xC050_2100
    SEND = 0xC018_2101
    ID_VALID = 0x4008_2102
    ID_VALID_WRONG_DIR = 0x8008_2102
    SET_FLAGS = 0x4008_2104


ADDFD: Final = 0x4000_2103
"""The request that gives a descriptor to who asks, without the size of its struct."""
SIZE_OF_STRUCT: Final = 0x3FFF_0000


class ListenerFile(AnonymousFile):
    """A listener's descriptor.

    Attributes:
        listener: What it shares with the filter.
    """

    kind = b"seccomp notify"
    requests = "seccomp"

    def __init__(self, vfs: Vfs, listener: Listener) -> None:
        super().__init__(vfs, O_RDWR)
        self.listener = listener

    def poll(self) -> int:
        """Readable with a question, writable with one that was read, hung up when nobody has the filter any more."""
        return self.listener.poll()

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when that changes."""
        return self.listener.waiters.listen(callback, events)

    def close(self) -> None:
        """Nobody listens any more: who waits gets ENOSYS."""
        self.listener.closed = True
        for question in self.listener.questions:
            if question.stage is not Stage.ANSWERED:
                self.listener.answer(question, Reply(0, -E.ENOSYS))


def notify_ioctl(task: LinuxTask, file: ListenerFile, cmd: int, arg: int) -> int | Waiting:
    """Does a request.

    Raises:
        Errno: EINVAL, there is no such request, or as each says.
    """
    listener = file.listener
    if cmd == Request.RECV:
        return _receive(task, listener, arg)
    if cmd == Request.SEND:
        return _send(task, listener, arg)
    if cmd in (Request.ID_VALID, Request.ID_VALID_WRONG_DIR):
        question = listener.find(task.memory.read_u64(arg))
        if question is None or question.stage is not Stage.READ:
            raise Errno(E.ENOENT)
        return 0
    if cmd == Request.SET_FLAGS:
        if arg & ~SYNC_WAKE_UP:
            raise Errno(E.EINVAL)
        return 0
    if cmd & ~SIZE_OF_STRUCT == ADDFD:
        return _give_descriptor(task, listener, arg, (cmd & SIZE_OF_STRUCT) >> 16)
    raise Errno(E.EINVAL)


async def _receive(task: LinuxTask, listener: Listener, arg: int) -> int:
    """The next question (seccomp_notify_recv).

    Raises:
        Errno: EINVAL, the struct is not empty; EFAULT; ENOENT, nobody can ask any more; ERESTARTSYS.
    """
    form = SECCOMP_NOTIF.form(64)
    if any(task.memory.read(arg, form.size)):
        raise Errno(E.EINVAL)
    await wait_event(task, listener.waiters, lambda: listener.unread() is not None or not listener.users)
    question = listener.unread()
    if question is None:
        raise Errno(E.ENOENT)
    pid = task.pid_ns.shown(question.task.tid)
    head = question.number.to_bytes(8, "little") + pid.to_bytes(4, "little") + bytes(4)
    task.memory.write(arg, head + question.data)
    question.stage = Stage.READ
    listener.waiters.wake(WRITABLE)
    return 0


def _read_stage(listener: Listener, number: int) -> Question:
    """A question that was read and waits for its answer.

    Raises:
        Errno: ENOENT, there is no such question; EINPROGRESS, it was not read, or is answered.
    """
    question = listener.find(number)
    if question is None:
        raise Errno(E.ENOENT)
    if question.stage is not Stage.READ:
        raise Errno(E.EINPROGRESS)
    return question


def _send(task: LinuxTask, listener: Listener, arg: int) -> int:
    """An answer (seccomp_notify_send)."""
    form = SECCOMP_NOTIF_RESP.form(64)
    number, value, error, flags = form.unpack(task.memory.read(arg, form.size))
    if flags & ~GOES_ON or (flags and (error or value)):
        raise Errno(E.EINVAL)
    listener.answer(_read_stage(listener, number), Reply(value, error, bool(flags)))
    return 0


def _give_descriptor(task: LinuxTask, listener: Listener, arg: int, size: int) -> int:
    """Gives one of the caller's files to who asks; returns its descriptor there (seccomp_notify_addfd).

    Raises:
        Errno: EINVAL; E2BIG; EBADF; EMFILE; as `_read_stage`.
    """
    form = SECCOMP_NOTIF_ADDFD.form(64)
    if size < form.size or size >= PAGE:
        raise Errno(E.EINVAL)
    number, flags, source, wanted, how = form.unpack(task.memory.read_extensible(arg, size, form.size))
    if how & ~O_CLOEXEC or flags & ~(SETFD | SEND) or (wanted and not flags & SETFD):
        raise Errno(E.EINVAL)
    file = task.files[source]
    question = _read_stage(listener, number)
    files, cloexec = question.task.files, bool(how & O_CLOEXEC)
    given = int(wanted)
    if flags & SETFD:
        files.replace(given, file, cloexec)
    else:
        given = files.install(file, cloexec=cloexec)
    if flags & SEND:
        listener.answer(question, Reply(given, 0))
    return given
