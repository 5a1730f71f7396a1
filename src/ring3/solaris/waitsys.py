"""waitsys: waiting for children (usr/src/uts/common/os/exit.c, waitid)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.kernel.wait import wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.exit import child_info
from ring3.solaris.siginfo import CLD_STOPPED, SIZE

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask


class IdType(IntEnum):
    """What an id means (sys/procset.h)."""

    P_PID = 0
    P_PGID = 2
    P_ALL = 7


WEXITED: Final = 1
WSTOPPED: Final = 4
WCONTINUED: Final = 8
WNOHANG: Final = 0x40
WNOWAIT: Final = 0x80
_KNOWN: Final = 0xCF


def _children(task: SolarisTask, idtype: int, number: int) -> list[Process]:
    children = task.process.children.values()
    if idtype == IdType.P_PID:
        return [child for child in children if child.pid == number]
    if idtype == IdType.P_PGID:
        return [child for child in children if child.pgid == number]
    if idtype == IdType.P_ALL:
        return list(children)
    raise Errno(SolarisE.EINVAL)


@syscall("full")
def waitsys(task: SolarisTask, idtype: Int, id: Int, infop: Address, options: Int) -> int | Waiting:  # noqa: A002
    """Waits for what becomes of a child, its end, a stop or that it goes on, and stores its siginfo."""
    if options & ~_KNOWN or not options & 0xF:
        raise Errno(SolarisE.EINVAL)
    if not _children(task, idtype, id):
        raise Errno(SolarisE.ECHILD)
    found = _changed(task, idtype, id, options)
    if found is not None:
        return _take(task, found, infop, options)
    if options & WNOHANG:
        task.memory.write(infop, bytes(SIZE[task.bits]))
        return 0
    return _wait(task, idtype, id, infop, options)


@syscall("full")
def waitsys32(task: SolarisTask, idtype: Int, id: Int, infop: Address, options: Int) -> int | Waiting:  # noqa: A002
    """The same with a siginfo of 32 bits."""
    return waitsys(task, idtype, id, infop, options)


def _tells(child: Process, options: int) -> bool:
    """Whether there is something of a child that the caller waits for."""
    if child.exited:
        return bool(options & WEXITED)
    if child.news is None:
        return False
    return bool(options & (WSTOPPED if child.news.code == CLD_STOPPED else WCONTINUED))


def _changed(task: SolarisTask, idtype: int, number: int, options: int) -> Process | None:
    return next((child for child in _children(task, idtype, number) if _tells(child, options)), None)


async def _wait(task: SolarisTask, idtype: int, number: int, infop: int, options: int) -> int:
    process = task.process

    def over() -> bool:
        children = _children(task, idtype, number)
        return not children or _changed(task, idtype, number, options) is not None

    await wait_event(task, process.changed, over)
    found = _changed(task, idtype, number, options)
    if found is None:
        raise Errno(SolarisE.ECHILD)
    return _take(task, found, infop, options)


def _take(task: SolarisTask, child: Process, infop: int, options: int) -> int:
    told = child_info(child) if child.news is None or child.exited else child.news
    task.memory.write(infop, told.pack(task.bits))
    if options & WNOWAIT:
        return 0
    if not child.exited:
        child.news = None
        return 0
    process = task.process
    process.children_time += child.cpu_time + child.children_time
    process.children.pop(child.pid, None)
    task.kernel.forget(child)
    for info in [
        info for info in process.sigqueue if info.pid == child.pid and info.signo == SolarisSig.SIGCLD
    ]:
        process.sigqueue.remove(info)
    return 0
