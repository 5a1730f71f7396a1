"""Stops on the short path that are no system calls: page faults that can be satisfied, and the fast traps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.regs import PS_C
from ring3.abi.solaris.traps import T_FASTTRAP, T_LASTFAST, FastTrap
from ring3.image.solaris.boot import L
from ring3.kernel.mm.fault import FaultOutcome
from ring3.machine.cpu import Stop, Trap
from ring3.machine.registers import Vector
from ring3.solaris.fasttrap import mstate_thread_onproc_time, pc_gethrestime, tsc_gethrtime
from ring3.solaris.traps import pagefault

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

_M32: Final = (1 << 32) - 1


def take(kernel: SolarisKernel, task: SolarisTask, stop: Stop) -> None:
    """Takes a stop that is no call: a page fault or a fast trap here, anything else through ring 0."""
    cpu = kernel.machine.cpu
    if isinstance(stop, Trap) and cpu.cpl == 3:
        if stop.vector == Vector.PF and not stop.software:
            _page_fault(kernel, task, stop)
            return
        if stop.vector == T_FASTTRAP and stop.software and kernel.window.ax & _M32 <= T_LASTFAST:
            _fast_trap(kernel, task, FastTrap(kernel.window.ax & _M32))
            return
    kernel.handle(task, stop)


def _page_fault(kernel: SolarisKernel, task: SolarisTask, trap: Trap) -> None:
    cpu, window = kernel.machine.cpu, kernel.window
    flags = cpu.rflags
    task.regs = window
    if pagefault(task, trap.address, trap.error) is FaultOutcome.OK:
        cpu.cr2 = trap.address
        task.frame.r11 = window.r11
        return
    cpu.rflags = flags
    kernel.handle(task, trap)


def _fast_trap(kernel: SolarisKernel, task: SolarisTask, which: FastTrap) -> None:
    """``fasttrap`` and the function it jumps to."""
    window, symbols = kernel.window, kernel.image.symbols
    window.r11 = symbols["fasttable"] + 8 * which
    if which is FastTrap.T_GETHRTIME:
        window.ax = tsc_gethrtime(task)
    elif which is FastTrap.T_GETHRVTIME:
        window.ax = mstate_thread_onproc_time(task, task.thread_pointer)
    elif which is FastTrap.T_GETHRESTIME:
        with task.buffer(L["TIMESPEC_SIZE"]) as tsp:
            pc_gethrestime(task, tsp)
            raw = kernel.load(tsp, L["TIMESPEC_SIZE"])
        window.ax, window.dx = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[8:12], "little")
        return
    elif which is FastTrap.T_GETLGRP:
        window.cx = symbols["lpl_bootstrap"]
        window.ax = window.dx = 0
        return
    else:
        window.flags |= PS_C
        return
    window.dx = window.ax >> 32
