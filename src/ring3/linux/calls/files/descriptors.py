"""Calls on descriptors themselves: dup(2) and fcntl(2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, CompatULong, FdArg, Int, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.structs.files import F_OWNER_EX
from ring3.fs.file import O_APPEND, O_DIRECT, O_NOATIME, O_NONBLOCK, O_PATH, File
from ring3.fs.opening import O_ASYNC, O_CLOEXEC
from ring3.fs.permission import CAP_SYS_RESOURCE
from ring3.fs.pipe import MAX_CAPACITY, PipeFile
from ring3.fs.waiting import Waiting
from ring3.kernel.functions import function
from ring3.linux.calls.files.file_locks import LOCK_COMMANDS, lock_command
from ring3.linux.calls.files.memfd import add_seals, seals_of
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import who
from ring3.linux.signals import sigio

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

FD_CLOEXEC: Final = 1
SETTABLE: Final = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME
"""The flags that F_SETFL changes (SETFL_MASK), but for O_ASYNC, which not every file can have."""


class Fcntl(IntEnum):
    """Commands of fcntl(2) (include/uapi/asm-generic/fcntl.h, include/uapi/linux/fcntl.h)."""

    F_DUPFD = 0
    F_GETFD = 1
    F_SETFD = 2
    F_GETFL = 3
    F_SETFL = 4
    F_GETLK = 5
    F_SETLK = 6
    F_SETLKW = 7
    F_SETOWN = 8
    F_GETOWN = 9
    F_SETSIG = 10
    F_GETSIG = 11
    F_GETLK64 = 12
    F_SETLK64 = 13
    F_SETLKW64 = 14
    F_SETOWN_EX = 15
    F_GETOWN_EX = 16
    F_OFD_GETLK = 36
    F_OFD_SETLK = 37
    F_OFD_SETLKW = 38
    F_SETLEASE = 1024
    F_GETLEASE = 1025
    F_NOTIFY = 1026
    F_DUPFD_QUERY = 1027
    F_CREATED_QUERY = 1028
    F_DUPFD_CLOEXEC = 1030
    F_SETPIPE_SZ = 1031
    F_GETPIPE_SZ = 1032
    F_ADD_SEALS = 1033
    F_GET_SEALS = 1034


FcntlCommand = Annotated[int, INT]
Command = Callable[["LinuxTask", int, File, int], int]


# -- dup ---------------------------------------------------------------------------------------------------------


@syscall("full")
def sys_dup(task: LinuxTask, fildes: FdArg) -> int:
    """One more descriptor for an open file."""
    return task.files.install(task.files[fildes])


@function("int ksys_dup3(unsigned int oldfd, unsigned int newfd, int flags)")
def ksys_dup3(task: LinuxTask, old: int, new: int, cloexec: bool) -> int:
    """Gives an open file the descriptor that the caller names."""
    file = task.files.get(old)
    if new >= task.files.limit or file is None:
        raise Errno(E.EBADF)
    task.files.replace(new, file, cloexec)
    return new


@syscall("full")
def sys_dup2(task: LinuxTask, oldfd: FdArg, newfd: FdArg) -> int:
    """A certain descriptor for an open file, in place of what it was."""
    if oldfd == newfd:
        task.files[oldfd]
        return oldfd
    return ksys_dup3(task, oldfd, newfd, cloexec=False)


@syscall("full")
def sys_dup3(task: LinuxTask, oldfd: FdArg, newfd: FdArg, flags: Int) -> int:
    """The same, with O_CLOEXEC if wanted."""
    if flags & ~O_CLOEXEC or oldfd == newfd:
        raise Errno(E.EINVAL)
    return ksys_dup3(task, oldfd, newfd, bool(flags & O_CLOEXEC))


# -- fcntl -------------------------------------------------------------------------------------------------------


def _dupfd(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return f_dupfd(task, file, arg, cloexec=False)


def _dupfd_cloexec(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return f_dupfd(task, file, arg, cloexec=True)


@function("int f_dupfd(unsigned int from, struct file *file, unsigned int flags)")
def f_dupfd(task: LinuxTask, file: File, lowest: int, cloexec: bool) -> int:
    """Gives an open file the lowest free descriptor from a number on."""
    if lowest & 0xFFFF_FFFF >= task.files.limit:
        raise Errno(E.EINVAL)
    return task.files.install(file, lowest & 0xFFFF_FFFF, cloexec)


def _dupfd_query(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return int(task.files[arg & 0xFFFF_FFFF] is file)


def _created_query(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return int(file.created)


def _getfd(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return FD_CLOEXEC if task.files.cloexec(fd) else 0


def _setfd(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    task.files.set_cloexec(fd, bool(arg & FD_CLOEXEC))
    return 0


def _getfl(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return file.flags


def _setfl(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    inode = file.inode
    if arg & O_NOATIME & ~file.flags and inode is not None and not who(task).owns(inode):
        raise Errno(E.EPERM)
    if (arg ^ file.flags) & O_ASYNC:
        sigio.set_async(task, fd, file, bool(arg & O_ASYNC))
    file.flags = file.flags & ~SETTABLE | arg & SETTABLE
    return 0


def _getpipe(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    if not isinstance(file, PipeFile):
        raise Errno(E.EBADF)
    return file.pipe.capacity


def _setpipe(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    if not isinstance(file, PipeFile):
        raise Errno(E.EBADF)
    wanted = arg & 0xFFFF_FFFF
    if wanted > 1 << 31:
        raise Errno(E.EINVAL)
    if wanted > MAX_CAPACITY and wanted > file.pipe.capacity and not who(task).has(CAP_SYS_RESOURCE):
        raise Errno(E.EPERM)
    return file.pipe.resize(wanted)


def _getown(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return sigio.number_of(task, file)


def _setown(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    sigio.set_by_number(task, file, INT.cast(arg))
    return 0


def _getown_ex(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    found = sigio.owner_of(file)
    F_OWNER_EX.write(task.memory, arg, 64, int(found.kind), task.pid_ns.shown(found.number))
    return 0


def _setown_ex(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    kind, number = F_OWNER_EX.integers(task.memory, arg, 64)
    if kind not in set(sigio.OwnerKind):
        raise Errno(E.EINVAL)
    sigio.owner_of(file).set(task, sigio.OwnerKind(kind), number)
    return 0


def _getsig(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    return 0 if file.signalled is None else sigio.owner_of(file).signal


def _setsig(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    sigio.set_signal(file, arg)
    return 0


def _setlease(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    from ring3.linux.calls.files.leases import fcntl_setlease  # noqa: PLC0415 - few programs use them

    return fcntl_setlease(task, fd, file, INT.cast(arg))


def _getlease(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    from ring3.linux.calls.files.leases import fcntl_getlease  # noqa: PLC0415 - few programs use them

    return fcntl_getlease(file)


def _notify(task: LinuxTask, fd: int, file: File, arg: int) -> int:
    from ring3.linux.calls.files.directory_notice import fcntl_dirnotify  # noqa: PLC0415 - few programs use it

    return fcntl_dirnotify(task, fd, file, arg & 0xFFFF_FFFF)


COMMANDS: Final[dict[int, Command]] = {
    Fcntl.F_DUPFD: _dupfd,
    Fcntl.F_DUPFD_CLOEXEC: _dupfd_cloexec,
    Fcntl.F_DUPFD_QUERY: _dupfd_query,
    Fcntl.F_CREATED_QUERY: _created_query,
    Fcntl.F_GETFD: _getfd,
    Fcntl.F_SETFD: _setfd,
    Fcntl.F_GETFL: _getfl,
    Fcntl.F_SETFL: _setfl,
    Fcntl.F_GETOWN: _getown,
    Fcntl.F_SETOWN: _setown,
    Fcntl.F_GETOWN_EX: _getown_ex,
    Fcntl.F_SETOWN_EX: _setown_ex,
    Fcntl.F_GETSIG: _getsig,
    Fcntl.F_SETSIG: _setsig,
    Fcntl.F_SETLEASE: _setlease,
    Fcntl.F_GETLEASE: _getlease,
    Fcntl.F_NOTIFY: _notify,
    Fcntl.F_GETPIPE_SZ: _getpipe,
    Fcntl.F_SETPIPE_SZ: _setpipe,
    Fcntl.F_ADD_SEALS: add_seals,
    Fcntl.F_GET_SEALS: seals_of,
}
ON_PATHS: Final = (
    Fcntl.F_DUPFD,
    Fcntl.F_DUPFD_CLOEXEC,
    Fcntl.F_DUPFD_QUERY,
    Fcntl.F_CREATED_QUERY,
    Fcntl.F_GETFD,
    Fcntl.F_SETFD,
    Fcntl.F_GETFL,
)
"""What works on an O_PATH descriptor (check_fcntl_cmd)."""


@function(
    "long do_fcntl(int fd, unsigned int cmd, unsigned long arg, struct file *filp)",
    calls={"f_dupfd"},
)
def do_fcntl(task: LinuxTask, fd: int, cmd: int, arg: int) -> int | Waiting:
    """Does a command of fcntl(2)."""
    file = task.files[fd]
    if file.flags & O_PATH and cmd not in ON_PATHS:
        raise Errno(E.EBADF)
    if cmd in LOCK_COMMANDS:
        return lock_command(task, file, cmd, arg)
    command = COMMANDS.get(cmd)
    if command is None:
        raise Errno(E.EINVAL)
    return command(task, fd, file, arg)


NOTE: Final = "no write hints: EINVAL"


@syscall("partial", NOTE)
def sys_fcntl(task: LinuxTask, fd: UnsignedInt, cmd: FcntlCommand, arg: UnsignedLong) -> int | Waiting:
    """Asks and changes what an open file and its descriptor are."""
    return do_fcntl(task, fd, cmd, arg)


@syscall("partial", NOTE)
def compat_sys_fcntl64(
    task: LinuxTask, fd: UnsignedInt, cmd: FcntlCommand, arg: CompatULong
) -> int | Waiting:
    """The same for a 32-bit program."""
    return do_fcntl(task, fd, cmd, arg)
