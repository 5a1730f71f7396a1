"""Listens to a machine and writes what it hears as truss does."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.abi.meaning import Meaning
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.truss.counts import Counts
from ring3.trace.truss.systems import error_name
from ring3.trace.truss.text import ArgumentText, address

if TYPE_CHECKING:
    from ring3.abi.rows import Call as Row
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created, Exited, Taken
    from ring3.kernel.task import Task
    from ring3.trace.truss.command_line import Asked
    from ring3.trace.truss.lines import Lines
    from ring3.trace.truss.systems import System

_READS: Final = frozenset({"read", "pread", "pread64", "recv", "recvfrom"})
_WRITES: Final = frozenset({"write", "pwrite", "pwrite64", "send", "sendto"})
_FORKS: Final = frozenset({"forkx", "fork", "vfork", "clone", "clone3"})
_RESTARTS: Final = 512
_ERESTART: Final = 91


class Tracer(CallObserver):
    """Writes what tasks do, and their children if they are followed.

    Attributes:
        tasks: Who is traced.
        counts: What is counted (``-c``).
    """

    def __init__(
        self, kernel: Kernel[Any], first: Iterable[Task], asked: Asked, system: System, lines: Lines
    ) -> None:
        """Begins to listen."""
        self.tasks: set[Task] = set(first)
        self.counts = Counts() if "c" in asked.counts else None
        self._asked = asked
        self._system = system
        self._lines = lines
        self._began: dict[Task, int] = {}
        self._inside: dict[Task, str] = {}
        attach = kernel.probes.attach
        self._attachments = [
            attach(points.SystemCall(), self),
            attach(points.SignalDelivered(), self._taken),
            attach(points.TaskCreated(), self._created),
            attach(points.TaskExited(), self._exited),
        ]

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether nobody is left to be traced."""
        return not self.tasks

    def close(self) -> None:
        """Listens no more."""
        while self._attachments:
            self._attachments.pop().detach()
        self._lines.flush()

    def executed(self, task: Task, path: str, words: list[str], variables: list[str]) -> None:
        """Tells of the execve(2) by which a program came, which no program of the machine made."""
        if self.counts is not None:
            self.counts.note("execve", 0, failed=False)
        if self.counts is not None or not self._asked.calls.has("execve"):
            return
        word = 4 if self._bits(task) == 32 else 8
        argv = task.regs.sp + word
        envp = argv + word * (len(words) + 1)
        self._lines.line(task, f'execve("{path}", {address(argv)}, {address(envp)})  argc = {len(words)}')
        if "a" in self._asked.counts:
            self._lines.line(task, f" argv: {' '.join(words)}")
        if "e" in self._asked.counts:
            self._lines.line(task, f" envp: {' '.join(variables)}")

    def _bits(self, task: Task) -> int:
        narrow = getattr(task, "is_narrow", None)
        return 32 if (task.process.ilp32 if narrow is None else narrow) else 64  # type: ignore[attr-defined]

    # -- calls -----------------------------------------------------------------------------------------------------

    def entry(self, call: Call) -> None:
        """A call begins."""
        assert isinstance(call, StubCall)
        if call.task in self.tasks:
            name = self._system.name(call)
            assert call.task is not None
            self._inside[call.task] = name
            self._began[call.task] = time.perf_counter_ns()
            row = self._system.row(call)
            if row is not None and row.result.meaning is Meaning.NEVER:
                self._end(call, None, "")

    def wait(self, call: Call) -> None:
        """It sleeps: that is told of at once, and the call again when it has ended."""
        assert isinstance(call, StubCall)
        if call.task in self.tasks and self.counts is None and "i" not in self._asked.counts:
            name = self._system.name(call)
            if self._asked.calls.has(name):
                self._lines.call(call.task, self._text(call, name, None), "(sleeping...)")
        self._lines.flush()

    def returned(self, call: Call) -> None:
        """It has ended."""
        assert isinstance(call, StubCall)
        if call.task not in self.tasks:
            return
        value = call.value if isinstance(call.value, int) else 0
        if isinstance(call.error, Errno):
            self._end(call, None, f"Err#{_error(int(call.error.number), call.error.number)}")
        elif call.error is None and -4096 < value < 0 and not self._system.pair("", value)[1]:
            self._end(call, None, f"Err#{_error(-value, None)}")
        elif call.error is None:
            self._end(call, value, "")

    def _end(self, call: StubCall, value: int | None, error: str) -> None:
        """Writes or counts a call that has ended, or that will not return."""
        task = call.task
        assert task is not None
        name = self._system.name(call)
        spent = time.perf_counter_ns() - self._began.pop(task, time.perf_counter_ns())
        self._inside.pop(task, None)
        if not self._asked.calls.has(name):
            return
        if self.counts is not None:
            self.counts.note(name, spent, failed=bool(error))
            return
        result = error or ("" if value is None else self._result(call, name, value))
        self._lines.call(task, self._text(call, name, value), result)
        self._transferred(call, name, value)

    def _text(self, call: StubCall, name: str, value: int | None) -> str:
        assert call.task is not None
        text = ArgumentText(
            self._system, call.task.memory.peek, self._system.bits(call), is_raw=self._asked.raw.has(name)
        )
        row = self._system.row(call)
        if row is None:
            return f"{name}({text.numbers(call.arguments)})"
        parameters = row.arguments(call.arguments, self._system.sets())
        return f"{name}({text.arguments(parameters, call.arguments, value)})"

    def _result(self, call: StubCall, name: str, value: int) -> str:
        row: Row | None = self._system.row(call)
        result = row.result_of(call.arguments, self._system.sets()) if row is not None else None
        value, second = self._system.pair(name, value)
        in_hex = result is not None and result.meaning in (Meaning.ADDRESS, Meaning.HEX)
        text = f"= {address(value & (1 << self._system.bits(call)) - 1) if in_hex and value else value}"
        if name in _FORKS and value == 0:
            text = f"(returning as child ...)\t{text}"
        return text if second is None else f"{text} [ {address(second) if in_hex else second} ]"

    def _transferred(self, call: StubCall, name: str, value: int | None) -> None:
        """Shows all that was read or written, where that is wanted."""
        chosen = self._asked.reads if name in _READS else self._asked.writes if name in _WRITES else None
        if chosen is None or not value or not chosen.has(str(call.arguments[0])):
            return
        assert call.task is not None
        self._lines.buffer(call.task, call.task.memory.peek(call.arguments[1], value))

    # -- signals and tasks -----------------------------------------------------------------------------------------

    def _taken(self, event: Taken) -> None:
        task = event.task
        if task not in self.tasks:
            return
        arrived = self._system.arrived(task, event.info)
        wanted = {arrived.name, str(arrived.number)}
        is_fault = arrived.fault is not None and self._asked.faults.has(arrived.fault[1])
        is_signal = any(self._asked.signals.has(name) for name in wanted)
        if self.counts is not None:
            if is_fault and arrived.fault is not None:
                self.counts.faults[arrived.fault[1]] += 1
            if is_signal:
                self.counts.signals[arrived.name] += 1
            return
        if is_fault:
            self._lines.fault(task, arrived)
        if is_signal:
            self._lines.signal(task, arrived, self._inside.get(task, ""))

    def _created(self, event: Created) -> None:
        parent = event.parent
        if parent not in self.tasks or parent is None:
            return
        if "f" in self._asked.counts or self._system.pid(event.task) == self._system.pid(parent):
            self.tasks.add(event.task)

    def _exited(self, event: Exited) -> None:
        if event.task in self.tasks:
            if event.code & 0x7F and self.counts is None:
                self._lines.line(event.task, "\t*** process killed ***")
            self.tasks.discard(event.task)
            self._inside.pop(event.task, None)


def _error(number: int, error: object) -> str:
    """An error as truss writes it; a call that is made again is named so."""
    if number >= _RESTARTS:
        return f"{_ERESTART} ERESTART"
    name = error_name(number, error)
    return f"{number} {name}" if name else str(number)
