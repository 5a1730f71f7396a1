"""pipe(2) and eventfd(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, POINTER, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.fs.eventfd import EventFile
from ring3.fs.file import O_DIRECT, O_NONBLOCK
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.pipe import make_pipe
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import who

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

EFD_SEMAPHORE: Final = 1

PipeFlags = Annotated[int, INT]
EventFlags = Annotated[int, INT]
TwoFds = Annotated[int, POINTER]


@function("int do_pipe2(int __user *fildes, int flags)")
def do_pipe2(task: LinuxTask, address: int, flags: int) -> int:
    """Makes a pipe; nothing is open if its descriptors cannot be stored."""
    files, caller = task.files, who(task)
    reader, writer = make_pipe(task.kernel.vfs, flags & (O_NONBLOCK | O_DIRECT), (caller.uid, caller.gid))
    cloexec = bool(flags & O_CLOEXEC)
    first = files.install(reader, cloexec=cloexec)
    try:
        second = files.install(writer, cloexec=cloexec)
    except Errno:
        files.close(first)
        raise
    try:
        task.memory.write_u64(address, first | second << 32)
    except Errno:
        files.close(first)
        files.close(second)
        raise
    return 0


@syscall("full")
def sys_pipe(task: LinuxTask, fildes: TwoFds) -> int:
    """Makes a pipe."""
    return do_pipe2(task, fildes, 0)


@syscall("full")
def sys_pipe2(task: LinuxTask, fildes: TwoFds, flags: PipeFlags) -> int:
    """Makes a pipe, with flags."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT):
        raise Errno(E.EINVAL)
    return do_pipe2(task, fildes, flags)


@function("int do_eventfd(unsigned int count, int flags)")
def do_eventfd(task: LinuxTask, count: int, flags: int) -> int:
    """Makes an event counter; returns its descriptor."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE):
        raise Errno(E.EINVAL)
    file = EventFile(task.kernel.vfs, count, flags & O_NONBLOCK, bool(flags & EFD_SEMAPHORE))
    return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))


@syscall("full")
def sys_eventfd(task: LinuxTask, count: UnsignedInt) -> int:
    """Makes a counter that can be waited for."""
    return do_eventfd(task, count, 0)


@syscall("full")
def sys_eventfd2(task: LinuxTask, count: UnsignedInt, flags: EventFlags) -> int:
    """The same with flags."""
    return do_eventfd(task, count, flags)
