"""Listens to the system calls of some tasks and to the kernel's functions that these lead to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task

Thread = TypeVar("Thread")


class Listener(ABC, Generic[Thread]):
    """Who is told.

    Attributes:
        tasks: Whose calls and functions, each with what is kept of the task.
    """

    tasks: dict[Task, Thread]

    @abstractmethod
    def wants(self, call: StubCall) -> bool:
        """Whether a system call is one that is told of."""

    @abstractmethod
    def begin_call(self, call: StubCall, thread: Thread) -> None:
        """A system call begins."""

    @abstractmethod
    def begin(self, call: Call, thread: Thread) -> None:
        """A function of the kernel begins."""

    @abstractmethod
    def end(self, call: Call, thread: Thread) -> None:
        """What has begun ends, with a value, an error or neither; or what has begun before anybody listened."""

    def pause(self, thread: Thread) -> None:
        """A task begins to wait."""

    def resume(self, thread: Thread) -> None:
        """A task goes on after it has waited."""


def listen(kernel: Kernel[Any], listener: Listener[Any]) -> list[Attachment]:
    """Begins to listen; returns what ends it."""
    functions = _Functions(listener)
    return [
        kernel.probes.attach(points.SystemCall(), _Calls(listener)),
        *(kernel.probes.attach(points.Function(row.key), functions) for row in kernel.function_table),
    ]


class _Functions(CallObserver):
    """Hands on what becomes of functions."""

    def __init__(self, listener: Listener[Any]) -> None:
        self._listener = listener

    def entry(self, call: Call) -> None:
        thread = self._thread(call)
        if thread is not None:
            self._listener.begin(call, thread)

    def wait(self, call: Call) -> None:
        thread = self._thread(call)
        if thread is not None:
            self._listener.pause(thread)

    def resume(self, call: Call) -> None:
        thread = self._thread(call)
        if thread is not None:
            self._listener.resume(thread)

    def returned(self, call: Call) -> None:
        thread = self._thread(call)
        if thread is not None:
            self._listener.end(call, thread)

    def left(self, call: Call) -> None:
        self.returned(call)

    def _thread(self, call: Call) -> Any:  # noqa: ANN401 - whatever the listener keeps
        return self._listener.tasks.get(call.task) if call.task is not None else None


class _Calls(_Functions):
    """Hands on what becomes of system calls."""

    def entry(self, call: Call) -> None:
        assert isinstance(call, StubCall)
        thread = self._thread(call)
        if thread is not None and self._listener.wants(call):
            self._listener.begin_call(call, thread)
