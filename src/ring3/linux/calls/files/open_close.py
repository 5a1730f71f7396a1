"""open(2), close(2) and their relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import DirFd, FdArg, Mode, Path, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.files import OPEN_HOW
from ring3.fs.fifo import FifoFile
from ring3.fs.file import (
    O_ACCMODE,
    O_APPEND,
    O_DIRECT,
    O_NOATIME,
    O_NONBLOCK,
    O_PATH,
    O_RDONLY,
    O_WRONLY,
    WouldBlock,
)
from ring3.fs.namei import IN_ROOT, Resolve
from ring3.fs.opening import (
    O_ASYNC,
    O_CLOEXEC,
    O_CREAT,
    O_DIRECTORY,
    O_DSYNC,
    O_EXCL,
    O_LARGEFILE,
    O_NOCTTY,
    O_NOFOLLOW,
    O_SYNC,
    O_TMPFILE,
    O_TRUNC,
    LeaseConflict,
    do_filp_open,
)
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.fs.regular import RegularFile
from ring3.fs.waiting import Waiting, until_ready
from ring3.kernel.functions import function
from ring3.kernel.wait import Bound, WaitQueue, wait_event
from ring3.linux.calls.files.read_write import MAX_NON_LFS
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, OpenFlags, given_path, start_of, walk
from ring3.linux.tasks.birth import unshare

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

KNOWN: Final = (
    O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | O_ASYNC | O_DIRECT
    | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_SYNC | O_PATH | O_TMPFILE
)  # fmt: skip
"""The flags that mean something (VALID_OPEN_FLAGS)."""
PATH_FLAGS: Final = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC
"""Those that matter with O_PATH."""
MODES: Final = 0o7777
CLOSE_RANGE_UNSHARE: Final = 2
CLOSE_RANGE_CLOEXEC: Final = 4
OPEN_HOW_SIZE: Final = 24
PAGE_SIZE: Final = 4096
RESOLVE_KNOWN: Final = 0x3F


def _checked(flags: int) -> int:
    """The flags that are left (build_open_flags).

    Raises:
        Errno: EINVAL, they contradict each other.
    """
    if flags & O_PATH:
        return flags & PATH_FLAGS
    if flags & (O_DIRECTORY | O_CREAT) == O_DIRECTORY | O_CREAT:
        raise Errno(E.EINVAL)
    if flags & O_TMPFILE and (not flags & O_DIRECTORY or flags & O_ACCMODE == O_RDONLY):
        raise Errno(E.EINVAL)
    return flags


@function(
    "int do_sys_openat2(int dfd, const char __user *filename, struct open_how *how)",
    calls={"do_filp_open"},
)
def do_sys_openat2(
    task: LinuxTask, dfd: int, path: bytes, flags: int, mode: int, resolve: int = 0
) -> int | Waiting:
    """Opens a file and gives it a descriptor.

    Raises:
        Errno: As open(2).
    """
    flags = _checked(flags & KNOWN)
    task.files.free_from(0)
    try:
        return _open_file(task, dfd, path, flags, mode, resolve)
    except LeaseConflict as conflict:
        if flags & O_NONBLOCK:
            raise
        from ring3.linux.calls.files.leases import after_leases  # noqa: PLC0415 - few files have any

        return after_leases(task, conflict, lambda: _open_file(task, dfd, path, flags, mode, resolve))
    except WouldBlock as blocked:
        return _when_permitted(task, blocked, lambda: _open_file(task, dfd, path, flags, mode, resolve))


async def _when_permitted(task: LinuxTask, blocked: WouldBlock, attempt: Callable[[], int | Waiting]) -> int:
    """Waits for a permission to open a file (fanotify(7)), and opens it.

    Raises:
        Errno: EPERM; ERESTARTSYS, a signal came.
    """
    while True:
        await until_ready(task, blocked)
        try:
            result = attempt()
        except WouldBlock as again:
            blocked = again
        else:
            return result if isinstance(result, int) else await result


def _open_file(task: LinuxTask, dfd: int, path: bytes, flags: int, mode: int, resolve: int) -> int | Waiting:
    start = start_of(task, dfd, path.lstrip(b"/") if resolve & IN_ROOT else path)
    file = do_filp_open(walk(task, resolve), start, path, flags, mode, task.fs.umask)
    if not flags & (O_LARGEFILE | O_PATH) and isinstance(file, RegularFile) and file.inode.size > MAX_NON_LFS:
        file.hold().drop()
        raise Errno(E.EOVERFLOW)
    if isinstance(file, FifoFile) and file.waits_for_other_end():
        return _open_fifo(task, file, flags)
    if not flags & O_NOCTTY and file.is_terminal():
        from ring3.linux.terminals.terminal import adopt  # noqa: PLC0415 - few programs open one

        adopt(task, file)
    return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))


async def _open_fifo(task: LinuxTask, file: FifoFile, flags: int) -> int:
    """Waits until somebody opens a FIFO's other end."""
    file.hold()
    try:
        queue = WaitQueue()
        listening = file.listen(queue.wake, READABLE | WRITABLE)
        try:
            with Bound(task):  # the other end has seen this one
                await wait_event(task, queue, lambda: not file.waits_for_other_end())
        finally:
            listening.cancel()
        return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))
    finally:
        file.drop()


@syscall("full")
def sys_open(task: LinuxTask, filename: Path, flags: OpenFlags, mode: Mode) -> int | Waiting:
    """Opens a file."""
    return do_sys_openat2(task, AT_FDCWD, given_path(task, filename), flags | O_LARGEFILE, mode & MODES)


@syscall("full")
def compat_sys_open(task: LinuxTask, filename: Path, flags: OpenFlags, mode: Mode) -> int | Waiting:
    """Opens a file for a 32-bit program; EOVERFLOW if it is too large for one that does not say O_LARGEFILE."""
    return do_sys_openat2(task, AT_FDCWD, given_path(task, filename), flags, mode & MODES)


@syscall("full")
def sys_openat(task: LinuxTask, dfd: DirFd, filename: Path, flags: OpenFlags, mode: Mode) -> int | Waiting:
    """Opens a file relative to a directory."""
    return do_sys_openat2(task, dfd, given_path(task, filename), flags | O_LARGEFILE, mode & MODES)


@syscall("full")
def compat_sys_openat(
    task: LinuxTask, dfd: DirFd, filename: Path, flags: OpenFlags, mode: Mode
) -> int | Waiting:
    """The same for a 32-bit program."""
    return do_sys_openat2(task, dfd, given_path(task, filename), flags, mode & MODES)


@syscall("full")
def sys_openat2(task: LinuxTask, dfd: DirFd, filename: Path, how: Pointer, usize: SizeT) -> int | Waiting:
    """Opens a file relative to a directory, within bounds."""
    flags, mode, resolve = _open_how(task, how, usize)
    return do_sys_openat2(task, dfd, given_path(task, filename), flags | O_LARGEFILE, mode, resolve)


def _open_how(task: LinuxTask, address: int, size: int) -> tuple[int, int, int]:
    """``struct open_how``: flags, mode and resolve.

    Raises:
        Errno: EINVAL, E2BIG, as openat2(2); EAGAIN, RESOLVE_CACHED, which nothing here can promise; EFAULT.
    """
    if size < OPEN_HOW_SIZE:
        raise Errno(E.EINVAL)
    if size > PAGE_SIZE:
        raise Errno(E.E2BIG)
    flags, mode, resolve = OPEN_HOW.form(64).unpack(task.memory.read_extensible(address, size, OPEN_HOW_SIZE))
    makes = flags & O_CREAT or flags & O_TMPFILE
    if flags & ~KNOWN or resolve & ~RESOLVE_KNOWN or mode & ~(MODES if makes else 0):
        raise Errno(E.EINVAL)
    if resolve & (Resolve.BENEATH | Resolve.IN_ROOT) == Resolve.BENEATH | Resolve.IN_ROOT:
        raise Errno(E.EINVAL)
    if flags & O_PATH and flags & ~PATH_FLAGS:
        raise Errno(E.EINVAL)
    if resolve & Resolve.CACHED:
        raise Errno(E.EINVAL if flags & (O_TRUNC | O_CREAT | O_TMPFILE) else E.EAGAIN)
    return flags, mode, resolve


@syscall("full")
def sys_creat(task: LinuxTask, pathname: Path, mode: Mode) -> int | Waiting:
    """Makes a file, or empties it, and opens it for writing."""
    flags = O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE
    return do_sys_openat2(task, AT_FDCWD, given_path(task, pathname), flags, mode & MODES)


@syscall("full")
def sys_close(task: LinuxTask, fd: FdArg) -> int:
    """Closes a descriptor."""
    task.files.close(fd)
    return 0


@syscall("full")
def sys_close_range(task: LinuxTask, fd: UnsignedInt, max_fd: UnsignedInt, flags: UnsignedInt) -> int:
    """Closes a range of descriptors, or marks them to be closed by execve."""
    if flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) or fd > max_fd:
        raise Errno(E.EINVAL)
    if flags & CLOSE_RANGE_UNSHARE:
        unshare(task, files=True, fs=False)
    for number in list(task.files):
        if fd <= number <= max_fd:
            if flags & CLOSE_RANGE_CLOEXEC:
                task.files.set_cloexec(number, True)
            else:
                task.files.close(number)
    return 0
