"""uname(2) and what the kernel says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferOut
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

FIELD: Final = 65
"""Bytes of each of the six names in ``struct new_utsname`` (uname(2))."""
RELEASE: Final = "6.12.0-ring3"
VERSION: Final = "#1 SMP PREEMPT_DYNAMIC"


def utsname(task: LinuxTask) -> bytes:
    """``struct new_utsname``: sysname, nodename, release, version, machine, domainname."""
    names = ("Linux", task.kernel.hostname, RELEASE, VERSION, "x86_64", "(none)")
    return b"".join(name.encode()[: FIELD - 1].ljust(FIELD, b"\0") for name in names)


@syscall("full")
def sys_newuname(task: LinuxTask, name: BufferOut) -> int:
    """Names the system."""
    task.memory.write(name, utsname(task))
    return 0
