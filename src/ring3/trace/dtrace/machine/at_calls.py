"""Events that are seen at system calls: what happens where they begin and return fires a probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring3.kernel.observed import Call, CallObserver
from ring3.trace.dtrace.machine.described import Descriptions
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Fire

Told = Callable[[Any], tuple[int, ...] | None]
"""What a probe tells of an event; None if it does not fire."""


class AtCall(CallObserver):
    """Fires when a system call begins."""

    def __init__(self, told: Told, fire: Fire) -> None:
        self._told = told
        self._fire = fire

    def entry(self, call: Call) -> None:
        """Fire with what is told of it."""
        arguments = self._told(call)
        if arguments is not None:
            self._fire(TaskContext(padded(arguments), call.task))


class AtSignalWait(CallObserver):
    """Fires when a thread that waited for a signal has got it, which is pending no more."""

    def __init__(self, fire: Fire) -> None:
        self._fire = fire

    def returned(self, call: Call) -> None:
        """The call gives the signal's number."""
        if call.error is None and isinstance(call.value, int) and call.value > 0:
            self._fire(TaskContext(padded((call.value,)), call.task))


class AtExec(CallObserver):
    """Fires when a program is about to be executed, and when that has failed or been done."""

    def __init__(self, name: str, fire: Fire, descriptions: Descriptions) -> None:
        self._name = name
        self._fire = fire
        self._descriptions = descriptions

    def entry(self, call: Call) -> None:
        """exec: tells the path."""
        task = call.task
        if self._name != "exec" or task is None or task.mm is None:
            return
        at = call.arguments[1 if call.what.names[:1] == ("execveat",) else 0]
        path = task.memory.read_cstring(at, 1024) or b""
        (address,) = self._descriptions.place(path + b"\0")
        self._fire(TaskContext(padded((address,)), task))

    def returned(self, call: Call) -> None:
        """exec-failure with the error, or exec-success."""
        value = call.value
        error = int(getattr(call.error, "number", 0) or 0)
        if not error and isinstance(value, int) and -4095 <= value < 0:
            error = -value
        if self._name == "exec-failure" and error:
            self._fire(TaskContext(padded((error,)), call.task, error))
        elif self._name == "exec-success" and not error:
            self._fire(TaskContext(padded(()), call.task))
