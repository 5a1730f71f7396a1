"""A call that has begun and not ended, as those who write traces keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ring3.trace.strace.line import CallLine

if TYPE_CHECKING:
    from ring3.kernel.watched_stubs import StubCall
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.strace.form import Form
    from ring3.trace.strace.text import Text


class OpenCall:
    """One call.

    Attributes:
        call: As the probes tell of it.
        task: Who makes it.
        form: How it is written.
        began: When, by the host's clock in nanoseconds; 0 where nobody asks for times.
        told: Whether its beginning has been written.
    """

    __slots__ = ("_arguments", "_line", "_text_of", "began", "call", "form", "task", "told")

    def __init__(
        self,
        call: StubCall,
        task: LinuxTask,
        form: Form,
        text_of: Callable[[LinuxTask, Form], Text],
        arguments: list[int] | None = None,
    ) -> None:
        self.call = call
        self.task = task
        self.form = form
        self.began = 0
        self.told = False
        self._text_of = text_of
        self._arguments = arguments
        self._line: CallLine | None = None

    @property
    def arguments(self) -> list[int]:
        """Its arguments; those of the call that it stands for, where it does."""
        return self.call.arguments if self._arguments is None else self._arguments

    def line(self) -> CallLine:
        """Its text; the arguments are looked at when this is first asked for."""
        found = self._line
        if found is None:
            text = self._text_of(self.task, self.form)
            found = self._line = CallLine(self.form, self.call, text, self._arguments)
        return found


class Writer(Protocol):
    """What becomes of what a tracer hears. A call is begun, and then ended or left; what else happens is between."""

    def begin(self, opened: OpenCall) -> None:
        """A call begins."""

    def end(self, opened: OpenCall, value: int, error: int) -> None:
        """It returns: with a value, or with an errno that is not 0."""

    def leave(self, opened: OpenCall) -> None:
        """Its task ends in it."""

    def abandon(self, task: LinuxTask) -> None:
        """A task is not traced any more."""

    def executed(self, task: LinuxTask, path: str) -> None:
        """A task runs its first program, which no call of it asked for."""

    def changed_width(self, task: LinuxTask, bits: int) -> None:
        """A task makes calls of another width from now on."""

    def signal(self, task: LinuxTask, info: SigInfo) -> None:
        """A signal has come."""

    def exited(self, task: LinuxTask, code: int) -> None:
        """A task has ended, with what wait(2) would say."""

    def superseded(self, task: LinuxTask, by: int) -> None:
        """The first thread of a process has ended because another one, of that number, has executed a program."""

    def flush(self) -> None:
        """Whoever reads the trace is to see it now."""
