"""Lets programs run as ever until the wanted call, has it explained, and lets them run on.

Until then the CPU's stops are only looked at on their way to the kernel; at the wanted one the loop that runs the
task is left by an exception, before anything of the call is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from ring3.kernel.task import Task, TaskState
from ring3.linux.kernel import LinuxKernel
from ring3.linux.task import LinuxTask
from ring3.machine.cpu import Stop
from ring3.trace.explain.collector import Collector
from ring3.trace.explain.doors import Call, call_at
from ring3.trace.explain.model import Explanation


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which call to explain.

    Attributes:
        nth: The how many-th of those that count, from 1.
        name: Only calls of this name count; "" for all.
    """

    nth: int = 1
    name: str = ""


class _Reached(BaseException):
    """Leaves the loop that runs a task: the CPU stands at the wanted call."""

    def __init__(self, stop: Stop, call: Call) -> None:
        super().__init__(stop, call)
        self.stop = stop
        self.call = call


class Explainer:
    """Explains one call of the programs on a kernel.

    Attributes:
        calls: How many calls were made until the wanted one, that one included.
        explanation: The explanation, None as long as the call is not over.
    """

    def __init__(
        self, kernel: LinuxKernel, wanted: Wanted, tell: Callable[[Explanation], None] = lambda told: None
    ) -> None:
        """Attaches to a kernel; it lets go when the call is over.

        Args:
            kernel: The kernel.
            wanted: The call to explain.
            tell: Gets the explanation when the call is over, before the program goes on.
        """
        self.calls = 0
        self.explanation: Explanation | None = None
        self._kernel = kernel
        self._wanted = wanted
        self._tell = tell
        self._left = wanted.nth
        self._collector: Collector | None = None
        self._runner, self._run_cpu = kernel.runner, kernel.run_cpu
        kernel.runner, kernel.run_cpu = self._run, self._next_stop

    def finish(self) -> None:
        """Tells of a call whose task was ended by another while it waited; to be called when all has run."""
        collector = self._collector
        if collector is not None and not collector.finished and collector.task.state is TaskState.DEAD:
            collector.task_ended()
            self._over(collector)

    def _next_stop(self) -> Stop:
        """Runs the CPU as ever, and looks at what it stopped for."""
        stop = self._run_cpu()
        call = call_at(stop, self._kernel.machine.cpu)
        if call is not None:
            self.calls += 1
            if self._wanted.name in ("", call.name):
                self._left -= 1
                if not self._left:
                    raise _Reached(stop, call)
        return stop

    def _run(self, task: Task) -> None:
        """Runs a task that has the CPU until it leaves it."""
        stop = None
        if self._collector is None:
            try:
                self._runner(task)
                return
            except _Reached as reached:
                stop = reached.stop
                self._kernel.run_cpu = self._run_cpu
                self._collector = Collector(self._kernel, cast(LinuxTask, task), reached.call, self.calls)
        if task is self._collector.task:
            self._go_on(self._collector, stop)
        self._runner(task)

    def _go_on(self, collector: Collector, stop: Stop | None) -> None:
        """Drives the call, from the user's stop or from where its task waited."""
        try:
            if stop is not None:
                collector.begin(stop)
            collector.go_on()
        finally:
            if collector.finished:
                self._over(collector)

    def _over(self, collector: Collector) -> None:
        self._kernel.runner = self._runner
        self.explanation = collector.explanation()
        self._tell(self.explanation)
