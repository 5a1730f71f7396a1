"""Lets programs run as ever until the wanted call, has it explained, and lets them run on.

Until then the CPU's stops are only looked at on their way to the kernel; at the wanted one a `Follower` is attached,
before anything of the call is done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from ring3.kernel import points
from ring3.kernel.watched_cpu import CpuObserver
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.task import LinuxTask
from ring3.machine.cpu import Stop
from ring3.trace.explain.collector import Collector
from ring3.trace.explain.doors import Call, Door, call_at
from ring3.trace.explain.model import Explanation

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task

Named = TypeVar("Named", bound="NamedCall")
Told = TypeVar("Told")


class NamedCall(Protocol):
    """A call that the CPU has stopped at."""

    @property
    def name(self) -> str:
        """Its name, "" where there is none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which call to explain.

    Attributes:
        nth: The how many-th of those that count, from 1.
        name: Only calls of this name count; "" for all.
    """

    nth: int = 1
    name: str = ""


class Watcher(CpuObserver, ABC, Generic[Named, Told]):
    """Has one call of the programs on a kernel explained, whichever system it is.

    Attributes:
        calls: How many calls were made until the wanted one, that one included.
        explanation: The explanation, None as long as the call is not over.
    """

    def __init__(
        self,
        kernel: Kernel[Any],
        wanted: Wanted,
        tell: Callable[[Told], None] = lambda told: None,
        concerns: Callable[[Task], bool] = lambda task: True,
    ) -> None:
        """Attaches to a kernel; it lets go when the call is over.

        Args:
            kernel: The kernel.
            wanted: The call to explain.
            tell: Gets the explanation when the call is over, before the program goes on.
            concerns: Whose calls count; by default everybody's.
        """
        self.calls = 0
        self.explanation: Told | None = None
        self._kernel = kernel
        self._wanted = wanted
        self._tell = tell
        self._concerns = concerns
        self._left = wanted.nth
        self._attachment = kernel.probes.attach(points.CpuRun(), self)

    def close(self) -> None:
        """Lets go before the call was made."""
        self._attachment.detach()

    @abstractmethod
    def call_at(self, stop: Stop) -> Named | None:
        """The call that a stop of the CPU stands for, None if it is something else."""

    @abstractmethod
    def follow(self, task: Task, call: Named) -> None:
        """Follows a call, at which the CPU stands, and calls `over` in the end."""

    def after(self, task: Task, stop: Stop) -> None:
        """The CPU has stopped: looks what for."""
        call = self.call_at(stop)
        if call is None or not self._concerns(task):
            return
        self.calls += 1
        if self._wanted.name in ("", call.name) and self.takes(call):
            self.follow(task, call)

    def takes(self, call: Named) -> bool:
        """Whether a call that counts is the one to explain; after the last one it lets go."""
        self._left -= 1
        if not self._left:
            self._attachment.detach()
        return not self._left

    def over(self, told: Told) -> None:
        """The call is over."""
        self.explanation = told
        self._tell(told)


class Explainer(Watcher[Call, Explanation]):
    """Explains one call of the programs on a Linux kernel."""

    _kernel: LinuxKernel

    def call_at(self, stop: Stop) -> Call | None:
        """The system call that a stop of the CPU stands for, by any of the doors."""
        return call_at(stop, self._kernel.machine.cpu)

    def follow(self, task: Task, call: Call) -> None:
        """Follows it."""
        Collector(self._kernel, cast(LinuxTask, task), call, self.calls, self.over)


class Comparer(Explainer):
    """Explains the first call of one name by each door that programs use for it.

    Attributes:
        explanations: Those that are over, in the order in which the doors were used.
    """

    def __init__(
        self,
        kernel: LinuxKernel,
        name: str = "",
        concerns: Callable[[Task], bool] = lambda task: True,
    ) -> None:
        """Attaches to a kernel, until it is closed.

        Args:
            kernel: The kernel.
            name: The call; "" for the first that is made.
            concerns: As for `Watcher`.
        """
        super().__init__(kernel, Wanted(name=name), concerns=concerns)
        self.explanations: list[Explanation] = []
        self._doors: set[Door] = set()

    def takes(self, call: Call) -> bool:
        """Whether the door is a new one."""
        self._wanted = Wanted(name=self._wanted.name or call.name)
        is_new = call.door not in self._doors
        self._doors.add(call.door)
        return is_new

    def over(self, told: Explanation) -> None:
        """One of the calls is over."""
        super().over(told)
        self.explanations.append(told)
