"""Block devices in /sys, /proc/partitions and /proc/diskstats (Documentation/ABI/stable/sysfs-block)."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.fs.block.disk import SECTOR, Disk
from ring3.fs.block.loop import Flag, LoopDisk
from ring3.linux.proc.devices import Device, Devices

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.pseudo import PseudoDirectory, PseudoFileSystem
    from ring3.linux.model.system import LinuxSystem

HOME: Final = b"devices/virtual/block"
"""Where devices are that no hardware is behind; other places have links."""


def disks(kernel: LinuxSystem) -> list[Disk]:
    """All block devices, by number."""
    return kernel.vfs.loops.disks()


def _numbers(disk: Disk) -> str:
    return f"{os.major(disk.number)}:{os.minor(disk.number)}"


def _counters(disk: Disk) -> str:
    """Requests, merged ones, sectors and milliseconds of reads and of writes, then of both, and of other requests.

    Nothing is merged or waits, and times are not kept apart.
    """
    reads, sectors_read, writes, sectors_written, nanoseconds = disk.counters
    milliseconds = nanoseconds // 10**6
    return f"{reads} 0 {sectors_read} 0 {writes} 0 {sectors_written} 0 0 {milliseconds} {milliseconds} 0 0 0 0 0 0"


def partitions(kernel: LinuxSystem) -> str:
    """/proc/partitions: those that have something on them."""
    rows = "".join(
        f"{os.major(disk.number):4}  {os.minor(disk.number):7} {disk.size >> 10:10} {disk.name}\n"
        for disk in disks(kernel)
        if disk.size
    )
    return f"major minor  #blocks  name\n\n{rows}"


def diskstats(kernel: LinuxSystem) -> str:
    """/proc/diskstats."""
    return "".join(
        f"{os.major(disk.number):4} {os.minor(disk.number):7} {disk.name} {_counters(disk)}\n"
        for disk in disks(kernel)
    )


TEXTS: Final = {b"diskstats": diskstats, b"partitions": partitions}
"""The files of /proc."""


def _uevent(disk: Disk) -> str:
    major, minor = os.major(disk.number), os.minor(disk.number)
    return f"MAJOR={major}\nMINOR={minor}\nDEVNAME={disk.name}\nDEVTYPE=disk\nDISKSEQ={disk.sequence}"


FACTS: Final[dict[bytes, Callable[[Disk], object]]] = {
    b"alignment_offset": lambda disk: 0,
    b"capability": lambda disk: 0,
    b"dev": _numbers,
    b"discard_alignment": lambda disk: 0,
    b"diskseq": lambda disk: disk.sequence,
    b"ext_range": lambda disk: 256,
    b"hidden": lambda disk: 0,
    b"inflight": lambda disk: "       0        0",
    b"queue/hw_sector_size": lambda disk: disk.logical_size,
    b"queue/logical_block_size": lambda disk: disk.logical_size,
    b"queue/minimum_io_size": lambda disk: disk.logical_size,
    b"queue/optimal_io_size": lambda disk: 0,
    b"queue/physical_block_size": lambda disk: disk.logical_size,
    b"queue/read_ahead_kb": lambda disk: disk.read_ahead // 2,
    b"queue/rotational": lambda disk: 0,
    b"queue/scheduler": lambda disk: "[none]",
    b"queue/zoned": lambda disk: "none",
    b"range": lambda disk: 1,
    b"removable": lambda disk: 0,
    b"ro": lambda disk: int(disk.readonly),
    b"size": lambda disk: disk.size // SECTOR,
    b"stat": _counters,
    b"uevent": _uevent,
}
"""What any device tells of itself."""

LOOP_FACTS: Final[dict[bytes, Callable[[LoopDisk], object]]] = {
    b"loop/autoclear": lambda disk: _flag(disk, Flag.AUTOCLEAR),
    b"loop/backing_file": lambda disk: "" if disk.file is None else os.fsdecode(disk.file.path()),
    b"loop/dio": lambda disk: _flag(disk, Flag.DIRECT_IO),
    b"loop/offset": lambda disk: disk.status.offset,
    b"loop/partscan": lambda disk: _flag(disk, Flag.PARTSCAN),
    b"loop/sizelimit": lambda disk: disk.status.limit,
}
"""What a loop device that is bound tells besides."""


def _flag(disk: LoopDisk, flag: Flag) -> int:
    return int(bool(disk.status.flags & flag))


def _device(disk: Disk) -> Device:
    is_bound = isinstance(disk, LoopDisk) and disk.file is not None
    return Device({*FACTS, *(LOOP_FACTS if is_bound else ())}, partial(_told, disk))


def _told(disk: Disk, path: bytes) -> object:
    return FACTS[path](disk) if path in FACTS else LOOP_FACTS[path](disk)  # type: ignore[arg-type]  # it is a LoopDisk


def directories(kernel: LinuxSystem, fs: PseudoFileSystem) -> dict[bytes, Callable[[], PseudoDirectory]]:
    """The directories of /sys that are about block devices, by path."""

    def found() -> dict[bytes, Device]:
        return {disk.name.encode(): _device(disk) for disk in disks(kernel)}

    def by_name() -> dict[bytes, bytes]:
        return {disk.name.encode(): disk.name.encode() for disk in disks(kernel)}

    def by_number() -> dict[bytes, bytes]:
        return {_numbers(disk).encode(): disk.name.encode() for disk in disks(kernel)}

    links = {b"block": by_name, b"class/block": by_name, b"dev/block": by_number}
    return Devices(fs, HOME, b"class/block", found, links).directories()
