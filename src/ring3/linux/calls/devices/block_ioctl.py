"""Requests that any block device answers (block/ioctl.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.fs.block.disk import SECTOR
from ring3.fs.block.loop import require_block_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.block.disk import Disk, DiskFile
    from ring3.linux.model.task import LinuxTask


class Blk(IntEnum):
    """Their numbers (include/uapi/linux/fs.h); with a size in them, those of both widths."""

    ROSET = 0x125D
    ROGET = 0x125E
    RRPART = 0x125F
    GETSIZE = 0x1260
    FLSBUF = 0x1261
    RASET = 0x1262
    RAGET = 0x1263
    FRASET = 0x1264
    FRAGET = 0x1265
    SECTGET = 0x1267
    SSZGET = 0x1268
    DISCARD = 0x1277
    IOMIN = 0x1278
    IOOPT = 0x1279
    ALIGNOFF = 0x127A
    PBSZGET = 0x127B
    DISCARDZEROES = 0x127C
    SECDISCARD = 0x127D
    ROTATIONAL = 0x127E
    ZEROOUT = 0x127F
    BSZGET = 0x8008_1270
    BSZGET_32 = 0x8004_1270
    BSZSET = 0x4008_1271
    BSZSET_32 = 0x4004_1271
    GETSIZE64 = 0x8008_1272
    GETSIZE64_32 = 0x8004_1272
    GETDISKSEQ = 0x8008_1280
    BSZ = 2
    GETGEO = 0x301


_MAX_SECTORS: Final = 2560

TOLD: Final[dict[int, tuple[int, Callable[[Disk], int]]]] = {
    Blk.ROGET: (4, lambda disk: disk.readonly),
    Blk.SECTGET: (2, lambda disk: _MAX_SECTORS),
    Blk.SSZGET: (4, lambda disk: disk.logical_size),
    Blk.IOMIN: (4, lambda disk: disk.logical_size),
    Blk.IOOPT: (4, lambda disk: 0),
    Blk.ALIGNOFF: (4, lambda disk: 0),
    Blk.PBSZGET: (4, lambda disk: disk.logical_size),
    Blk.DISCARDZEROES: (4, lambda disk: 0),
    Blk.ROTATIONAL: (2, lambda disk: 0),
    Blk.BSZGET: (4, lambda disk: disk.block_size),
    Blk.BSZGET_32: (4, lambda disk: disk.block_size),
    Blk.GETSIZE64: (8, lambda disk: disk.size),
    Blk.GETSIZE64_32: (8, lambda disk: disk.size),
    Blk.GETDISKSEQ: (8, lambda disk: disk.sequence),
    Blk.BSZ: (4, lambda disk: disk.block_size),
}
"""Requests that tell a number, the number's bytes, and where it comes from."""
LONGS: Final[dict[int, Callable[[Disk], int]]] = {
    Blk.GETSIZE: lambda disk: disk.size // SECTOR,
    Blk.RAGET: lambda disk: disk.read_ahead,
    Blk.FRAGET: lambda disk: disk.read_ahead,
}
"""The same of those whose number is as wide as an address."""


def block_ioctl(task: LinuxTask, file: DiskFile, cmd: int, arg: int) -> int:
    """Answers one.

    Raises:
        Errno: ENOTTY, there is no such request; EFAULT, EACCES, EINVAL and others as it says.
    """
    disk = file.disk
    if cmd in TOLD:
        size, number = TOLD[cmd]
        task.memory.write(arg, number(disk).to_bytes(size, "little"))
    elif cmd in LONGS:
        if cmd == Blk.GETSIZE or arg:
            size = 4 if task.in_ia32_syscall else 8
            task.memory.write(arg, LONGS[cmd](disk).to_bytes(size, "little"))
        else:
            raise Errno(E.EINVAL)
    elif cmd in RANGES:
        _change_range(task, file, cmd, arg)
    elif cmd in PRIVILEGED:
        if not task.credentials.capable(Cap.SYS_ADMIN):
            raise Errno(E.EACCES)
        PRIVILEGED[cmd](task, disk, arg)
    elif cmd == Blk.GETGEO and not arg:
        raise Errno(E.EINVAL)
    else:
        raise Errno(E.ENOTTY)  # to the question for its geometry too: it has none
    return 0


RANGES: Final = (Blk.DISCARD, Blk.SECDISCARD, Blk.ZEROOUT)
"""Requests about a range of bytes."""


def _change_range(task: LinuxTask, file: DiskFile, cmd: int, arg: int) -> None:
    """Forgets a range, or fills it with zeros.

    Raises:
        Errno: EBADF, the file is not open for writing; EINVAL, not a row of sectors of it; EOPNOTSUPP; EFAULT.
    """
    if not file.writable:
        raise Errno(E.EBADF)
    if cmd == Blk.SECDISCARD:
        raise Errno(E.EOPNOTSUPP)
    raw = task.memory.read(arg, 16)
    start, length = int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little")
    if (start | length) % file.disk.logical_size or not length or start + length > file.disk.size:
        raise Errno(E.EINVAL)
    if cmd == Blk.ZEROOUT:
        file.disk.zero(start, length)
    else:
        file.disk.discard(start, length)


def _set_readonly(task: LinuxTask, disk: Disk, arg: int) -> None:
    disk.readonly = bool(task.memory.read_u32(arg))


def _flush(task: LinuxTask, disk: Disk, arg: int) -> None:
    disk.sync()


def _keep_read_ahead(task: LinuxTask, disk: Disk, arg: int) -> None:
    disk.read_ahead = arg


def _read_partitions(task: LinuxTask, disk: Disk, arg: int) -> None:
    raise Errno(E.EINVAL)  # of a device without partitions (disk_scan_partitions)


def _set_block_size(task: LinuxTask, disk: Disk, arg: int) -> None:
    if not arg:
        raise Errno(E.EINVAL)
    size = task.memory.read_u32(arg)
    require_block_size(size)
    if size < disk.logical_size:
        raise Errno(E.EINVAL)
    disk.block_size = size


PRIVILEGED: Final[dict[int, Callable[[LinuxTask, Disk, int], None]]] = {
    Blk.ROSET: _set_readonly,
    Blk.FLSBUF: _flush,
    Blk.RASET: _keep_read_ahead,
    Blk.FRASET: _keep_read_ahead,
    Blk.RRPART: _read_partitions,
    Blk.BSZSET: _set_block_size,
    Blk.BSZSET_32: _set_block_size,
}
"""Requests that only an administrator makes."""
