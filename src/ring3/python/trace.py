"""A trace of system calls as objects: decoded by the rows that strace is, and printed like it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from ring3.abi.errno import E, Errno
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.model.task import LinuxTask
from ring3.python.memory import table
from ring3.trace.called import bits_of, name_of, row_of
from ring3.trace.strace.form import Form
from ring3.trace.strace.line import CallLine
from ring3.trace.strace.programs import program_of
from ring3.trace.strace.style import Style
from ring3.trace.strace.text import Text

if TYPE_CHECKING:
    from ring3.python.machine import Machine


@cache
def _form(symbol: str, name: str, bits: int) -> Form:
    return Form(symbol, name, bits, Style())


class TracedCall(NamedTuple):
    """A system call that has been made.

    Attributes:
        pid: The number of the task.
        name: The call.
        arguments: Each argument's value by its name.
        text: The line that strace(1) would write of it.
        value: What it returned; None if it failed or did not return.
        error: What it failed with; None if it did not.
    """

    pid: int
    name: str
    arguments: dict[str, int]
    text: str
    value: int | None
    error: E | None

    def __str__(self) -> str:
        return self.text


class Trace(CallObserver):
    """System calls of a machine of Linux, until it is stopped or the ``with`` block ends.

    Attributes:
        calls: Those that have ended, in the order of their ends.
    """

    def __init__(self, machine: Machine) -> None:
        self.calls: list[TracedCall] = []
        self._machine = machine
        self._open: dict[LinuxTask, CallLine] = {}
        self._attachment = machine.kernel.probes.attach(points.SystemCall(), self)
        machine.traces.append(self)

    def stop(self) -> None:
        """Records no more."""
        self._attachment.detach()
        if self in self._machine.traces:
            self._machine.traces.remove(self)

    def entry(self, call: Call) -> None:
        """A call begins."""
        task = call.task
        if isinstance(call, StubCall) and isinstance(task, LinuxTask):
            bits = bits_of(call)
            form = _form(call.what.symbol, name_of(call), bits)
            self._open[task] = CallLine(form, call, Text(program_of(task, bits), form.style))

    def returned(self, call: Call) -> None:
        """It is over."""
        line = self._open.pop(call.task, None) if isinstance(call.task, LinuxTask) else None
        if line is None:
            return
        number = int(call.error.number) if isinstance(call.error, Errno) else 0
        value = call.value if isinstance(call.value, int) else 0
        if not number and -4096 < value < 0:
            number = -value
        self._add(call, line, None if number else value, number)

    def left(self, call: Call) -> None:
        """Its task ends in it."""
        line = self._open.pop(call.task, None) if isinstance(call.task, LinuxTask) else None
        if line is not None:
            self._add(call, line, None, 0)

    def _add(self, call: Call, line: CallLine, value: int | None, number: int) -> None:
        assert isinstance(call, StubCall)
        assert call.task is not None
        beginning, end = line.beginning(), line.end(value)
        result = "?" if value is None and not number else line.result(value or 0, number)
        row = row_of(call.what.symbol, line.name)
        names = [p.name for p in row.parameters] if row else [f"arg{n}" for n in range(len(call.arguments))]
        error = E(number) if number in _ERRORS else None
        arguments = dict(zip(names, call.arguments, strict=False))
        self.calls.append(
            TracedCall(call.task.tid, line.name, arguments, f"{beginning}{end}) = {result}", value, error)
        )

    def __iter__(self) -> Iterator[TracedCall]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def __str__(self) -> str:
        return "\n".join(call.text for call in self.calls)

    def __repr__(self) -> str:
        return f"<trace of {len(self.calls)} calls>"

    def _repr_html_(self) -> str:
        return table(("task", "call"), [(call.pid, call.text) for call in self.calls])


_ERRORS = frozenset(int(error) for error in E)
