"""Gives each task an output of its own (``-ff``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.strace.opened import OpenCall, Writer


class Separate:
    """A writer that hands on to one for each task."""

    def __init__(self, make: Callable[[int], Writer]) -> None:
        """Begins with none.

        Args:
            make: Makes the writer for the task of a number.
        """
        self._make = make
        self._writers: dict[int, Writer] = {}

    def of(self, task: LinuxTask) -> Writer:
        """A task's writer."""
        found = self._writers.get(task.tid)
        if found is None:
            found = self._writers[task.tid] = self._make(task.tid)
        return found

    def begin(self, opened: OpenCall) -> None:
        """A call begins."""
        self.of(opened.task).begin(opened)

    def end(self, opened: OpenCall, value: int, error: int) -> None:
        """It returns."""
        self.of(opened.task).end(opened, value, error)

    def leave(self, opened: OpenCall) -> None:
        """Its task ends in it."""
        self.of(opened.task).leave(opened)

    def abandon(self, task: LinuxTask) -> None:
        """A task is not traced any more."""
        self.of(task).abandon(task)

    def executed(self, task: LinuxTask, path: str) -> None:
        """A task runs its first program."""
        self.of(task).executed(task, path)

    def changed_width(self, task: LinuxTask, bits: int) -> None:
        """A task makes calls of another width."""
        self.of(task).changed_width(task, bits)

    def signal(self, task: LinuxTask, info: SigInfo) -> None:
        """A signal has come."""
        self.of(task).signal(task, info)

    def exited(self, task: LinuxTask, code: int) -> None:
        """A task has ended."""
        self.of(task).exited(task, code)
        self._writers.pop(task.tid, None)

    def superseded(self, task: LinuxTask, by: int) -> None:
        """A process's first thread has ended for another one that has executed a program."""
        self.of(task).superseded(task, by)
        self._writers.pop(task.tid, None)

    def flush(self) -> None:
        """Everything is to be seen."""
        for writer in self._writers.values():
            writer.flush()
