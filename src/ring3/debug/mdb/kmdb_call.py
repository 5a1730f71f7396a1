"""A function of the kernel that kmdb calls in the task on the CPU, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ring3.kernel import points
from ring3.machine.registers import Gpr

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task

ARGUMENTS: Final = (Gpr.RDI, Gpr.RSI, Gpr.RDX, Gpr.RCX, Gpr.R8, Gpr.R9)
"""Where a function finds its arguments (System V ABI, AMD64, 3.2.3)."""
_RED_ZONE: Final = 128


class KernelCall:
    """One call: the machine runs until it has returned to the instruction the task stood at, on the stack it was given.

    All registers are then as they were.
    """

    def __init__(
        self,
        kernel: Kernel[Any],
        task: Task,
        function: int,
        arguments: Sequence[int],
        returned: Callable[[int], None],
    ) -> None:
        """Has the task go on in a function.

        Args:
            kernel: The kernel.
            task: The task on the CPU, in ring 0.
            function: The function's address.
            arguments: Up to six.
            returned: Gets what it has returned, when the registers are as before.
        """
        self._task = task
        self._returned = returned
        cpu = self._cpu = kernel.machine.cpu
        self._saved = cpu.save()
        self._place = cpu.rip
        self._stack = ((cpu.gpr(int(Gpr.RSP)) - _RED_ZONE) & -16) - 8
        kernel.machine.write(self._stack, self._place.to_bytes(8, "little"))
        for register, value in zip(ARGUMENTS, arguments, strict=False):
            cpu.set_gpr(int(register), value)
        cpu.set_gpr(int(Gpr.RAX), 0)
        cpu.set_gpr(int(Gpr.RSP), self._stack)
        cpu.rip = function
        self._attachment = kernel.probes.attach(points.Address(self._place), self._arrived)

    def is_over_at(self, address: int) -> bool:
        """Whether the task stands there because the function has returned."""
        return address == self._place and self._cpu.gpr(int(Gpr.RSP)) == self._stack + 8

    def _arrived(self, task: Task, address: int) -> None:
        if task is self._task and self.is_over_at(address):
            value = self._cpu.gpr(int(Gpr.RAX))
            self.forget()
            self._cpu.load(self._saved)
            self._returned(value)

    def forget(self) -> None:
        """It is not waited for any more."""
        self._attachment.detach()
