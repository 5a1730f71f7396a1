"""The short path: the frequent stops, without ring 0.

Each branch here leaves registers and memory as the entry and exit code in ``image/linux`` would, and takes the handler
from the table in RAM. It is used while the entry state is untouched and nobody watches ring 0; an event that it
does not know, and a table entry that is not one of our stubs, go through ring 0 like any other.

What is different and cannot be seen from ring 3: ``pt_regs`` are not written to the kernel stack.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ring3.abi import tbl
from ring3.abi.errno import Errno
from ring3.image.linux.boot import SYSCALL_VECTOR, L
from ring3.kernel.mm.fault import FaultOutcome
from ring3.linux.entry import traps
from ring3.linux.entry.leave import leave_through
from ring3.machine.cpu import Event, Trap
from ring3.machine.registers import Flags, Vector

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

_M64: Final = (1 << 64) - 1
_M32: Final = (1 << 32) - 1
_TRACE: Final = L["TASK_SYSCALL_WORK"] >> 3
_LANDING_PAD: Final = L["TASK_LANDING_PAD"] >> 3
_STATUS: Final = L["TASK_STATUS"] >> 3
_SYSENTER: Final = Event.SYSENTER
_PF: Final = int(Vector.PF)
_TF: Final = int(Flags.TF)
_RETURN_BY_IRET: Final = int(Flags.RF | Flags.TF | Flags.VM)
_NOT_BY_SYSENTER: Final = int(Flags.NT | Flags.AC | Flags.TF)
_TS_COMPAT: Final = L["TS_COMPAT"]


def short_path(kernel: LinuxSystem) -> Callable[[LinuxTask], None]:
    """What runs a task of a kernel until it leaves the CPU or the short path is no longer right."""
    machine = kernel.machine
    cpu = machine.cpu
    words, flags = cpu.words, cpu.flags
    rax = cpu.base
    rcx, r11, rip = rax + 1, rax + 11, rax + 16
    q = machine.ram.q
    table = kernel.linux.tables[tbl.Abi.X86_64] >> 3
    stubs, window = kernel.stubs, kernel.window
    ni_syscall = kernel.image.symbols["__x64_sys_ni_syscall"]
    syscall, exit_work = Event.SYSCALL, traps.EXIT_WORK
    doors = CompatDoors(kernel)

    def run_short(task: LinuxTask) -> None:
        run = kernel.run_cpu
        work = task.struct
        while task.on_cpu and kernel.short_path:
            stop = run()
            if stop is not syscall:
                _other(kernel, task, stop, doors)
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
            task.stub = address
            try:
                result = stub(task, window, number)
            except Errno as error:
                words[rax] = -error.number & _M64
            else:
                if isinstance(result, int):
                    words[rax] = result & _M64
                else:
                    task.pending = result
                    _finish(kernel, task, kernel.advance(task))
                    continue
            if q[work] & exit_work or window.by_iret:
                finish(kernel, task)

    return run_short


def _other(kernel: LinuxSystem, task: LinuxTask, stop: Event | Trap, doors: CompatDoors) -> None:
    """Any stop but a 64-bit ``syscall``."""
    cpu = kernel.machine.cpu
    if cpu.cpl == 3:
        if stop is _SYSENTER:
            if not cpu.long_mode:
                doors.sysenter(task)
                return
        elif isinstance(stop, Trap):
            vector = stop.vector
            if vector == _PF and not stop.software:
                _page_fault(kernel, task, stop)
                return
            if vector == SYSCALL_VECTOR and stop.software:
                doors.int80(task, stop)
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


class CompatDoors:
    """``int $0x80`` and ``sysenter``, with what they need of the kernel at hand."""

    __slots__ = ("_absent", "_flags", "_kernel", "_q", "_rax", "_table", "_window", "_words")

    def __init__(self, kernel: LinuxSystem) -> None:
        self._kernel = kernel
        self._q = kernel.machine.ram.q
        self._flags = kernel.machine.cpu.flags
        self._window = kernel.window
        self._words, self._rax = kernel.window.words, kernel.window.base
        self._table = kernel.linux.tables[tbl.Abi.I386] >> 3
        self._absent = kernel.image.symbols["__ia32_sys_ni_syscall"]

    def int80(self, task: LinuxTask, stop: Trap) -> None:
        """The call of an ``int $0x80``."""
        if not self._call(task, by_sysenter=False):
            self._kernel.handle(task, stop)

    def sysenter(self, task: LinuxTask) -> None:
        """From 32-bit code: what do_SYSENTER_32 and sysexit make of the registers, see ``entry_64_compat.S``."""
        words, rax = self._words, self._rax
        rsp, rbp, rip = rax + 4, rax + 5, rax + 16
        before = words[rsp], words[rbp], words[rip]
        stack = before[1] & _M32
        try:
            sixth = task.memory.read_u32(stack)
        except Errno:
            self._kernel.handle(task, _SYSENTER)
            return
        words[rsp], words[rbp], words[rip] = stack, sixth, self._q[task.struct + _LANDING_PAD]
        if self._flags[0] & _NOT_BY_SYSENTER or not self._call(task, by_sysenter=True):
            words[rsp], words[rbp], words[rip] = before
            self._kernel.handle(task, _SYSENTER)

    def _call(self, task: LinuxTask, by_sysenter: bool) -> bool:
        """Makes the call in EAX; False, with nothing changed, if it has to go through ring 0."""
        kernel, window, words, q = self._kernel, self._window, self._words, self._q
        work = task.struct
        number = words[self._rax] & _M32
        address = q[self._table + number] if number < tbl.IA32_NR_SYSCALLS else self._absent
        stub = kernel.stubs.get(address)
        if stub is None or q[work + _TRACE]:
            if stub is None:
                kernel.doubt_entry_state()
            return False
        window.orig_ax = number
        task.regs = window
        task.stub = address
        task.by_sysenter = by_sysenter
        q[work + _STATUS] |= _TS_COMPAT
        result = kernel.invoke(task, stub, window, number)
        if result is None:
            task.orig_ax = number
            return True
        words[self._rax] = result & _M64
        if q[work] & traps.EXIT_WORK or window.by_iret:
            finish(kernel, task)
        else:
            leave_ia32(kernel, task)
        return True


def _finish(kernel: LinuxSystem, task: LinuxTask, result: int | None) -> None:
    """The end of a call that may have waited: its result, then the exit work."""
    if result is None:
        task.orig_ax = kernel.window.orig_ax
    else:
        window = kernel.window
        window.words[window.base] = result & _M64
        finish(kernel, task)


def finish(kernel: LinuxSystem, task: LinuxTask) -> None:
    """The end of every event on the short path: what the exit code would do before ring 3 runs.

    A thread that has to stop does so in ring 0: its registers lie on its kernel stack then, for a tracer to see.
    """
    q = kernel.machine.ram.q
    if q[task.struct] & traps.EXIT_WORK:
        if task.trace is None and not task.must_stop:
            work = _exit_work()(task, task.regs, 0)
            if not isinstance(work, int):
                work.close()
        if q[task.struct] & traps.EXIT_WORK:
            leave_through(task, "error_return")
            return
    if q[task.struct + _STATUS] & _TS_COMPAT:
        leave_ia32(kernel, task)
    if kernel.window.by_iret:
        leave_through(task, "swapgs_restore_regs_and_return_to_usermode")


@cache
def _exit_work() -> Callable[[LinuxTask, UserRegs, int], int | Coroutine[Any, Any, int]]:
    """What does the exit work; many programs never have any."""
    from ring3.linux.entry.exit_work import exit_work  # noqa: PLC0415 -- see above

    return exit_work


def leave_ia32(kernel: LinuxSystem, task: LinuxTask) -> None:
    """The last of a 32-bit call, after the exit work: ``sysexit``, where it can be used, takes ECX and EDX."""
    window, machine = kernel.window, kernel.machine
    q = machine.ram.q
    q[task.struct + _STATUS] &= ~_TS_COMPAT
    if task.by_sysenter:
        task.by_sysenter = False
        words, rax = window.words, window.base
        landing_pad = q[task.struct + _LANDING_PAD]
        if (
            words[rax + 16] == landing_pad
            and not window.by_iret
            and not machine.cpu.flags[0] & _RETURN_BY_IRET
        ):
            words[rax + 1], words[rax + 2] = words[rax + 4], landing_pad
            words[rax + 8] = words[rax + 9] = words[rax + 10] = words[rax + 11] = 0
