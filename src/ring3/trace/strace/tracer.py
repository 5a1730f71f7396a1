"""Listens to a machine and writes what it hears as strace does: one call a line, cut where another task comes in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import POINTER
from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Arg, Meaning, When
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import sig_ignored
from ring3.trace.called import bits_of, name_of
from ring3.trace.inject.injector import DONE, Done
from ring3.trace.strace.line import CallLine
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.signals import arrived, ended
from ring3.trace.strace.text import Program, Style, Text

if TYPE_CHECKING:
    from ring3.kernel.events import Created, Exited, Sent, Taken
    from ring3.kernel.task import Task
    from ring3.linux.kernel import LinuxKernel

AT_FDCWD: Final = -100
_STRINGS: Final = Arg(POINTER, Meaning.STRINGS, when=When.ENTRY)


class Layout(NamedTuple):
    """How lines look and which there are.

    Attributes:
        style: How values look.
        column: Where results are aligned (``-a``).
        follow: Whether children are traced (``-f``).
        always_pid: Whether every line begins with the task's number, as in a file with ``-f``.
        stamp: Gives what stands before a line, by the clock.
        durations: Whether the time a call took is shown (``-T``).
        ip: Whether the instruction pointer is shown (``-i``).
        number: Whether the number of the call is shown (``-n``).
        ends: Whether it is said how tasks end (not with ``-qqq``).
        calls: Whether a call of a name and a width is wanted.
        signal: Whether a signal is wanted.
        failed: True for calls that failed alone, False for those that did not, None for all (``-Z``, ``-z``).
    """

    style: Style
    column: int
    follow: bool
    always_pid: bool
    stamp: Callable[[], str] | None
    durations: bool
    ip: bool
    number: bool
    ends: bool
    calls: Callable[[str, int], bool]
    signal: Callable[[int], bool]
    failed: bool | None


class _Open:
    """A call that has begun.

    Attributes:
        line: Its text.
        began: When, by the host's clock.
        told: Whether its beginning is written.
    """

    __slots__ = ("began", "line", "told")

    def __init__(self, line: CallLine) -> None:
        self.line = line
        self.began = time.perf_counter_ns()
        self.told = False


class Tracer(CallObserver):
    """Writes the trace of a program, and of its children if they are followed.

    Attributes:
        tasks: Who is traced.
    """

    def __init__(
        self, kernel: LinuxKernel, first: Iterable[Task], layout: Layout, write: Callable[[str], object]
    ) -> None:
        """Begins to listen.

        Args:
            kernel: Whose calls.
            first: The tasks to trace at first.
            layout: How and what.
            write: Takes text.
        """
        self._layout = layout
        self._write = write
        self.tasks: set[Task] = set(first)
        self._calls: dict[Task, _Open] = {}
        self._ignored: dict[Task, list[str]] = {}
        self._unended: Task | None = None
        self._column = 0
        attach = kernel.probes.attach
        self._attachments = [
            attach(points.SystemCall(), self),
            attach(points.SignalDelivered(), self._taken),
            attach(points.SignalSent(), self._sent),
            attach(points.TaskCreated(), self._created),
            attach(points.TaskExited(), self._exited),
        ]

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether nobody is left to be traced."""
        return not self.tasks

    def detach(self, task: Task) -> None:
        """Traces a task no more; a call of it that has begun stays cut."""
        if self._unended is task:
            self._write(" <detached ...>\n")
            self._unended = None
        self.tasks.discard(task)
        self._calls.pop(task, None)

    def close(self) -> None:
        """Listens no more."""
        while self._attachments:
            self._attachments.pop().detach()

    # -- lines -----------------------------------------------------------------------------------------------------

    def _begin(self, task: Task, text: str, call: StubCall | None = None) -> None:
        """Begins a line of a task; one that is not ended is cut."""
        self._cut()
        layout = self._layout
        prefix = ""
        if layout.always_pid:
            prefix = f"{task.tid:<5} "
        elif layout.follow and len(self.tasks) > 1:
            prefix = f"[pid {task.tid:5}] "
        if layout.stamp is not None:
            prefix += layout.stamp()
        if layout.number:
            prefix += f"[{call.number:4}] " if call is not None else "[????] "
        if layout.ip:
            digits = 16 if not isinstance(task, LinuxTask) or not task.is_narrow else 8
            prefix += f"[{call.regs.ip:0{digits}x}] " if call is not None else f"[{'?' * digits}] "
        self._column = len(prefix) + len(text)
        self._write(prefix + text)

    def _cut(self) -> None:
        if self._unended is not None:
            self._write(" <unfinished ...>\n")
            self._unended = None

    def _line(self, task: Task, text: str) -> None:
        self._begin(task, text + "\n")

    def executed(self, task: Task, path: str) -> None:
        """Writes the execve(2) by which the first program came, which no program of the machine made."""
        assert isinstance(task, LinuxTask)
        if not self._layout.calls("execve", 64) or self._layout.failed is True:
            return
        bits = 32 if task.is_narrow else 64
        word = bits // 8
        stack = task.regs.sp
        count = int.from_bytes(task.memory.peek(stack, word), "little")
        text = self._text(task, bits)
        words = text.value(_STRINGS, stack + word, {})
        variables = text.variables(stack + word * (count + 2))
        self._begin(task, f"execve({quoted(os.fsencode(path))}, {words}, {variables})")
        self._write(" " * max(self._layout.column - 1 - self._column, 0) + " = 0\n")

    # -- calls -----------------------------------------------------------------------------------------------------

    def entry(self, call: Call) -> None:
        """A call begins: its beginning is written."""
        assert isinstance(call, StubCall)
        task = call.task
        if task not in self.tasks or not self._layout.calls(name_of(call), bits_of(call)):
            return
        assert isinstance(task, LinuxTask)
        found = self._calls[task] = _Open(CallLine(call, self._text(task, bits_of(call))))
        if self._layout.failed is None:
            found.told = True
            self._begin(task, found.line.beginning(), call)
            self._unended = task

    def returned(self, call: Call) -> None:
        """It returns: the rest of its line is written."""
        assert isinstance(call, StubCall)
        task = call.task
        found = self._calls.pop(task, None) if task is not None else None
        if found is None or task is None:
            return
        error = int(call.error.number) if isinstance(call.error, Errno) else 0
        value = call.value if isinstance(call.value, int) else 0
        if not error and -4096 < value < 0:
            error = -value
        if self._layout.failed is not None and bool(error) is not self._layout.failed:
            return
        result = found.line.result(value, error) + _injected(call)
        self._end(task, found, found.line.end(None if error else value), result, call)
        for line in self._ignored.pop(task, ()):
            self._line(task, line)

    def left(self, call: Call) -> None:
        """Its task ends in it."""
        if call.task is not None:
            self._leave(call.task)

    def _leave(self, task: Task) -> None:
        found = self._calls.pop(task, None)
        if found is not None and found.told:
            self._end(task, found, "", "?", None)

    def _end(self, task: Task, found: _Open, end: str, result: str, call: StubCall | None) -> None:
        if self._unended is not task:
            begins = found.line.beginning() if not found.told else f"<... {found.line.name} resumed>"
            self._begin(task, begins, call)
        self._unended = None
        padding = " " * max(self._layout.column - 2 - self._column - len(end), 0)
        spent = (time.perf_counter_ns() - found.began) / 1e9
        self._write(f"{end}){padding} = {result}{f' <{spent:.6f}>' * self._layout.durations}\n")

    def _text(self, task: LinuxTask, bits: int) -> Text:
        def path_of(fd: int) -> bytes:
            try:
                return task.fs.cwd.path() if fd == AT_FDCWD else task.files[fd].path()
            except Errno:
                return b""

        return Text(Program(bits, task.memory.peek, path_of), self._layout.style)

    # -- signals and tasks -----------------------------------------------------------------------------------------

    def _taken(self, event: Taken) -> None:
        if event.task in self.tasks and self._layout.signal(event.info.signo):
            self._line(event.task, arrived(event.info))

    def _sent(self, event: Sent) -> None:
        """A signal that is ignored is taken by nobody; it is shown when its receiver makes its next call."""
        task = event.receiver or event.process.leader
        assert isinstance(task, LinuxTask)
        signal = event.info.signo
        wanted = event.discarded and task in self.tasks and self._layout.signal(signal)
        if wanted and sig_ignored(event.process, task, signal):
            self._ignored.setdefault(task, []).append(arrived(event.info))

    def _created(self, event: Created) -> None:
        if self._layout.follow and event.parent in self.tasks:
            self.tasks.add(event.task)

    def _exited(self, event: Exited) -> None:
        task = event.task
        if task not in self.tasks:
            return
        self._leave(task)
        for line in self._ignored.pop(task, ()):
            self._line(task, line)
        if self._layout.ends:
            self._line(task, ended(event.code))
        self.tasks.discard(task)


def _injected(call: StubCall) -> str:
    """What was done to a call, as a remark behind its result."""
    done = call.notes.get(DONE, 0)
    words = ", ".join(["args"] * bool(done & Done.ARGUMENTS) + ["retval"] * bool(done & Done.RESULT))
    remark = f" (INJECTED{f': {words}' if done & Done.ARGUMENTS else ''})" if words else ""
    return remark + " (DELAYED)" * bool(done & Done.DELAY)
