"""read(2), write(2), their relatives with an offset, and lseek(2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import (
    COMPAT_OFF_T,
    BufferIn,
    BufferOut,
    FdArg,
    OffT,
    Pointer,
    SizeT,
    UnsignedInt,
    UnsignedLong,
)
from ring3.abi.errno import E, Errno
from ring3.fs.file import MAX_RW_COUNT, File
from ring3.fs.opening import O_LARGEFILE
from ring3.fs.regular import RegularFile
from ring3.fs.waiting import Waiting, retry, write_all
from ring3.kernel.functions import function
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.kernel.mm.usercopy import PIECE, BadAddress
from ring3.linux.definition import syscall
from ring3.linux.model.limits import RLIM_INFINITY, Resource
from ring3.linux.signals.send import broken_pipe, file_too_large
from ring3.machine.ram import PAGE_MASK

if TYPE_CHECKING:
    from types import ModuleType

    from ring3.linux.files.pieces import Pieces
    from ring3.linux.model.task import LinuxTask

CompatOffT = Annotated[int, COMPAT_OFF_T]

MAX_NON_LFS: Final = (1 << 31) - 1
"""The largest size of a file for who does not say O_LARGEFILE."""


def readable(task: LinuxTask, fd: int, at_offset: bool = False) -> File:
    """An open file that can be read; also at an offset, if that is asked for.

    Raises:
        Errno: EBADF; ESPIPE, it has no offsets, whether or not it can be read (ksys_pread64 of fs/read_write.c).
    """
    file = task.files[fd]
    if at_offset and file.without_offsets and not file.is_path:
        raise Errno(E.ESPIPE)
    if not file.readable:
        raise Errno(E.EBADF)
    return file


def writable(task: LinuxTask, fd: int, at_offset: bool = False) -> File:
    """The same of one that can be written."""
    file = task.files[fd]
    if at_offset and file.without_offsets and not file.is_path:
        raise Errno(E.ESPIPE)
    if not file.writable:
        raise Errno(E.EBADF)
    return file


def in_pieces() -> ModuleType:
    """`ring3.linux.files.pieces`, for transfers of more than a piece: few programs make one."""
    from ring3.linux.files import pieces  # noqa: PLC0415 -- see above

    return pieces


def checked_count(address: int, count: int) -> int:
    """How many bytes are transferred at most.

    Raises:
        Errno: EFAULT, the buffer reaches beyond all user memory (access_ok), as one of a negative length does.
    """
    if address + count > TASK_SIZE_64:
        raise Errno(E.EFAULT)
    return min(count, MAX_RW_COUNT)


def import_ubuf(address: int, count: int) -> int:
    """The same of a socket's buffer, of which no more is looked at.

    Raises:
        Errno: EFAULT.
    """
    return checked_count(address, min(count, MAX_RW_COUNT))


def from_user(task: LinuxTask, address: int, size: int) -> bytes:
    """Bytes to be written; those before the first bad page if there is one.

    Raises:
        Errno: EFAULT, not even the first can be read.
    """
    try:
        return task.memory.read(address, size)
    except BadAddress as bad:
        if not bad.done:
            raise
        return task.memory.read(address, bad.done)


def whole_pages(file: File, data: bytes) -> bytes:
    """What a file takes of data that a bad page cut off: a pipe takes whole pages only (anon_pipe_write).

    Raises:
        Errno: EFAULT, nothing.
    """
    if file.takes_whole_pages:
        data = data[: len(data) & PAGE_MASK]
        if not data:
            raise Errno(E.EFAULT)
    return data


def to_user(task: LinuxTask, address: int, data: bytes) -> int:
    """Stores what was read; returns how many bytes were.

    Raises:
        BadAddress: Not even the first could be stored.
    """
    try:
        task.memory.write(address, data)
    except BadAddress as bad:
        if not bad.done:
            raise
        return bad.done
    return len(data)


@function(
    "ssize_t vfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)",
    calls={"do_send_specific", "group_send_sig_info"},
)
def vfs_write(task: LinuxTask, file: File, data: bytes | Pieces) -> int | Waiting:
    """Writes data to a file at its position, within the limits of the process.

    Raises:
        Errno: EFBIG, RLIMIT_FSIZE is reached; EPIPE, with SIGPIPE; as `File.write`.
    """
    if isinstance(file, RegularFile) and is_limited(task, file):
        size = limited(task, file, len(data), file.append_position())
        data = data[:size] if isinstance(data, bytes) else data.shortened(size)
    return write_all(task, file, data, broken_pipe)


def is_limited(task: LinuxTask, file: File) -> bool:
    """Whether a file may not become as large as the file system lets it."""
    return task.rlimits[Resource.FSIZE][0] != RLIM_INFINITY or not file.flags & O_LARGEFILE


def limited(task: LinuxTask, file: File, size: int, offset: int) -> int:
    """How much of so many bytes RLIMIT_FSIZE, and the lack of O_LARGEFILE, let a process write at an offset.

    Raises:
        Errno: EFBIG, nothing; with SIGXFSZ if it is the resource limit.
    """
    limit = task.rlimits[Resource.FSIZE][0]
    if offset >= limit and size:
        file_too_large(task)
        raise Errno(E.EFBIG)
    if not file.flags & O_LARGEFILE:
        if offset >= MAX_NON_LFS and size:
            raise Errno(E.EFBIG)
        limit = min(limit, MAX_NON_LFS)
    return min(size, limit - offset)


@function(
    "ssize_t ksys_write(unsigned int fd, const char __user *buf, size_t count)",
    calls={"vfs_write"},
)
def ksys_write(task: LinuxTask, fd: int, buf: int, count: int) -> int | Waiting:
    """Writes up to ``count`` bytes to a descriptor."""
    file = writable(task, fd)
    wanted = checked_count(buf, count)
    if file.discards:
        return file.discard(wanted)
    if wanted > PIECE:
        return vfs_write(task, file, in_pieces().Pieces(task, file, [(buf, wanted)]))
    data = from_user(task, buf, wanted)
    return vfs_write(task, file, data if len(data) == wanted else whole_pages(file, data))


@syscall("full")
def sys_write(task: LinuxTask, fd: FdArg, buf: BufferIn, count: SizeT) -> int | Waiting:
    """Writes ``count`` bytes to a descriptor."""
    return ksys_write(task, fd, buf, count)


@function(
    "ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)",
    calls={"group_send_sig_info", "recalc_sigpending"},
)
def vfs_read(task: LinuxTask, file: File, buf: int, count: int) -> int | Waiting:
    """Reads up to ``count`` bytes of a file at its position."""
    if count > PIECE:
        return retry(task, file, lambda: in_pieces().read(task, file, [(buf, count)], None))

    def read() -> int:
        data = file.read(count)
        return deliver(file, data, lambda: to_user(task, buf, data))

    return retry(task, file, read)


@function(
    "ssize_t ksys_read(unsigned int fd, char __user *buf, size_t count)",
    calls={"vfs_read"},
)
def ksys_read(task: LinuxTask, fd: int, buf: int, count: int) -> int | Waiting:
    """Reads up to ``count`` bytes from a descriptor."""
    file = readable(task, fd)
    return vfs_read(task, file, buf, checked_count(buf, count))


@syscall("full")
def sys_read(task: LinuxTask, fd: FdArg, buf: BufferOut, count: SizeT) -> int | Waiting:
    """Reads up to ``count`` bytes from a descriptor."""
    return ksys_read(task, fd, buf, count)


def deliver(file: File, data: bytes, store: Callable[[], int]) -> int:
    """Stores what was read from a file; what could not be stored is read again next time.

    Raises:
        Errno: EFAULT, nothing could.
    """
    if not data:
        return 0
    done = 0
    try:
        done = store()
    finally:
        if done < len(data):
            file.unread(data[done:])
    return done


# -- with an offset ----------------------------------------------------------------------------------------------


@function("ssize_t ksys_pread64(unsigned int fd, char __user *buf, size_t count, loff_t pos)")
def ksys_pread64(task: LinuxTask, fd: int, buf: int, count: int, offset: int) -> int | Waiting:
    """Reads at an offset."""
    if offset < 0:
        raise Errno(E.EINVAL)
    file = readable(task, fd, at_offset=True)
    wanted = checked_count(buf, count)
    if wanted > PIECE:
        return retry(task, file, lambda: in_pieces().read(task, file, [(buf, wanted)], offset))
    return retry(task, file, lambda: to_user(task, buf, file.pread(wanted, offset)))


@function(
    "ssize_t ksys_pwrite64(unsigned int fd, const char __user *buf, size_t count, loff_t pos)",
    calls={"do_send_specific"},
)
def ksys_pwrite64(task: LinuxTask, fd: int, buf: int, count: int, offset: int) -> int | Waiting:
    """Writes at an offset."""
    if offset < 0:
        raise Errno(E.EINVAL)
    file = writable(task, fd, at_offset=True)
    wanted = checked_count(buf, count)
    if file.discards:
        return file.discard(wanted)
    if isinstance(file, RegularFile) and is_limited(task, file):
        wanted = limited(task, file, wanted, offset)
    if wanted > PIECE:
        return retry(task, file, lambda: in_pieces().write_at(task, file, [(buf, wanted)], offset))
    data = from_user(task, buf, wanted)
    return retry(task, file, lambda: file.pwrite(data, offset))


def wide(low: int, high: int) -> int:
    """The signed 64-bit number whose halves a 32-bit program passes."""
    value = (high & 0xFFFF_FFFF) << 32 | low & 0xFFFF_FFFF
    return value - (1 << 64) if value >> 63 else value


@syscall("full")
def sys_pread64(task: LinuxTask, fd: UnsignedInt, buf: BufferOut, count: SizeT, pos: OffT) -> int | Waiting:
    """Reads at an offset."""
    return ksys_pread64(task, fd, buf, count, pos)


@syscall("full")
def sys_pwrite64(task: LinuxTask, fd: UnsignedInt, buf: BufferIn, count: SizeT, pos: OffT) -> int | Waiting:
    """Writes at an offset."""
    return ksys_pwrite64(task, fd, buf, count, pos)


@syscall("full")
def sys_ia32_pread64(
    task: LinuxTask,
    fd: UnsignedInt,
    ubuf: BufferOut,
    count: UnsignedInt,
    poslo: UnsignedInt,
    poshi: UnsignedInt,
) -> int | Waiting:
    """Reads at an offset, for a 32-bit program."""
    return ksys_pread64(task, fd, ubuf, count, wide(poslo, poshi))


@syscall("full")
def sys_ia32_pwrite64(
    task: LinuxTask,
    fd: UnsignedInt,
    ubuf: BufferIn,
    count: UnsignedInt,
    poslo: UnsignedInt,
    poshi: UnsignedInt,
) -> int | Waiting:
    """Writes at an offset, for a 32-bit program."""
    return ksys_pwrite64(task, fd, ubuf, count, wide(poslo, poshi))


# -- the position ------------------------------------------------------------------------------------------------


@function("off_t ksys_lseek(unsigned int fd, off_t offset, unsigned int whence)")
def ksys_lseek(task: LinuxTask, fd: int, offset: int, whence: int) -> int:
    """Moves a file's position; returns where to."""
    file = task.files[fd]
    if file.is_path:
        raise Errno(E.EBADF)
    if whence > 4:
        raise Errno(E.EINVAL)
    return file.seek(offset, whence)


@syscall("full")
def sys_lseek(task: LinuxTask, fd: UnsignedInt, offset: OffT, whence: UnsignedInt) -> int:
    """Moves a file's position."""
    return ksys_lseek(task, fd, offset, whence)


@syscall("full")
def compat_sys_lseek(task: LinuxTask, fd: UnsignedInt, offset: CompatOffT, whence: UnsignedInt) -> int:
    """Moves a file's position; a 32-bit program sees the low half of where to."""
    return ksys_lseek(task, fd, offset, whence)


@syscall("full")
def sys_llseek(
    task: LinuxTask,
    fd: UnsignedInt,
    offset_high: UnsignedLong,
    offset_low: UnsignedLong,
    result: Pointer,
    whence: UnsignedInt,
) -> int:
    """Moves a file's position, with 64 bits for 32-bit programs."""
    task.memory.write_u64(result, ksys_lseek(task, fd, wide(offset_low, offset_high), whence))
    return 0
