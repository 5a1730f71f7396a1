"""mq_open(2), mq_unlink(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2) and mq_getsetattr(2) (ipc/mqueue.c)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Int, Mode, Path, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.ipc import MQ_ATTR
from ring3.abi.linux.structs.signals import SIGEVENT
from ring3.abi.signals import NSIG
from ring3.fs import permission
from ring3.fs.file import O_ACCMODE, O_NONBLOCK
from ring3.fs.opening import O_CREAT, O_EXCL
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import getname, who
from ring3.linux.ipc import mqueue
from ring3.linux.model.limits import Resource
from ring3.linux.model.mqueue import Notice, PosixQueue, QueueFile
from ring3.linux.timers.timespec import read_timespec
from ring3.net.netlink.socket import NetlinkSocket

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

MQ_PRIO_MAX: Final = 32768
HARD_MSGMAX: Final = 65536
HARD_MSGSIZEMAX: Final = 16 << 20
SIGEV_SIGNAL: Final = 0
SIGEV_NONE: Final = 1
SIGEV_THREAD: Final = 2
"""For the kernel: ``sigev_signo`` is a netlink socket, and ``sigev_value`` leads to what is to be sent there."""
NOTIFY_COOKIE_LEN: Final = 32
_OVERHEAD: Final = 48 + 8
"""What RLIMIT_MSGQUEUE counts for each message beside its text: its header and its place in the tree."""
_WANTED: Final = (permission.MAY_READ, permission.MAY_WRITE, permission.MAY_READ | permission.MAY_WRITE)


class Size(NamedTuple):
    """How much a queue holds."""

    maxmsg: int
    msgsize: int

    @property
    def total(self) -> int:
        """What RLIMIT_MSGQUEUE counts."""
        return self.maxmsg * (self.msgsize + _OVERHEAD)


def _name(task: LinuxTask, address: int) -> bytes:
    name = getname(task, address)
    if not name:
        raise Errno(E.ENOENT)
    if b"/" in name or name in (b".", b".."):
        raise Errno(E.EACCES)
    if len(name) > 255:
        raise Errno(E.ENAMETOOLONG)
    return name


def _size(task: LinuxTask, attributes: tuple[int, ...] | None) -> Size:
    """How much a new queue is to hold.

    Raises:
        Errno: EINVAL, EMFILE.
    """
    limits = task.kernel.posix_queues
    privileged = who(task).has(permission.CAP_SYS_RESOURCE)
    if attributes is None:
        size = Size(min(limits.msg_default, limits.msg_max), min(limits.msgsize_default, limits.msgsize_max))
    else:
        size = Size(attributes[1], attributes[2])
        most = (HARD_MSGMAX, HARD_MSGSIZEMAX) if privileged else (limits.msg_max, limits.msgsize_max)
        if not 0 < size.maxmsg <= most[0] or not 0 < size.msgsize <= most[1]:
            raise Errno(E.EINVAL)
    mine = task.credentials.uid
    used = sum(
        Size(queue.maxmsg, queue.msgsize).total for queue in limits.named.values() if queue.uid == mine
    )
    if used + size.total > task.rlimits[Resource.MSGQUEUE][0]:
        raise Errno(E.EMFILE)
    return size


@syscall("full", compat_sys_mq_open=32)
def sys_mq_open(
    task: LinuxTask, u_name: Path, oflag: Int, mode: Mode, u_attr: Pointer, *, bits: int = 64
) -> int:
    """Opens a queue by its name; makes one with O_CREAT."""
    attributes = None
    if u_attr and (oflag & O_CREAT or bits == 64):  # compat_sys_mq_open alone looks at O_CREAT first
        attributes = MQ_ATTR.integers(task.memory, u_attr, bits)
    name, limits, caller = _name(task, u_name), task.kernel.posix_queues, who(task)
    task.files.free_from(0)
    queue = limits.named.get(name)
    if queue is None:
        if not oflag & O_CREAT:
            raise Errno(E.ENOENT)
        if len(limits.named) >= limits.queues_max and not caller.has(permission.CAP_SYS_RESOURCE):
            raise Errno(E.ENOSPC)
        size = _size(task, attributes)
        wanted = mode & ~task.fs.umask & 0o7777
        queue = PosixQueue(task.kernel.vfs, wanted, caller, size.maxmsg, size.msgsize)
        limits.named[name] = queue
    else:
        if oflag & O_CREAT and oflag & O_EXCL:
            raise Errno(E.EEXIST)
        if oflag & O_ACCMODE == O_ACCMODE:
            raise Errno(E.EINVAL)
        permission.require(queue, caller, _WANTED[oflag & O_ACCMODE])
    file = QueueFile(queue, name, oflag & (O_ACCMODE | O_NONBLOCK))
    return task.files.install(file, cloexec=True)


@syscall("full")
def sys_mq_unlink(task: LinuxTask, u_name: Path) -> int:
    """Removes a queue's name; who has it open keeps it."""
    name, named = _name(task, u_name), task.kernel.posix_queues.named
    if name not in named:
        raise Errno(E.ENOENT)
    permission.require_owner(named[name], who(task))
    named.pop(name).removed = True
    return 0


def _queue(task: LinuxTask, descriptor: int) -> QueueFile:
    """The queue behind a descriptor.

    Raises:
        Errno: EBADF, there is none.
    """
    file = task.files[descriptor & 0xFFFF_FFFF]
    if not isinstance(file, QueueFile):
        raise Errno(E.EBADF)
    return file


@syscall("full", sys_mq_timedsend_time32=32)
def sys_mq_timedsend(
    task: LinuxTask,
    mqdes: Int,
    u_msg_ptr: Pointer,
    msg_len: SizeT,
    msg_prio: UnsignedInt,
    u_abs_timeout: Pointer,
    *,
    bits: int = 64,
) -> Coroutine[Any, Any, int]:
    """Sends a message, waiting until there is room for it."""
    deadline = read_timespec(task, u_abs_timeout, bits) if u_abs_timeout else None
    if msg_prio >= MQ_PRIO_MAX:
        raise Errno(E.EINVAL)
    file = _queue(task, mqdes)
    if not file.writable:
        raise Errno(E.EBADF)
    if msg_len > file.queue.msgsize:
        raise Errno(E.EMSGSIZE)
    return mqueue.send(task, file, bytes(task.memory.read(u_msg_ptr, msg_len)), msg_prio, deadline)


@syscall("full", sys_mq_timedreceive_time32=32)
async def sys_mq_timedreceive(
    task: LinuxTask,
    mqdes: Int,
    u_msg_ptr: Pointer,
    msg_len: SizeT,
    u_msg_prio: Pointer,
    u_abs_timeout: Pointer,
    *,
    bits: int = 64,
) -> int:
    """Receives the oldest message of the highest priority, waiting until there is one; returns its length."""
    deadline = read_timespec(task, u_abs_timeout, bits) if u_abs_timeout else None
    file = _queue(task, mqdes)
    if not file.readable:
        raise Errno(E.EBADF)
    if msg_len < file.queue.msgsize:
        raise Errno(E.EMSGSIZE)
    message = await mqueue.receive(task, file, deadline)
    if u_msg_prio:
        task.memory.write_u32(u_msg_prio, -message.order)
    task.memory.write(u_msg_ptr, message.text)
    return len(message.text)


def _notice(task: LinuxTask, value: int, signal: int, how: int, *_: int) -> Notice:
    """How a program asks to be told.

    Raises:
        Errno: EINVAL; EFAULT; EBADF, no netlink socket.
    """
    if how == SIGEV_NONE:
        return Notice(task.process)
    if how == SIGEV_SIGNAL and 0 <= signal <= NSIG:
        return Notice(task.process, signal, value)
    if how != SIGEV_THREAD:
        raise Errno(E.EINVAL)
    cookie = bytes(task.memory.read(value, NOTIFY_COOKIE_LEN))
    socket = task.files[signal & 0xFFFF_FFFF]
    if not isinstance(socket, NetlinkSocket):
        raise Errno(E.EBADF)
    return Notice(task.process, socket=socket, cookie=cookie)


@syscall("full", compat_sys_mq_notify=32)
def sys_mq_notify(task: LinuxTask, mqdes: Int, u_notification: Pointer, *, bits: int = 64) -> int:
    """Asks to be told when a message comes to the queue while it is empty, or no longer to be told."""
    notice = None
    if u_notification:
        notice = _notice(task, *SIGEVENT.integers(task.memory, u_notification, bits))
    file = _queue(task, mqdes)
    queue = file.queue
    registered = queue.notice
    if notice is None:
        if registered is not None and registered.process is task.process:
            queue.forget_notice()
        return 0
    if registered is not None and not registered.process.dead:
        raise Errno(E.EBUSY)
    queue.notice, queue.asked_in = notice, task.files
    return 0


@syscall("full", compat_sys_mq_getsetattr=32)
def sys_mq_getsetattr(
    task: LinuxTask, mqdes: Int, u_mqstat: Pointer, u_omqstat: Pointer, *, bits: int = 64
) -> int:
    """Tells of a queue, and sets whether its descriptor waits."""
    wanted = None
    if u_mqstat:
        wanted = MQ_ATTR.integers(task.memory, u_mqstat, bits)[0]
        if wanted & ~O_NONBLOCK:
            raise Errno(E.EINVAL)
    file = _queue(task, mqdes)
    queue, flags = file.queue, file.flags & O_NONBLOCK
    if wanted is not None:
        file.flags = file.flags & ~O_NONBLOCK | wanted
    if u_omqstat:
        counts = (queue.maxmsg, queue.msgsize, len(queue.messages))
        MQ_ATTR.write(task.memory, u_omqstat, bits, flags, *counts, 0, 0, 0, 0)
    return 0
