"""Writes a trace as JSON (``--json``): an object a line for each call that has ended, each signal, each end of a task.

docs/strace.md has the fields. Nothing is said of a call before it is over.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E
from ring3.trace.inject.injector import DONE, Done
from ring3.trace.strace.doors import door_of
from ring3.trace.strace.scalars import signal_name
from ring3.trace.strace.signals import fields_of

if TYPE_CHECKING:
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.strace.lines import Output
    from ring3.trace.strace.opened import OpenCall

_ERRORS: Final = {int(error): error.name for error in E}
_DONE: Final = {Done.RESULT: "result", Done.ARGUMENTS: "arguments", Done.DELAY: "delay"}


class Objects:
    """The writer of objects to one output."""

    def __init__(self, output: Output) -> None:
        """Begins with an empty output."""
        self._output = output
        self._doors: dict[LinuxTask, str] = {}

    def begin(self, opened: OpenCall) -> None:
        """Looks at a call's arguments."""
        opened.line().beginning()
        self._doors[opened.task] = door_of(opened.call, opened.task)

    def end(self, opened: OpenCall, value: int, error: int) -> None:
        """Writes a call."""
        line = opened.line()
        line.end(None if error else value, error)
        self._call(opened, None if error else value, error, line.result(value, error))

    def leave(self, opened: OpenCall) -> None:
        """Writes a call that does not return."""
        self._call(opened, None, 0, "?")

    def abandon(self, task: LinuxTask) -> None:
        """Forgets a call whose task is not traced any more."""
        self._doors.pop(task, None)

    def executed(self, task: LinuxTask, path: str) -> None:
        """Writes which program a task begins with."""
        self._put("start", task, path=path)

    def changed_width(self, task: LinuxTask, bits: int) -> None:
        """Says nothing: each call has its width."""

    def signal(self, task: LinuxTask, info: SigInfo) -> None:
        """Writes a signal."""
        self._put("signal", task, signal=signal_name(info.signo), number=info.signo, info=fields_of(info))

    def exited(self, task: LinuxTask, code: int) -> None:
        """Writes how a task ended."""
        number = code & 0x7F
        if number:
            self._put("exit", task, status=None, signal=signal_name(number), core=bool(code & 0x80))
        else:
            self._put("exit", task, status=code >> 8 & 0xFF, signal=None, core=False)

    def superseded(self, task: LinuxTask, by: int) -> None:
        """Writes that another thread has taken the place of a process's first one."""
        self._put("superseded", task, by=by)

    def flush(self) -> None:
        """Has everything seen."""
        self._output.flush()

    def _call(self, opened: OpenCall, value: int | None, error: int, text: str) -> None:
        line, call = opened.line(), opened.call
        given = dict(zip(opened.form.names, opened.arguments, strict=False))
        arguments = [
            {"name": parameter.name, "value": parameter.arg.type.cast(given[parameter.name]), "text": shown}
            for parameter, shown in zip(line.parameters, line.arguments, strict=False)
        ] or [{"name": f"arg{n}", "value": v} for n, v in enumerate(opened.arguments[: opened.form.count], 1)]
        done = call.notes.get(DONE, 0) if call.has_notes else 0
        self._put(
            "call",
            opened.task,
            name=opened.form.name,
            number=call.number,
            bits=opened.form.bits,
            door=self._doors.pop(opened.task, ""),
            arguments=arguments,
            result=value,
            error=(_ERRORS.get(error) or str(error)) if error else None,
            text=text,
            nanoseconds=time.perf_counter_ns() - opened.began,
            injected=[name for bit, name in _DONE.items() if done & bit],
        )

    def _put(self, event: str, task: LinuxTask, **fields: Any) -> None:  # noqa: ANN401 -- whatever JSON has
        self._output.write(
            json.dumps({"event": event, "time": time.time(), "pid": task.tid, **fields}) + "\n"
        )
        if self._output.at_once:
            self._output.flush()
