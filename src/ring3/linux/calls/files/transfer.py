"""Calls that move data from one file to another: sendfile(2), copy_file_range(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.fs.file import MAX_RW_COUNT, O_APPEND, SEEK_CUR, SEEK_SET, File
from ring3.fs.regular import MAX_SIZE, RegularFile
from ring3.fs.waiting import Waiting
from ring3.kernel.functions import function
from ring3.kernel.wait import Bound
from ring3.linux.calls.files.read_write import readable, vfs_write, writable
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

OFFSETS: Final = 1 << 64
"""Beyond every offset, as copy_file_range(2) adds to one: without a sign."""
PIECE: Final = 1 << 16
"""Bytes moved at once."""


def _read_offset(task: LinuxTask, address: int, bits: int) -> int | None:
    """An offset in user memory; None at address 0, for the file's position.

    Raises:
        Errno: EFAULT.
    """
    if not address:
        return None
    return int.from_bytes(task.memory.read(address, bits // 8), "little", signed=True)


@function(
    "ssize_t do_sendfile(int out_fd, int in_fd, loff_t *ppos, size_t count, loff_t max)",
    calls={"vfs_write"},
)
def do_sendfile(
    task: LinuxTask, out_fd: int, in_fd: int, address: int, count: int, bits: int
) -> int | Waiting:
    """Copies from one open file to another."""
    offset = _read_offset(task, address, bits)
    source = readable(task, in_fd)
    position = _position(source)
    if offset is not None and position is None:
        raise Errno(E.ESPIPE)
    if (offset is not None and offset < 0) or count >> bits - 1:  # rw_verify_area
        raise Errno(E.EINVAL)
    target = writable(task, out_fd)
    if target.flags & O_APPEND or position is None:
        raise Errno(E.EINVAL)
    if count and source.inode is not None and source.inode.is_directory:
        raise Errno(E.EINVAL)
    start = position if offset is None else offset
    return _move(task, source, target, start, address, min(count, MAX_RW_COUNT), bits)


def _position(file: File) -> int | None:
    """Where a file would be read next; None if what was read of it cannot be read again."""
    try:
        return file.seek(0, SEEK_CUR)
    except Errno:
        return None


async def _move(
    task: LinuxTask, source: File, target: File, start: int, address: int, count: int, bits: int
) -> int:
    """Moves pieces until the source ends; where the next one lies is told at an address, or else is its position."""
    source.hold()
    target.hold()
    done = 0
    try:
        while done < count:
            data = source.pread(min(PIECE, count - done), start + done)
            if not data:
                break
            with Bound(task):  # made again, it would be written again
                written = await _written(task, target, data, done)
            done += written
            if written < len(data):
                break
        if not address and done:
            source.seek(start + done, SEEK_SET)
    finally:
        source.drop()
        target.drop()
    if address:
        task.memory.write(address, ((start + done) & (1 << bits) - 1).to_bytes(bits // 8, "little"))
    return done


async def _written(task: LinuxTask, target: File, data: bytes, before: int) -> int:
    """How much of a piece was written; an error after other pieces only ends the call."""
    try:
        result = vfs_write(task, target, data)
        return result if isinstance(result, int) else await result
    except Errno:
        if before:
            return 0
        raise


@syscall("full", compat_sys_sendfile=32)
def sys_sendfile64(
    task: LinuxTask, out_fd: Int, in_fd: Int, offset: Pointer, count: SizeT, *, bits: int = 64
) -> int | Waiting:
    """Moves data from a regular file to another file."""
    return do_sendfile(task, out_fd & 0xFFFF_FFFF, in_fd & 0xFFFF_FFFF, offset, count, bits)


@syscall("full")
def sys_copy_file_range(
    task: LinuxTask,
    fd_in: Int,
    off_in: Pointer,
    fd_out: Int,
    off_out: Pointer,
    length: SizeT,
    flags: UnsignedInt,
) -> int:
    """Moves data from one regular file to another."""
    source, target = opened(task, fd_in & 0xFFFF_FFFF), opened(task, fd_out & 0xFFFF_FFFF)
    start_in = _read_offset(task, off_in, 64)
    start_out = _read_offset(task, off_out, 64)
    if flags:
        raise Errno(E.EINVAL)
    for file in (source, target):
        if file.inode is not None and file.inode.is_directory:
            raise Errno(E.EISDIR)
    if not isinstance(source, RegularFile) or not isinstance(target, RegularFile):
        raise Errno(E.EINVAL)
    if not source.readable or not target.writable or target.flags & O_APPEND:
        raise Errno(E.EBADF)
    first = source.position if start_in is None else start_in
    second = target.position if start_out is None else start_out
    wanted = _possible(source, target, first, second, length)
    done = vfs_copy_file_range(source, target, first, second, wanted)
    for address, file, start in ((off_in, source, first), (off_out, target, second)):
        if address:
            task.memory.write_u64(address, start + done)
        else:
            file.position = start + done
    return done


def _possible(source: RegularFile, target: RegularFile, first: int, second: int, length: int) -> int:
    """How many bytes there are to copy (generic_copy_file_checks in mm/filemap.c).

    Raises:
        Errno: EOVERFLOW, an offset and the length exceed every offset; EFBIG, no file is so large; EINVAL, an offset is
            negative, or the ranges overlap.
    """
    if max(first % OFFSETS, second % OFFSETS) + length >= OFFSETS:
        raise Errno(E.EOVERFLOW)
    if second >= MAX_SIZE:
        raise Errno(E.EFBIG)
    wanted = min(length, MAX_RW_COUNT, max(0, source.inode.size - first))
    overlap = source.inode is target.inode and first < second + wanted and second < first + wanted
    if min(first, second) < 0 or overlap:
        raise Errno(E.EINVAL)
    return wanted


@function(
    "ssize_t vfs_copy_file_range(struct file *file_in, loff_t pos_in, struct file *file_out, "
    "loff_t pos_out, size_t len, unsigned int flags)",
)
def vfs_copy_file_range(
    source: RegularFile, target: RegularFile, first: int, second: int, wanted: int
) -> int:
    """Copies a part of one regular file into another; returns how many bytes."""
    done = 0
    while done < wanted:
        data = source.inode.pread(first + done, min(PIECE, wanted - done))
        if not data:
            break
        written = target.inode.pwrite(second + done, data)
        done += written
        if written < len(data):
            break
    return done
