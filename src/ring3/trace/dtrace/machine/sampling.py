"""Samples of what a machine does: the program's instruction, or the kernel's function that ran when the time came.

Time passes for programs while they run, and for the kernel while it works on their behalf; a tick is told of between
the two. So calls of the kernel are timed, and a sample whose moment lies in one belongs to its function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import TaskState
from ring3.trace.dtrace.machine.kernel_stack import IDLE
from ring3.trace.dtrace.machine.pid import CpuRegisters
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Context
from ring3.trace.dtrace.providers.profile import Sampler

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel


class MachineSampler(Sampler):
    """Samples of one machine."""

    def __init__(self, kernel: Kernel[Any]) -> None:
        """Sample a kernel."""
        self._kernel = kernel
        self._registers = CpuRegisters(kernel)

    def begin(self, interval_: int, *, exactly: bool) -> tuple[Callable[[], Context], Callable[[], None]]:
        """Gives what takes a sample, and what ends the sampling."""
        kernel = self._kernel
        calls = _Calls(kernel)
        attached = kernel.probes.attach(points.Stub(), calls) if exactly else None
        due = kernel.clocks.monotonic() + interval_

        def sample() -> Context:
            nonlocal due
            moment, now = due, kernel.clocks.monotonic()
            due += interval_ * ((now - due) // interval_ + 1)
            return self._context(calls.at(moment))

        return sample, attached.detach if attached is not None else lambda: None

    def _context(self, function: int) -> Context:
        task = self._kernel.current
        if task is None or task.state is not TaskState.READY:
            return TaskContext(padded((function or IDLE,)), None)
        if function:
            return TaskContext(padded((function,)), task)
        context = TaskContext(padded((0, self._registers.ip)), task)
        context.registers = self._registers
        return context


class _Calls(CallObserver):
    """When the kernel was called last, and by which of its functions until when."""

    def __init__(self, kernel: Kernel[Any]) -> None:
        self._now = kernel.clocks.monotonic
        self._symbols = kernel.image.symbols
        self._begun = self._ended = 0
        self._symbol = ""

    def entry(self, call: Call) -> None:
        """It begins."""
        self._symbol = call.what.symbol
        self._begun, self._ended = self._now(), 1 << 63

    def wait(self, call: Call) -> None:
        """It waits, and takes no time."""
        self._ended = self._now()

    def resume(self, call: Call) -> None:
        """It goes on."""
        self.entry(call)

    def returned(self, call: Call) -> None:
        """It is over."""
        self._ended = self._now()

    def at(self, moment: int) -> int:
        """The address of the function that ran at a moment, which is past; 0 if it was a program."""
        if not self._begun <= moment <= self._ended:
            return 0
        return self._symbols.get(self._symbol) or 0
