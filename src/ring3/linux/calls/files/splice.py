"""splice(2), tee(2) and vmsplice(2): data moves between a pipe and something else without going through user memory.

Linux moves references to pages; bytes are moved here. What a program changes in memory after it gave it to vmsplice
does not show in the pipe, as it would there. Each call waits only until it can move something, then moves what it can.
Source: fs/splice.c of Linux 6.x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import LONG, Int, Pointer, SizeT, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import MAX_RW_COUNT, O_APPEND, O_NONBLOCK, File, WouldBlock
from ring3.fs.pipe import PipeFile
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.fs.regular import RegularFile
from ring3.fs.waiting import Waiting, until_ready
from ring3.kernel.functions import function
from ring3.linux.calls.files.read_write import deliver, is_limited, limited
from ring3.linux.definition import syscall
from ring3.linux.files.vectors import gather, import_iovec, scatter
from ring3.linux.signals.send import broken_pipe

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SPLICE_F_NONBLOCK: Final = 2
SPLICE_F_ALL: Final = 0xF
"""MOVE, NONBLOCK, MORE and GIFT; but for the second they are hints."""


def _check_flags(flags: int) -> None:
    if flags & ~SPLICE_F_ALL:
        raise Errno(E.EINVAL)


def _when_possible(
    task: LinuxTask, files: tuple[File, ...], flags: int, operation: Callable[[], int]
) -> int | Waiting:
    """Does something now, or waits until the pipes in question let it happen.

    Raises:
        Errno: EAGAIN, it is not to wait; or as the operation.
    """
    pipes = [file for file in files if isinstance(file, PipeFile)]
    try:
        return operation()
    except WouldBlock as blocked:
        if flags & SPLICE_F_NONBLOCK or any(pipe.flags & O_NONBLOCK for pipe in pipes):
            raise Errno(E.EAGAIN) from None
        return _wait(task, files, blocked, operation)


async def _wait(
    task: LinuxTask, files: tuple[File, ...], blocked: WouldBlock, operation: Callable[[], int]
) -> int:
    for file in files:
        file.hold()
    try:
        while True:
            await until_ready(task, blocked)
            try:
                return operation()
            except WouldBlock as again:
                blocked = again
    finally:
        for file in files:
            file.drop()


def _room(task: LinuxTask, target: PipeFile) -> int:
    """Bytes that a pipe takes now.

    Raises:
        Errno: EPIPE, with SIGPIPE: nobody can read them.
        WouldBlock: It is full.
    """
    pipe = target.pipe
    if not pipe.readers:
        broken_pipe(task)
        raise Errno(E.EPIPE)
    if pipe.size >= pipe.capacity:
        raise WouldBlock(target, WRITABLE)
    return pipe.capacity - pipe.size


class Place:
    """A file and where in it to read or write: at an offset in user memory, or at its position."""

    def __init__(self, task: LinuxTask, file: File, address: int) -> None:
        """Reads the offset.

        Raises:
            Errno: EFAULT.
        """
        self._task = task
        self._address = address
        self.file = file
        self.offset: int | None = None
        if address:
            self.offset = LONG.cast(task.memory.read_u64(address))

    def check_offset(self) -> None:
        """Whether the file has offsets, if one is given.

        Raises:
            Errno: EINVAL, it has none.
        """
        if self.offset is not None and self.file.without_offsets:
            raise Errno(E.EINVAL)

    def check(self) -> None:
        """Whether the file can take part.

        Raises:
            Errno: EINVAL, it cannot, or the offset is negative.
        """
        inode = self.file.inode
        if isinstance(self.file, AnonymousFile) or (inode is not None and inode.is_directory):
            raise Errno(E.EINVAL)
        if self.offset is not None and self.offset < 0:
            raise Errno(E.EINVAL)

    def read(self, size: int) -> bytes:
        """Up to so many bytes."""
        if self.offset is None:
            return self.file.read(size)
        return self.file.pread(size, self.offset)

    def write(self, data: bytes) -> int:
        """Writes; returns how many bytes the file took."""
        file = self.file
        if isinstance(file, RegularFile) and is_limited(self._task, file):
            at = file.position if self.offset is None else self.offset
            data = data[: limited(self._task, file, len(data), at)]
        return file.write(data) if self.offset is None else file.pwrite(data, self.offset)

    def advance(self, done: int) -> int:
        """Tells the program where the next transfer would go on."""
        if self.offset is not None:
            self._task.memory.write_u64(self._address, self.offset + done)
        return done


@function(
    "ssize_t splice_from_pipe(struct pipe_inode_info *pipe, struct file *out, loff_t *ppos, "
    "size_t len, unsigned int flags, splice_actor *actor)",
)
def splice_from_pipe(source: PipeFile, target: Place, size: int) -> int:
    """Moves bytes out of a pipe into a file."""
    data = source.read(size)
    done = 0
    try:
        done = target.write(data) if data else 0
    finally:
        if done < len(data):
            source.unread(data[done:])
    return target.advance(done)


@function(
    "ssize_t splice_file_to_pipe(struct file *in, struct pipe_inode_info *opipe, loff_t *offset, "
    "size_t len, unsigned int flags)",
    calls={"do_send_specific"},
)
def splice_file_to_pipe(task: LinuxTask, source: Place, target: PipeFile, size: int) -> int:
    """Moves bytes of a file into a pipe, which is to have room before the file is looked at."""
    room = _room(task, target)
    source.check()
    data = source.read(min(size, room))
    return source.advance(target.pipe.put(data))


@function(
    "int splice_pipe_to_pipe(struct pipe_inode_info *ipipe, struct pipe_inode_info *opipe, "
    "size_t len, unsigned int flags)",
    calls={"do_send_specific"},
)
def splice_pipe_to_pipe(task: LinuxTask, source: PipeFile, target: PipeFile, size: int, *, keep: bool) -> int:
    """Moves or copies bytes; 0 if there are none and nobody could write some."""
    pipe = source.pipe
    if not pipe.size and pipe.writers:
        raise WouldBlock(source, READABLE)
    size = min(size, _room(task, target))
    return target.pipe.put(pipe.peek(size) if keep else pipe.take(size))


def _places(task: LinuxTask, *wanted: tuple[File, int]) -> list[Place]:
    """The files and offsets of a call.

    Raises:
        Errno: ESPIPE, a pipe has none, before any is read; EFAULT.
    """
    if any(address and isinstance(file, PipeFile) for file, address in wanted):
        raise Errno(E.ESPIPE)
    return [Place(task, file, address) for file, address in wanted]


@syscall("full")
def sys_splice(
    task: LinuxTask,
    fd_in: Int,
    off_in: Pointer,
    fd_out: Int,
    off_out: Pointer,
    length: SizeT,
    flags: UnsignedInt,
) -> int | Waiting:
    """Moves data from a pipe to a file, from a file to a pipe, or between pipes."""
    if not length:
        return 0
    _check_flags(flags)
    source, target = task.files[fd_in & 0xFFFF_FFFF], task.files[fd_out & 0xFFFF_FFFF]
    if source.is_path or target.is_path:
        raise Errno(E.EBADF)
    start, end = _places(task, (source, off_in), (target, off_out))
    if not source.readable or not target.writable:
        raise Errno(E.EBADF)
    size = min(length, MAX_RW_COUNT)
    if isinstance(source, PipeFile) and isinstance(target, PipeFile):
        if source.pipe is target.pipe:
            raise Errno(E.EINVAL)
        operation = lambda: splice_pipe_to_pipe(task, source, target, size, keep=False)  # noqa: E731
    elif isinstance(source, PipeFile):
        if target.flags & O_APPEND:
            raise Errno(E.EINVAL)
        end.check_offset()
        end.check()
        operation = lambda: splice_from_pipe(source, end, size)  # noqa: E731
    elif isinstance(target, PipeFile):
        start.check_offset()
        operation = lambda: splice_file_to_pipe(task, start, target, size)  # noqa: E731
    else:
        raise Errno(E.EINVAL)
    return _when_possible(task, (source, target), flags, operation)


@syscall("full")
def sys_tee(task: LinuxTask, fdin: Int, fdout: Int, length: SizeT, flags: UnsignedInt) -> int | Waiting:
    """Copies data from one pipe to another; it stays in the first."""
    _check_flags(flags)
    if not length:
        return 0
    source, target = task.files[fdin & 0xFFFF_FFFF], task.files[fdout & 0xFFFF_FFFF]
    if not source.readable or not target.writable:
        raise Errno(E.EBADF)
    if not isinstance(source, PipeFile) or not isinstance(target, PipeFile) or source.pipe is target.pipe:
        raise Errno(E.EINVAL)
    size = min(length, MAX_RW_COUNT)
    return _when_possible(
        task, (source, target), flags, lambda: splice_pipe_to_pipe(task, source, target, size, keep=True)
    )


@syscall("full")
def sys_vmsplice(
    task: LinuxTask, fd: Int, uiov: Pointer, nr_segs: UnsignedLong, flags: UnsignedInt
) -> int | Waiting:
    """Puts user memory into a pipe, or fills it from one."""
    _check_flags(flags)
    file = task.files[fd & 0xFFFF_FFFF]
    if not file.readable and not file.writable:
        raise Errno(E.EBADF)
    vectors = import_iovec(task, uiov, nr_segs, task.in_ia32_syscall)
    size = sum(length for _, length in vectors)
    if not size:
        return 0
    if not isinstance(file, PipeFile):
        raise Errno(E.EBADF)
    if file.writable:
        operation = lambda: file.pipe.put(gather(task, vectors)[: _room(task, file)])  # noqa: E731
    else:
        operation = lambda: vmsplice_to_pipe(task, file, vectors, size)  # noqa: E731
    return _when_possible(task, (file,), flags, operation)


@function("ssize_t vmsplice_to_pipe(struct file *file, struct iov_iter *iter, unsigned int flags)")
def vmsplice_to_pipe(task: LinuxTask, source: PipeFile, vectors: list[tuple[int, int]], size: int) -> int:
    """Puts user memory into a pipe."""
    data = source.read(size)
    return deliver(source, data, lambda: scatter(task, vectors, data))
