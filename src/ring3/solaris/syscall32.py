"""Calls of 32-bit programs: what the machine code at their doors asks for, and the call that is an ``lcall``.

The arguments lie on the program's stack, above the return address of the function in libc that made the call; a handler
gets them as every C function does, each extended with zeros to 64 bits.

Sources: usr/src/uts/intel/ia32/os/syscall.c (syscall_entry, syscall_exit, dosyscall), i86pc/os/trap.c
(instr_is_lcall_syscall).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ring3.abi.c_types import Address, Long
from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.solaris.sysent import NSYSCALL
from ring3.image.solaris.boot import L
from ring3.kernel.task import GivenUp
from ring3.machine.registers import Flags
from ring3.solaris.definition import function
from ring3.solaris.nosys import absent
from ring3.solaris.traps import post_syscall, pre_syscall

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ring3.kernel.regs import UserRegs
    from ring3.kernel.signature import Result
    from ring3.solaris.task import SolarisTask

LCALL_SIZE: Final = 7
_LCALLS: Final = (bytes.fromhex("9a000000000700"), bytes.fromhex("9a000000002700"))
"""``lcall $0x7,$0`` and ``lcall $0x27,$0``."""
_REGISTERS: Final = 6
_M32: Final = 0xFFFF_FFFF


class Arguments(NamedTuple):
    """The registers that a handler's stub takes its arguments from."""

    di: int
    si: int
    dx: int
    cx: int
    r8: int
    r9: int


def fetch(task: SolarisTask, count: int) -> list[int]:
    """That many arguments of the call that a program makes now.

    Raises:
        Errno: EFAULT.
    """
    raw = task.memory.read(task.regs.sp + 4 & (_M32 if task.ilp32 else -1), 4 * count)
    return memoryview(raw).cast("I").tolist()


def arguments(task: SolarisTask, count: int) -> UserRegs:
    """The same as the stub of a handler takes them.

    Raises:
        Errno: EFAULT.
    """
    found = fetch(task, min(count, _REGISTERS)) if count else []
    return cast("UserRegs", Arguments(*found, *[0] * (_REGISTERS - len(found))))


def _place(task: SolarisTask, number: int) -> tuple[str, int]:
    """Where the ``struct sysent`` of a call is: a symbol, and the distance from there."""
    if number >= NSYSCALL:
        return "nosys_ent", 0
    return "sysent32" if task.ilp32 else "sysent", number << L["SYSENT_SIZE_SHIFT"]


def element(task: SolarisTask, number: int) -> int:
    """Physical address of the ``struct sysent`` of a call that came by a door of 32-bit programs."""
    table, offset = _place(task, number)
    return task.kernel.image.physical(table) + offset


@function("unix", calls={"pre_syscall": None})
def syscall_entry(task: SolarisTask, t: Address, argp: Address) -> Result:
    """Fetches the arguments of a call to ``argp``; returns the address of the element that says whom to call."""
    kernel = task.kernel
    if kernel.machine.ram.bytes[task.stack + L["T_PRE_SYS"]]:
        unwanted = pre_syscall(task)
        if not isinstance(unwanted, int):
            return _entry_after(task, argp, unwanted)
        if unwanted:
            return kernel.image.symbols["sysent_err"]
    return _entry(task, argp)


async def _entry_after(task: SolarisTask, argp: int, stopped: Coroutine[object, object, int]) -> int:
    if await stopped:
        return task.kernel.image.symbols["sysent_err"]
    return _entry(task, argp)


def _entry(task: SolarisTask, argp: int) -> int:
    kernel = task.kernel
    ram = kernel.machine.ram
    number = task.regs.ax & _M32
    table, offset = _place(task, number)
    count = ram.q[(kernel.image.physical(table) + offset) >> 3] & 0xFF
    if count:
        try:
            values = fetch(task, count)
        except Errno as error:
            kernel.failed(task, error)
            return kernel.image.symbols["sysent_err"]
        kernel.store(argp, b"".join(value.to_bytes(8, "little") for value in values))
    return kernel.image.symbols[table] + offset


@function("unix", calls={"post_syscall": None})
def syscall_exit(task: SolarisTask, t: Address, rval1: Long, rval2: Long) -> Result:
    """The end of a call that does not simply return: results or error, then signals."""
    return post_syscall(task, rval1, rval2)


# -- the call that is a fault --------------------------------------------------------------------------------------


def is_lcall(task: SolarisTask, ip: int) -> bool:
    """Whether a program stands at an ``lcall`` that means a system call."""
    try:
        return task.memory.read(ip, LCALL_SIZE) in _LCALLS
    except Errno:
        return False


def dosyscall(task: SolarisTask, regs: UserRegs) -> Result:
    """Makes the call of an ``lcall``, and leaves its results in the registers with which the program goes on."""
    kernel, q = task.kernel, task.kernel.machine.ram.q
    regs.ip += LCALL_SIZE
    regs.flags &= ~Flags.RF  # as after a page fault, see trap()
    found = element(task, regs.ax & _M32)
    stub = kernel.stubs.get(q[(found + L["SY_CALLC"]) >> 3])
    try:
        if stub is None:
            absent(task)
        result = stub(task, arguments(task, q[found >> 3] & 0xFF), 0)
    except Errno as error:
        result = kernel.failed(task, error)
    if not isinstance(result, int):
        return _wait(task, regs, result)
    return _end(task, result)


async def _wait(task: SolarisTask, regs: UserRegs, pending: Coroutine[object, object, int]) -> int:
    try:
        result = await pending
    except Errno as error:
        result = task.kernel.failed(task, error)
    except GivenUp:
        regs.ip -= LCALL_SIZE
        raise
    return _end(task, result)


def _end(task: SolarisTask, result: int) -> int:
    post_syscall(task, result & _M32, result >> 32 & _M32)
    return 0
