"""Writes a trace as strace does: one call a line, cut where another task comes in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import POINTER
from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Arg, Meaning, When
from ring3.trace.inject.injector import DONE, Done
from ring3.trace.strace.doors import door_of
from ring3.trace.strace.line import failure
from ring3.trace.strace.programs import program_of
from ring3.trace.strace.quoting import inside, quoted
from ring3.trace.strace.signals import arrived, ended
from ring3.trace.strace.text import Text

if TYPE_CHECKING:
    from ring3.kernel.watched_stubs import StubCall
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.strace.opened import OpenCall
    from ring3.trace.strace.stacks import Stacks
    from ring3.trace.strace.style import Style

_STRINGS: Final = Arg(POINTER, Meaning.STRINGS, when=When.ENTRY)


_EXECVE: Final = 59
"""The number of the call by which strace, a program of 64 bits, starts the first program."""


class Layout(NamedTuple):
    """How lines look.

    Attributes:
        column: Where results are aligned (``-a``).
        pids: Whether lines begin with the task's number: "" for never, "mark" for ``[pid N]`` where there are several
            tasks, "always" for the number alone, as in a file with ``-f``.
        stamp: Gives what stands before a line, by the clock.
        duration: Gives what stands behind a line, by the nanoseconds the call took (``-T``).
        ip: Whether the instruction pointer is shown (``-i``).
        number: Whether the number of the call is shown (``-n``).
        ends: Whether it is said how tasks end (not with ``-qq``).
        widths: Whether it is said that a task makes calls of another width.
        stacks: Writes stacks behind calls (``-k``); None for none.
        behind: What else gives lines that stand behind a call's, by the call and its result, None if it failed.
        door: Whether the door is shown that a call has come by.
    """

    column: int = 40
    pids: str = ""
    stamp: Callable[[], str] | None = None
    duration: Callable[[int], str] | None = None
    ip: bool = False
    number: bool = False
    ends: bool = True
    widths: bool = True
    stacks: Stacks | None = None
    behind: tuple[Callable[[OpenCall, int | None], Iterable[str]], ...] = ()
    door: bool = False


class Output(NamedTuple):
    """Where lines go.

    Attributes:
        write: Takes text.
        flush: Has it seen.
        at_once: Whether every piece is to be seen before the program goes on, as where the program writes too.
    """

    write: Callable[[str], object]
    flush: Callable[[], object]
    at_once: bool


class Lines:
    """The writer of strace's lines to one output."""

    def __init__(self, layout: Layout, output: Output, style: Style, count: Callable[[], int]) -> None:
        """Begins with an empty output.

        Args:
            layout: How lines look.
            output: Where they go.
            style: How the values of lines look that are about no call.
            count: How many tasks are traced.
        """
        self._layout = layout
        self._output = output
        self._style = style
        self._count = count
        self._write = output.write
        self._at_once = output.at_once
        self._width = layout.column - 1
        self._has_prefix = bool(layout.pids or layout.stamp or layout.ip or layout.number or layout.door)
        self._line = ""  # the line that has begun, and what of it is not written yet
        self._waits = ""
        self._of: OpenCall | None = None
        self._numbers: dict[LinuxTask, int] = {}
        """The last call of each task, where numbers are shown."""
        self._stacks: dict[
            LinuxTask, list[str]
        ] = {}  # of those whose memory will be gone when their call has ended

    def begin(self, opened: OpenCall) -> None:
        """Writes a call's beginning."""
        form = opened.form
        text = form.opening if form.is_constant else opened.line().beginning()
        self._begin(opened.task, text, opened.call)
        self._of = opened
        if self._layout.stacks is not None and form.never_returns:
            self._stacks[opened.task] = list(self._layout.stacks.lines(opened.task))

    def end(self, opened: OpenCall, value: int, error: int) -> None:
        """Writes the rest of its line."""
        if self._of is not opened:
            self._resume(opened)
        form = opened.form
        if form.is_constant and not form.has_remark and not opened.call.has_notes:
            end, result = "", failure(error) if error else str(value)
        else:
            line = opened.line()
            end = line.end(None if error else value, error)
            result = line.result(value, error)
        if opened.call.has_notes:
            result += _injected(opened.call)
        self._end(opened, end, result)
        for give in self._layout.behind:
            self._put("".join(f"{line}\n" for line in give(opened, None if error else value)))
        if self._layout.stacks is not None:
            self._stack(self._layout.stacks, opened.task)

    def leave(self, opened: OpenCall) -> None:
        """Writes that nothing more will be known of a call."""
        if self._of is not opened:
            self._resume(opened)
        self._end(opened, "", "?")
        self._put("".join(f"{line}\n" for line in self._stacks.pop(opened.task, ())))

    def abandon(self, task: LinuxTask) -> None:
        """Leaves a call cut that its task has begun."""
        if self._of is not None and self._of.task is task:
            self._put(" <detached ...>\n")
            self._of = None
            self._line = self._waits = ""

    def executed(self, task: LinuxTask, path: str) -> None:
        """Writes the execve(2) by which the first program came."""
        bits = 32 if task.is_narrow else 64
        word = bits // 8
        stack = task.regs.sp
        count = int.from_bytes(task.memory.peek(stack, word), "little")
        text = Text(program_of(task, bits), self._style)
        words = text.value(_STRINGS, stack + word, {})
        variables = text.environment(stack + word * (count + 2))
        self._numbers[task] = _EXECVE
        self._begin(task, f"execve({quoted(os.fsencode(path), self._style.in_hex)}, {words}, {variables}")
        self._put(f"{(self._line + ')').ljust(self._width)[len(self._line) :]} = 0\n")
        if self._layout.stacks is not None:
            self._stack(self._layout.stacks, task)

    def changed_width(self, task: LinuxTask, bits: int) -> None:
        """Writes that a task makes calls of another width."""
        if self._layout.widths:
            self._begin(task, f"[ Process PID={task.tid} runs in {bits} bit mode. ]")
            self._put("\n")

    def signal(self, task: LinuxTask, info: SigInfo) -> None:
        """Writes a signal's line."""
        self._begin(task, arrived(info, self._style.names), ip=task.regs.ip)
        self._put("\n")
        if self._layout.stacks is not None:
            self._stack(self._layout.stacks, task)

    def exited(self, task: LinuxTask, code: int) -> None:
        """Writes how a task ended."""
        if self._layout.ends:
            self._begin(task, ended(code))
            self._put("\n")

    def superseded(self, task: LinuxTask, by: int) -> None:
        """Writes that another thread has taken the place of a process's first one."""
        if self._layout.ends:
            self._begin(task, f"+++ superseded by execve in pid {by} +++")
            self._put("\n")

    def flush(self) -> None:
        """Has everything seen."""
        self._put("")
        self._output.flush()

    # -- lines -----------------------------------------------------------------------------------------------------

    def _put(self, text: str) -> None:
        """Adds to the line that has begun, and writes what is there of it."""
        self._write(self._waits + text)
        self._waits = ""
        if self._at_once:
            self._output.flush()

    def _begin(self, task: LinuxTask, text: str, call: StubCall | None = None, ip: int | None = None) -> None:
        """Begins a line of a task, about a call or where it is otherwise; one that has not ended is cut."""
        if self._of is not None:
            self._put(" <unfinished ...>\n")
            self._of = None
        if self._has_prefix:
            text = self._prefix(task, call, call.regs.ip if call is not None else ip) + text
        self._line = self._waits = text
        if self._at_once:
            self._put("")

    def _prefix(self, task: LinuxTask, call: StubCall | None, ip: int | None) -> str:
        """What stands before a line of a task."""
        layout = self._layout
        prefix = ""
        if layout.pids == "always":
            prefix = f"{task.tid:<5}{self._name(task)} "
        elif layout.pids and self._count() > 1:
            prefix = f"[pid {task.tid:5}{self._name(task)}] "
        if layout.stamp is not None:
            prefix += layout.stamp()
        if layout.number:
            if call is not None:
                self._numbers[task] = call.number
            number = self._numbers.get(task)
            prefix += "[????] " if number is None else f"[{number:4}] "
        if layout.door:
            prefix += f"{f'[{door_of(call, task)}]' if call is not None else '':10} "
        if layout.ip:
            digits = 8 if task.is_narrow else 16
            prefix += f"[{'?' * digits}] " if ip is None else f"[{ip:0{digits}x}] "
        return prefix

    def _name(self, task: LinuxTask) -> str:
        """A task's name behind its number, if that is wanted (``-Y``)."""
        return f"<{inside(os.fsencode(task.name))}>" if "comm" in self._style.pids else ""

    def _resume(self, opened: OpenCall) -> None:
        """Begins a line for the rest of a call that was cut, or for one of which nothing is written yet."""
        begins = f"<... {opened.form.name} resumed>" if opened.told else opened.line().beginning()
        self._begin(opened.task, begins, opened.call)

    def _stack(self, stacks: Stacks, task: LinuxTask) -> None:
        """Writes a task's stack behind a line of it."""
        self._put("".join(f"{line}\n" for line in stacks.lines(task)))

    def _end(self, opened: OpenCall, end: str, result: str) -> None:
        self._of = None
        waits = self._waits
        self._waits = ""
        line = (self._line + end + ")").ljust(self._width)
        duration = self._layout.duration
        spent = "" if duration is None else duration(time.perf_counter_ns() - opened.began)
        self._write(f"{line if waits else line[len(self._line) :]} = {result}{spent}\n")
        if self._at_once:
            self._output.flush()


def _injected(call: StubCall) -> str:
    """What was done to a call, as a remark behind its result."""
    done = call.notes.get(DONE, 0)
    words = ", ".join(["args"] * bool(done & Done.ARGUMENTS) + ["retval"] * bool(done & Done.RESULT))
    remark = f" (INJECTED{f': {words}' if done & Done.ARGUMENTS else ''})" if words else ""
    return remark + " (DELAYED)" * bool(done & Done.DELAY)
