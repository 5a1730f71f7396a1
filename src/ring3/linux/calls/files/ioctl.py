"""ioctl(2): what every file answers, and terminals of the host; `FAMILIES` says where the rest is.

The settings of a terminal of the host are those of the person who sits there, and are changed there. Which process
group it serves is the kernel's own business (`LinuxTask.terminal_group`).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, UNSIGNED_INT, CompatULong, FdArg, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.file import EVERY_RIGHT, O_NONBLOCK, File
from ring3.fs.opening import O_ASYNC
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened
from ring3.linux.terminals.groups import terminal_group, tiocspgrp
from ring3.linux.terminals.ioctls import Ioctl

if TYPE_CHECKING:
    from ring3.fs.host import HostFile
    from ring3.fs.waiting import Waiting
    from ring3.linux.model.task import LinuxTask


IoctlCommand = Annotated[int, UNSIGNED_INT]

READS: Final = {Ioctl.TCGETS: 36, Ioctl.TCGETA: 18, Ioctl.TCGETS2: 44, Ioctl.TIOCGWINSZ: 8, Ioctl.TIOCOUTQ: 4}
"""Requests of terminals that fill a structure, and its bytes."""
WRITES: Final = {
    Ioctl.TCSETS: 36,
    Ioctl.TCSETSW: 36,
    Ioctl.TCSETSF: 36,
    Ioctl.TCSETA: 18,
    Ioctl.TCSETAW: 18,
    Ioctl.TCSETAF: 18,
    Ioctl.TCSETS2: 44,
    Ioctl.TCSETSW2: 44,
    Ioctl.TCSETSF2: 44,
    Ioctl.TIOCSWINSZ: 8,
}
"""Requests of terminals that take a structure, and its bytes."""
NUMBERS: Final = (Ioctl.TCSBRK, Ioctl.TCXONC, Ioctl.TCFLSH, Ioctl.TCSBRKP)
"""Requests of terminals that take a number."""


def _close_on_exec(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    task.files.set_cloexec(fd, True)
    return 0


def _stay_on_exec(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    task.files.set_cloexec(fd, False)
    return 0


def _nonblocking(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    if task.memory.read_u32(arg):
        file.flags |= O_NONBLOCK
    else:
        file.flags &= ~O_NONBLOCK
    return 0


def _available(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    task.memory.write_u32(arg, min(max(file.available(), -(1 << 31)), (1 << 31) - 1))
    return 0


def _async(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    from ring3.linux.signals.sigio import set_async  # noqa: PLC0415 - few programs use it

    wanted = bool(task.memory.read_u32(arg))
    if bool(file.flags & O_ASYNC) != wanted:
        if not file.pollable:
            raise Errno(E.ENOTTY)
        set_async(task, fd, file, wanted)
    return 0


EVERYWHERE: Final[dict[int, Callable[[LinuxTask, int, File, int], int]]] = {
    Ioctl.FIOCLEX: _close_on_exec,
    Ioctl.FIONCLEX: _stay_on_exec,
    Ioctl.FIONBIO: _nonblocking,
    Ioctl.FIOASYNC: _async,
    Ioctl.FIONREAD: _available,
}
"""What any file answers."""
OF_FILES: Final = {
    0x2: "block_size",
    0x8008_6601: "get_flags",
    0x8004_6601: "get_flags",
    0x4008_6602: "set_flags",
    0x4004_6602: "set_flags",
    0x801C_581F: "get_attributes",
    0x4004_9409: "clone",
    0x4020_940D: "clone_range",
}
"""FIGETBSZ, FS_IOC_GETFLAGS and SETFLAGS of both widths, FS_IOC_FSGETXATTR, FICLONE, FICLONERANGE: asked of any file
too, and answered by a function of `inode_flags`."""


NOT_OF_DEVICES: Final = frozenset((
    Ioctl.FIOCLEX, Ioctl.FIONCLEX, Ioctl.FIONBIO, Ioctl.FIOASYNC, 0x5460, 0xC004_5877, 0xC004_5878, 0xC020_660B, 0x2,
    0x4004_9409, 0x4020_940D, 0xC018_9436, 0x8011_1500, 0x8081_1501,
))  # fmt: skip
"""What is no matter of a device, and allowed to those who have given up requests of devices (is_masked_device_ioctl).

The numbers are those of FIOQSIZE, FIFREEZE, FITHAW, FS_IOC_FIEMAP, FIGETBSZ, FICLONE, FICLONERANGE, FIDEDUPERANGE,
FS_IOC_GETFSUUID and FS_IOC_GETFSSYSFSPATH, which no file system here has.
"""


FAMILIES: Final = {
    "block": ("ring3.linux.calls.devices.block_ioctl", "block_ioctl"),
    "epoll": ("ring3.linux.calls.waiting.epoll_ioctl", "epoll_ioctl"),
    "host": (__name__, "host_ioctl"),
    "loop": ("ring3.linux.calls.devices.loop_ioctl", "loop_ioctl"),
    "loop_control": ("ring3.linux.calls.devices.loop_ioctl", "loop_control_ioctl"),
    "maps": ("ring3.linux.proc.query", "procmap_query"),
    "namespace": ("ring3.linux.tasks.namespace_file", "ns_ioctl"),
    "pidfd": ("ring3.linux.calls.processes.pidfd_info", "pidfd_ioctl"),
    "random": ("ring3.linux.calls.files.random_ioctl", "random_ioctl"),
    "seccomp": ("ring3.linux.filters.listener", "notify_ioctl"),
    "socket": ("ring3.linux.calls.sockets.ioctl", "socket_ioctl"),
    "timer": ("ring3.linux.calls.time.timerfd", "timer_ioctl"),
    "terminal": ("ring3.linux.terminals.terminal", "tty_ioctl"),
}
"""What answers the requests of a family (`File.requests`): module and function, imported when first used."""


def host_ioctl(task: LinuxTask, file: HostFile, cmd: int, arg: int) -> int:
    """A request of a descriptor of the host, which is answered if that is a terminal.

    Raises:
        Errno: ENOTTY, it is none, or knows no such request; EFAULT; as the host's ioctl(2).
    """
    if not file.is_terminal():
        raise Errno(E.ENOTTY)
    if cmd in READS:
        task.memory.write(arg, host_os.ioctl(file.fd, cmd, bytes(READS[Ioctl(cmd)])))
    elif cmd in WRITES:
        host_os.ioctl(file.fd, cmd, task.memory.read(arg, WRITES[Ioctl(cmd)]))
    elif cmd in NUMBERS:
        host_os.ioctl_number(file.fd, cmd, arg & 0x7FFF_FFFF)
    elif cmd in JOB_CONTROL:
        JOB_CONTROL[Ioctl(cmd)](task, arg)
    else:
        raise Errno(E.ENOTTY)
    return 0


def _get_group(task: LinuxTask, arg: int) -> None:
    task.memory.write_u32(arg, terminal_group(task))


def _set_group(task: LinuxTask, arg: int) -> None:
    tiocspgrp(task, INT.cast(task.memory.read_u32(arg)))


def _get_session(task: LinuxTask, arg: int) -> None:
    task.memory.write_u32(arg, task.pid_ns.shown(task.process.sid))


JOB_CONTROL: Final = {
    Ioctl.TIOCGPGRP: _get_group,
    Ioctl.TIOCSPGRP: _set_group,
    Ioctl.TIOCGSID: _get_session,
}


def _require_right(file: File) -> None:
    """Refuses requests to a device whose opener had given them up (hook_file_ioctl).

    Raises:
        Errno: EACCES.
    """
    from ring3.fs.landlock import IOCTL_DEV  # noqa: PLC0415 - few programs have given up anything

    inode = file.inode
    if not file.rights & IOCTL_DEV and inode is not None and inode.is_device:
        raise Errno(E.EACCES)


@function(
    "int do_vfs_ioctl(struct file *filp, unsigned int fd, unsigned int cmd, unsigned long arg)",
    calls={"tty_ioctl"},
)
def do_vfs_ioctl(task: LinuxTask, fd: int, cmd: int, arg: int) -> int | Waiting:
    """Does a request of ioctl(2)."""
    file = opened(task, fd)
    if file.rights != EVERY_RIGHT and cmd not in NOT_OF_DEVICES:
        _require_right(file)
    everywhere = EVERYWHERE.get(cmd)
    if everywhere is not None:
        return everywhere(task, fd, file, arg)
    if cmd in OF_FILES:
        about: Callable[[LinuxTask, int, File, int], int]
        about = getattr(import_module("ring3.linux.calls.files.inode_flags"), OF_FILES[cmd])
        return about(task, fd, file, arg)
    if file.requests not in FAMILIES:
        raise Errno(E.ENOTTY)
    module, name = FAMILIES[file.requests]
    result: int | Waiting = getattr(import_module(module), name)(task, file, cmd, arg)
    return result


NOTE: Final = "what files have in common, sockets, loop devices, terminals; of others: ENOTTY"


@syscall("partial", NOTE)
def sys_ioctl(task: LinuxTask, fd: FdArg, cmd: IoctlCommand, arg: UnsignedLong) -> int | Waiting:
    """Controls a device."""
    return do_vfs_ioctl(task, fd, cmd, arg)


@syscall("partial", NOTE)
def compat_sys_ioctl(task: LinuxTask, fd: FdArg, cmd: IoctlCommand, arg32: CompatULong) -> int | Waiting:
    """Controls a device, for a 32-bit program."""
    return do_vfs_ioctl(task, fd, cmd, arg32)
