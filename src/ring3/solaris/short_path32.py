"""The short path of 32-bit programs: their doors, without ring 0.

What each door leaves in the registers is what its machine code in ``image/solaris/syscall.S`` does: ``int $0x91`` goes
back by iret and changes nothing but the results; ``syscall`` leaves its return address in ecx; ``sysenter``, whose
program says in edx and ecx where it goes on, leaves both as they are. An error, a signal and a call that waited with
either go back by iret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.regs import PS_C
from ring3.abi.solaris.traps import T_SYSCALLINT
from ring3.image.solaris.boot import L
from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.registers import Flags
from ring3.solaris.short_traps import take
from ring3.solaris.syscall32 import arguments, element
from ring3.solaris.task import T_PRE_POST, Door, SolarisTask
from ring3.solaris.traps import post_syscall

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel

_M32: Final = (1 << 32) - 1
_CALLC: Final = L["SY_CALLC"] >> 3
_TF: Final = int(Flags.TF)


def run_short32(kernel: SolarisKernel, task: SolarisTask) -> None:
    """Runs a 32-bit task until it leaves the CPU or the short path is no longer right."""
    run = kernel.run_cpu
    while task.on_cpu and kernel.short_path:
        stop = run()
        door = _door(stop)
        if door is None or kernel.machine.cpu.cpl != 3:
            take(kernel, task, stop)
        elif not _call(kernel, task, door):
            kernel.handle(task, stop)


def _door(stop: Stop) -> Door | None:
    """By which door a stop enters, None for no system call."""
    if stop is Event.SYSCALL:
        return Door.SYSCALL
    if stop is Event.SYSENTER:
        return Door.SYSENTER
    if isinstance(stop, Trap) and stop.vector == T_SYSCALLINT and stop.software:
        return Door.INT
    return None


def _call(kernel: SolarisKernel, task: SolarisTask, door: Door) -> bool:
    """Makes the call in eax; False, with nothing changed, if it has to go through ring 0."""
    window, q = kernel.window, kernel.machine.ram.q
    number = window.ax & _M32
    found = element(task, number)
    address = q[(found >> 3) + _CALLC]
    stub = kernel.stubs.get(address)
    if stub is None or q[task.struct + T_PRE_POST] or window.flags & _TF:
        if stub is None:
            kernel.doubt_entry_state()
        return False
    task.regs, task.door, task.stub, task.sysnum = window, door, address, number
    if door is Door.SYSENTER:
        window.sp, window.ip = window.cx & _M32, window.dx & _M32
    elif door is Door.SYSCALL:
        window.cx = window.ip
    try:
        regs = arguments(task, q[found >> 3] & 0xFF)
    except Errno as error:
        complete32(kernel, task, kernel.failed(task, error))
        return True
    result = kernel.invoke(task, stub, regs, 0)
    if result is not None:
        complete32(kernel, task, result)
    return True


def complete32(kernel: SolarisKernel, task: SolarisTask, result: int) -> None:
    """The end of a call: its results, and what its door leaves behind."""
    window = kernel.window
    rval1, rval2 = result & _M32, result >> 32 & _M32
    if task.door is Door.INT or kernel.machine.ram.q[task.struct + T_PRE_POST]:
        post_syscall(task, rval1, rval2)
        return
    window.flags &= ~PS_C
    window.ax = rval1
    if task.door is Door.SYSCALL:
        window.dx, window.cx = rval2, window.ip
    else:
        window.dx, window.cx = window.ip, window.sp
