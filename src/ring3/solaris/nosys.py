"""What a system call does that is not there (usr/src/uts/intel/os/syscall.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.c_types import UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.solaris import sysnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.image.solaris.boot import L
from ring3.kernel.signature import Result
from ring3.solaris.definition import function
from ring3.solaris.signals import tsignal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ring3.solaris.definition import SolarisFunction
    from ring3.solaris.kernel import SolarisKernel
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


def loadable(kernel: SolarisKernel, number: int) -> SolarisFunction | None:
    """The handler of a call that is in a module, None if there is no such module."""
    name = next((name for name, named in sysnum.load(kernel.solaris.flavour) if named == number), "")
    return next((found for found in kernel.function_table if found.name == name and found.support), None)


@function("unix")
def loadable_syscall(
    task: SolarisTask,
    a0: UnsignedLong,
    a1: UnsignedLong,
    a2: UnsignedLong,
    a3: UnsignedLong,
    a4: UnsignedLong,
    a5: UnsignedLong,
) -> Result:
    """A call whose module is loaded now: its handler takes the slot, and is called.

    Where there is no such module it does what the slot's sy_call does: nosys.
    """
    kernel, number = task.kernel, _number(task)
    made = loadable(kernel, number)
    if made is None:
        kernel.report_once(f"system call {number} is in a module that is not there: SIGSYS")
        absent(task)
    for table in ("sysent", "sysent32"):
        slot = kernel.image.symbols[table] + (number << L["SYSENT_SIZE_SHIFT"])
        kernel.store(slot, bytes([len(made.parameters)]))
        kernel.store(slot + L["SY_CALLC"], kernel.image.symbols[made.key].to_bytes(8, "little"))
    arguments: Sequence[int] = (a0, a1, a2, a3, a4, a5)
    if task.ilp32:  # how many there are was not known when they were fetched
        from ring3.solaris.syscall32 import fetch  # noqa: PLC0415 -- it needs this module

        arguments = fetch(task, len(made.parameters))
    casts = zip(made.parameters, arguments, strict=False)
    result: Result = made.function(task, *(parameter.type.cast(value) for parameter, value in casts))
    return result


@function("unix")
def syscall_ap(task: SolarisTask) -> int:
    """Calls a handler of the old kind, which gets its arguments as an array in the kernel; sysent32 alone has one."""
    kernel = task.kernel
    table = kernel.solaris.sysent32 if task.ilp32 else kernel.solaris.sysent
    at = (table >> 3) + 4 * _number(task)
    handler = kernel.image.symbols.describe(kernel.machine.ram.q[at + (L["SY_CALL"] >> 3)])
    made = kernel.function_table.get(handler)
    if made is not None and task.ilp32:
        from ring3.solaris.syscall32 import fetch  # noqa: PLC0415 -- it needs this module

        values = fetch(task, kernel.machine.ram.q[at] & 0xFF)
        with task.buffer(8 * len(values)) as argp:
            kernel.store(argp, b"".join(value.to_bytes(8, "little") for value in values))
            result = made.function(task, argp)
        assert isinstance(result, int)
        return result
    kernel.report_once(f"{handler.rpartition('`')[2]} is not implemented: SIGSYS")
    absent(task)
