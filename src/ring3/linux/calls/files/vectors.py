"""readv(2), writev(2) and their relatives: several buffers as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import LONG, Int, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs.regular import RegularFile
from ring3.fs.waiting import Waiting, retry
from ring3.kernel.functions import function
from ring3.kernel.mm.usercopy import PIECE
from ring3.linux.calls.files.read_write import (
    deliver,
    in_pieces,
    readable,
    vfs_write,
    whole_pages,
    wide,
    writable,
)
from ring3.linux.definition import syscall
from ring3.linux.files.vectors import Vectors, gather, import_iovec, scatter

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask


class Rwf(IntFlag):
    """Flags of preadv2(2) and pwritev2(2) (include/uapi/linux/fs.h)."""

    HIPRI = 1
    DSYNC = 2
    SYNC = 4
    NOWAIT = 8
    APPEND = 16


@function(
    "ssize_t do_readv(unsigned long fd, const struct iovec __user *vec, unsigned long vlen, rwf_t flags)",
    calls={"import_iovec"},
)
def do_readv(
    task: LinuxTask, fd: int, address: int, count: int, offset: int | None, flags: int = 0
) -> int | Waiting:
    """Reads into several buffers."""
    file = readable(task, fd, at_offset=offset is not None)
    vectors = import_iovec(task, address, count, task.in_ia32_syscall)
    if flags:
        _check_flags(flags, Rwf.HIPRI | Rwf.NOWAIT)
    wanted = sum(length for _, length in vectors)
    if wanted > PIECE:
        return retry(task, file, lambda: in_pieces().read(task, file, vectors, offset))

    def read() -> int:
        if offset is not None:
            return scatter(task, vectors, file.pread(wanted, offset))
        data = file.read(wanted)
        return deliver(file, data, lambda: scatter(task, vectors, data))

    return retry(task, file, read)


@function(
    "ssize_t do_writev(unsigned long fd, const struct iovec __user *vec, unsigned long vlen, rwf_t flags)",
    calls={"import_iovec", "vfs_write"},
)
def do_writev(
    task: LinuxTask, fd: int, address: int, count: int, offset: int | None, flags: int = 0
) -> int | Waiting:
    """Writes from several buffers."""
    file = writable(task, fd, at_offset=offset is not None)
    vectors = import_iovec(task, address, count, task.in_ia32_syscall)
    if flags:
        _check_flags(flags, Rwf.HIPRI | Rwf.DSYNC | Rwf.SYNC | Rwf.NOWAIT | Rwf.APPEND)
    if file.discards:
        return file.discard(sum(length for _, length in vectors))
    wanted = sum(length for _, length in vectors)
    if wanted > PIECE:
        return _write_pieces(task, file, vectors, offset, flags)
    data = gather(task, vectors)
    if len(data) < wanted:
        data = whole_pages(file, data)
    if flags and flags & Rwf.APPEND and isinstance(file, RegularFile):
        done = file.inode.append(data)
        if offset is None:
            file.position = file.inode.size
        return done
    if offset is None:
        return vfs_write(task, file, data)
    return retry(task, file, lambda: file.pwrite(data, offset))


def _write_pieces(
    task: LinuxTask, file: File, vectors: Vectors, offset: int | None, flags: int
) -> int | Waiting:
    """The same, of more than is copied at once."""
    if flags & Rwf.APPEND and isinstance(file, RegularFile):
        done: int = in_pieces().write_at(task, file, vectors, file.inode.size)
        if offset is None:
            file.position = file.inode.size
        return done
    if offset is None:
        return vfs_write(task, file, in_pieces().Pieces(task, file, vectors))
    return retry(task, file, lambda: in_pieces().write_at(task, file, vectors, offset))


def _check_flags(flags: int, allowed: int) -> None:
    if flags & ~int(allowed):
        raise Errno(E.EOPNOTSUPP)


def _offset(value: int) -> int:
    if value < 0:
        raise Errno(E.EINVAL)
    return value


def _offset_or_position(value: int) -> int | None:
    """The calls with flags take -1 for the file's position."""
    return None if value == -1 else _offset(value)


@syscall("full")
def sys_writev(task: LinuxTask, fd: UnsignedLong, vec: Pointer, vlen: UnsignedLong) -> int | Waiting:
    """Writes several buffers as one."""
    return do_writev(task, fd, vec, vlen, None)


@syscall("full")
def sys_readv(task: LinuxTask, fd: UnsignedLong, vec: Pointer, vlen: UnsignedLong) -> int | Waiting:
    """Reads into several buffers as one."""
    return do_readv(task, fd, vec, vlen, None)


@syscall("full", compat_sys_preadv=32)
def sys_preadv(
    task: LinuxTask,
    fd: UnsignedLong,
    vec: Pointer,
    vlen: UnsignedLong,
    pos_l: UnsignedLong,
    pos_h: UnsignedLong,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Reads into several buffers at an offset."""
    return do_readv(task, fd, vec, vlen, _offset(_place(pos_l, pos_h, bits)))


@syscall("full", compat_sys_pwritev=32)
def sys_pwritev(
    task: LinuxTask,
    fd: UnsignedLong,
    vec: Pointer,
    vlen: UnsignedLong,
    pos_l: UnsignedLong,
    pos_h: UnsignedLong,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Writes several buffers at an offset."""
    return do_writev(task, fd, vec, vlen, _offset(_place(pos_l, pos_h, bits)))


@syscall("full", compat_sys_preadv2=32)
def sys_preadv2(
    task: LinuxTask,
    fd: UnsignedLong,
    vec: Pointer,
    vlen: UnsignedLong,
    pos_l: UnsignedLong,
    pos_h: UnsignedLong,
    flags: Int,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Reads into several buffers at an offset, or at the position if it is -1."""
    return do_readv(task, fd, vec, vlen, _offset_or_position(_place(pos_l, pos_h, bits)), flags)


@syscall("full", compat_sys_pwritev2=32)
def sys_pwritev2(
    task: LinuxTask,
    fd: UnsignedLong,
    vec: Pointer,
    vlen: UnsignedLong,
    pos_l: UnsignedLong,
    pos_h: UnsignedLong,
    flags: Int,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Writes several buffers at an offset, or at the position if it is -1."""
    return do_writev(task, fd, vec, vlen, _offset_or_position(_place(pos_l, pos_h, bits)), flags)


def _place(low: int, high: int, bits: int) -> int:
    """The offset that a program passes in one register of 64 bits, or in two of 32."""
    return wide(low, high) if bits == 32 else LONG.cast(low)
