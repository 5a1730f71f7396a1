"""The short path: the frequent stops, without ring 0.

Each branch leaves registers and memory as the machine code in ``image/solaris`` would, and takes the handler from
sysent in RAM. It is used while the entry state is untouched and nobody watches ring 0; an event that it does not know,
and a handler that is not one of our stubs, go through ring 0 like any other.

Solaris's two ways out can be told apart by a program, and are here too: a call that simply succeeds returns by sysret
(rcx is rip, r11 the flags); any other returns by iret, with rcx as ``struct regs`` has it, which is the fourth
argument, and r11 as it lay on the kernel stack, which is the user's at the last trap.

What is different and cannot be seen from ring 3: ``struct regs`` is not written, nor are the counters of calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.regs import PS_C
from ring3.abi.solaris.sysent import NSYSCALL
from ring3.image.solaris.boot import L
from ring3.kernel.signature import Result
from ring3.machine.cpu import Event
from ring3.machine.registers import Flags
from ring3.solaris.errors import solaris_number
from ring3.solaris.short_traps import take
from ring3.solaris.task import T_PRE_POST, SolarisTask
from ring3.solaris.traps import post_syscall

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel

_M32: Final = (1 << 32) - 1
_M64: Final = (1 << 64) - 1
_CALLC: Final = L["SY_CALLC"] >> 3
_TF: Final = int(Flags.TF)
_TWO_VALUES: Final = L["SE_32RVAL2"] << 16
"""SE_32RVAL2 in the first word of a ``struct sysent``."""


def run_short(kernel: SolarisKernel, task: SolarisTask) -> None:
    """Runs a task until it leaves the CPU or the short path is no longer right."""
    machine = kernel.machine
    cpu = machine.cpu
    run = kernel.run_cpu
    words, flags = cpu.words, cpu.flags
    rax = cpu.base
    rcx, rdx, r10, r11, rip = rax + 1, rax + 2, rax + 10, rax + 11, rax + 16
    q, table, pre_post = machine.ram.q, kernel.solaris.sysent >> 3, task.struct + T_PRE_POST
    stubs, window = kernel.stubs, kernel.window
    nosys, syscall = kernel.image.symbols["nosys"], Event.SYSCALL
    while task.on_cpu and kernel.short_path:
        stop = run()
        if stop is not syscall:
            take(kernel, task, stop)
            continue
        number = words[rax] & _M32
        if number < NSYSCALL:
            entry = table + 4 * number
            address, kind = q[entry + _CALLC], q[entry]
        else:
            address, kind = nosys, 0
        stub = stubs.get(address)
        if stub is None or q[pre_post] or flags[0] & _TF:
            if stub is None:
                kernel.doubt_entry_state()
            kernel.handle(task, stop)
            continue
        words[rcx] = words[r10]
        task.regs = window
        try:
            result = stub(task, window, number)
        except Errno as error:
            _fail(kernel, task, error)
            continue
        if result.__class__ is not int or q[pre_post]:
            task.stub = address
            _return_the_long_way(kernel, task, number, result)
            continue
        words[rcx] = words[rip]
        if flags[0] & PS_C:
            cpu.rflags = flags[0] & ~PS_C
        words[r11] = flags[0]
        if kind & _TWO_VALUES:
            words[rdx] = result >> 32 & _M32
            words[rax] = result & _M32
        else:
            words[rax] = result & _M64


def _fail(kernel: SolarisKernel, task: SolarisTask, error: Errno) -> None:
    """The end of a call that failed: what set_errno, post_syscall and iret make of the registers."""
    window = kernel.window
    window.ax = solaris_number(error)
    window.r11 = task.frame.r11
    window.flags |= PS_C
    if kernel.machine.ram.q[task.struct + T_PRE_POST]:
        task.errno = window.ax
        post_syscall(task, 0, 0)


def _return_the_long_way(kernel: SolarisKernel, task: SolarisTask, number: int, result: Result) -> None:
    """The end of a call that waits, or that asked for more than a simple return."""
    task.sysnum = number
    value = kernel.invoke(task, lambda *_: result, kernel.window, 0)
    if value is not None:
        complete(kernel, task, value)


def complete(kernel: SolarisKernel, task: SolarisTask, result: int) -> None:
    """The end of a call that waited or does not return simply; its number is in `SolarisTask.sysnum`."""
    cpu, window, q = kernel.machine.cpu, kernel.window, kernel.machine.ram.q
    rval1, rval2 = result & _M64, window.dx
    if task.sysnum < NSYSCALL and q[(kernel.solaris.sysent >> 3) + 4 * task.sysnum] & _TWO_VALUES:
        rval1, rval2 = result & _M32, result >> 32 & _M32
    if q[task.struct + T_PRE_POST]:
        if not task.justreturn:
            window.r11 = task.frame.r11
        post_syscall(task, rval1, rval2)
        return
    cpu.rflags &= ~PS_C
    window.cx, window.r11 = window.ip, cpu.rflags
    window.ax, window.dx = rval1, rval2
