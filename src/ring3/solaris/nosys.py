"""What a system call does that is not there (usr/src/uts/intel/os/syscall.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.image.solaris.boot import L
from ring3.solaris.definition import function
from ring3.solaris.signals import tsignal

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


def absent(task: SolarisTask) -> NoReturn:
    """Sends SIGSYS, and fails for a program that lives on.

    Raises:
        Errno: ENOSYS, always.
    """
    tsignal(task, SolarisSig.SIGSYS)
    raise Errno(SolarisE.ENOSYS)


def _number(task: SolarisTask) -> int:
    """The number of the call in progress: the registers still have it."""
    return task.regs.ax & 0xFFFF_FFFF


@function("unix")
def nosys(task: SolarisTask) -> int:
    """What an empty slot, and every number beyond the table, leads to."""
    task.kernel.report_once(f"there is no system call {_number(task)}: SIGSYS")
    absent(task)


@function("unix")
def loadable_syscall(task: SolarisTask) -> int:
    """A call whose module would be loaded now; none is there, so it does what the slot's sy_call does: nosys."""
    task.kernel.report_once(f"system call {_number(task)} is in a module that is not there: SIGSYS")
    absent(task)


@function("unix")
def syscall_ap(task: SolarisTask) -> int:
    """Calls a handler of the old kind, which gets its arguments as an array; none of those is there."""
    kernel = task.kernel
    at = (kernel.solaris.sysent >> 3) + 4 * _number(task)
    handler = kernel.image.symbols.describe(kernel.machine.ram.q[at + (L["SY_CALL"] >> 3)])
    kernel.report_once(f"{handler.rpartition('`')[2]} is not implemented: SIGSYS")
    absent(task)
