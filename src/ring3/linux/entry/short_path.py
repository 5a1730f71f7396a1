"""The short path: the frequent stops, without ring 0.

Each branch here leaves registers and memory as the entry and exit code in ``image/linux`` would, and takes the handler
from the table in RAM. It is used while the entry state is untouched and nobody watches ring 0; an event that it
does not know, and a table entry that is not one of our stubs, go through ring 0 like any other.

What is different and cannot be seen from ring 3: ``pt_regs`` are not written to the kernel stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi import tbl
from ring3.abi.errno import Errno
from ring3.image.linux.boot import SYSCALL_VECTOR, L
from ring3.kernel.mm.fault import FaultOutcome
from ring3.linux.entry import traps
from ring3.linux.entry.leave import leave_through
from ring3.machine.cpu import Event, Trap
from ring3.machine.registers import Flags, Vector

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

_M64: Final = (1 << 64) - 1
_TRACE: Final = L["TASK_SYSCALL_WORK"] >> 3
_LANDING_PAD: Final = L["TASK_LANDING_PAD"] >> 3
_STATUS: Final = L["TASK_STATUS"] >> 3
_TF: Final = int(Flags.TF)
_RETURN_BY_IRET: Final = Flags.RF | Flags.TF | Flags.VM


def run_short(kernel: LinuxSystem, task: LinuxTask) -> None:
    """Runs a task until it leaves the CPU or the short path is no longer right."""
    machine = kernel.machine
    cpu = machine.cpu
    run = kernel.run_cpu
    words = cpu.words
    rax = cpu.base
    rcx, r11, rip = rax + 1, rax + 11, rax + 16
    flags = cpu.flags
    q = machine.ram.q
    table = kernel.linux.tables[tbl.Abi.X86_64] >> 3
    stubs = kernel.stubs
    window = kernel.window
    work = task.struct
    ni_syscall = kernel.image.symbols["__x64_sys_ni_syscall"]
    syscall, exit_work = Event.SYSCALL, traps.EXIT_WORK
    while task.on_cpu and kernel.short_path:
        stop = run()
        if stop is not syscall:
            _other(kernel, task, stop)
            continue
        number = words[rax] & 0xFFFF_FFFF
        address = q[table + number] if number < tbl.NR_SYSCALLS else ni_syscall
        stub = stubs.get(address)
        saved = flags[0]
        if stub is None or q[work + _TRACE] or saved & _TF:
            if stub is None:
                kernel.doubt_entry_state()
            kernel.handle(task, stop)
            continue
        words[rcx] = words[rip]
        words[r11] = saved
        window.orig_ax = words[rax]
        task.regs = window
        try:
            result = stub(task, window, number)
        except Errno as error:
            words[rax] = -error.number & _M64
        else:
            if isinstance(result, int):
                words[rax] = result & _M64
            else:
                task.pending = result
                task.stub = address
                _finish(kernel, task, kernel.advance(task))
                continue
        if q[work] & exit_work or window.by_iret:
            finish(kernel, task)


def _other(kernel: LinuxSystem, task: LinuxTask, stop: Event | Trap) -> None:
    """Any stop but a 64-bit ``syscall``."""
    cpu = kernel.machine.cpu
    if cpu.cpl == 3:
        if isinstance(stop, Trap):
            if stop.vector == Vector.PF and not stop.software:
                _page_fault(kernel, task, stop)
                return
            if stop.vector == SYSCALL_VECTOR and stop.software:
                _int80(kernel, task)
                return
        elif stop is Event.SYSENTER and not cpu.long_mode:
            _sysenter(kernel, task)
            return
    kernel.handle(task, stop)


def _page_fault(kernel: LinuxSystem, task: LinuxTask, trap: Trap) -> None:
    cpu, window = kernel.machine.cpu, kernel.window
    cpu.cr2 = trap.address
    flags = cpu.rflags
    window.orig_ax = _M64
    task.regs = window
    if traps.do_user_addr_fault(task, trap.address, trap.error) is FaultOutcome.OK:
        finish(kernel, task)
        return
    cpu.rflags = flags
    kernel.handle(task, trap)


def _int80(kernel: LinuxSystem, task: LinuxTask) -> None:
    window = kernel.window
    window.orig_ax = window.ax & 0xFFFF_FFFF
    if not _dispatch_ia32(kernel, task):
        kernel.handle(task, Trap(SYSCALL_VECTOR, 0, True))


def _sysenter(kernel: LinuxSystem, task: LinuxTask) -> None:
    """From 32-bit code: what do_SYSENTER_32 and sysexit make of the registers, see ``entry_64_compat.S``."""
    cpu, window, q = kernel.machine.cpu, kernel.window, kernel.machine.ram.q
    flags = cpu.rflags
    if flags & (Flags.NT | Flags.AC | Flags.TF) or q[task.struct + _TRACE]:
        kernel.handle(task, Event.SYSENTER)
        return
    landing_pad = q[task.struct + _LANDING_PAD]
    stack = window.bp & 0xFFFF_FFFF
    try:
        sixth = task.memory.read_u32(stack)
    except Errno:
        kernel.handle(task, Event.SYSENTER)
        return
    before = (window.orig_ax, window.ip, window.sp, window.bp)
    window.orig_ax = window.ax & 0xFFFF_FFFF
    window.ip, window.sp, window.bp = landing_pad, stack, sixth
    if not _dispatch_ia32(kernel, task, by_sysenter=True):
        window.orig_ax, window.ip, window.sp, window.bp = before
        kernel.handle(task, Event.SYSENTER)


def _dispatch_ia32(kernel: LinuxSystem, task: LinuxTask, by_sysenter: bool = False) -> bool:
    """Makes the call in `WindowRegs.orig_ax`; False, with nothing changed, if it has to go through ring 0."""
    window, q = kernel.window, kernel.machine.ram.q
    number = window.orig_ax
    if number < tbl.IA32_NR_SYSCALLS:
        address = q[(kernel.linux.tables[tbl.Abi.I386] >> 3) + number]
    else:
        address = kernel.image.symbols["__ia32_sys_ni_syscall"]
    stub = kernel.stubs.get(address)
    if stub is None or q[task.struct + _TRACE]:
        if stub is None:
            kernel.doubt_entry_state()
        return False
    task.regs = window
    task.stub = address
    task.by_sysenter = by_sysenter
    q[task.struct + _STATUS] |= L["TS_COMPAT"]
    _finish(kernel, task, kernel.invoke(task, stub, window, number))
    return True


def _finish(kernel: LinuxSystem, task: LinuxTask, result: int | None) -> None:
    """The end of a call that may have waited: its result, then the exit work."""
    if result is None:
        task.orig_ax = kernel.window.orig_ax
    else:
        kernel.window.ax = result
        kernel.resumed(task)


def finish(kernel: LinuxSystem, task: LinuxTask) -> None:
    """The end of every event on the short path: what the exit code would do before ring 3 runs.

    A thread that has to stop does so in ring 0: its registers lie on its kernel stack then, for a tracer to see.
    """
    if kernel.machine.ram.q[task.struct] & traps.EXIT_WORK:
        if task.trace is None and not task.must_stop:
            work = traps.exit_work(task, task.regs, 0)
            if not isinstance(work, int):
                work.close()
        if kernel.machine.ram.q[task.struct] & traps.EXIT_WORK:
            leave_through(task, "error_return")
            return
    leave_ia32(kernel, task)
    if kernel.window.by_iret:
        leave_through(task, "swapgs_restore_regs_and_return_to_usermode")


def leave_ia32(kernel: LinuxSystem, task: LinuxTask) -> None:
    """The last of a 32-bit call, after the exit work: ``sysexit``, where it can be used, takes ECX and EDX."""
    window, q = kernel.window, kernel.machine.ram.q
    q[task.struct + _STATUS] &= ~L["TS_COMPAT"]
    if task.by_sysenter:
        task.by_sysenter = False
        landing_pad = task.landing_pad
        if window.ip == landing_pad and not window.by_iret and not window.flags & _RETURN_BY_IRET:
            window.cx, window.dx = window.sp, landing_pad
            window.r8 = window.r9 = window.r10 = window.r11 = 0
