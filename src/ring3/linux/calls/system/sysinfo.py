"""sysinfo(2): how long the system is up, and what it has."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SIZE: Final = 112
COMPAT_SIZE: Final = 64


@function("int do_sysinfo(struct sysinfo *info)")
def do_sysinfo(task: LinuxTask) -> tuple[int, int, int, int]:
    """Seconds since the start, bytes of RAM, free bytes of it, and threads."""
    kernel = task.kernel
    ram = kernel.machine.ram
    seconds = -(-kernel.clocks.monotonic() // 10**9)
    return seconds, ram.size, ram.frames_free << PAGE_SHIFT, min(len(kernel.tasks), 0xFFFF)


@syscall("partial", "the load is always 0; shared and buffer memory are not told apart from what is in use")
def sys_sysinfo(task: LinuxTask, info: Pointer) -> int:
    """Uptime, memory in bytes, and how many threads there are."""
    uptime, total, free, threads = do_sysinfo(task)
    raw = struct.pack("<10QH6xQQI4x", uptime, 0, 0, 0, total, free, 0, 0, 0, 0, threads, 0, 0, 1)
    task.memory.write(info, raw.ljust(SIZE, b"\0"))
    return 0


@syscall("partial", "as sysinfo")
def compat_sys_sysinfo(task: LinuxTask, info: Pointer) -> int:
    """The same for a 32-bit program; from 4 GiB on in units as large as needed, up to a page."""
    uptime, total, free, threads = do_sysinfo(task)
    unit = 1
    if total >> 32:
        unit = PAGE_SIZE
        total, free = total // unit, free // unit
    raw = struct.pack("<10IH2xIII", uptime, 0, 0, 0, total, free, 0, 0, 0, 0, threads, 0, 0, unit)
    task.memory.write(info, raw.ljust(COMPAT_SIZE, b"\0"))
    return 0
