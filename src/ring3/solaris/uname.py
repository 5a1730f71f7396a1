"""uname(2): ``struct utsname`` lies in guest RAM, at the symbol ``utsname``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferOut
from ring3.solaris.copyops import copyout
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

SYS_NMLN: Final = 257
"""Bytes of each of the five names (usr/src/uts/common/sys/utsname.h)."""

FIELDS: Final = ("sysname", "nodename", "release", "version", "machine")

NAMES: Final = ("SunOS", "ring3", "5.11", "ring3-11", "i86pc")


def field_address(kernel: SolarisKernel, field: str) -> int:
    """Address of one of the five names in ring 0."""
    return kernel.image.symbols["utsname"] + FIELDS.index(field) * SYS_NMLN


def set_names(kernel: SolarisKernel) -> None:
    """Fills ``utsname``, at boot."""
    for field, name in zip(FIELDS, NAMES, strict=True):
        kernel.store(field_address(kernel, field), name.encode() + b"\0")


@syscall("full")
def uname(task: SolarisTask, buf: BufferOut) -> int:
    """Names the system; 1 for success."""
    kernel = task.kernel
    for number, field in enumerate(FIELDS):
        address = field_address(kernel, field)
        copyout(task, address, buf + number * SYS_NMLN, len(kernel.load_string(address)) + 1)
    return 1
