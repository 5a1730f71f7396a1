"""epoll_create(2), epoll_ctl(2) and epoll_wait(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, FdArg, Int, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.structs.waiting import EPOLL_EVENT
from ring3.fs.epoll import EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EPOLLWAKEUP, EpollFile
from ring3.fs.file import WouldBlock
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.readiness import POLLERR, POLLHUP, POLLIN, POLLOUT, READABLE
from ring3.fs.waiting import Waiting, retry_until
from ring3.kernel.wait import deadline_after
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened
from ring3.linux.timers import timeouts
from ring3.linux.timers.timeouts import Timeout

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_EVENT: Final = EPOLL_EVENT.form(64)
MAX_EVENTS: Final = 0x7FFF_FFFF // _EVENT.size
EXCLUSIVE_OK: Final = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE


class EpollOperation(IntEnum):
    """Operations of epoll_ctl(2)."""

    EPOLL_CTL_ADD = 1
    EPOLL_CTL_DEL = 2
    EPOLL_CTL_MOD = 3


EpollFlags = Annotated[int, INT]
EpollOp = Annotated[int, INT]


def _create(task: LinuxTask, flags: int) -> int:
    if flags & ~O_CLOEXEC:
        raise Errno(E.EINVAL)
    return task.files.install(EpollFile(task.kernel.vfs), cloexec=bool(flags & O_CLOEXEC))


@syscall("full")
def sys_epoll_create1(task: LinuxTask, flags: EpollFlags) -> int:
    """Makes an epoll instance."""
    return _create(task, flags)


@syscall("full")
def sys_epoll_create(task: LinuxTask, size: Int) -> int:
    """Makes an epoll instance; the size means nothing but must be positive."""
    if size <= 0:
        raise Errno(E.EINVAL)
    return _create(task, 0)


@syscall("full")
def sys_epoll_ctl(task: LinuxTask, epfd: FdArg, op: EpollOp, fd: FdArg, event: Pointer) -> int:
    """Adds, changes or removes a descriptor that is watched."""
    events, data = 0, 0
    if op != EpollOperation.EPOLL_CTL_DEL:
        events, data = _EVENT.unpack(task.memory.read(event, _EVENT.size))
    epoll, file = opened(task, epfd), opened(task, fd)
    if not file.pollable:
        raise Errno(E.EPERM)
    if epoll is file or not isinstance(epoll, EpollFile):
        raise Errno(E.EINVAL)
    if events & EPOLLEXCLUSIVE and not _exclusive_allowed(op, events, isinstance(file, EpollFile)):
        raise Errno(E.EINVAL)
    if op == EpollOperation.EPOLL_CTL_ADD:
        epoll.add(fd, file, events, data)
    elif op == EpollOperation.EPOLL_CTL_DEL:
        epoll.remove(fd, file)
    elif op == EpollOperation.EPOLL_CTL_MOD:
        epoll.change(fd, file, events, data)
    else:
        raise Errno(E.EINVAL)
    return 0


def _exclusive_allowed(op: int, events: int, nested: bool) -> bool:
    return op == EpollOperation.EPOLL_CTL_ADD and not nested and not events & ~EXCLUSIVE_OK & ~EPOLLONESHOT


def _wait(
    task: LinuxTask, epfd: int, address: int, count: int, deadline: int | None, immediate: bool
) -> int | Waiting:
    epoll = opened(task, epfd)
    if not 0 < count <= MAX_EVENTS:
        raise Errno(E.EINVAL)
    if not isinstance(epoll, EpollFile):
        raise Errno(E.EINVAL)
    found = epoll.take(count)
    if found or immediate:
        return _store(task, address, found)
    return _wait_long(task, epoll, address, count, deadline)


async def _wait_long(
    task: LinuxTask, epoll: EpollFile, address: int, count: int, deadline: int | None
) -> int:
    def nothing() -> WouldBlock:
        return WouldBlock(epoll, READABLE, for_one=True)

    def take() -> int:
        found = epoll.take(count)
        if not found:
            raise nothing()
        return _store(task, address, found)

    try:
        return await retry_until(task, epoll, nothing(), take, deadline)
    except Errno as error:
        if error.number is E.EAGAIN:
            return 0
        raise Errno(E.EINTR if error.number is E.ERESTARTSYS else error.number) from None


def _store(task: LinuxTask, address: int, found: list[tuple[int, int]]) -> int:
    task.memory.write(address, b"".join(_EVENT.pack(events, data) for events, data in found))
    return len(found)


def _deadline(task: LinuxTask, milliseconds: int) -> int | None:
    return deadline_after(task, milliseconds * 10**6) if milliseconds > 0 else None


@syscall("full")
def sys_epoll_wait(
    task: LinuxTask, epfd: FdArg, events: Pointer, maxevents: Int, timeout: Int
) -> int | Waiting:
    """Waits until something that is watched is ready."""
    return _wait(task, epfd, events, maxevents, _deadline(task, timeout), not timeout)


@syscall("full")
def sys_epoll_pwait(
    task: LinuxTask,
    epfd: FdArg,
    events: Pointer,
    maxevents: Int,
    timeout: Int,
    sigmask: Pointer,
    sigsetsize: SizeT,
) -> int | Waiting:
    """The same with another signal mask."""
    timeouts.set_mask(task, sigmask, sigsetsize)
    try:
        result = _wait(task, epfd, events, maxevents, _deadline(task, timeout), not timeout)
    except Errno:
        timeouts.restore_mask(task)
        raise
    return timeouts.finish_interruptible(task, result)


@syscall("full", compat_sys_epoll_pwait2=64)
def sys_epoll_pwait2(
    task: LinuxTask,
    epfd: FdArg,
    events: Pointer,
    maxevents: Int,
    timeout: Pointer,
    sigmask: Pointer,
    sigsetsize: SizeT,
) -> int | Waiting:
    """The same with a timeout in nanoseconds."""
    until = Timeout(task, timeout)
    timeouts.set_mask(task, sigmask, sigsetsize)
    try:
        result = _wait(task, epfd, events, maxevents, until.deadline, until.immediate)
    except Errno:
        timeouts.restore_mask(task)
        raise
    return timeouts.finish_interruptible(task, result)
