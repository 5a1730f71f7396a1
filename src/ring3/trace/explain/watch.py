"""Lets programs run as ever until the wanted call, has it explained, and lets them run on.

Until then the CPU's stops are only looked at on their way to the kernel; at the wanted one the loop that runs the
task is left by an exception, before anything of the call is done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from ring3.kernel.core import Kernel
from ring3.kernel.task import Task, TaskState
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.task import LinuxTask
from ring3.machine.cpu import Stop
from ring3.trace.explain.collector import Collector
from ring3.trace.explain.doors import Call, call_at
from ring3.trace.explain.model import Explanation

Met = TypeVar("Met", bound="NamedCall")
Told = TypeVar("Told")
Told_co = TypeVar("Told_co", covariant=True)


class NamedCall(Protocol):
    """A call that the CPU has stopped at."""

    @property
    def name(self) -> str:
        """Its name, "" where there is none."""


class Collecting(Protocol[Told_co]):
    """What drives one call and gathers its explanation."""

    @property
    def task(self) -> Task:
        """Who makes the call."""

    @property
    def finished(self) -> bool:
        """The call is over: the task is in ring 3 again, or has ended."""

    def begin(self, stop: Stop) -> None:
        """Lets the CPU enter ring 0."""

    def go_on(self) -> None:
        """Goes on after the task has got the CPU."""

    def task_ended(self) -> None:
        """The task is dead."""

    def explanation(self) -> Told_co:
        """What was gathered."""


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

    def __init__(self, stop: Stop, call: NamedCall) -> None:
        super().__init__(stop, call)
        self.stop = stop
        self.call = call


class Watcher(ABC, Generic[Met, Told]):
    """Has one call of the programs on a kernel explained, whichever system it is.

    Attributes:
        calls: How many calls were made until the wanted one, that one included.
        explanation: The explanation, None as long as the call is not over.
    """

    def __init__(
        self, kernel: Kernel[Any], wanted: Wanted, tell: Callable[[Told], None] = lambda told: None
    ) -> None:
        """Attaches to a kernel; it lets go when the call is over.

        Args:
            kernel: The kernel.
            wanted: The call to explain.
            tell: Gets the explanation when the call is over, before the program goes on.
        """
        self.calls = 0
        self.explanation: Told | None = None
        self._kernel = kernel
        self._wanted = wanted
        self._tell = tell
        self._left = wanted.nth
        self._collector: Collecting[Told] | None = None
        self._runner, self._run_cpu = kernel.runner, kernel.run_cpu
        kernel.runner, kernel.run_cpu = self._run, self._next_stop

    @abstractmethod
    def call_at(self, stop: Stop) -> Met | None:
        """The call that a stop of the CPU stands for, None if it is something else."""

    @abstractmethod
    def collect(self, task: Task, call: Met) -> Collecting[Told]:
        """What drives a call, at which the CPU stands."""

    def finish(self) -> None:
        """Tells of a call whose task was ended by another while it waited; to be called when all has run."""
        collector = self._collector
        if collector is not None and not collector.finished and collector.task.state is TaskState.DEAD:
            collector.task_ended()
            self._over(collector)

    def _next_stop(self) -> Stop:
        """Runs the CPU as ever, and looks at what it stopped for."""
        stop = self._run_cpu()
        call = self.call_at(stop)
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
                self._collector = self.collect(task, cast(Met, reached.call))
        if task is self._collector.task:
            self._go_on(self._collector, stop)
        self._runner(task)

    def _go_on(self, collector: Collecting[Told], stop: Stop | None) -> None:
        """Drives the call, from the user's stop or from where its task waited."""
        try:
            if stop is not None:
                collector.begin(stop)
            collector.go_on()
        finally:
            if collector.finished:
                self._over(collector)

    def _over(self, collector: Collecting[Told]) -> None:
        self._kernel.runner = self._runner
        self.explanation = collector.explanation()
        self._tell(self.explanation)


class Explainer(Watcher[Call, Explanation]):
    """Explains one call of the programs on a Linux kernel."""

    _kernel: LinuxKernel

    def call_at(self, stop: Stop) -> Call | None:
        """The system call that a stop of the CPU stands for, by any of the doors."""
        return call_at(stop, self._kernel.machine.cpu)

    def collect(self, task: Task, call: Call) -> Collector:
        """What drives it."""
        return Collector(self._kernel, cast(LinuxTask, task), call, self.calls)
