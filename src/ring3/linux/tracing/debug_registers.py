"""The debug registers that a tracer gives a thread: breakpoints and watchpoints of the processor (DR0 to DR7).

The registers are the thread's, in ``struct user`` (POKEUSER); the CPU is told what to look out for by the probes that
debuggers use. SDM volume 3, 19.2; arch/x86/kernel/{ptrace,hw_breakpoint,traps}.c of Linux 6.x.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.signals import Sig, TrapCode
from ring3.errors import UserError
from ring3.kernel import points
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.kernel.watched_cpu import CpuObserver
from ring3.linux.signals.send import force_sig_fault
from ring3.machine.cpu import Event, Stop

if TYPE_CHECKING:
    from ring3.kernel.events import DataAccess
    from ring3.kernel.task import Task
    from ring3.linux.model.task import LinuxTask

COUNT: Final = 4
STATUS: Final = 6
CONTROL: Final = 7
STATUS_RESERVED: Final = 0xFFFF_0FF0
"""The bits of DR6 that are always set (DR6_RESERVED)."""
_CONTROL_RESERVED: Final = 0xFFFF_FFFF_0000_FC00
"""The bits of DR7 that stay 0 (DR_CONTROL_RESERVED)."""
_EXECUTE, _WRITE, _PORT, _ACCESS = range(4)
_SIZES: Final = (1, 2, 8, 4)
"""Bytes by LEN."""


class Breakpoint(NamedTuple):
    """What one of the four registers looks out for.

    Attributes:
        kind: R/W: execution, stores, or loads and stores.
        size: Bytes.
        address: Of the first.
    """

    kind: int
    size: int
    address: int


class DebugRegisters(CpuObserver):
    """Those of one thread.

    Attributes:
        addresses: DR0 to DR3.
        control: DR7.
    """

    not_state = ("_attached",)

    def __init__(self, task: LinuxTask) -> None:
        self._task = task
        self.addresses = [0] * COUNT
        self.control = 0
        self._met = 0
        self._passing: int | None = None
        self._attached = ExitStack()

    def read(self, number: int) -> int:
        """A register as a tracer sees it."""
        if number < COUNT:
            return self.addresses[number]
        return self.control if number == CONTROL else 0

    def write(self, number: int, value: int) -> None:
        """Sets an address or DR7.

        Raises:
            Errno: EINVAL, no such breakpoint can be; ENOSPC, this machine's CPU cannot watch.
        """
        addresses, control = list(self.addresses), self.control
        if number == CONTROL:
            control = value & ~_CONTROL_RESERVED
        else:
            addresses[number] = value
        wanted = _breakpoints(addresses, control)
        if number < COUNT and value >= TASK_SIZE_64:
            raise Errno(E.EINVAL)
        before = self.addresses, self.control
        self.addresses, self.control = addresses, control
        try:
            self._arm(wanted)
        except UserError:
            self.addresses, self.control = before
            self._arm({})
            raise Errno(E.ENOSPC) from None

    def clear(self) -> None:
        """The thread runs another program, or none any more."""
        self.addresses, self.control = [0] * COUNT, 0
        self._arm({})

    def _arm(self, wanted: dict[int, Breakpoint]) -> None:
        """Tells the probes what to look out for."""
        self._attached.close()
        self._met, self._passing = 0, None
        if not wanted:
            return
        task, attach = self._task, self._task.kernel.probes.attach
        with ExitStack() as attached:
            attached.enter_context(attach(points.CpuRun(), self))
            for number, one in wanted.items():
                if one.kind == _EXECUTE:
                    attached.enter_context(
                        attach(points.Address(one.address, task.memory), partial(self._executes, number))
                    )
                else:
                    place = points.Data(task.memory, one.address, one.size, read=one.kind == _ACCESS)
                    attached.enter_context(attach(place, partial(self._accesses, number)))
            self._attached = attached.pop_all()

    # -- what the CPU tells ----------------------------------------------------------------------------------------

    def before(self, task: Task) -> None:
        """It goes on: behind a breakpoint that was told of, or elsewhere (RF is used up by one instruction)."""
        cpu = self._task.kernel.machine.cpu
        if task is self._task and cpu.cpl == 3 and cpu.rip != self._passing:
            self._passing = None

    def after(self, task: Task, stop: Stop) -> None:
        """It has stopped: a trap is taken behind the access that it is about."""
        met, self._met = self._met, 0
        if met and task is self._task and stop is Event.INTERRUPTED:
            self._trap(met)

    def _accesses(self, number: int, event: DataAccess) -> None:
        if event.task is self._task:
            self._met |= 1 << number
            self._task.kernel.machine.cpu.interrupt()

    def _executes(self, number: int, task: Task, address: int) -> None:
        """A fault is taken before the instruction, which is executed when the thread comes back to it."""
        if task is not self._task:
            return
        if self._passing == address:
            self._passing = None
            return
        self._passing = address
        self._trap(1 << number)
        self._task.kernel.preempt(self._task)

    def _trap(self, met: int) -> None:
        self._task.debug_status = met
        ip = self._task.kernel.machine.cpu.rip
        force_sig_fault(self._task, Sig.SIGTRAP, int(TrapCode.TRAP_HWBKPT), ip)


def _breakpoints(addresses: list[int], control: int) -> dict[int, Breakpoint]:
    """What DR7 enables, by register.

    Raises:
        Errno: EINVAL, a breakpoint for ports, of more than one byte to be executed, not aligned, or in the kernel.
    """
    found = {}
    for number, address in enumerate(addresses):
        if not control >> 2 * number & 3:
            continue
        field = control >> 16 + 4 * number & 15
        kind, size = field & 3, _SIZES[field >> 2]
        if (
            kind == _PORT
            or (kind == _EXECUTE and size != 1)
            or address % size
            or address + size > TASK_SIZE_64
        ):
            raise Errno(E.EINVAL)
        found[number] = Breakpoint(kind, size, address)
    return found


def poke(task: LinuxTask, number: int, value: int) -> None:
    """Sets one of a stopped thread's debug registers (ptrace_set_debugreg).

    Raises:
        Errno: EIO, there is no such register; as `DebugRegisters.write`.
    """
    if number in (4, 5):
        raise Errno(E.EIO)
    if number == STATUS:
        task.debug_status = value ^ STATUS_RESERVED
        return
    if task.debug_registers is None:
        task.debug_registers = DebugRegisters(task)
    task.debug_registers.write(number, value)


def peek(task: LinuxTask, number: int) -> int:
    """One of them (ptrace_get_debugreg)."""
    if number == STATUS:
        return task.debug_status ^ STATUS_RESERVED
    return 0 if task.debug_registers is None else task.debug_registers.read(number)
