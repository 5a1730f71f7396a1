"""Notes which kernel functions are entered and left, as DTrace's fbt with flowindent does, for one call only."""

from __future__ import annotations

from ring3.abi.errno import Errno
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.solaris.kernel import SolarisKernel
from ring3.solaris.task import SolarisTask
from ring3.trace.explain_solaris.model import FlowStep


class Flow(CallObserver):
    """Watches every function of the kernel that a thread calls, until it is told to stop.

    Attributes:
        steps: What was seen.
    """

    def __init__(self, kernel: SolarisKernel, task: SolarisTask) -> None:
        self.steps: list[FlowStep] = []
        self._task = task
        self._depth = 0
        self._attached = [
            kernel.probes.attach(points.Function(row.key), self) for row in kernel.function_table
        ]

    def stop(self) -> None:
        """Lets go of the functions."""
        for attachment in self._attached:
            attachment.detach()

    def entry(self, call: Call) -> None:
        """A function is entered, by whatever thread."""
        if call.task is self._task:
            self.steps.append(FlowStep(True, self._depth, call.what.key, tuple(call.arguments[1:]), None, ""))
            self._depth += 1

    def returned(self, call: Call) -> None:
        """It is left again."""
        if call.task is self._task:
            self._depth -= 1
            error = call.error.number.name if isinstance(call.error, Errno) else ""
            result = call.value if isinstance(call.value, int) else None
            self.steps.append(FlowStep(False, self._depth, call.what.key, (), result, error))
