"""signalfd(2): pending signals, read from a descriptor.

Such a file has no signals of its own: whoever reads it takes those that are pending for him. Source: fs/signalfd.c of
Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.fs.file import O_NONBLOCK
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.readiness import READABLE
from ring3.linux.definition import syscall
from ring3.linux.model.signal_state import UNBLOCKABLE
from ring3.linux.signals.signal_file import SignalFile

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SIGSET: Final = 8

SignalFlags = Annotated[int, INT]


def _signalfd(task: LinuxTask, fd: int, address: int, size: int, flags: int) -> int:
    if size != SIGSET:
        raise Errno(E.EINVAL)
    mask = task.memory.read_u64(address) & ~UNBLOCKABLE
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise Errno(E.EINVAL)
    if fd == -1:
        file = SignalFile(task.kernel, mask, flags & O_NONBLOCK)
        return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))
    found = task.files[fd]
    if not isinstance(found, SignalFile):
        raise Errno(E.EINVAL)
    found.mask = mask
    task.process.signal_arrived.wake(READABLE)
    return fd


@syscall("full")
def sys_signalfd(task: LinuxTask, ufd: Int, user_mask: Pointer, sizemask: SizeT) -> int:
    """Makes a descriptor to read signals from, or changes which."""
    return _signalfd(task, ufd, user_mask, sizemask, 0)


@syscall("full")
def compat_sys_signalfd(task: LinuxTask, ufd: Int, user_mask: Pointer, sigsetsize: UnsignedInt) -> int:
    """The same for a 32-bit program."""
    return _signalfd(task, ufd, user_mask, sigsetsize, 0)


@syscall("full")
def sys_signalfd4(task: LinuxTask, ufd: Int, user_mask: Pointer, sizemask: SizeT, flags: SignalFlags) -> int:
    """The same with flags."""
    return _signalfd(task, ufd, user_mask, sizemask, flags)


@syscall("full")
def compat_sys_signalfd4(
    task: LinuxTask, ufd: Int, user_mask: Pointer, sigsetsize: UnsignedInt, flags: SignalFlags
) -> int:
    """The same for a 32-bit program, with flags."""
    return _signalfd(task, ufd, user_mask, sigsetsize, flags)
