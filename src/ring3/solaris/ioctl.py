"""ioctl(2): what every file answers, and who answers the rest.

Sources: usr/src/uts/common/syscall/ioctl.c, common/fs/fifofs/fifovnops.c (fifo_ioctl) of illumos.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.solaris.ioctls import Ioctl
from ring3.fs.file import O_NONBLOCK, File
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask


def _close_on_exec(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.files.set_cloexec(fd, True)


def _stay_on_exec(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.files.set_cloexec(fd, False)


def _nonblocking(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    file.flags = file.flags | O_NONBLOCK if task.memory.read_u32(arg) else file.flags & ~O_NONBLOCK


def _available(task: SolarisTask, fd: int, file: File, arg: int) -> None:
    task.memory.write_u32(arg, file.available())


_REQUESTS: Final[dict[int, Callable[[SolarisTask, int, File, int], None]]] = {
    Ioctl.FIOCLEX: _close_on_exec,
    Ioctl.FIONCLEX: _stay_on_exec,
    Ioctl.FIONBIO: _nonblocking,
    Ioctl.FIONREAD: _available,
}
FAMILIES: Final = {
    "host": ("ring3.solaris.host_terminal", "host_ioctl"),
    "terminal": ("ring3.solaris.terminal_ioctl", "terminal_ioctl"),
}
"""What answers the requests of a family (`File.requests`): module and function, imported when first used."""


@syscall("partial", "files, terminals and their streams; of other streams and devices nothing: ENOTTY")
def ioctl(task: SolarisTask, fdes: Int, cmd: Int, arg: UnsignedLong) -> int | Waiting:
    """Controls a device."""
    file, cmd = task.files[fdes], cmd & 0xFFFF_FFFF
    request = _REQUESTS.get(cmd)
    if request is not None:
        request(task, fdes, file, arg)
        return 0
    family = FAMILIES.get(file.requests)
    if family is None:
        raise Errno(E.ENOTTY)
    module, name = family
    found: int | Waiting = getattr(import_module(module), name)(task, file, cmd, arg)
    return found
