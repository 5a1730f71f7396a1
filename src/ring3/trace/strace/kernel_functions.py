"""The kernel's functions below each call as a tree (``--functions``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver

if TYPE_CHECKING:
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task
    from ring3.linux.kernel import LinuxKernel
    from ring3.trace.strace.opened import OpenCall


class KernelFunctions(CallObserver):
    """Notes which functions of the kernel are called while a task makes a call."""

    def __init__(self, kernel: LinuxKernel) -> None:
        """Begins to listen to every function that has a name."""
        self._depths: dict[Task | None, int] = {}
        self._found: dict[Task | None, list[str]] = {}
        attach = kernel.probes.attach
        self._attachments: list[Attachment] = [
            attach(points.Function(row.key), self) for row in kernel.function_table
        ]

    def close(self) -> None:
        """Listens no more."""
        while self._attachments:
            self._attachments.pop().detach()

    def begin(self, task: Task) -> None:
        """A task begins a call."""
        self._depths[task] = 0
        self._found[task] = []

    def entry(self, call: Call) -> None:
        """A function is called."""
        found = self._found.get(call.task)
        if found is not None:
            depth = self._depths[call.task]
            found.append(f" : {'  ' * depth}{call.what.name}")
            self._depths[call.task] = depth + 1

    def returned(self, call: Call) -> None:
        """It returns."""
        if call.task in self._found and not call.begun_before:
            self._depths[call.task] = max(self._depths[call.task] - 1, 0)

    def left(self, call: Call) -> None:
        """It does not."""
        self.returned(call)

    def lines(self, opened: OpenCall, _result: int | None) -> Iterator[str]:
        """What has been called since the call began, one function a line, each below its caller."""
        self._depths.pop(opened.task, None)
        yield from self._found.pop(opened.task, ())
