"""sysinfo(2): how long the system is up, and what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Pointer
from ring3.abi.linux.structs.system import SYSINFO, SYSINFO32
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


@function("int do_sysinfo(struct sysinfo *info)")
def do_sysinfo(task: LinuxTask) -> tuple[int, int, int, int]:
    """Seconds since the start, bytes of RAM, free bytes of it, and threads."""
    kernel = task.kernel
    ram = kernel.machine.ram
    seconds = -(-(kernel.clocks.monotonic() + task.namespaces.time.boottime) // 10**9)
    return seconds, ram.size, ram.frames_free << PAGE_SHIFT, min(len(kernel.tasks), 0xFFFF)


@syscall(
    "partial",
    "the load is always 0; shared and buffer memory are not told apart from what is in use",
    compat_sys_sysinfo=32,
)
def sys_sysinfo(task: LinuxTask, info: Pointer, *, bits: int = 64) -> int:
    """Uptime, memory, and how many threads there are; what does not fit is counted in pages."""
    uptime, total, free, threads = do_sysinfo(task)
    unit = 1
    if total >> bits:
        unit = PAGE_SIZE
        total, free = total // unit, free // unit
    values = (uptime, 0, 0, 0, total, free, 0, 0, 0, 0, threads, 0, 0, 0, unit)
    if bits == 32:
        SYSINFO32.write(task.memory, info, 32, *values, b"")
    else:
        SYSINFO.write(task.memory, info, 64, *values)
    return 0
